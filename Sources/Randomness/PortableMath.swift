// The C library's exp and log differ in the last bit between processors and versions. These are made of
// additions, multiplications and divisions alone, which IEEE 754 rounds the same everywhere, so that what
// is drawn through them is the same on every machine.

private let ln2High = 0x1.62e42fee00000p-1
private let ln2Low = 0x1.a39ef35793c76p-33

/// The natural logarithm of a positive finite number, to within 2 units in the last place.
package func portableLog(_ x: Double) -> Double {
  precondition(x > 0 && x.isFinite, "portableLog needs a positive finite number, not \(x)")
  var exponent = Int(x.exponent)
  var mantissa = x.significand
  if mantissa > 0x1.6a09e667f3bcdp0 {
    mantissa /= 2
    exponent += 1
  }
  // log m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| < 0.172.
  let s = (mantissa - 1) / (mantissa + 1)
  let square = s * s
  var series = 0.0
  for odd in stride(from: 23, through: 3, by: -2) {
    series = (series + 1 / Double(odd)) * square
  }
  let k = Double(exponent)
  return k * ln2High + (2 * s + (2 * s * series + k * ln2Low))
}

/// e to the power of x, to within 2 units in the last place; 0 or infinity beyond the range of Double.
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
  // In two factors, so that a subnormal result does not pass through an exponent that does not exist.
  let half = Int(k) / 2
  let scale = Double(sign: .plus, exponent: half, significand: 1)
  return (1 + series) * scale * Double(sign: .plus, exponent: Int(k) - half, significand: 1)
}

/// The cosine of an angle from -2π to 2π in radians, to within 2⁻⁵¹.
package func portableCos(_ x: Double) -> Double {
  precondition(abs(x) <= 6.2831853071795865, "portableCos needs an angle from -2π to 2π, not \(x)")
  // cos(k·π/2 + r) with |r| ≤ π/4.
  let k = (x / 1.5707963267948966).rounded()
  let r = (x - k * 0x1.921fb54400000p0) - k * 0x1.0b4611a626331p-34
  let square = r * r
  func series(_ terms: StrideThrough<Int>) -> Double {
    terms.reduce(0) { ($0 + 1) * -square / Double($1 * ($1 - 1)) }
  }
  func cosine() -> Double { 1 + series(stride(from: 18, through: 2, by: -2)) }
  func sine() -> Double { r + r * series(stride(from: 19, through: 3, by: -2)) }
  switch (Int(k) % 4 + 4) % 4 {
  case 0: return cosine()
  case 1: return -sine()
  case 2: return -cosine()
  default: return sine()
  }
}
