/// A confusion matrix: a row for each true class, a column for each predicted class.
package struct ConfusionMatrix: Chart {
  package var heading: Heading
  /// `counts[label][answer]`. Missing elements of a row count as 0.
  package var counts: [[Int]]
  /// The classes' names, as many as rows.
  package var names: [String]

  package init(_ heading: Heading, counts: [[Int]], names: [String]) {
    precondition(counts.count == names.count, "\(counts.count) rows, \(names.count) names")
    (self.heading, self.counts, self.names) = (heading, counts, names)
  }

  /// The maximum number of classes for which the cells show numbers.
  static let mostNumbered = 30
  /// The upper limits of the tones, as shares of a row. A larger share has the last tone.
  private static let shares = [0, 0.005, 0.01, 0.02, 0.05, 0.2, 0.5]

  package func picture() -> Picture {
    let size = max(1, names.count)
    let side = cellSide
    let room = Double(size) * side + min(200, names.map { TextSize.width($0) }.max() ?? 0) + 64
    var heading = heading
    heading.notes.append("The tone of a cell shows its share of the images of its row; an empty cell is 0.")
    var canvas = Canvas(heading, width: max(Canvas.width, room))
    canvas.legend(Self.keys)
    let frame = canvas.frame(
      x: Axis("prediction", .categories(names)), y: Axis("label", .categories(names.reversed())),
      height: Double(size) * side, plotWidth: Double(size) * side)
    if size > Self.mostNumbered {
      drawTones(frame, &canvas.drawing)
    } else {
      drawCells(frame, &canvas.drawing)
    }
    let total = counts.joined().reduce(0, +)
    let right = names.indices.reduce(0) { $0 + count($1, $1) }
    return canvas.picture(
      summary: "Confusion matrix of \(names.count) classes: \(right) of \(total) right on the diagonal")
  }

  private func count(_ label: Int, _ answer: Int) -> Int {
    answer < counts[label].count ? max(0, counts[label][answer]) : 0
  }

  private var digits: Int { String(max(1, counts.joined().max() ?? 1)).count }

  /// The side of a cell in whole units, large enough for the largest count if the cells show numbers.
  private var cellSide: Double {
    let size = Double(max(1, names.count))
    if names.count > Self.mostNumbered { return max(2, (500 / size).rounded(.down)) }
    return max((500 / size).rounded(.down).clamped(to: 20...44), Double(digits) * 6.4 + 6).rounded(.up)
  }

  private static func tone(_ share: Double) -> Int {
    shares.firstIndex { share <= $0 } ?? Theme.toneCount - 1
  }

  private func tones(of label: Int) -> [Int] {
    let images = Double(max(1, counts[label].reduce(0) { $0 + max(0, $1) }))
    return names.indices.map { Self.tone(Double(count(label, $0)) / images) }
  }

  /// The legend entries of the tones of cells that are not 0.
  private static var keys: [Canvas.Key] {
    (1..<Theme.toneCount).map { tone in
      let isLast = tone == shares.count
      let percent = (shares[isLast ? tone - 1 : tone] * 100).label()
      return Canvas.Key(
        label: "\(isLast ? ">" : "≤") \(percent) %", style: "area q\(tone)", mark: .square)
    }
  }

  private func drawCells(_ frame: Frame, _ drawing: inout Drawing) {
    let side = cellSide
    let isSmall = Double(digits) * 7.7 + 4 > side
    for (label, name) in names.enumerated() {
      for (answer, tone) in tones(of: label).enumerated() {
        let cell = Rect(
          x: frame.area.x + Double(answer) * side, y: frame.area.y + Double(label) * side, width: side - 1,
          height: side - 1)
        let count = count(label, answer)
        drawing.rectangle(cell, "area q\(tone)", title: "\(name) taken for \(names[answer]): \(count)")
        guard count > 0 else { continue }
        let style = Theme.text(on: tone) + (isSmall ? " small" : "")
        drawing.label("\(count)", at: Point(cell.middle.x, cell.middle.y + 4), style, .middle)
      }
    }
  }

  /// Draws only the tones; adjacent cells of the same tone in a row become one rectangle.
  private func drawTones(_ frame: Frame, _ drawing: inout Drawing) {
    let side = cellSide
    drawing.rectangle(frame.area, "area q0")
    var outlines = [PathText](repeating: PathText(), count: Theme.toneCount)
    for label in names.indices {
      let tones = tones(of: label)
      var start = 0
      for end in 1...tones.count where end == tones.count || tones[end] != tones[start] {
        if tones[start] > 0 {
          outlines[tones[start]].addRectangle(
            Rect(
              x: (frame.area.x + Double(start) * side).rounded(),
              y: (frame.area.y + Double(label) * side).rounded(),
              width: Double(end - start) * side, height: side))
        }
        start = end
      }
    }
    for (tone, outline) in outlines.enumerated() { drawing.path(outline, "area q\(tone)") }
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
