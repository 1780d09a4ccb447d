/// Horizontal bars or points with intervals, each row's name above it.
package struct BarChart: Chart {
  /// One row.
  package struct Row: Sendable {
    package var name: String
    /// The parts of the bar, one for each of the chart's part names.
    package var values: [Double]
    /// The interval of the value, which is the sum of the parts.
    package var interval: (low: Double, high: Double)?
    /// Written at the end of the name's line.
    package var text: String
    /// The index of the series colour; it has no effect on a bar with several parts.
    package var colour: Int

    package init(
      _ name: String, _ values: [Double], interval: (low: Double, high: Double)? = nil, text: String,
      colour: Int = 0
    ) {
      (self.name, self.values, self.interval, self.text, self.colour) = (name, values, interval, text, colour)
    }
  }

  package var heading: Heading
  package var x: Axis
  package var rows: [Row]
  /// The names of the bars' parts; with fewer than two there is no legend.
  package var parts: [String]
  /// Draws points instead of bars, for values that are not measured from 0.
  package var drawsPoints: Bool

  package init(_ heading: Heading, x: Axis, rows: [Row], parts: [String] = [], drawsPoints: Bool = false) {
    (self.heading, self.x, self.rows, self.parts, self.drawsPoints) = (heading, x, rows, parts, drawsPoints)
  }

  private static let rowHeight = 42.0

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    if parts.count > 1 {
      canvas.legend(
        parts.enumerated().map { .init(label: $1, style: "area \(Theme.series($0))", mark: .square) })
    }
    let room = canvas.reserve(height: Double(rows.count) * Self.rowHeight + 4)
    let area = Rect(x: room.x + 8, y: room.y, width: room.width - 24, height: room.height)
    let frame = Frame(area: area, x: x, y: Axis("", .linear(0, 1)))
    canvas.drawing.grid(of: frame)
    for (index, row) in rows.enumerated() {
      canvas.drawing.add(
        row, in: frame, top: area.y + Double(index) * Self.rowHeight, drawsPoints: drawsPoints)
    }
    canvas.xAxis(of: frame)
    let names = rows.map { "\($0.name) \($0.text)" }.joined(separator: "; ")
    return canvas.picture(summary: "Bar chart of \(x.title): \(names)")
  }
}

extension Drawing {
  fileprivate mutating func grid(of frame: Frame) {
    for tick in frame.x.scale.ticks(atMost: 6) {
      let x = frame.position(x: tick.value)
      line(Point(x, frame.area.y), Point(x, frame.area.maxY), "grid")
    }
  }

  fileprivate mutating func add(_ row: BarChart.Row, in frame: Frame, top: Double, drawsPoints: Bool) {
    let area = frame.area
    let text = TextSize.shortened(row.text, to: area.width * 0.6)
    let name = TextSize.shortened(row.name, to: area.width - TextSize.width(text) - 12)
    label(name, at: Point(area.x, top + 14), "halo", title: name == row.name ? nil : row.name)
    label(text, at: Point(area.maxX, top + 14), "halo muted", .end, title: text == row.text ? nil : row.text)
    let middle = top + 27
    var sum = 0.0
    for (index, value) in row.values.enumerated() where !drawsPoints && value > 0 {
      let (start, end) = (frame.position(x: sum), frame.position(x: sum + value))
      sum += value
      let colour = row.values.count > 1 ? index : row.colour
      rectangle(
        Rect(x: start, y: middle - 7, width: end - start, height: 14), "area \(Theme.series(colour))",
        title: "\(row.name): \(value.label(digits: 6))")
    }
    if let (low, high) = row.interval {
      let (start, stop) = (frame.position(x: low), frame.position(x: high))
      line(
        Point(start, middle), Point(stop, middle), drawsPoints ? "line \(Theme.series(row.colour))" : "rule")
      for x in [start, stop] {
        line(
          Point(x, middle - 4), Point(x, middle + 4),
          drawsPoints ? "line \(Theme.series(row.colour))" : "rule")
      }
    }
    if drawsPoints, let value = row.values.first {
      circle(
        Point(frame.position(x: value), middle), radius: 4.5, "dot \(Theme.series(row.colour))",
        title: "\(row.name): \(value.label(digits: 6))")
    }
  }
}

extension Canvas {
  /// Labels and title of the x axis below a plot that has been drawn.
  mutating func xAxis(of frame: Frame) {
    let area = frame.area
    drawing.xLabels(of: frame)
    let title = TextSize.wrapped(frame.x.title, to: area.width)
    let row = reserve(height: 34 + Double(title.count - 1) * TextSize.lineHeight + 10)
    drawing.lines(title, at: Point(area.middle.x, row.y + 32), "muted", .middle)
  }
}
