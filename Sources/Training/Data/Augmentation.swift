import CWarp
import Randomness

/// Data augmentation: random changes to training images. Validation and test images are never changed.
package struct Augmentation: Sendable, Equatable {
  /// How the changed images are used.
  package enum Mode: String, Sendable, CaseIterable {
    /// Adds one changed copy of each image to the training images, the same copy in every epoch.
    case append
    /// Replaces the training images by changed images, sampled again in every epoch.
    case online
  }

  /// The largest rotation about the image's center, in degrees, in both directions: 0 to 180.
  package var rotation: Double
  /// The largest shift along each side as a fraction of that side, in both directions: 0 to 0.5.
  package var shift: Double
  /// The largest change of scale about the center as a fraction, in both directions: 0 to 0.5.
  package var scale: Double
  /// The probability of each of the three changes, for each image: 0 to 1.
  package var probability: Double
  package var mode: Mode

  package init(
    rotation: Double = 0, shift: Double = 0, scale: Double = 0, probability: Double = 0.5,
    mode: Mode = .append
  ) {
    self.rotation = rotation
    self.shift = shift
    self.scale = scale
    self.probability = probability
    self.mode = mode
  }

  /// The training images of an epoch: an index, or the complement `~index` for a changed copy.
  func epochImages(_ train: [Int32]) -> [Int32] {
    switch mode {
    case .append: train + train.map { ~$0 }
    case .online: train.map { ~$0 }
    }
  }

  /// The change of an image: a function of seed, epoch and image only (not of the epoch if copies are appended). Nil:
  /// no change.
  func change(of image: Int, epoch: Int, seed: UInt64) -> ImageChange? {
    let draws = AugmentationDraws(
      mode == .append ? .copies : .augmentation(epoch: epoch), image: image, seed: seed)
    var change = ImageChange()
    if rotation > 0, draws.chance(0) < probability {
      change.angle = draws.deviation(1) * rotation * (.pi / 180)
    }
    if shift > 0, draws.chance(2) < probability {
      change.right = draws.deviation(3) * shift
      change.down = draws.deviation(4) * shift
    }
    if scale > 0, draws.chance(5) < probability { change.size = 1 + draws.deviation(6) * scale }
    return change == ImageChange() ? nil : change
  }
}

extension Recipe {
  /// Images in an epoch, including appended copies.
  func imagesPerEpoch(_ trainingImages: Int) -> Int {
    augmentation?.mode == .append ? 2 * trainingImages : trainingImages
  }
}

/// Eight 32-bit random numbers for one image.
private struct AugmentationDraws {
  private let words: SIMD4<UInt64>

  init(_ stream: RandomStream, image: Int, seed: UInt64) {
    let position = 2 * UInt64(image)
    let first = Philox.block(seed: seed, stream: stream.number, position: position)
    let second = Philox.block(seed: seed, stream: stream.number, position: position + 1)
    words = SIMD4(first.first, first.second, second.first, second.second)
  }

  /// A number in [0, 1).
  func chance(_ index: Int) -> Double { Double(word(index)) * 0x1p-32 }

  /// A number in (-1, 1), uniformly distributed.
  func deviation(_ index: Int) -> Double { (Double(word(index)) + 0.5) * 0x1p-31 - 1 }

  private func word(_ index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: words[index / 2] >> (index % 2 == 0 ? 0 : 32))
  }
}

/// An affine change of an image: scaling and rotation about its center, then a shift.
struct ImageChange: Sendable, Equatable {
  /// In radians, clockwise in the displayed image.
  var angle = 0.0
  /// As a fraction of the width.
  var right = 0.0
  /// As a fraction of the height.
  var down = 0.0
  /// The new size divided by the old one.
  var size = 1.0

  /// The source positions of the pixels of the changed image.
  func map(rows: Int, columns: Int) -> warp_map {
    let (sine, cosine) = (portableSin(angle) / size, portableCos(angle) / size)
    let (centreX, centreY) = (Double(columns - 1) / 2, Double(rows - 1) / 2)
    let x = -centreX - right * Double(columns)
    let y = -centreY - down * Double(rows)
    return warp_map(
      u: fixed(centreX + cosine * x + sine * y), v: fixed(centreY - sine * x + cosine * y),
      u_x: fixed(cosine), v_x: fixed(-sine), u_y: fixed(sine), v_y: fixed(cosine))
  }

  private func fixed(_ number: Double) -> Int32 { Int32((number * 65536).rounded()) }
}
