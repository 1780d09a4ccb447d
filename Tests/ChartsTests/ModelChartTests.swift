import Foundation
import FoundationXML
import Testing

@testable import Charts

/// The elements of a picture that has been read as XML.
final class ReadPicture: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  /// The names of the elements that are being read.
  private var open: [String] = []
  /// The contents of the text elements, without their titles.
  private(set) var texts: [String] = []
  private(set) var isWellFormed = false

  init(_ picture: Picture) {
    super.init()
    let parser = XMLParser(data: Data(picture.svg.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    elements.append((name, attributes))
    open.append(name)
    if name == "text" { texts.append("") }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if open.last == "text" { texts[texts.count - 1] += string }
  }

  func count(_ name: String, _ style: String = "") -> Int {
    elements.count {
      $0.name == name && (style.isEmpty || $0.attributes["class", default: ""].hasPrefix(style))
    }
  }

  /// Whether every text begins and ends inside of the picture, by the estimated width of text.
  func fits(_ picture: Picture) -> Bool {
    let places = elements.filter { $0.name == "text" }.map(\.attributes)
    return zip(places, texts).allSatisfy { place, text in
      guard let x = place["x"].flatMap(Double.init), let y = place["y"].flatMap(Double.init) else {
        return false
      }
      let size = place["class"]?.contains("title") == true ? TextSize.title : TextSize.normal
      let width = TextSize.width(text, size: size)
      let left =
        place["text-anchor"] == "end" ? x - width : place["text-anchor"] == "middle" ? x - width / 2 : x
      return left >= -1 && left + width <= picture.width + 1 && y > 0 && y < picture.height
    }
  }
}

let hostileName = "<b>&\"'\u{202E}\u{0}\u{7}" + String(repeating: "name-of-a-class ", count: 4)

/// What holds for every picture.
func check(_ picture: Picture) -> ReadPicture {
  let read = ReadPicture(picture)
  let svg = picture.svg
  #expect(read.isWellFormed && read.fits(picture))
  #expect(
    svg.utf8.count < 1_000_000 && !svg.contains("\u{202E}") && !svg.contains("nan") && !svg.contains("<b>"))
  return read
}

struct DensityTests {
  @Test func densityOfALogisticDistributionIsItsBell() throws {
    // The quantiles of the logistic distribution.
    let values = (1..<20_000).map { place -> Double in
      let share = Double(place) / 20_000
      return log(share / (1 - share))
    }
    let density = try #require(Density(values))
    #expect(abs(density.quartiles[1]) < 0.01 && abs(density.quartiles[2] - log(3)) < 0.01)
    #expect(abs(density.height(at: 0) - 1) < 0.01)
    // The logistic density e⁻ˣ/(1+e⁻ˣ)², relative to its peak of 1/4.
    #expect(abs(density.height(at: 2) - 4 * exp(-2) / pow(1 + exp(-2), 2)) < 0.02)
    #expect(density.height(at: 100) == 0 && density.count == 19_999)
  }

  @Test func fewEqualAndMissingValuesHaveADensity() throws {
    #expect(Density([Float]()) == nil && Density([Float.nan, .infinity, -.infinity]) == nil)
    let equal = try #require(Density([Float](repeating: 3, count: 1000)))
    #expect(equal.places == [3] && equal.heights == [1] && equal.quartiles == [3, 3, 3])
    let two = try #require(Density([Float.nan, 1, 2]))
    #expect(two.count == 2 && two.ends == 1...2 && two.places.count > 100)
    let extremes: [[Double]] = [[-1e308, 1e308, 0], [1, 1 + 2e-16], [1e99, -1e99], [0, 1e-300]]
    for values in extremes {
      let density = try #require(Density(values))
      #expect(density.heights.allSatisfy { (0...1).contains($0) } && density.heights.max() == 1)
    }
  }

  @Test func farValuesDoNotStretchTheDensity() throws {
    for count in [200, 10_000] {
      let values = (0..<count).map { Float($0) / Float(count) } + [1e6]
      let density = try #require(Density(values))
      #expect(density.places[density.places.count - 1] <= 1 && density.ends.upperBound == 1e6)
      #expect((1...10).contains(density.outlierCount) && abs(density.quartiles[1] - 0.5) < 0.01)
    }
    #expect(Density([Float(1), 2, 1e6])?.outlierCount == 0)
  }
}

struct ViolinChartTests {
  private func density(_ shift: Float) -> Density? {
    Density((0..<100).map { shift + Float($0 * $0) / 1000 })
  }

