/// How much two orders of the same things agree.
package enum KendallTau {
  /// Kendall's tau-b of pairs of scores: 1 same order, -1 opposite order, about 0 none; nil where one side does not vary.
  ///
  /// Source: Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945. It takes a time that grows with the
  /// square of the pairs.
  package static func of(_ pairs: [(Double, Double)]) -> Double? {
    var (agreeing, firstVaries, secondVaries) = (0, 0, 0)
    for (index, one) in pairs.enumerated() {
      for other in pairs[..<index] {
        let (first, second) = (sign(one.0 - other.0), sign(one.1 - other.1))
        agreeing += first * second
        firstVaries += abs(first)
        secondVaries += abs(second)
      }
    }
    guard firstVaries > 0, secondVaries > 0 else { return nil }
    return Double(agreeing) / (Double(firstVaries) * Double(secondVaries)).squareRoot()
  }

  private static func sign(_ difference: Double) -> Int { difference > 0 ? 1 : difference < 0 ? -1 : 0 }
}
