/// Samples of the standard normal distribution.
///
/// Source: Marsaglia, Bray, "A convenient method for generating normal variables", SIAM Review 6(3), 1964.
extension Philox {
  /// The next sample.
  package mutating func normal() -> Double {
    let (x, square) = nextPoint()
    return x * (-2 * portableLog(square) / square).squareRoot()
  }

  /// Fills a buffer with the next samples, each times `deviation`, as that many calls of `normal` would.
  package mutating func fill(_ samples: UnsafeMutableBufferPointer<Float>, deviation: Double) {
    var (x, square) = (SIMD8<Double>(), SIMD8<Double>(repeating: 1))
    for start in stride(from: 0, to: samples.count, by: x.scalarCount) {
      let count = min(x.scalarCount, samples.count - start)
      for lane in 0..<count { (x[lane], square[lane]) = nextPoint() }
      let normal = x * (-2 * portableLog(square) / square).squareRoot()
      for lane in 0..<count { samples[start + lane] = Float(deviation * normal[lane]) }
    }
  }

  /// The abscissa of a uniform point in the unit disc without its centre, and the square of its distance from there.
  private mutating func nextPoint() -> (x: Double, square: Double) {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square > 0, square < 1 { return (x, square) }
    }
  }
}
