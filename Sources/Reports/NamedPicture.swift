import Charts

/// A picture and the name of its file.
package struct NamedPicture: Sendable {
  /// The name of the file, without a suffix.
  package let name: String
  package let picture: Picture
  /// The content of the PNG file beside it; nil if there is none.
  package let raster: Raster?

  package init(_ name: String, _ picture: Picture, raster: Raster? = nil) {
    (self.name, self.picture, self.raster) = (name, picture, raster)
  }
}
