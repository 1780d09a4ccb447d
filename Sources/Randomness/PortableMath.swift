// The C library's exp and log differ in the last bit between processors and versions. These functions use only
// additions, multiplications and divisions, which IEEE 754 rounds the same everywhere, so that samples are the same
// on every machine.

private let ln2High = 0x1.62e42fee00000p-1
private let ln2Low = 0x1.a39ef35793c76p-33

/// The natural logarithm of a positive finite number, to within 2 units in the last place.
package func portableLog(_ x: Double) -> Double {
  precondition(x > 0 && x.isFinite, "portableLog needs a positive finite number, not \(x)")
  let (mantissa, exponent) = logParts(x)
  // log m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| < 0.172.
  let s = (mantissa - 1) / (mantissa + 1)
  let square = s * s
  var series = 0.0
  for odd in stride(from: 23, through: 3, by: -2) {
    series = (series + 1 / Double(odd)) * square
  }
  return exponent * ln2High + (2 * s + (2 * s * series + exponent * ln2Low))
}

/// The natural logarithms of eight positive finite numbers, with the bits that the function of one number gives.
func portableLog(_ x: SIMD8<Double>) -> SIMD8<Double> {
  var (mantissa, exponent) = (SIMD8<Double>(), SIMD8<Double>())
  for lane in x.indices { (mantissa[lane], exponent[lane]) = logParts(x[lane]) }
  let s = (mantissa - 1) / (mantissa + 1)
  let square = s * s
  var series = SIMD8<Double>()
  for odd in stride(from: 23, through: 3, by: -2) {
    series = (series + 1 / Double(odd)) * square
  }
  return exponent * ln2High + (2 * s + (2 * s * series + exponent * ln2Low))
}

/// Splits a positive number into a factor between √½ and √2 and the exponent of a power of two.
private func logParts(_ x: Double) -> (mantissa: Double, exponent: Double) {
  let (mantissa, exponent) = (x.significand, Double(x.exponent))
  return mantissa > 0x1.6a09e667f3bcdp0 ? (mantissa / 2, exponent + 1) : (mantissa, exponent)
}

/// e to the power of x, to within 2 units in the last place; 0 or infinity outside the range of Double.
package func portableExp(_ x: Double) -> Double {
  precondition(!x.isNaN, "portableExp needs a number")
  if x > 709.782712893384 { return .infinity }
  if x < -745.2 { return 0 }
  let k = (x / 0.6931471805599453).rounded()
  let r = (x - k * ln2High) - k * ln2Low
  var series = 0.0
  for n in stride(from: 14, through: 1, by: -1) {
    series = (series + 1) * r / Double(n)
  }
  // In two factors, so that a subnormal result does not need an invalid exponent.
  let half = Int(k) / 2
  let scale = Double(sign: .plus, exponent: half, significand: 1)
  return (1 + series) * scale * Double(sign: .plus, exponent: Int(k) - half, significand: 1)
}

/// The sine of an angle in radians, at most 2²⁰ in magnitude, to within 2⁻⁵².
package func portableSin(_ x: Double) -> Double {
  let (quarter, rest) = quarterTurns(x)
  return switch quarter {
  case 0: sineNearZero(rest)
  case 1: cosineNearZero(rest)
  case 2: -sineNearZero(rest)
  default: -cosineNearZero(rest)
  }
}

/// The cosine of an angle in radians, at most 2²⁰ in magnitude, to within 2⁻⁵².
package func portableCos(_ x: Double) -> Double {
  let (quarter, rest) = quarterTurns(x)
  return switch quarter {
  case 0: cosineNearZero(rest)
  case 1: -sineNearZero(rest)
  case 2: -cosineNearZero(rest)
  default: sineNearZero(rest)
  }
}

/// Splits an angle into quarter turns, modulo 4, and a remainder of at most an eighth turn.
///
/// π/2 is split into three parts, the first two so short that their multiples are exact. Source: Cody, Waite,
/// "Software manual for the elementary functions", 1980.
private func quarterTurns(_ x: Double) -> (quarter: Int, rest: Double) {
  precondition(abs(x) <= 0x1p20, "an angle of at most 2²⁰, not \(x)")
  let count = (x / 1.5707963267948966).rounded()
  let rest =
    ((x - count * 0x1.921fb54400000p0) - count * 0x1.0b4611a600000p-34)
    - count * 0x1.3198a2e037073p-69
  return (Int(count) & 3, rest)
}

/// The sine series, for at most an eighth turn.
private func sineNearZero(_ x: Double) -> Double {
  let square = x * x
  var series = 0.0
  for n in stride(from: 17, through: 3, by: -2) {
    series = (1 + series) * -square / Double(n * (n - 1))
  }
  return x + x * series
}

/// The cosine series, for at most an eighth turn.
private func cosineNearZero(_ x: Double) -> Double {
  let square = x * x
  var series = 0.0
  for n in stride(from: 18, through: 2, by: -2) {
    series = (1 + series) * -square / Double(n * (n - 1))
  }
  return 1 + series
}
