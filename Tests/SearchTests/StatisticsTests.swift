import Testing

@testable import Search

@Suite struct StatisticsTests {
  private let one = Estimate([0.981, 0.9805, 0.982, 0.9795, 0.981])

  /// Computed by SciPy 1.11.
  @Test func intervalsEqualThoseOfStudentsT() throws {
    #expect(abs(one.mean - 0.9808) < 1e-12)
    #expect(abs(try #require(one.interval95) - 0.001127797) < 1e-9)
    #expect(Estimate([0.5]).interval95 == nil)
    for (degrees, quantile) in [(1, 12.706205), (31, 2.039513), (50, 2.008559), (100, 1.983972)] {
      #expect(abs(StudentT.quantile975(degrees: Double(degrees)) - quantile) < 2e-6)
    }
  }

  /// According to SciPy, p = 0.0256 for the first and well above 0.05 for the second.
  @Test func meansDifferByWelchsTest() {
    #expect(one.differs(from: Estimate([0.979, 0.98, 0.9785, 0.9795, 0.980])))
    #expect(!one.differs(from: Estimate([0.9812, 0.9803, 0.9815, 0.98, 0.9809])))
    #expect(Estimate([1, 1]).differs(from: Estimate([0, 0])))
    #expect(!Estimate([1]).differs(from: Estimate([0, 0])))
  }
}