  @Test func everyHalfHasAnAreaAnOutlineAndThreeMarks() {
    let groups = (0..<3).map { ViolinChart.Group("layer \($0)", [density(0), density(Float($0))]) }
    let chart = ViolinChart(Heading("Weights"), value: "weight", groups: groups, halves: ["before", "after"])
    let read = check(chart.picture())
    #expect(read.count("path", "area soft") == 6 && read.count("path", "line strong") == 6)
    #expect(read.count("path", "line dotted") == 12)
    #expect(read.texts.contains("before") && read.texts.contains("layer 2"))
  }

  @Test(arguments: [0, 1, 2, 90])
  func anyGroupsAreDrawn(count: Int) {
    let groups = (0..<count).map { index in
      ViolinChart.Group(hostileName, index % 2 == 0 ? [Density([Float(1), 1]), nil] : [nil, density(1)])
    }
    let halves = [hostileName, hostileName]
    _ = check(ViolinChart(Heading(hostileName), value: hostileName, groups: groups, halves: halves).picture())
  }
}

struct HeatMapTests {
  private let titles = HeatMap.Titles(x: "output neuron", y: "input pixel", value: "weight")

  private func cells(_ rows: Int, _ columns: Int, _ value: (Int) -> Float) -> Cells {
    Cells((0..<rows * columns).map(value), rows: rows, columns: columns)
  }

  @Test func matrixIsAnImageWithRoundTicks() {
    let map = HeatMap(Heading("W1"), titles, cells(784, 292) { Float($0 % 1000) / 1000 - 0.5 })
    let read = check(map.picture())
    #expect(read.count("image") == 2 && read.texts.contains("600") && read.texts.contains("200"))
    #expect(
      read.texts.contains("-0.5") && read.texts.contains("0.25") && !read.texts.contains { $0.contains("≤") })
    #expect((map.raster.width, map.raster.height) == (292, 784))
  }

  @Test func clippedEndsSaySo() {
    let map = HeatMap(Heading("W"), titles, cells(100, 100) { $0 == 5 ? -70 : Float($0 % 10) / 100 })
    #expect(Set(check(map.picture()).texts).isSuperset(of: ["≤ -0.1", "≥ 0.1", "0"]))
  }

  @Test func columnOrderIsTheTranspose() {
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    let cells = Cells(values, rows: 2, columns: 3, order: .columnByColumn)
    #expect((0..<3).map { cells[0, $0] } == [1, 3, 5] && cells[1, 0] == 2)
    let means = cells.averaged(rows: 2, columns: 2)
    #expect((means.rows, means.columns) == (1, 2) && means[0, 0] == 2.5 && means[0, 1] == 5.5)
    let byRow = Cells(values, rows: 2, columns: 3).averaged(rows: 1, columns: 2)
    #expect((0..<2).map { byRow[1, $0] } == [4.5, 6])
  }

  @Test func largeMatricesAreAveragedInBlocks() {
    let map = HeatMap(Heading("W"), titles, cells(3000, 2000) { Float($0 &* 2_654_435_761 >> 9 & 0xffff) })
    let read = check(map.picture())
    #expect(map.raster.width * map.raster.height <= HeatMap.mostCells && map.raster.png.count < 1_000_000)
    #expect(
      read.texts.contains("Each cell is the mean of 4 rows x 3 columns.") && read.texts.contains("2500"))
  }

  @Test(arguments: [(1, 1), (1, 300), (300, 1), (10, 5000), (70_000, 1)])
  func anyShapeIsDrawn(rows: Int, columns: Int) {
    for value in [0, Float.nan, .infinity, 1e38, .leastNonzeroMagnitude, -1] {
      let heading = Heading(hostileName)
      let titles = HeatMap.Titles(x: hostileName, y: hostileName, value: hostileName)
      let map = HeatMap(heading, titles, cells(rows, columns) { $0 == 0 ? value : 0 })
      _ = check(map.picture())
      #expect(map.raster.png.count < 1_000_000)
    }
  }

  @Test func limitIsARoundNumber() {
    #expect(ColourScale.diverging(over: [0, 0.12, -0.31]) == .diverging(limit: 0.4))
    #expect(ColourScale.diverging(over: [Float](repeating: 0, count: 9) + [.nan]) == .diverging(limit: 1))
    #expect(ColourScale.diverging(over: [Float](repeating: 0, count: 999) + [3]) == .diverging(limit: 3))
    #expect((0.00012).roundedUp == 0.00015 && (1.0).roundedUp == 1 && (9.1).roundedUp == 10)
  }
}

struct ConfusionMatrixTests {
  @Test func cellsShowTheirCountsOnTheirTones() {
    let chart = ConfusionMatrix(
      Heading("Confusion"), counts: [[980, 20, 0], [0, 500, 500], [0, 0, 0]], names: ["0", "1", "2"])
    let read = check(chart.picture())
    #expect(read.count("rect", "area q7") == 2 && read.count("text", "on7") == 1)
    #expect(read.texts.filter { ["980", "20", "500"].contains($0) }.count == 4)
    #expect(!read.texts.contains("00") && read.texts.contains("label") && read.texts.contains("prediction"))
  }

