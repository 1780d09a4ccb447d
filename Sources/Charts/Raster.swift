import CPNG
import Foundation

/// An image of palette colours, and its PNG file.
package struct Raster: Hashable, Sendable {
  /// In pixels.
  package let width: Int
  package let height: Int
  /// The palette index of each pixel, row by row.
  private var pixels: [UInt8]
  private let palette: [Colour]

  /// Red, green and blue, 0...255.
  struct Colour: Hashable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
  }

  /// An image of one colour.
  ///
  /// - Parameter palette: 1 to 256 colours; the image has the first.
  init(width: Int, height: Int, palette: [Colour]) {
    precondition(width > 0 && height > 0 && (1...256).contains(palette.count), "\(width) x \(height)")
    (self.width, self.height, self.palette) = (width, height, palette)
    pixels = [UInt8](repeating: 0, count: width * height)
  }

  /// The version of libpng.
  package static var libraryVersion: String { String(cString: png_get_libpng_ver(nil)) }

  subscript(row: Int, column: Int) -> UInt8 {
    get { pixels[row * width + column] }
    set { pixels[row * width + column] = newValue }
  }

  /// The image as a PNG file.
  package var png: [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    (image.width, image.height) = (png_uint_32(width), png_uint_32(height))
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
    image.colormap_entries = png_uint_32(palette.count)
    let map = palette.flatMap { [$0.red, $0.green, $0.blue] }
    // Room for pixels that do not compress, a filter byte for each row, and the chunks around them.
    var bytes = [UInt8](repeating: 0, count: pixels.count + pixels.count / 100 + height + 4096)
    var count = bytes.count
    let isWritten = png_image_write_to_memory(&image, &bytes, &count, 0, pixels, png_int_32(width), map)
    precondition(isWritten != 0, "libpng: \(width) x \(height) in \(bytes.count) bytes")
    return Array(bytes[..<count])
  }

  /// The image with each pixel repeated this often in both directions.
  func enlarged(horizontally: Int, vertically: Int) -> Raster {
    guard horizontally > 1 || vertically > 1 else { return self }
    var image = Raster(width: width * horizontally, height: height * vertically, palette: palette)
    for row in 0..<image.height {
      for column in 0..<image.width {
        image[row, column] = self[row / vertically, column / horizontally]
      }
    }
    return image
  }

  /// The PNG file in Base64.
  var base64: String { Data(png).base64EncodedString() }
}

/// Colours for numbers.
package enum ColourScale: Hashable, Sendable {
  /// Blue below 0, white at 0, red above, with the full colour from this magnitude on. (Colour-blind people
  /// can distinguish blue from red.)
  case diverging(limit: Double)
  /// Black at the first, white at the second number.
  case grey(Double, Double)

  private static let diverging = colours(through: [
    (5, 48, 97), (67, 147, 195), (209, 229, 240), (255, 255, 255), (253, 219, 199), (214, 96, 77),
    (103, 0, 31),
  ])
  private static let grey = colours(through: [(0, 0, 0), (255, 255, 255)])
  /// The index of the background colour, the last one in both palettes.
  static let ground = UInt8(255)

  /// The palette: 255 colours from low to high, and a background between images.
  var palette: [Raster.Colour] {
    let ground = Raster.Colour(red: 140, green: 148, blue: 158)
    return switch self {
    case .diverging: Self.diverging + [ground]
    case .grey: Self.grey + [ground]
    }
  }

  /// The lowest and the highest number that have a colour of their own.
  var ends: (low: Double, high: Double) {
    switch self {
    case .diverging(let limit): (-limit, limit)
    case .grey(let low, let high): (low, high)
    }
  }

  /// The position of a number in the palette.
  func position(of number: Double) -> UInt8 {
    let (low, high) = ends
    guard low < high, number.isFinite else { return 127 }
    return UInt8((254 * min(max((number - low) / (high - low), 0), 1)).rounded())
  }

  /// 255 colours with the stops at equal distances.
  private static func colours(through stops: [(Double, Double, Double)]) -> [Raster.Colour] {
    (0..<255).map { index in
      let position = Double(index) / 254 * Double(stops.count - 1)
      let left = min(Int(position), stops.count - 2)
      let part = position - Double(left)
      func mixed(_ low: Double, _ high: Double) -> UInt8 { UInt8((low + (high - low) * part).rounded()) }
      let (a, b) = (stops[left], stops[left + 1])
      return Raster.Colour(red: mixed(a.0, b.0), green: mixed(a.1, b.1), blue: mixed(a.2, b.2))
    }
  }
}
