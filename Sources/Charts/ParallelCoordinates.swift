/// One line for each trial through its values on parallel axes.
///
/// The axes lie below each other, so that any number of them with long names can be read at the width of a page.
package struct ParallelCoordinates: Chart {
  /// One line.
  package struct Line: Sendable {
    /// The trial number, which scripts read from the attribute `data-trial`.
    package var number: Int
    /// A value for each axis; nil interrupts the line.
    package var values: [Double?]
    /// The strength of its colour, 0...1; nil without a score.
    package var tone: Double?
    package var label: String
    /// Drawn in the colour of the best, above the others.
    package var isHighlighted: Bool

    package init(number: Int, values: [Double?], tone: Double?, label: String, isHighlighted: Bool = false) {
      (self.number, self.values, self.tone) = (number, values, tone)
      (self.label, self.isHighlighted) = (label, isHighlighted)
    }
  }

  package var heading: Heading
  package var axes: [Axis]
  package var lines: [Line]
  /// The name of the tone, and the values of the palest and the strongest.
  package var tones: (title: String, low: String, high: String)

  package init(
    _ heading: Heading, axes: [Axis], lines: [Line], tones: (title: String, low: String, high: String)
  ) {
    (self.heading, self.axes, self.lines, self.tones) = (heading, axes, lines, tones)
  }

  package func picture() -> Picture {
    var heading = heading
    if lines.count > 1, axes.contains(where: { if case .categories = $0.scale { true } else { false } }) {
      heading.notes.append("Within a category, trials are spread so that they do not hide each other.")
    }
    var canvas = Canvas(heading)
    canvas.toneBar(tones.title, from: tones.low, to: tones.high)
    let best = lines.count(where: \.isHighlighted)
    var keys: [Canvas.Key] = []
    if best > 0 {
      keys.append(
        .init(label: best == 1 ? "best trial" : "best \(best)", style: "line s1 strong", mark: .line))
    }
    if lines.contains(where: { $0.tone == nil }) {
      keys.append(.init(label: "diverged or failed", style: "line bad dashed", mark: .line))
    }
    canvas.legend(keys)
    let heights = axes.map { max(64, $0.labelHeight(Canvas.width - 40) + 50) }
    let last = axes.last.map { $0.labelHeight(Canvas.width - 40) } ?? 0
    let room = canvas.reserve(height: 18 + heights.dropLast().reduce(0, +) + last + 12)
    let area = Rect(x: room.x + 8, y: room.y + 18, width: room.width - 16, height: room.height)
    let places = heights.indices.map { area.y + heights[..<$0].reduce(0, +) }
    let data: KeyValuePairs = [
      "axes": places.map(\.coordinate).joined(separator: " "), "left": area.x.coordinate,
      "right": area.maxX.coordinate,
    ]
    canvas.drawing.group("parallel", data: data) { drawing in
      for line in lines.filter({ !$0.isHighlighted }) + lines.filter(\.isHighlighted) {
        draw(line, &drawing, places, area)
      }
      for (axis, position) in zip(axes, places) { drawing.axis(axis, at: position, area) }
    }
    let names = axes.map(\.title).joined(separator: ", ")
    return canvas.picture(summary: "Parallel coordinates of \(lines.count) trials over \(names)")
  }

  private func draw(_ line: Line, _ drawing: inout Drawing, _ places: [Double], _ area: Rect) {
    let shares = zip(axes, line.values).map { axis, value in
      value.map { share(of: $0, on: axis, line.number) }
    }
    var outline = PathText()
    for part in zip(places, shares).split(whereSeparator: { $0.1 == nil }) where part.count > 1 {
      outline.add(part.map { position, share in Point(area.x + (share ?? 0) * area.width, position) })
    }
    let look =
      line.isHighlighted
      ? "s1 strong" : "\(line.tone.map(Theme.tone) ?? "bad dashed") \(lines.count > 60 ? "faint" : "thin")"
    let values = shares.map { $0.map { "\(($0 * 1e4).rounded() / 1e4)" } ?? "-" }.joined(separator: " ")
    drawing.path(
      outline, "line \(look)", title: line.label,
      data: ["trial": "\(line.number)", "values": values])
  }

  /// The position of a value along the axis. Within a category, lines are spread, so that they do not hide each other.
  private func share(of value: Double, on axis: Axis, _ number: Int) -> Double {
    let share = min(max(axis.scale.position(of: value), 0), 1)
    guard case .categories(let names) = axis.scale, lines.count > 1 else { return share }
    return share + Scale.jitter(number) / Double(max(1, names.count))
  }
}

extension Axis {
  /// The labels below the axis: the position of each label, 0...1, and its lines of text.
  fileprivate func labels(_ width: Double) -> [(share: Double, lines: [String])] {
    let room =
      if case .categories(let names) = scale { width / Double(max(1, names.count)) - 8 } else { 90.0 }
    var end = -Double.infinity
    return scale.ticks(atMost: 8).compactMap { tick in
      let lines = TextSize.wrapped(tick.label, to: max(room, 24))
      let half = (lines.map { TextSize.width($0) }.max() ?? 0) / 2
      let share = scale.position(of: tick.value)
      guard share * width - half > end else { return nil }
      end = share * width + half + 6
      return (share, lines)
    }
  }

  fileprivate func labelHeight(_ width: Double) -> Double {
    Double(labels(width).map(\.lines.count).max() ?? 0) * (TextSize.lineHeight - 3)
  }
}

extension Drawing {
  fileprivate mutating func axis(_ axis: Axis, at position: Double, _ area: Rect) {
    fillBackground(Rect(x: area.x, y: position - 17, width: TextSize.width(axis.title, size: 13), height: 15))
    label(axis.title, at: Point(area.x, position - 6), "name")
    for (share, lines) in axis.labels(area.width) {
      let x = area.x + area.width * share
      let half = (lines.map { TextSize.width($0) }.max() ?? 0) / 2
      let middle = min(max(x, area.x - 8 + half), area.maxX + 8 - half)
      let lineHeight = TextSize.lineHeight - 3
      fillBackground(
        Rect(x: middle - half, y: position + 4, width: 2 * half, height: Double(lines.count) * lineHeight))
      self.lines(lines, at: Point(middle, position + 14), "muted", .middle, height: lineHeight)
      line(Point(x, position - 3), Point(x, position + 3), "rule")
    }
    line(Point(area.x, position), Point(area.maxX, position), "rule")
  }

  /// Hides the lines behind a text.
  private mutating func fillBackground(_ rect: Rect) { rectangle(rect, "ground") }
}
