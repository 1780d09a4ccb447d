import Charts

/// A picture with the name of its file.
package struct NamedPicture: Sendable {
  /// The file's name without folder and suffix, such as "loss" or "weights-1": letters, digits and hyphens.
  package let name: String
  package let picture: Picture
  /// The image for a PNG file beside the picture, where it is one of pixels.
  package let raster: Raster?

  package init(_ name: String, _ picture: Picture, raster: Raster? = nil) {
    (self.name, self.picture, self.raster) = (name, picture, raster)
  }
}
