import Platform
import Testing

@testable import trawl

@Suite struct ProgressViewTests {
  private static let view = ProgressView(
    count: "12/50 trials", share: 0.25, running: 2, failed: 1, details: ["3/10 replicates", "4 waiting"],
    rate: "14.2 trials/min", left: "2 min 40 s left",
    best: (0..<5).map {
      .init(number: $0, score: 0.9 - Double($0) / 100, settings: "lr 0.183, hidden 212")
    })

  @Test func lineHasAllParts() {
    #expect(
      Self.view.line
        == "12/50 trials, 2 running, 1 failed, 3/10 replicates, 4 waiting, best 0.9 (trial 0: lr 0.183, hidden 212), "
        + "14.2 trials/min, 2 min 40 s left")
  }

  @Test func wideTerminalShowsBarCountsAndTheBestFive() {
    let lines = Self.view.lines(.init(width: 119, height: 24))
    #expect(lines[0].hasPrefix("█████░"))
    #expect(
      lines[0].hasSuffix(
        "12/50 trials, 2 running, 1 failed, 3/10 replicates, 4 waiting, 14.2 trials/min, 2 min 40 s left"))
    #expect(lines[1] == "best 0.9000  trial 0: lr 0.183, hidden 212")
    #expect(lines[5] == "     0.8600  trial 4: lr 0.183, hidden 212")
    #expect(lines.count == 6 && lines.allSatisfy { $0.count <= 119 })
  }

  @Test(arguments: [10, 30, 60, 79, 100, 200])
  func noLineIsWiderThanTheTerminalAndTheTimeLeftStays(width: Int) {
    let lines = Self.view.lines(.init(width: width, height: 24))
    #expect(lines.allSatisfy { $0.count <= width })
    if width >= 60 { #expect(lines[0].hasSuffix("2 min 40 s left")) }
  }

  @Test func lowTerminalShowsOnlyTheBest() {
    #expect(Self.view.lines(.init(width: 79, height: 12)).count == 2)
  }

  @Test func plainTerminalHasNoColourAndNoBlocks() {
    let lines = Self.view.lines(.init(width: 99, height: 24, hasColour: false, isUnicode: false))
    #expect(lines.allSatisfy { $0.allSatisfy { $0.isASCII && $0 != "\u{1b}" } })
    #expect(lines[0].hasPrefix("###"))
    let coloured = Self.view.lines(.init(width: 99, height: 24, hasColour: true))
    #expect(coloured[0].contains("\u{1b}[33m"))
  }

  @Test func withoutWorkersThereIsNoTimeLeft() {
    var view = Self.view
    (view.absence, view.rate, view.left) = ("no workers connected for 65 s", nil, nil)
    #expect(view.line.contains("4 waiting, no workers connected for 65 s, best"))
    #expect(view.lines(.init(width: 79, height: 24))[0].hasSuffix("no workers connected for 65 s"))
  }

  @Test func logHasALineEachMinuteWithoutNews() {
    #expect(Display.interval(isInteractive: false, hasNews: false) == .seconds(60))
    #expect(Display.interval(isInteractive: false, hasNews: true) == .seconds(10))
    #expect(Display.interval(isInteractive: true, hasNews: false) < .seconds(1))
  }

  @Test func rateHasTheUnitThatSuitsIt() {
    #expect(2.04.trialRate == "2 trials/s")
    #expect(0.5.trialRate == "30 trials/min")
    #expect((7.0 / 3600).trialRate == "7 trials/h")
  }
}

@Suite struct TableTests {
  private static let table: Table = {
    var table = Table(columns: [
      "rank", "trial", "lr", "optimizer", "val_accuracy", "val_loss", "epochs", "val_accuracy_mean",
    ])
    table.rows = [["1", "7", "0.123456789", "momentum", "0.98765432", "0.05", "9", "0.98"]]
    return table
  }()

  @Test(arguments: [200, 85, 60, 50, 40, 20])
  func tableFitsTheTerminal(width: Int) {
    let (text, omitted) = Self.table.text(width: width)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
    #expect(omitted.isEmpty == (width >= 85))
    if width >= 45 { #expect(text.contains("rank") && text.contains("val_accuracy_mean")) }
  }

  @Test func leastInformativeColumnsAreLeftOutFirst() {
    #expect(Self.table.text(width: 76).omitted == ["val_loss"])
    #expect(Self.table.text(width: 58).omitted == ["val_loss", "epochs", "optimizer"])
  }

  @Test func lastLineSaysWhatIsLeftOut() {
    let text = Self.table.text(width: 76, of: 24, format: "'--format csv'")
    #expect(text.hasSuffix("\n(1 of 24 trials; not shown: val_loss; '--format csv' has all)"))
    #expect(Self.table.text(width: nil, of: 1, format: "") == Self.table.text)
  }

  @Test func longTextIsWrappedBetweenWords() {
    #expect("one two three".wrapped(to: 8) == "one two\nthree")
    #expect("  one two three".wrapped(to: 9, indent: "  ") == "  one two\n  three")
    #expect("one two".wrapped(to: nil) == "one two")
  }
}
