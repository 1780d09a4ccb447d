import Foundation
import Platform
import Reports

/// The folder into which pictures are written.
struct PictureFolder {
  let path: String

  /// Writes a picture as SVG and its image, if it has one, as PNG.
  ///
  /// - Returns: the path of the SVG file.
  func write(_ picture: NamedPicture) throws -> String {
    try System.makeFolder(path)
    let file = "\(path)/\(picture.name).svg"
    try AtomicFile.write(picture.picture.svg, to: file)
    if let raster = picture.raster {
      try AtomicFile.write(Data(raster.png), to: "\(path)/\(picture.name).png")
    }
    return file
  }
}
