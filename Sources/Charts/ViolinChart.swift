/// Violins beside each other: how values are distributed in several groups.
package struct ViolinChart: Chart {
  /// One violin.
  package struct Group: Sendable {
    package var name: String
    /// The left and the right half, or one density for both sides; nil where there are no values.
    package var halves: [Density?]

    package init(_ name: String, _ halves: [Density?]) {
      (self.name, self.halves) = (name, halves)
    }
  }

  package var heading: Heading
  /// The name of the values.
  package var value: String
  package var groups: [Group]
  /// The names of the halves, such as before and after; with one name both sides of a violin are the same.
  package var halves: [String]

  /// - Parameter halves: one or two names; each group has as many densities.
  package init(_ heading: Heading, value: String, groups: [Group], halves: [String]) {
    (self.heading, self.value, self.groups, self.halves) = (heading, value, groups, halves)
  }

  package func picture() -> Picture {
    var heading = heading
    heading.notes += notes
    var canvas = Canvas(heading)
    canvas.legend(
      halves.enumerated().map { .init(label: $1, style: "area soft \(Theme.series($0))", mark: .square) })
    let densities = groups.flatMap(\.halves).compactMap(\.self)
    let ends = densities.flatMap { [$0.places[0], $0.places[$0.places.count - 1]] }
    let y = Axis(value, .linear(around: ends))
    let frame = canvas.frame(x: Axis("", .categories(groups.map(\.name))), y: y, height: 300)
    let room = frame.area.width / Double(max(1, groups.count))
    for (index, group) in groups.enumerated() {
      let violin = Violin(
        frame: frame, middle: frame.position(x: Double(index)), halfWidth: min(room * 0.44, 70))
      for (side, density) in group.halves.prefix(2).enumerated() {
        guard let density else { continue }
        let sides = group.halves.count == 1 ? -1.0...1.0 : side == 0 ? -1.0...0.0 : 0.0...1.0
        let name = halves.count > 1 ? "\(group.name), \(halves[min(side, halves.count - 1)])" : group.name
        canvas.drawing.add(violin, density, sides: sides, colour: side, title: "\(name): \(density.text)")
      }
    }
    let names = groups.prefix(12).map(\.name).joined(separator: ", ")
    return canvas.picture(summary: "Violin plot of \(value) for \(groups.count) groups: \(names)")
  }

  private var notes: [String] {
    let scaling =
      "The width is relative to each \(halves.count > 1 ? "half" : "violin")'s own peak; "
      + "lines at the median and the quartiles."
    let densities = groups.flatMap(\.halves).compactMap(\.self)
    let outliers = densities.reduce(0) { $0 + $1.outlierCount }
    guard outliers > 0 else { return [scaling] }
    let low = densities.map(\.ends.lowerBound).min() ?? 0
    let high = densities.map(\.ends.upperBound).max() ?? 0
    return [
      scaling,
      "\(outliers) of \(densities.reduce(0) { $0 + $1.count }) values are far from all others and not drawn; "
        + "all lie between \(low.label(digits: 3)) and \(high.label(digits: 3)).",
    ]
  }
}

extension Density {
  /// The numbers that describe it.
  fileprivate var text: String {
    let numbers = quartiles.map { $0.label(digits: 3) }
    let (low, high) = (ends.lowerBound.label(digits: 3), ends.upperBound.label(digits: 3))
    return "\(count) values from \(low) to \(high), quartiles \(numbers.joined(separator: ", "))"
  }
}

/// The area in which a violin is drawn.
private struct Violin {
  var frame: Frame
  var middle: Double
  var halfWidth: Double
}

extension Drawing {
  /// - Parameter sides: how far it reaches from the middle, in parts of half its width.
  fileprivate mutating func add(
    _ violin: Violin, _ density: Density, sides: ClosedRange<Double>, colour: Int, title: String
  ) {
    let series = Theme.series(colour)
    func position(_ side: Double, _ value: Double, _ height: Double) -> Point {
      Point(violin.middle + side * height * violin.halfWidth, violin.frame.position(y: value))
    }
    let curve = Array(zip(density.places, density.heights))
    if curve.count == 1 {
      let value = curve[0].0
      path(
        [position(sides.lowerBound, value, 1), position(sides.upperBound, value, 1)], "line strong \(series)",
        title: title)
      return
    }
    let outline =
      curve.map { position(sides.upperBound, $0, $1) }
      + curve.reversed().map { position(sides.lowerBound, $0, $1) }
    path(outline, "area soft \(series)", isClosed: true, title: title)
    path(outline, "line \(series)", isClosed: true)
    for (index, value) in density.quartiles.enumerated() {
      let height = density.height(at: value)
      line(
        position(sides.lowerBound, value, height), position(sides.upperBound, value, height),
        "line \(index == 1 ? "strong" : "dotted") \(series)")
    }
  }
}
