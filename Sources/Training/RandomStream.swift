import Randomness

/// The random streams of a training run. Each is entered at its beginning whenever it is needed, so that
/// what is drawn depends on the seed and the place in the run alone, never on what was drawn before.
enum RandomStream {
  /// The weights of a layer, counted from 0.
  case weights(layer: Int)
  /// The order of the training images in an epoch, counted from 0.
  case order(epoch: Int)
  /// What is dropped in a step, counted from 0 from the first epoch on.
  case dropout(step: Int)
  /// The choice of training and validation images.
  case split
  /// The changes to the training images in an epoch, counted from 0; an image's index is its position.
  case augmentation(epoch: Int)
  /// The changes that make the appended copies; an image's index is its position.
  case copies

  /// The stream's generator under a seed, at its beginning.
  func generator(seed: UInt64) -> Philox { Philox(seed: seed, stream: number) }

  /// The stream's number.
  var number: UInt64 {
    let (purpose, index): (UInt64, UInt64) =
      switch self {
      case .weights(let layer): (1, UInt64(layer))
      case .order(let epoch): (2, UInt64(epoch))
      case .split: (3, 0)
      case .augmentation(let epoch): (16, UInt64(epoch))
      case .copies: (17, 0)
      case .dropout(let step): (8, UInt64(step))
      }
    return purpose << 48 | index
  }
}
