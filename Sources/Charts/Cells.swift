import Foundation

/// Numbers in rows and columns.
package struct Cells: Sendable {
  /// The order of the numbers.
  package enum Order: Sendable {
    case rowByRow
    case columnByColumn
  }

  package let rows: Int
  package let columns: Int
  let order: Order
  /// As many as rows times columns.
  package let values: [Float]

  /// - Parameter values: rows times columns numbers; both are at least 1.
  package init(_ values: [Float], rows: Int, columns: Int, order: Order = .rowByRow) {
    precondition(
      rows > 0 && columns > 0 && values.count == rows * columns, "\(values.count) for \(rows) x \(columns)")
    (self.values, self.rows, self.columns, self.order) = (values, rows, columns, order)
  }

  subscript(row: Int, column: Int) -> Float {
    values[order == .rowByRow ? row * columns + column : column * rows + row]
  }

  /// The size of the blocks of cells to average, so that there are at most `count` blocks, and at most 4,096 blocks in
  /// a row or a column.
  func blockSides(atMost count: Int) -> (rows: Int, columns: Int) {
    var sides = (rows: (rows + 4095) / 4096, columns: (columns + 4095) / 4096)
    func blocks() -> (rows: Int, columns: Int) {
      ((rows + sides.rows - 1) / sides.rows, (columns + sides.columns - 1) / sides.columns)
    }
    while case (let rows, let columns) = blocks(), rows * columns > count {
      if rows >= columns { sides.rows += 1 } else { sides.columns += 1 }
    }
    return sides
  }

  /// The means of the finite values of each block of cells; NaN for a block without finite values.
  func averaged(rows blockRows: Int, columns blockColumns: Int) -> Cells {
    guard blockRows > 1 || blockColumns > 1 else { return self }
    let isByRow = order == .rowByRow
    let (lines, length) = isByRow ? (rows, columns) : (columns, rows)
    let (lineBlock, block) = isByRow ? (blockRows, blockColumns) : (blockColumns, blockRows)
    let blocks = (length + block - 1) / block
    let lineBlocks = (lines + lineBlock - 1) / lineBlock
    var sums = [Float](repeating: 0, count: lineBlocks * blocks)
    var counts = sums
    for line in 0..<lines {
      for index in 0..<blocks {
        let position = line / lineBlock * blocks + index
        for cell in line * length + index * block..<line * length + min(length, (index + 1) * block) {
          let value = values[cell]
          guard value.isFinite else { continue }
          sums[position] += value
          counts[position] += 1
        }
      }
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / $1 : .nan }
    return Cells(
      means, rows: isByRow ? lineBlocks : blocks, columns: isByRow ? blocks : lineBlocks, order: order)
  }

  /// Each cell repeated this often in both directions.
  func enlarged(by factor: Int) -> Cells {
    guard factor > 1 else { return self }
    let cells = (0..<rows * factor).flatMap { row in
      (0..<columns * factor).map { self[row / factor, $0 / factor] }
    }
    return Cells(cells, rows: rows * factor, columns: columns * factor)
  }

  /// Sets the pixels of an image from this position on.
  func draw(in image: inout Raster, top: Int = 0, left: Int = 0, _ scale: ColourScale) {
    for row in 0..<rows {
      for column in 0..<columns {
        let value = self[row, column]
        image[top + row, left + column] =
          value.isFinite ? scale.position(of: Double(value)) : ColourScale.ground
      }
    }
  }
}

extension ColourScale {
  /// A scale around 0 that gives the full colour to the largest magnitudes: from the 99.8th percentile on, rounded up
  /// to a round number. If all numbers are 0, the limit is 1.
  package static func diverging(over values: some Sequence<Float>) -> ColourScale {
    let magnitudes = values.filter(\.isFinite).map(abs).sorted()
    guard let most = magnitudes.last, most > 0 else { return .diverging(limit: 1) }
    let percentile = magnitudes[(magnitudes.count * 998 + 999) / 1000 - 1]
    return .diverging(limit: Double(percentile > 0 ? percentile : most).roundedUp)
  }

  /// Whether a finite number lies outside the ends of the scale.
  func clips(_ values: some Sequence<Float>) -> Bool {
    values.contains { $0.isFinite && !(ends.low...ends.high).contains(Double($0)) }
  }
}

extension Double {
  /// Rounds a positive number up to 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten.
  var roundedUp: Double {
    let exponent = Int(log10(self).rounded(.down))
    let candidates = ["1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10", "15"]
    let numbers = candidates.lazy.compactMap { Double("\($0)e\(exponent)") }
    return numbers.first { $0 >= self * (1 - 1e-9) } ?? self
  }
}

extension Canvas {
  /// The colours of a scale with their numbers.
  ///
  /// - Parameter isClipped: whether the first and the last colour also stand for the numbers beyond the ends.
  mutating func colourBar(_ title: String, _ scale: ColourScale, isClipped: Bool) {
    let row = reserve(height: 40)
    let words = TextSize.shortened(title, to: width * 0.4)
    drawing.label(words, at: Point(row.x, row.y + 12), "muted", title: words == title ? nil : title)
    let bar = Rect(x: row.x + TextSize.width(words) + 44, y: row.y + 2, width: 256, height: 12)
    var image = Raster(width: 255, height: 1, palette: scale.palette)
    for position in 0..<255 { image[0, position] = UInt8(position) }
    drawing.image(image, in: bar)
    let (low, high) = scale.ends
    for (index, share) in [0, 0.25, 0.5, 0.75, 1].enumerated() {
      let number = (low + (high - low) * share).label()
      let sign = !isClipped ? "" : index == 0 ? "≤ " : index == 4 ? "≥ " : ""
      let x = bar.x + bar.width * share
      drawing.line(Point(x, bar.maxY), Point(x, bar.maxY + 3), "axis")
      drawing.label(sign + number, at: Point(x, bar.maxY + 15), "", .middle)
    }
  }
}
