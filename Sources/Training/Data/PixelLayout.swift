import COneDNN

/// The order of an image's pixels in a network: pixels that are 0 in all images come last.
///
/// A pixel that is always 0 adds nothing to any sum, and its weights have no gradient. So the products skip most of
/// these pixels; in MNIST, they are a twelfth of all.
struct PixelLayout: Sendable {
  /// The position of each pixel.
  let places: [Int]
  /// The number of leading positions in the products: a multiple of 16, or all.
  let multiplied: Int
  /// The pixels in the leading positions.
  let runs: [byte_run]

  /// - Parameter blank: for each pixel, whether it is 0 in every image.
  init(blank: [Bool]) {
    var runs: [byte_run] = []
    for pixel in blank.indices where !blank[pixel] {
      if pixel > 0, !blank[pixel - 1] {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(byte_run(start: pixel, count: 1))
      }
    }
    var places = [Int](repeating: 0, count: blank.count)
    let order = blank.indices.filter { !blank[$0] } + blank.indices.filter { blank[$0] }
    for (index, pixel) in order.enumerated() { places[pixel] = index }
    self.places = places
    self.runs = runs
    let used = runs.reduce(0) { $0 + $1.count }
    multiplied = min(blank.count, max(1, (used + 15) / 16) * 16)
  }

  /// The identity: every pixel at its original position.
  init(pixels: Int) {
    self.init(blank: Array(repeating: false, count: pixels))
  }
}
