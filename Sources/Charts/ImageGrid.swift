/// Small images of equal size in rows.
package struct ImageGrid: Chart {
  /// One image.
  package struct Tile: Sendable {
    package var cells: Cells
    /// One or two short lines below it; long ones are wrapped.
    package var caption: [String]

    package init(_ cells: Cells, caption: [String] = []) {
      (self.cells, self.caption) = (cells, caption)
    }
  }

  package let heading: Heading
  package let scale: ColourScale
  /// The name of the numbers, above a colour bar; nil for no bar.
  package var value: String?
  /// The number of tiles in a row; nil chooses it automatically.
  package var columns: Int?
  /// The tiles that are drawn.
  private let tiles: [Tile]

  /// The maximum number of pixels of an image, one byte each: a little less than 1 MB as Base64.
  private static let mostPixels = 600_000
  /// About how many bytes a PNG file has besides its pixels.
  private static let fileBytes = 1_100

  /// - Parameter tiles: of equal size. If they are too many for a file of 1 MB, the first are drawn and a note says so.
  package init(_ heading: Heading, tiles: [Tile], scale: ColourScale) {
    let size = tiles.first.map { ($0.cells.rows, $0.cells.columns) } ?? (1, 1)
    precondition(tiles.allSatisfy { ($0.cells.rows, $0.cells.columns) == size }, "tiles of different sizes")
    let block = tiles.first?.cells.blockSides(atMost: Self.mostPixels / 8) ?? (rows: 1, columns: 1)
    let pixels = (size.0 / block.rows + 2) * (size.1 / block.columns + 2)
    let isCaptioned = tiles.contains { !$0.caption.isEmpty }
    let shown = tiles.prefix(Self.mostPixels / (pixels + (isCaptioned ? Self.fileBytes : 0)))
    self.tiles = shown.map { tile in
      Tile(tile.cells.averaged(rows: block.rows, columns: block.columns), caption: tile.caption)
    }
    self.scale = scale
    var notes = heading.notes
    if shown.count < tiles.count { notes.append("The first \(shown.count) of \(tiles.count) are drawn.") }
    if block.rows > 1 || block.columns > 1 {
      notes.append("Each pixel is the mean of \(block.rows) x \(block.columns) pixels.")
    }
    self.heading = Heading(heading.title, notes: notes)
  }

  package func picture() -> Picture {
    var canvas = Canvas(heading)
    if let value {
      let isClipped = tiles.contains { scale.clips($0.cells.values) }
      canvas.colourBar(value, scale, isClipped: isClipped)
    }
    if tiles.contains(where: { !$0.caption.isEmpty }) {
      drawCaptioned(&canvas)
    } else if !tiles.isEmpty {
      let image = image
      let room = canvas.width - 24
      let whole = (room / Double(image.width)).rounded(.down)
      let most = min(96 / Double(tiles[0].cells.columns), 1400 / Double(image.height)).rounded(.down)
      let factor = whole >= 1 ? min(whole, max(1, most)) : room / Double(image.width)
      let area = canvas.reserve(height: Double(image.height) * factor + 6)
      canvas.drawing.image(
        image,
        in: Rect(
          x: area.x, y: area.y, width: Double(image.width) * factor, height: Double(image.height) * factor))
    }
    let size = tiles.first.map { " of \($0.cells.rows) x \($0.cells.columns) pixels" } ?? ""
    return canvas.picture(summary: "\(tiles.count) images\(size), \(columnCount) in a row")
  }

  /// All tiles as one image without captions, for a PNG file; a small image is enlarged. Nil if there are none.
  package var raster: Raster? {
    guard !tiles.isEmpty else { return nil }
    let image = image
    let factor = max(1, 640 / max(image.width, image.height))
    return image.enlarged(horizontally: factor, vertically: factor)
  }

  private var columnCount: Int {
    if let columns { return min(max(1, columns), max(1, tiles.count)) }
    guard let tile = tiles.first?.cells else { return 1 }
    let count = Double(tiles.count)
    let square = (count * Double(tile.rows + 1) / Double(tile.columns + 1) * 1.2).squareRoot()
    let chosen = min(tiles.count, max(6, Int(square.rounded(.up))))
    let fitting = Int(Canvas.width - 23) / (tile.columns + 1)
    let most = fitting * 4 >= chosen * 3 ? min(chosen, fitting) : chosen
    // Of similar numbers, the one that leaves the fewest places of the last row empty.
    func empty(_ columns: Int) -> Int { (columns - tiles.count % columns) % columns }
    return (max(1, most * 9 / 10)...most).reversed().min { empty($0) < empty($1) } ?? most
  }

  /// All tiles in one image, with gaps of one pixel. Small tiles are enlarged, so that the gaps stay thin.
  private var image: Raster {
    let factor = max(1, 24 / max(tiles[0].cells.columns, tiles[0].cells.rows))
    let cells = tiles.map { $0.cells.enlarged(by: factor) }
    let (tile, columns) = (cells[0], columnCount)
    let rows = (tiles.count + columns - 1) / columns
    var image = Raster(
      width: columns * (tile.columns + 1) - 1, height: rows * (tile.rows + 1) - 1, palette: scale.palette)
    for row in 0..<image.height {
      for column in 0..<image.width { image[row, column] = ColourScale.ground }
    }
    // The places that are left in the last row are blank.
    let blank = Cells(
      .init(repeating: 0, count: tile.rows * tile.columns), rows: tile.rows, columns: tile.columns)
    for index in 0..<rows * columns {
      (index < cells.count ? cells[index] : blank).draw(
        in: &image, top: index / columns * (tile.rows + 1), left: index % columns * (tile.columns + 1), scale)
    }
    return image
  }

  private func drawCaptioned(_ canvas: inout Canvas) {
    let gap = 8.0
    let captionWidth = tiles.flatMap(\.caption).map { TextSize.width($0) }.max() ?? 0
    let cell = min(max(captionWidth + 0.5, 72), 160)
    let room = canvas.width - 24
    let columns = min(self.columns ?? .max, max(1, Int((room + gap) / (cell + gap))))
    let shape = tiles[0].cells
    let width = min(cell, 96, 192 * Double(shape.columns) / Double(shape.rows))
    let size = (width: width, height: max(2, width * Double(shape.rows) / Double(shape.columns)))
    for start in stride(from: 0, to: tiles.count, by: max(1, columns)) {
      let row = tiles[start..<min(tiles.count, start + max(1, columns))]
      let captions = row.map { Self.lines($0.caption, width: cell) }
      let height = size.height + Double(captions.map(\.count).max() ?? 0) * TextSize.lineHeight
      let area = canvas.reserve(height: height + gap)
      for (index, tile) in row.enumerated() {
        let x = area.x + Double(index) * (cell + gap)
        var image = Raster(width: shape.columns, height: shape.rows, palette: scale.palette)
        tile.cells.draw(in: &image, scale)
        canvas.drawing.image(image, in: Rect(x: x, y: area.y, width: size.width, height: size.height))
        canvas.drawing.lines(captions[index], at: Point(x, area.y + size.height + 13))
      }
    }
  }

  /// A caption, each of its parts in at most three lines.
  private static func lines(_ caption: [String], width: Double) -> [String] {
    caption.flatMap { part in
      let lines = TextSize.wrapped(part, to: width)
      return lines.count > 3
        ? lines.prefix(2) + [TextSize.shortened(lines[2] + lines[3], to: width)] : lines
    }
  }
}
