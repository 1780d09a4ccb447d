import Randomness

/// The random streams of a training run. Each use reads a stream from its start, so that the numbers depend only on
/// the seed and the position in the run, not on earlier samples.
enum RandomStream {
  /// The weights of a layer, counted from 0.
  case weights(layer: Int)
  /// The order of the training images in an epoch, counted from 0.
  case order(epoch: Int)
  /// Dropout in a step, counted from 0 over all epochs.
  case dropout(step: Int)
  /// The selection of training and validation images.
  case split
  /// Augmentation of the training images in an epoch, counted from 0; an image's index is its position.
  case augmentation(epoch: Int)
  /// Augmentation of the appended copies; an image's index is its position.
  case copies

  /// The generator of the stream for a seed, at its start.
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
