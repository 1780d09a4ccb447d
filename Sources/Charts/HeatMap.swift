/// A matrix as an image: the colour of a cell shows its number, white is 0.
package struct HeatMap: Chart {
  package let heading: Heading
  /// The name of the columns, from left to right.
  package let x: String
  /// The name of the rows, from top to bottom.
  package let y: String
  /// The name of the numbers.
  package let value: String
  /// The drawn cells: the numbers, or the means of blocks of them.
  private let cells: Cells
  private let sides: (rows: Int, columns: Int)
  private let scale: ColourScale
  private let isClipped: Bool

  /// Larger matrices are averaged in blocks, which keeps every file under 1 MB.
  package static let mostCells = 600_000

  /// The names of a heat map's axes and colours.
  package struct Titles: Sendable {
    package var x: String
    package var y: String
    package var value: String

    package init(x: String, y: String, value: String) {
      (self.x, self.y, self.value) = (x, y, value)
    }
  }

  package init(_ heading: Heading, _ titles: Titles, _ cells: Cells) {
    (x, y, value) = (titles.x, titles.y, titles.value)
    sides = (cells.rows, cells.columns)
    let block = cells.blockSides(atMost: Self.mostCells)
    let averaged = cells.averaged(rows: block.rows, columns: block.columns)
    self.cells = averaged
    scale = .diverging(over: averaged.values)
    isClipped = scale.clips(averaged.values)
    self.heading = Heading(heading.title, notes: heading.notes + Self.notes(averaged, block))
  }

  private static func notes(_ cells: Cells, _ block: (rows: Int, columns: Int)) -> [String] {
    var notes: [String] = []
    if block.rows > 1 || block.columns > 1 {
      notes.append("Each cell is the mean of \(block.rows) rows x \(block.columns) columns.")
    }
    let missing = cells.values.count { !$0.isFinite }
    if missing > 0 { notes.append("\(missing) of \(cells.values.count) cells are not finite: grey.") }
    return notes
  }

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    canvas.colourBar(value, scale, isClipped: isClipped)
    let size = plotSize
    // The middle of a cell is its index.
    let frame = canvas.frame(
      x: Axis(x, .whole(-0.5, Double(sides.columns) - 0.5)),
      y: Axis(y, .whole(Double(sides.rows) - 0.5, -0.5)),
      height: size.height, plotWidth: size.width)
    canvas.drawing.image(image, in: frame.area)
    return canvas.picture(
      summary: "Heat map of \(value), \(sides.rows) rows (\(y)) x \(sides.columns) columns (\(x))")
  }

  /// The image for a PNG file; a small matrix is enlarged.
  package var raster: Raster {
    image.enlarged(
      horizontally: max(1, 320 / cells.columns), vertically: max(1, 320 / cells.rows))
  }

  private var image: Raster {
    var image = Raster(width: cells.columns, height: cells.rows, palette: scale.palette)
    cells.draw(in: &image, scale)
    return image
  }

  /// The size of the plot. Cells are square if this gives a usual shape; their sides are whole pixels if there is room.
  private var plotSize: (width: Double, height: Double) {
    let (rows, columns) = (Double(cells.rows), Double(cells.columns))
    let side = min(540 / columns, 520 / rows, 40)
    func snapped(_ size: Double, _ count: Double) -> Double {
      count <= size ? count * (size / count).rounded(.down) : size
    }
    return (
      snapped(min(max(columns * side, 320), 540), columns), snapped(min(max(rows * side, 120), 520), rows)
    )
  }
}
