import Testing

@testable import Search

@Suite struct NumberTests {
  @Test(arguments: [
    ("1e-7", 1e-7), ("0.1", 0.1), (".5", 0.5), ("5.", 5), ("+3", 3), ("1e99", 1e99), ("010", 10),
    ("-2.5E+3", -2500), ("128", 128), ("1e-999", 0),
  ])
  func parsesNumbers(text: String, expected: Double) {
    #expect(Number.real(text) == expected)
  }

  @Test(arguments: [
    "", ".", "+", "-.", "e5", "1e", "1e+", "1_000", "0x10", "nan", ".nan", "inf", ".inf", "-.inf",
    "1e999", "infinity", "1:30", "1,5", " 1", "1 ", "1.2.3", "٣", "--1", "1e5.0", "true",
  ])
  func rejectsTextThatIsNotAFiniteNumber(text: String) {
    #expect(Number.real(text) == nil)
    #expect(Number.integer(text) == nil)
  }

  @Test func parsesWholeNumbersWithExponents() {
    #expect(Number.integer("1e3") == 1000)
    #expect(Number.integer("5.") == 5)
    #expect(Number.integer("9223372036854775807") == Int.max)
    #expect(Number.integer("9223372036854775808") == nil)
    #expect(Number.integer("1.5") == nil)
    #expect(Number.integer("1e300") == nil)
  }

  @Test func parsesMinusZeroAsZero() {
    #expect(Number.real("-0.0")?.sign == .plus)
  }

  @Test(arguments: [
    (2.0, "2"), (0.1, "0.1"), (1e99, "1e99"), (1e-5, "1e-5"), (2.546591239423651e-07, "2.546591239423651e-7"),
    (-0.0, "-0"), (1.5e300, "1.5e300"), (123456789.0, "123456789"),
  ])
  func formatsNumbersAsTheirShortestText(number: Double, text: String) {
    #expect(number.shortText == text)
    #expect(Double(text)?.bitPattern == number.bitPattern)
  }
}
