/// A surface over two axes as filled bands of equal height, and the points that it was estimated from.
package struct ContourChart: Chart {
  package var heading: Heading
  package var x: Axis
  package var y: Axis
  package var surface: Grid
  package var marks: [ScatterChart.Mark]
  /// The marks that stand out, by their indices in `marks`.
  package var highlighted: Set<Int>
  /// Points without a height, shown as crosses.
  package var missing: [ScatterChart.Mark]
  /// The tones of the heights, with the title of the colour bar.
  package var tones: Tones

  /// Heights at the crossings of rows and columns.
  package struct Grid: Sendable {
    /// The positions of the columns on the x axis, 0...1, ascending, at least 2.
    package var columns: [Double]
    /// The positions of the rows on the y axis.
    package var rows: [Double]
    /// Row by row; nil where nothing is known.
    package var heights: [[Double?]]

    package init(columns: [Double], rows: [Double], heights: [[Double?]]) {
      (self.columns, self.rows, self.heights) = (columns, rows, heights)
    }
  }

  /// The mapping of heights to tones.
  package struct Tones: Sendable {
    package var title: String
    /// The height of the palest tone, and of the strongest; the strongest may be the lower one.
    package var pale: Double
    package var strong: Double

    package init(_ title: String, _ ends: (pale: Double, strong: Double)) {
      (self.title, self.pale, self.strong) = (title, ends.pale, ends.strong)
    }
  }

  package init(
    _ heading: Heading, x: Axis, y: Axis, surface: Grid, marks: [ScatterChart.Mark],
    highlighted: Set<Int> = [], missing: [ScatterChart.Mark] = [], tones: Tones
  ) {
    (self.heading, self.x, self.y, self.surface) = (heading, x, y, surface)
    (self.marks, self.highlighted, self.missing, self.tones) = (marks, highlighted, missing, tones)
  }

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    canvas.legend(keys)
    canvas.toneBar(tones.title, from: tones.pale.label(), to: tones.strong.label())
    let frame = canvas.frame(x: x, y: y, height: 320)
    // Each band covers the lower ones.
    for tone in 0..<Theme.toneCount {
      canvas.drawing.path(
        region(atLeast: Double(tone) / Double(Theme.toneCount), frame.area), "band q\(tone)")
    }
    add(marks, to: &canvas.drawing, frame)
    return canvas.picture(
      summary: "Contour plot of \(tones.title) over \(x.title) and \(y.title), from \(marks.count) trials")
  }

  private var keys: [Canvas.Key] {
    let isMany = (marks.count - highlighted.count > Self.labelledCount, missing.count > Self.labelledCount)
    var keys = [Canvas.Key(label: "trials", style: isMany.0 ? "dot back" : "mark", mark: .dot)]
    if !highlighted.isEmpty { keys.append(.init(label: "best trial", style: "dot s1", mark: .dot)) }
    if !missing.isEmpty {
      keys.append(
        .init(
          label: "diverged or failed", style: isMany.1 ? "dot bad" : "cross bad",
          mark: isMany.1 ? .dot : .cross))
    }
    return keys
  }

  /// The maximum number of points that are drawn with their labels.
  private static let labelledCount = 200

  private func add(_ marks: [ScatterChart.Mark], to drawing: inout Drawing, _ frame: Frame) {
    let others = marks.indices.filter { !highlighted.contains($0) }.map { marks[$0] }
    if others.count <= Self.labelledCount {
      for mark in others {
        drawing.circle(frame.point(mark.x, mark.y), radius: 2.5, "mark", title: mark.label)
      }
    } else {
      drawing.path(PathText(dots: others.map { frame.point($0.x, $0.y) }, step: 4), "dots back faint")
    }
    if missing.count <= Self.labelledCount {
      for mark in missing { drawing.cross(frame.point(mark.x, mark.y), "cross bad", title: mark.label) }
    } else {
      drawing.path(PathText(dots: missing.map { frame.point($0.x, $0.y) }, step: 4), "dots bad")
    }
    for index in highlighted.sorted() where marks.indices.contains(index) {
      drawing.circle(
        frame.point(marks[index].x, marks[index].y), radius: 5, "dot s1", title: marks[index].label)
    }
  }

  /// The part of the surface whose tone share is at least `level`, computed cell by cell (marching squares): an edge
  /// of a cell is cut where the linearly interpolated height reaches the level.
  private func region(atLeast level: Double, _ area: Rect) -> PathText {
    var outline = PathText()
    for row in 0..<surface.rows.count - 1 {
      var run: Rect?
      for column in 0..<surface.columns.count - 1 {
        guard let corners = corners(row, column, area) else {
          run.map { outline.addRectangle($0) }
          run = nil
          continue
        }
        let isWhole = level <= 0 || corners.allSatisfy { $0.share >= level }
        if isWhole {
          let cell = Rect(
            x: corners[0].position.x, y: corners[2].position.y,
            width: corners[1].position.x - corners[0].position.x,
            height: corners[0].position.y - corners[2].position.y)
          run = run.map { Rect(x: $0.x, y: $0.y, width: cell.maxX - $0.x, height: $0.height) } ?? cell
        } else {
          run.map { outline.addRectangle($0) }
          run = nil
          outline.add(Self.clipped(corners, atLeast: level), isClosed: true)
        }
      }
      run.map { outline.addRectangle($0) }
    }
    return outline
  }

  private struct Corner {
    var position: Point
    var share: Double
  }

  /// Counter-clockwise from the lower left; nil if a height is missing.
  private func corners(_ row: Int, _ column: Int, _ area: Rect) -> [Corner]? {
    let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)].compactMap {
      (row, column) -> Corner? in
      guard let height = surface.heights[row][column] else { return nil }
      let range = tones.strong - tones.pale
      return Corner(
        position: Point(
          area.x + area.width * surface.columns[column], area.maxY - area.height * surface.rows[row]),
        share: range == 0 ? 0.5 : (height - tones.pale) / range)
    }
    return corners.count == 4 ? corners : nil
  }

  private static func clipped(_ corners: [Corner], atLeast level: Double) -> [Point] {
    var points: [Point] = []
    for (corner, next) in zip(corners, corners.dropFirst() + corners.prefix(1)) {
      if corner.share >= level { points.append(corner.position) }
      guard (corner.share >= level) != (next.share >= level) else { continue }
      let part = (level - corner.share) / (next.share - corner.share)
      points.append(
        Point(
          corner.position.x + (next.position.x - corner.position.x) * part,
          corner.position.y + (next.position.y - corner.position.y) * part))
    }
    return points
  }
}
