extension Double {
  /// Rounded to one decimal.
  package var rounded1: Double { (self * 10).rounded() / 10 }

  /// Rounded to four decimals.
  package var rounded4: Double { (self * 1e4).rounded() / 1e4 }
}
