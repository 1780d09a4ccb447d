import COneDNN

/// Labelled images of equal size in read-only memory maps, shared by all threads and processes.
package struct ImageSet: Sendable {
  package let count: Int
  /// The height of an image in pixels.
  package let rows: Int
  /// The width of an image in pixels.
  package let columns: Int
  private let images: MappedFile
  private let labels: MappedFile

  /// Opens IDX files and checks that they match; the paths are used only in errors.
  init(
    images: MappedFile, imagesPath: String, labels: MappedFile, labelsPath: String
  ) throws(DatasetError) {
    let header = try images.header(.images, path: imagesPath)
    let labelsHeader = try labels.header(.labels, path: labelsPath)
    (count, rows, columns) = (header.sides[0], header.sides[1], header.sides[2])
    guard labelsHeader.sides[0] == count else {
      throw DatasetError(
        labelsPath, .countsDiffer(labels: labelsHeader.sides[0], images: header.sides[0]))
    }
    self.images = images
    self.labels = labels
  }

  /// Pixels in an image.
  package var pixels: Int { rows * columns }

  /// The pixels of an image, row by row, 0 to 255.
  package func image(_ index: Int) -> [UInt8] {
    images.withBytes { Array($0[place(index)]) }
  }

  /// Calls the body with the pixels of an image, row by row, valid until it returns.
  func withImage(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    images.withBytes { body(UnsafeBufferPointer(rebasing: $0[place(index)])) }
  }

  /// Writes the first pixels of the layout, scaled from 0...255 to 0...1, to the start of a row.
  func scale(
    _ index: Int, _ layout: PixelLayout, into row: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      layout.places.count == pixels && row.count >= layout.multiplied,
      "a row of \(row.count), a layout of \(layout.places.count) for \(pixels) pixels")
    images.withBytes { bytes in
      let image = UnsafeBufferPointer(rebasing: bytes[place(index)])
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
        let image = UnsafeBufferPointer(rebasing: bytes[place(index)])
        collect_bits(image.baseAddress, &seen, pixels)
      }
    }
    return seen.map { $0 == 0 }
  }

  /// Prefetches an image's pixels and label into the processor's cache.
  func prefetch(_ index: Int) {
    images.withBytes { bytes in
      prefetch_bytes(UnsafeBufferPointer(rebasing: bytes[place(index)]).baseAddress, pixels)
    }
    labels.withBytes { bytes in
      prefetch_bytes(bytes.baseAddress! + IDXHeader.Kind.labels.headerSize + index, 1)
    }
  }

  /// The class of an image.
  package func label(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "label \(index) of \(count)")
    return labels.withBytes { $0[IDXHeader.Kind.labels.headerSize + index] }
  }

  /// The offset of an image in its file.
  private func place(_ index: Int) -> Range<Int> {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    let start = IDXHeader.Kind.images.headerSize + index * pixels
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

extension MappedFile {
  /// The header of an IDX file, if it matches the file's size.
  func header(_ kind: IDXHeader.Kind, path: String) throws(DatasetError) -> IDXHeader {
    try withBytes { bytes throws(DatasetError) in
      let header = try IDXHeader(bytes, kind, path: path)
      try header.check(size: bytes.count, path: path)
      return header
    }
  }
}
