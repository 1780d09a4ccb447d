/// Kendall's rank correlation.
package enum KendallTau {
  /// Kendall's tau-b of pairs of scores: 1 for the same order, -1 for the opposite order; nil if one side is constant.
  ///
  /// Takes quadratic time. Source: Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945.
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
