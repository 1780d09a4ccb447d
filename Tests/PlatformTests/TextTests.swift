import Foundation
import Testing

@testable import Platform

@Suite struct TextTests {
  @Test(arguments: [
    (Duration.milliseconds(40), "0.0 s"), (.milliseconds(440), "0.4 s"), (.seconds(12), "12 s"),
    (.seconds(200), "3 min 20 s"), (.seconds(18_600), "5 h 10 min"),
  ])
  func durationHasUnitsThatSuitIt(duration: Duration, text: String) {
    #expect(duration.text == text)
  }

  @Test func controlCharactersAreNotShown() {
    #expect("a\u{1b}[31m\nb".asShownText == "a\u{FFFD}[31m\u{FFFD}b")
    #expect("Größe".asShownText == "Größe")
  }

  @Test(arguments: ["", "plain", "a\"b\\c", "line\nline\ttab\u{1}\u{1f}", "ü🙂"])
  func jsonStringIsReadBack(text: String) throws {
    let json = Data("[\(text.asJSONString)]".utf8)
    #expect(try JSONDecoder().decode([String].self, from: json) == [text])
  }

  @Test func prefixOfALineIsItsLevelInJSON() throws {
    struct Line: Decodable, Equatable { var level, message: String }
    let lines = LogFormat.jsonLines("warning: a\nnote: b\ntrawl: c\nd\n").split(separator: "\n")
    let decoded = try lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    #expect(
      decoded == [
        Line(level: "warning", message: "a"), Line(level: "notice", message: "b"),
        Line(level: "error", message: "c"), Line(level: "info", message: "d"),
      ])
  }

  @Test func absolutePathStartsAtTheWorkingDirectory() {
    #expect("runs/../x".asAbsolutePath == "\(FileManager.default.currentDirectoryPath)/x")
    #expect("/a/b".asAbsolutePath == "/a/b")
  }
}

@Suite struct LineBudgetTests {
  @Test func linesAboveTheLimitAreCounted() {
    var budget = LineBudget(burst: 2, perSecond: 1)
    let start = Duration.seconds(100)
    #expect(budget.admit("a", at: start) == ["a"])
    #expect(budget.admit("b", at: start) == ["b"])
    #expect(budget.admit("c", at: start) == [])
    #expect(budget.admit("d", at: start + .milliseconds(500)) == [])
    #expect(budget.admit("e", at: start + .milliseconds(1500)) == ["2 similar lines skipped", "e"])
    #expect(budget.admit("f", at: start + .seconds(9)) == ["f"])
  }
}

@Suite struct MachineTests {
  @Test(arguments: [
    ("::1", true), ("[fe80::1%eth0]", true), ("10.0.0.1", false), ("host", false), ("::g", false),
  ])
  func addressesOfVersion6AreRecognised(text: String, isIPv6: Bool) {
    #expect(System.isIPv6(text) == isIPv6)
  }

  @Test func nameIsResolvedButNotAnAddress() {
    #expect(["127.0.0.1", "[::1]"].contains(System.address(of: "localhost")))
    #expect(System.address(of: "127.0.0.1") == nil && System.address(of: "*") == nil)
  }

  @Test func sizeOfATerminalIsItsWindows() throws {
    var (controller, terminal): (Int32, Int32) = (0, 0)
    try #require(openpty(&controller, &terminal, nil, nil, nil) == 0)
    defer { for descriptor in [controller, terminal] { close(descriptor) } }
    #expect(Terminal.size(of: terminal) == nil)
    var window = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    #expect(ioctl(terminal, UInt(TIOCSWINSZ), &window) == 0)
    let size = try #require(Terminal.size(of: terminal))
    #expect(size == (80, 24))
  }

  @Test func steadyClockStartsAtTheDate() {
    let clock = SteadyClock()
    let (now, before) = (clock.now(), monotonicNow())
    #expect(abs(now.timeIntervalSinceNow) < 5)
    #expect(clock.now() >= now && monotonicNow() >= before)
  }
}
