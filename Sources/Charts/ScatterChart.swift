/// Points and an optional line. Points without a position on the y axis are marks at the edge.
package struct ScatterChart: Chart {
  /// One point.
  package struct Mark: Sendable {
    package var x: Double
    package var y: Double
    /// Its name and numbers, shown where the pointer is.
    package var label: String

    package init(x: Double, y: Double, label: String) {
      (self.x, self.y, self.label) = (x, y, label)
    }
  }

  /// Points that look the same.
  package struct Group: Sendable {
    package var name: String
    package var marks: [Mark]
    package var look: Look

    package init(_ name: String, _ marks: [Mark], _ look: Look) {
      (self.name, self.marks, self.look) = (name, marks, look)
    }
  }

  package enum Look: Hashable, Sendable {
    case normal
    /// Measured in another way than the others, such as after fewer epochs.
    case secondary
    /// The few that matter most.
    case highlighted
    /// Shown as a cross at an edge: there is no value.
    case missing
  }

  package var heading: Heading
  package var x: Axis
  package var y: Axis
  package var groups: [Group]
  /// Whether the crosses of missing values are at the upper edge, which is the edge of the worse values.
  package var missingAtTop: Bool
  /// A line in steps, such as the best value so far.
  package var line: (name: String, points: [Point])?

  package init(
    _ heading: Heading, x: Axis, y: Axis, groups: [Group], missingAtTop: Bool = false,
    line: (name: String, points: [Point])? = nil
  ) {
    (self.heading, self.x, self.y, self.groups) = (heading, x, y, groups)
    (self.missingAtTop, self.line) = (missingAtTop, line)
  }

  /// The maximum number of points with labels. If there are more, none has a label, and equal points are drawn once.
  package static let labelledCount = 1000

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    let present = groups.filter { !$0.marks.isEmpty }
    let lineKey = line.map { Canvas.Key(label: $0.name, style: "line s1", mark: .line) }
    canvas.legend((present.count > 1 || line != nil ? present.map(key) : []) + [lineKey].compactMap(\.self))
    let frame = canvas.frame(x: x, y: y, height: 300)
    let isLabelled = present.reduce(0) { $0 + $1.marks.count } <= Self.labelledCount
    let edge = missingAtTop ? frame.area.y + 7 : frame.area.maxY - 7
    for group in present { canvas.drawing.add(group, in: frame, edge: edge, isLabelled: isLabelled) }
    if let line {
      var places: [Point] = []
      for point in line.points {
        let position = frame.point(point.x, point.y)
        if let last = places.last { places.append(Point(position.x, last.y)) }
        places.append(position)
      }
      canvas.drawing.path(places, "line s1", title: line.name)
    }
    let counts = present.map { "\($0.marks.count) \($0.name)" }.joined(separator: ", ")
    return canvas.picture(summary: "Scatter plot of \(y.title) against \(x.title): \(counts)")
  }

  private func key(_ group: Group) -> Canvas.Key {
    Canvas.Key(label: group.name, style: group.look.style, mark: group.look == .missing ? .cross : .dot)
  }
}

extension ScatterChart.Look {
  fileprivate var style: String {
    switch self {
    case .normal: "dot s0"
    case .secondary: "dot back"
    case .highlighted: "dot s1"
    case .missing: "cross bad"
    }
  }
}

extension Drawing {
  fileprivate mutating func add(_ group: ScatterChart.Group, in frame: Frame, edge: Double, isLabelled: Bool)
  {
    let isMissing = group.look == .missing
    if isLabelled {
      let places = group.marks.map { mark in
        (isMissing ? Point(frame.position(x: mark.x), edge) : frame.point(mark.x, mark.y), mark)
      }
      let isSoft = group.look == .normal || group.look == .secondary
      let style = group.look.style + (isSoft ? " soft" : "")
      self.group("") { drawing in
        for (position, mark) in places {
          if isMissing {
            drawing.cross(position, group.look.style, title: mark.label)
          } else if frame.isOutside(y: mark.y) {
            drawing.arrow(position, isUp: position.y < frame.area.middle.y, style, title: mark.label)
          } else {
            drawing.circle(position, radius: isSoft ? 3.5 : 4.5, style, title: mark.label)
          }
        }
      }
      return
    }
    let step = group.marks.count > 5000 ? 2.0 : 1
    guard !isMissing else {
      var crosses = PathText()
      for x in Set(group.marks.map { frame.position(x: $0.x).rounded() }).sorted() {
        crosses.add([Point(x, edge - 3), Point(x, edge + 3)])
      }
      return path(crosses, "crosses bad")
    }
    let dots = PathText(dots: group.marks.map { frame.point($0.x, $0.y) }, step: step)
    path(
      dots, group.look.style.replacing("dot ", with: "dots ") + (group.look == .highlighted ? "" : " soft"))
  }

  /// A triangle at the edge for a point beyond it.
  private mutating func arrow(_ tip: Point, isUp: Bool, _ style: String, title: String) {
    let base = tip.y + (isUp ? 8 : -8)
    path(
      [tip, Point(tip.x - 4.5, base), Point(tip.x + 4.5, base)], style.replacing("dot", with: "area"),
      isClosed: true, title: title)
  }
}