  @Test(arguments: [1, 2, 10, 30, 31, 100, 256])
  func anyNumberOfClassesIsDrawn(count: Int) {
    let counts = (0..<count).map { row in (0..<count).map { $0 == row ? 12_345 : row * $0 * 7919 % 13 } }
    for name in ["7", hostileName] {
      let chart = ConfusionMatrix(
        Heading("Confusion"), counts: counts, names: Array(repeating: name, count: count))
      let read = check(chart.picture())
      #expect(read.texts.contains("12345") == (count <= ConfusionMatrix.mostNumbered))
    }
  }

  @Test func noOrShortRowsAreDrawn() {
    _ = check(ConfusionMatrix(Heading("C"), counts: [], names: []).picture())
    _ = check(ConfusionMatrix(Heading("C"), counts: [[], [-1]], names: ["a", ""]).picture())
  }

  @Test func textContrastsWithItsToneInBothThemes() throws {
    let parts = Theme.css().components(separatedBy: "@media")
    for part in parts {
      for tone in 0..<8 {
        let ground = try luminance(of: ".q\(tone){color:", in: part)
        let text = try luminance(of: ".on\(tone){fill:", in: part)
        let contrast = (max(ground, text) + 0.05) / (min(ground, text) + 0.05)
        #expect(contrast >= 4.5, "tone \(tone): \(contrast)")
      }
    }
  }

  /// The relative luminance of a rule's colour. Source: WCAG 2.1.
  private func luminance(of rule: String, in css: String) throws -> Double {
    let start = try #require(css.range(of: "\(rule)#")).upperBound
    let number = try #require(Int(css[start...].prefix(6), radix: 16))
    let parts = [number >> 16, number >> 8 & 255, number & 255].map { part -> Double in
      let share = Double(part) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }
}

struct ImageGridTests {
  private func tiles(_ count: Int, _ rows: Int, _ columns: Int, _ caption: [String] = []) -> [ImageGrid.Tile]
  {
    (0..<count).map { index in
      let values = (0..<rows * columns).map { Float(($0 * 7919 + index * 31) % 256) }
      return ImageGrid.Tile(Cells(values, rows: rows, columns: columns), caption: caption)
    }
  }

  @Test func tilesWithoutCaptionsAreOneImage() throws {
    var grid = ImageGrid(Heading("First layer"), tiles: tiles(292, 28, 28), scale: .diverging(limit: 255))
    grid.value = "weight"
    #expect(check(grid.picture()).count("image") == 2)
    grid.columns = 20
    let raster = try #require(grid.raster)
    #expect((raster.width, raster.height) == (20 * 29 - 1, 15 * 29 - 1))
    #expect(raster[0, 28] == ColourScale.ground && raster[434 - 1, 400] == 127)
  }

  @Test func captionedTilesHaveTheirTextBelow() {
    let caption = ["7 taken for 1", "loss 8.2, p 0.0003"]
    let grid = ImageGrid(Heading("Worst"), tiles: tiles(12, 28, 28, caption), scale: .grey(0, 255))
    let read = check(grid.picture())
    #expect(read.count("image") == 12 && read.texts.filter { $0 == caption[0] }.count == 12)
  }

  @Test func tooManyTilesAreCountedInANote() throws {
    for caption in [[], ["a", "b"]] {
      let grid = ImageGrid(Heading("Many"), tiles: tiles(2000, 28, 28, caption), scale: .grey(0, 255))
      #expect(check(grid.picture()).texts.contains { $0.hasSuffix(" of 2000 are drawn.") })
      #expect(try #require(grid.raster).png.count < 1_000_000)
    }
  }

  @Test(arguments: [(0, 1, 1), (1, 1, 1), (5, 1, 40), (5, 40, 1), (7, 3, 5), (2, 3000, 200), (1, 1, 100_000)])
  func anyShapeIsDrawn(count: Int, rows: Int, columns: Int) {
    for caption in [[], [hostileName, hostileName]] {
      var tiles = tiles(count, rows, columns, caption)
      if count > 0 {
        let blank = [Float](repeating: .nan, count: rows * columns)
        tiles[0].cells = Cells(blank, rows: rows, columns: columns)
      }
      let grid = ImageGrid(Heading(hostileName), tiles: tiles, scale: .diverging(limit: 10))
      _ = check(grid.picture())
      #expect((grid.raster?.png.count ?? 0) < 1_000_000)
    }
  }
}
