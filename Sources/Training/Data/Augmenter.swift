import CWarp

/// Reads the training images of one trainer and augments them. Owns the buffers for this.
final class Augmenter {
  /// The epoch whose images are read, starting at 0.
  var epoch = 0

  private let augmentation: Augmentation
  private let seed: UInt64
  private let images: ImageSet
  private let layout: PixelLayout
  private let scratch: UnsafeMutableRawPointer

  init(_ augmentation: Augmentation, seed: UInt64, images: ImageSet) {
    self.augmentation = augmentation
    self.seed = seed
    self.images = images
    layout = PixelLayout(pixels: images.pixels)
    let size = warp_scratch_size(Int32(images.rows), Int32(images.columns))
    scratch = .allocate(byteCount: size, alignment: 64)
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit {
    scratch.deallocate()
  }

  /// Writes the pixels of a changed image, scaled from 0...255 to 0...1, to a row of the same number of floats.
  func scale(_ image: Int, into row: UnsafeMutableBufferPointer<Float>) {
    guard let change = augmentation.change(of: image, epoch: epoch, seed: seed) else {
      return images.scale(image, layout, into: row)
    }
    scale(image, changedBy: change, into: row)
  }

  /// The same for a given change.
  func scale(
    _ image: Int, changedBy change: ImageChange, into row: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(row.count == images.pixels, "a row of \(row.count) for \(images.pixels) pixels")
    let map = change.map(rows: images.rows, columns: images.columns)
    images.withImage(image) { pixels in
      warp_image(
        pixels.baseAddress, Int32(images.rows), Int32(images.columns), map, scratch,
        row.baseAddress)
    }
  }
}
