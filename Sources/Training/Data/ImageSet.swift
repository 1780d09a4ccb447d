import COneDNN

/// Labelled images of equal size whose pixels are in a read-only memory map, shared by all threads and processes.
package struct ImageSet: Sendable {
  package let count: Int
  /// The height of an image in pixels.
  package let rows: Int
  /// The width of an image in pixels.
  package let columns: Int
  private let images: MappedFile
  /// The class of each image.
  private var classes: [UInt8]
  private let labels: MappedFile

  /// Checks that there is a label for each image, and that the set has each of them.
  init(_ images: IDXImages, _ labels: LabelFile, _ set: LabelSet) throws(DatasetError) {
    (count, rows, columns) = (images.sides[0], images.sides[1], images.sides[2])
    guard labels.labels.count == count else {
      throw DatasetError(labels.path, .countsDiffer(labels: labels.labels.count, images: count))
    }
    classes = try set.classes(of: labels)
    self.images = images.file
    self.labels = labels.file
  }

  /// The same images with other classes, given for each class; nil if an image has a class without another.
  func renumbered(_ others: [UInt8?]) -> ImageSet? {
    var copy = self
    for (index, label) in classes.enumerated() {
      guard let other = others[Int(label)] else { return nil }
      copy.classes[index] = other
    }
    return copy
  }

  /// Pixels in an image.
  package var pixels: Int { rows * columns }

  /// The pixels of an image, row by row, 0 to 255.
  package func image(_ index: Int) -> [UInt8] {
    images.withBytes { Array($0[pixels(of: index)]) }
  }

  /// Calls the body with the pixels of an image, row by row, valid until it returns.
  func withImage(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    images.withBytes { body(UnsafeBufferPointer(rebasing: $0[pixels(of: index)])) }
  }

  /// Writes the first pixels of the layout, scaled from 0...255 to 0...1, to the start of a row.
  func scale(
    _ index: Int, _ layout: PixelLayout, into row: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      layout.places.count == pixels && row.count >= layout.multiplied,
      "a row of \(row.count), a layout of \(layout.places.count) for \(pixels) pixels")
    images.withBytes { bytes in
      let image = UnsafeBufferPointer(rebasing: bytes[pixels(of: index)])
      scale_bytes(
        image.baseAddress, pixels, layout.runs, layout.runs.count, row.baseAddress, 1 / 255)
    }
  }

  /// Adds both files to a hash.
  func add(to hash: inout SHA256) {
    images.withBytes { hash.update($0) }
    labels.withBytes { hash.update($0) }
  }

  /// For each pixel, whether it is 0 in every image.
  func blankPixels() -> [Bool] {
    var seen = [UInt8](repeating: 0, count: pixels)
    images.withBytes { bytes in
      for index in 0..<count {
        let image = UnsafeBufferPointer(rebasing: bytes[pixels(of: index)])
        collect_bits(image.baseAddress, &seen, pixels)
      }
    }
    return seen.map { $0 == 0 }
  }

  /// Prefetches an image's pixels and label into the processor's cache.
  func prefetch(_ index: Int) {
    images.withBytes { bytes in
      prefetch_bytes(UnsafeBufferPointer(rebasing: bytes[pixels(of: index)]).baseAddress, pixels)
    }
    classes.withUnsafeBufferPointer { prefetch_bytes($0.baseAddress! + index, 1) }
  }

  /// The class of an image.
  package func label(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "label \(index) of \(count)")
    return classes[index]
  }

  /// The offset of an image in its file.
  private func pixels(of index: Int) -> Range<Int> {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    let start = IDXImages.headerSize + index * pixels
    return start..<start + pixels
  }

  /// The number of images in each class 0..<classes.
  package func histogram(classes: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for index in 0..<count {
      counts[Int(label(index))] += 1
    }
    return counts
  }
}

/// The images in an IDX file.
struct IDXImages {
  let file: MappedFile
  /// Images, rows, columns.
  let sides: [Int]

  /// Bytes before the first pixel.
  static let headerSize = 16

  /// The path is used only in errors.
  init(_ file: MappedFile, path: String) throws(DatasetError) {
    sides = try file.header(.images, path: path).sides
    self.file = file
  }
}
