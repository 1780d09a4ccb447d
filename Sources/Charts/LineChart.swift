/// Lines through points, such as learning curves.
package struct LineChart: Chart {
  /// One line.
  package struct Series: Sendable {
    /// The name in the legend; a line without a name is not in the legend.
    package var name: String
    package var points: [Point]
    package var look: Look
    /// Series with the same number have the same colour.
    package var colour: Int
    package var isDashed: Bool

    package init(
      _ name: String, _ points: [Point], colour: Int, look: Look = .normal, isDashed: Bool = false
    ) {
      (self.name, self.points, self.colour, self.look, self.isDashed) = (name, points, colour, look, isDashed)
    }
  }

  /// The emphasis of a line.
  package enum Look: Sendable {
    case normal
    /// Grey and thin, behind the others.
    case background
    /// Goes from point to point in horizontal and vertical steps.
    case steps
  }

  package var heading: Heading
  package var x: Axis
  package var y: Axis
  package var series: [Series]

  package init(_ heading: Heading, x: Axis, y: Axis, series: [Series]) {
    (self.heading, self.x, self.y, self.series) = (heading, x, y, series)
  }

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    canvas.legend(keys)
    let frame = canvas.frame(x: x, y: y, height: 300)
    let behind = series.filter { $0.look == .background }
    let weight = behind.count > 100 ? "faint" : "thin"
    // Half a line's width more than the plot.
    let room = Rect(
      x: frame.area.x - 1, y: frame.area.y - 1, width: frame.area.width + 4, height: frame.area.height + 2)
    canvas.drawing.clipped(to: room) { drawing in
      drawing.path(outline(of: behind, in: frame), "line back \(weight)")
      for line in series where line.look != .background {
        drawing.path(outline(of: [line], in: frame), style(of: line), title: line.name)
      }
    }
    let names = series.compactMap { $0.look == .background || $0.name.isEmpty ? nil : $0.name }
    return canvas.picture(
      summary: "Line chart of \(y.title) against \(x.title): \(series.count) lines"
        + (names.isEmpty ? "" : ", among them \(names.prefix(12).joined(separator: ", "))"))
  }

  private var keys: [Canvas.Key] {
    let named = series.filter { $0.look != .background && !$0.name.isEmpty }
    let other = series.first { $0.look == .background && !$0.name.isEmpty }
    return named.map { Canvas.Key(label: $0.name, style: style(of: $0), mark: .line) }
      + (other.map { [Canvas.Key(label: $0.name, style: "line back thin", mark: .line)] } ?? [])
  }

  private func style(of line: Series) -> String {
    "line \(Theme.series(line.colour))\(line.isDashed ? " dashed" : "")"
  }

  /// The lines, interrupted where a point is not finite; a single point is a dot.
  private func outline(of lines: [Series], in frame: Frame) -> PathText {
    var outline = PathText()
    for line in lines {
      for part in line.points.split(whereSeparator: { !$0.x.isFinite || !$0.y.isFinite }) {
        var places: [Point] = []
        for point in part {
          let position = frame.unlimitedPoint(point.x, point.y)
          if line.look == .steps, let last = places.last { places.append(Point(position.x, last.y)) }
          places.append(position)
        }
        if places.count == 1 { outline.addCircle(places[0], radius: 2) } else { outline.add(places) }
      }
    }
    return outline
  }
}
