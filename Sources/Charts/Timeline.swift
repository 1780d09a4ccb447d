/// A Gantt chart: a row for each lane, a bar for each span of time.
package struct Timeline: Chart {
  /// One bar.
  package struct Span: Sendable {
    /// On the scale of the x axis.
    package var start: Double
    package var end: Double
    /// The index of its kind in the chart's kinds.
    package var kind: Int
    package var label: String

    package init(start: Double, end: Double, kind: Int, label: String) {
      (self.start, self.end, self.kind, self.label) = (start, end, kind, label)
    }
  }

  /// A kind of spans.
  package struct Kind: Sendable {
    package var name: String
    /// Whether its bars have the colour of failures and end with a cross.
    package var isFailure: Bool

    package init(_ name: String, isFailure: Bool = false) {
      (self.name, self.isFailure) = (name, isFailure)
    }
  }

  /// A row of the chart, such as a worker; spans that overlap are drawn below each other.
  package struct Row: Sendable {
    package var name: String
    package var spans: [Span]

    package init(_ name: String, _ spans: [Span]) {
      (self.name, self.spans) = (name, spans)
    }
  }

  package var heading: Heading
  package var x: Axis
  package var kinds: [Kind]
  package var rows: [Row]

  package init(_ heading: Heading, x: Axis, kinds: [Kind], rows: [Row]) {
    (self.heading, self.x, self.kinds, self.rows) = (heading, x, kinds, rows)
  }

  /// The maximum number of lanes that can be told apart in one picture.
  private static let mostLanes = 120

  /// The rows, as far as they fit, and their spans in lanes.
  private var visible: [(row: Row, lanes: [[Span]])] {
    var left = Self.mostLanes
    return rows.compactMap { row in
      let lanes = Array(Self.lanes(of: row.spans).prefix(left))
      left -= lanes.count
      return lanes.isEmpty ? nil : (row, lanes)
    }
  }

  package func picture() -> Picture {
    let visible = visible
    var heading = heading
    let all = rows.reduce(0) { $0 + $1.spans.count }
    let shown = visible.reduce(0) { $0 + $1.lanes.reduce(0) { $0 + $1.count } }
    if shown < all {
      heading.notes.append("\(shown) of \(all) attempts: as many as fit in \(Self.mostLanes) lanes.")
    }
    var canvas = Canvas(heading)
    let used = Set(rows.flatMap { $0.spans.map(\.kind) })
    canvas.legend(
      used.sorted().map { Canvas.Key(label: kinds[$0].name, style: "area \(style(of: $0))", mark: .square) })
    let laneCount = visible.reduce(0) { $0 + $1.lanes.count }
    let laneHeight = min(14, max(3, 480 / Double(max(1, laneCount))))
    let labelWidth = min(visible.map { TextSize.width($0.row.name) }.max() ?? 0, 170)
    let room = canvas.reserve(height: Double(laneCount) * laneHeight + Double(visible.count) * 4 + 4)
    let area = Rect(
      x: room.x + labelWidth + 8, y: room.y, width: room.width - labelWidth - 22, height: room.height)
    let frame = Frame(area: area, x: x, y: Axis("", .linear(0, 1)))
    var top = area.y + 2
    var labelEnd = -Double.infinity
    let isLabelled = rows.reduce(0) { $0 + $1.spans.count } <= ScatterChart.labelledCount
    for (row, lanes) in visible {
      let height = Double(lanes.count) * laneHeight
      if top + height / 2 - 7 >= labelEnd {
        let name = TextSize.shortened(row.name, to: labelWidth)
        let position = Point(area.x - 8, top + height / 2 + 4)
        canvas.drawing.label(name, at: position, "", .end, title: name == row.name ? nil : row.name)
        labelEnd = top + height / 2 + 7
      }
      for (index, lane) in lanes.enumerated() {
        let strip = Rect(
          x: area.x, y: top + Double(index) * laneHeight, width: area.width, height: laneHeight - 1)
        draw(lane, in: strip, frame, &canvas.drawing, isLabelled: isLabelled)
      }
      top += height + 4
    }
    canvas.xAxis(of: frame)
    let count = rows.reduce(0) { $0 + $1.spans.count }
    return canvas.picture(summary: "Timeline of \(count) attempts on \(rows.count) workers")
  }

  private func style(of kind: Int) -> String { kinds[kind].isFailure ? "bad" : Theme.series(kind) }

  /// The spans in as few lanes as they need without overlapping.
  private static func lanes(of spans: [Span]) -> [[Span]] {
    var lanes: [[Span]] = []
    for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      // A hundredth of a second is within the precision of the times.
      if let free = lanes.firstIndex(where: { $0[$0.count - 1].end <= span.start + 0.01 }) {
        lanes[free].append(span)
      } else {
        lanes.append([span])
      }
    }
    return lanes.isEmpty ? [[]] : lanes
  }

  private func draw(
    _ lane: [Span], in strip: Rect, _ frame: Frame, _ drawing: inout Drawing, isLabelled: Bool
  ) {
    var bars = [PathText](repeating: PathText(), count: kinds.count)
    var last: (kind: Int, start: Double, end: Double)?
    func bar(_ start: Double, _ end: Double) -> Rect {
      Rect(x: start, y: strip.y, width: max(end - start - 0.5, 0.75), height: strip.height)
    }
    for span in lane {
      let (start, end) = (frame.position(x: span.start), frame.position(x: span.end))
      if isLabelled {
        drawing.rectangle(bar(start, end), "area \(style(of: span.kind))", title: span.label)
      } else if let open = last, open.kind == span.kind, start - open.end < 1, end - open.start < 2 {
        // Bars that are too short to be told apart are merged.
        last = (open.kind, open.start, end)
        continue
      } else {
        if let open = last { bars[open.kind].addRectangle(bar(open.start, open.end)) }
        last = (span.kind, start, end)
      }
      if kinds[span.kind].isFailure {
        drawing.cross(Point(end, strip.middle.y), "cross bad")
      }
    }
    if let open = last { bars[open.kind].addRectangle(bar(open.start, open.end)) }
    for (kind, bars) in bars.enumerated() { drawing.path(bars, "area \(style(of: kind))") }
  }
}
