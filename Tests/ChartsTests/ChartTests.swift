import Foundation
import PictureChecks
import Testing

@testable import Charts

/// Each kind of chart has the structure of its file in `Golden`. With TRAWL_REWRITE_GOLDEN=1 the files are written.
struct ChartTests {
  static let hostile = "<script>alert(1)</script>&\"'\u{1b}[31m\u{202e}gnp\u{0}"
  static let long = "a-name-of-sixty-characters-that-has-no-end-in-sight-at-all-60"

  /// A small chart of each kind.
  static func samples(_ name: String) -> [(kind: String, chart: any Chart)] {
    let x = Axis("\(name) x", unit: "s", .linear(0, 10))
    let y = Axis("\(name) y", .logarithmic(1e-3, 1))
    let marks = (0..<5).map {
      ScatterChart.Mark(x: Double($0), y: 0.01 * Double($0 + 1), label: "\(name) \($0)")
    }
    let points = marks.map { Point($0.x, $0.y) }
    let heading = Heading("\(name) title", notes: ["\(name) note"])
    return weightSamples(name, heading) + searchSamples(name, heading, x: x, y: y, marks) + [
      (
        "line",
        LineChart(
          heading, x: x, y: y,
          series: [
            .init("behind", points, colour: 0, look: .background), .init("\(name) a", points, colour: 0),
            .init("b", points.reversed(), colour: 1, look: .steps, isDashed: true),
            .init("dot", [points[0]], colour: 2),
          ])
      ),
      (
        "scatter",
        ScatterChart(
          heading, x: Axis("names", .categories([name, "b", "c", "d", "e"])), y: y,
          groups: [
            .init(name, marks, .normal), .init("early", [marks[1]], .secondary),
            .init("best", [marks[4]], .highlighted),
            .init("missing", [.init(x: 2, y: .nan, label: name)], .missing),
            .init("beyond", [.init(x: 3, y: 50, label: "above")], .normal),
          ], line: ("best so far", points))
      ),
      (
        "bar",
        BarChart(
          heading, x: Axis("share", .linear(0, 1)),
          rows: [
            .init(name, [0.2, 0.3], text: "50 %"), .init("b", [0.1, 0], interval: (0.05, 0.2), text: name),
          ], parts: ["first", name])
      ),
      (
        "points",
        BarChart(
          heading, x: Axis("accuracy", .linear(0.9, 1)),
          rows: [.init(name, [0.95], interval: (0.94, 0.96), text: "0.95 ± 0.01")], drawsPoints: true)
      ),
    ]
  }

  /// The charts that only searches have.
  private static func searchSamples(
    _ name: String, _ heading: Heading, x: Axis, y: Axis, _ marks: [ScatterChart.Mark]
  ) -> [(kind: String, chart: any Chart)] {
    [
      (
        "parallel",
        ParallelCoordinates(
          heading, axes: [x, Axis(name, .categories([name, "b"])), y],
          lines: [
            .init(number: 3, values: [1, 0, 0.1], tone: 0.1, label: name),
            .init(number: 4, values: [2, nil, 0.1], tone: nil, label: "lost"),
            .init(number: 5, values: [3, 1, 1], tone: 1, label: "best", isHighlighted: true),
          ], tones: (name, "0.1", "1"))
      ),
      (
        "contour",
        ContourChart(
          heading, x: x, y: y,
          surface: .init(
            columns: [0, 0.3, 1], rows: [0, 0.5, 1], heights: [[0, 0.5, 1], [nil, 0.2, 0.4], [1, 1, 1]]),
          marks: marks,
          highlighted: [2],
          missing: [.init(x: 1, y: 0.5, label: name)], tones: .init(name, (0, 1)))
      ),
      (
        "timeline",
        Timeline(
          heading, x: Axis("time", .time(1_795_824_000, 1_795_824_060)),
          kinds: [.init("trained"), .init(name, isFailure: true)],
          rows: [
            .init(
              name,
              [
                .init(start: 1_795_824_000, end: 1_795_824_030, kind: 0, label: name),
                .init(start: 1_795_824_020, end: 1_795_824_040, kind: 1, label: "lost"),
              ]), .init("b", []),
          ])
      ),
    ]
  }

