import Testing

@testable import Charts

struct ScaleTests {
  @Test func linearTicksAreRound() {
    #expect(Scale.linear(0.9123, 0.9871).ticks(atMost: 5).map(\.label) == ["0.92", "0.94", "0.96", "0.98"])
    #expect(Scale.whole(0, 3).ticks(atMost: 8).map(\.label) == ["0", "1", "2", "3"])
    #expect(Scale.linear(0, 1e-7).ticks(atMost: 2).map(\.label) == ["0", "5e-8", "1e-7"])
    #expect(Scale.linear(-2e6, 2e6).ticks(atMost: 4).map(\.label) == ["-2e6", "-1e6", "0", "1e6", "2e6"])
  }

  @Test func logarithmicTicksArePowersOfTen() {
    #expect(Scale.logarithmic(1e-5, 1).ticks(atMost: 6).map(\.label) == ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1"])
    #expect(Scale.logarithmic(1, 9).ticks(atMost: 6).map(\.label) == ["1", "2", "5"])
    #expect(Scale.logarithmic(0.15, 0.25).ticks(atMost: 5).map(\.label) == ["0.16", "0.18", "0.2", "0.22", "0.24"])
  }

  @Test func timesAreLabelledWithTheirDateOnce() {
    let start = 1_795_824_000.0  // 2026-11-28 00:00:00 UTC
    #expect(
      Scale.time(start + 3600, start + 3 * 3600).ticks(atMost: 2).map(\.label)
        == ["2026-11-28 01:00", "02:00", "03:00"])
    #expect(
      Scale.time(start, start + 3 * 86400).ticks(atMost: 3).map(\.label)
        == ["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01"])
  }

  @Test(arguments: [
    Scale.linear(1, 1), .linear(.nan, 1), .linear(-.infinity, .infinity), .linear(-1e308, 1e308),
    .logarithmic(0, 1), .logarithmic(.leastNonzeroMagnitude, 1e308), .time(0, 1e300), .whole(0, 0), .categories([]),
    .linear(1, 1 + 2e-16), .logarithmic(1, 1),
  ])
  func anyEndsGiveFewTicks(scale: Scale) {
    #expect(scale.ticks(atMost: 6).count <= 12)
  }
}