  /// The charts of weights and images.
  private static func weightSamples(_ name: String, _ heading: Heading) -> [(kind: String, chart: any Chart)]
  {
    let cells = Cells([-1, 0, 0.5, 1, 0.25, -0.5], rows: 2, columns: 3)
    return [
      ("heat-map", HeatMap(heading, .init(x: "\(name) x", y: "\(name) y", value: name), cells)),
      ("confusion", ConfusionMatrix(heading, counts: [[5, 1], [0, 4]], names: [name, "b"])),
      (
        "violin",
        ViolinChart(
          heading, value: name,
          groups: [
            .init(name, [Density([Float](repeating: 1, count: 3)), Density([0, 1, 2, 3, 4] as [Float])])
          ],
          halves: ["before", name])
      ),
      (
        "images",
        ImageGrid(
          heading, tiles: [.init(cells, caption: [name]), .init(cells)], scale: .grey(-1, 1))
      ),
    ]
  }

  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  }

  @Test func structuresAreThoseOfTheGoldenFiles() throws {
    for (kind, chart) in Self.samples("plain") {
      let outline = try Structure(chart.picture().svg).outline
      let file = Self.folder.appending(path: "\(kind).txt")
      if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] != nil {
        try Data(outline.utf8).write(to: file)
      }
      #expect(try outline == String(contentsOf: file, encoding: .utf8), "\(kind)")
    }
  }

  @Test(arguments: ["plain", long, hostile, ""])
  func textsStayInsideAndApart(name: String) throws {
    for (kind, chart) in Self.samples(name) {
      let structure = try Structure(chart.picture().svg)
      #expect(structure.layoutProblems == [], "\(kind)")
    }
  }

  @Test func hostileNamesAreText() throws {
    for (kind, chart) in Self.samples(Self.hostile) {
      for text in [chart.picture().svg, chart.picture().element] {
        #expect(!text.contains("<script"), "\(kind)")
        #expect(
          !text.unicodeScalars.contains { "\u{1b}\u{202e}\u{0}".unicodeScalars.contains($0) }, "\(kind)")
      }
      let structure = try Structure(chart.picture().svg)
      #expect(
        structure.elements.contains { $0.text.contains("<script>") || $0.title?.contains("<script>") == true }
      )
    }
  }

  @Test func positionsAreThoseOfTheAxes() throws {
    let marks = [0.0012, 0.034, 0.56].map { ScatterChart.Mark(x: $0 * 10, y: $0, label: "\($0)") }
    let chart = ScatterChart(
      Heading("t"), x: Axis("x", .linear(0, 10)), y: Axis("y", .logarithmic(1e-3, 1)),
      groups: [.init("a", marks, .normal)])
    let elements = try Structure(chart.picture().svg).elements
    // Two labels of the y axis, centred on their grid lines, give its scale.
    func height(_ label: String) throws -> Double {
      let text = try #require(
        elements.first { $0.name == "text" && $0.text == label && $0.attributes["text-anchor"] == "end" })
      return try #require(Double(text.attributes["y"] ?? "")) - 4
    }
    let (bottom, top) = try (height("0.01"), height("1"))
    for circle in elements where circle.name == "circle" && circle.title != nil {
      let y = try #require(Double(circle.attributes["cy"] ?? ""))
      let value = 0.01 * pow(100, (y - bottom) / (top - bottom))
      let expected = try #require(Double(circle.title ?? ""))
      #expect(abs(value / expected - 1) < 0.005)
    }
  }

  @Test func emptyChartsCanBeDrawn() throws {
    let (x, y) = (Axis("x", .linear(around: [])), Axis("y", .logarithmic(around: [])))
    let charts: [any Chart] = [
      LineChart(Heading("t"), x: x, y: y, series: []), ScatterChart(Heading("t"), x: x, y: y, groups: []),
      BarChart(Heading("t"), x: x, rows: []), Timeline(Heading("t"), x: x, kinds: [], rows: []),
      ParallelCoordinates(Heading("t"), axes: [], lines: [], tones: ("", "", "")),
      ContourChart(
        Heading("t"), x: x, y: y,
        surface: .init(columns: [0, 1], rows: [0, 1], heights: [[nil, nil], [nil, nil]]), marks: [],
        tones: .init("", (0, 0))),
    ]
    for chart in charts { #expect(try Structure(chart.picture().svg).layoutProblems == []) }
  }
}
