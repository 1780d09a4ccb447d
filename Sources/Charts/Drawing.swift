/// SVG elements, written one after the other.
///
/// Every text and attribute value is escaped, so any name can be drawn. Coordinates have at most two decimals.
struct Drawing {
  /// The elements so far.
  private(set) var text = ""

  enum Anchor: String {
    case start, middle, end
  }

  /// A line from one position to another.
  mutating func line(_ start: Point, _ end: Point, _ style: String) {
    path([start, end], style)
  }

  /// Draws a polyline through at least one position; if it is closed, it is the outline of an area.
  mutating func path(_ points: [Point], _ style: String, isClosed: Bool = false, title: String? = nil) {
    guard !points.isEmpty else { return }
    var outline = PathText()
    outline.add(points, isClosed: isClosed)
    path(outline, style, title: title)
  }

  /// Draws a prepared path; draws nothing if the path is empty.
  ///
  /// - Parameter data: the names and values of `data-` attributes, which scripts read.
  mutating func path(
    _ outline: PathText, _ style: String, title: String? = nil, data: KeyValuePairs<String, String> = [:]
  ) {
    guard !outline.text.isEmpty else { return }
    text += "<path class=\"\(style)\"\(attributes(data)) d=\"\(outline.text)\""
    close("path", title)
  }

  mutating func rectangle(_ rect: Rect, _ style: String, title: String? = nil) {
    text += "<rect class=\"\(style)\" x=\"\(rect.x.coordinate)\" y=\"\(rect.y.coordinate)\""
    text += " width=\"\(max(0, rect.width).coordinate)\" height=\"\(max(0, rect.height).coordinate)\""
    close("rect", title)
  }

  mutating func circle(_ center: Point, radius: Double, _ style: String, title: String? = nil) {
    text += "<circle class=\"\(style)\" cx=\"\(center.x.coordinate)\" cy=\"\(center.y.coordinate)\""
    text += " r=\"\(radius.coordinate)\""
    close("circle", title)
  }

  /// One line of text whose baseline starts, is centred or ends at the position.
  mutating func label(
    _ words: String, at position: Point, _ style: String = "", _ anchor: Anchor = .start, title: String? = nil
  ) {
    text += "<text x=\"\(position.x.coordinate)\" y=\"\(position.y.coordinate)\""
    if !style.isEmpty { text += " class=\"\(style)\"" }
    if anchor != .start { text += " text-anchor=\"\(anchor.rawValue)\"" }
    text += ">"
    if let title { text += "<title>\(title.escaped)</title>" }
    text += "\(words.escaped)</text>\n"
  }

  /// Several lines of text, the first one's baseline at the position.
  mutating func lines(
    _ lines: [String], at position: Point, _ style: String = "", _ anchor: Anchor = .start,
    height: Double = TextSize.lineHeight
  ) {
    for (index, line) in lines.enumerated() {
      label(line, at: Point(position.x, position.y + Double(index) * height), style, anchor)
    }
  }

  /// A PNG image that fills the rectangle; its pixels are kept sharp where they are not smaller than the units.
  mutating func image(_ image: Raster, in rect: Rect) {
    let factors = (Int(rect.width) / image.width, Int(rect.height) / image.height)
    // Enlarged here, because some programs smooth the pixels whatever the style says.
    let enlarged = image.enlarged(horizontally: max(1, factors.0), vertically: max(1, factors.1))
    text += "<image x=\"\(rect.x.coordinate)\" y=\"\(rect.y.coordinate)\" width=\"\(rect.width.coordinate)\""
    text += " height=\"\(rect.height.coordinate)\" preserveAspectRatio=\"none\""
    if min(factors.0, factors.1) >= 1 { text += " class=\"pixels\"" }
    text += " href=\"data:image/png;base64,\(enlarged.base64)\"/>\n"
  }

  /// Draws inside a group that shares a style.
  mutating func group(
    _ style: String, data: KeyValuePairs<String, String> = [:], _ body: (inout Drawing) -> Void
  ) {
    text += "<g class=\"\(style)\"\(attributes(data))>\n"
    body(&self)
    text += "</g>\n"
  }

  /// Draws inside a rectangle and clips the rest.
  mutating func clipped(to rect: Rect, _ body: (inout Drawing) -> Void) {
    let size = [rect.width, rect.height].map(\.coordinate)
    let corner = [rect.x, rect.y].map(\.coordinate)
    text += "<svg x=\"\(corner[0])\" y=\"\(corner[1])\" width=\"\(size[0])\" height=\"\(size[1])\""
    text += " viewBox=\"\((corner + size).joined(separator: " "))\" overflow=\"hidden\">\n"
    body(&self)
    text += "</svg>\n"
  }

  private func attributes(_ data: KeyValuePairs<String, String>) -> String {
    data.map { " data-\($0)=\"\($1.escaped)\"" }.joined()
  }

  private mutating func close(_ element: String, _ title: String?) {
    text += title.map { "><title>\($0.escaped)</title></\(element)>\n" } ?? "/>\n"
  }
}

/// The data of an SVG path.
struct PathText {
  private(set) var text = ""

  mutating func add(_ points: [Point], isClosed: Bool = false) {
    guard !points.isEmpty else { return }
    for (index, point) in points.enumerated() {
      text += index == 0 ? "M" : index == 1 ? "L" : " "
      text += "\(point.x.coordinate) \(point.y.coordinate)"
    }
    if isClosed { text += "Z" }
  }

  /// A dot: a line without length, which a round line cap makes visible.
  mutating func addDot(_ point: Point) {
    text += "M\(point.x.coordinate) \(point.y.coordinate)h0"
  }

  /// A circle, as two arcs.
  mutating func addCircle(_ center: Point, radius: Double) {
    let (r, d) = (radius.coordinate, (2 * radius).coordinate)
    text += "M\((center.x - radius).coordinate) \(center.y.coordinate)"
    text += "a\(r) \(r) 0 1 0 \(d) 0a\(r) \(r) 0 1 0 -\(d) 0"
  }

  /// Dots on a grid, each position once.
  init(dots: [Point], step: Double) {
    var seen: Set<Point> = []
    for dot in dots {
      let position = dot.rounded(to: step)
      if seen.insert(position).inserted { addDot(position) }
    }
  }

  init() {}

  mutating func addRectangle(_ rect: Rect) {
    text += "M\(rect.x.coordinate) \(rect.y.coordinate)h\(rect.width.coordinate)v\(rect.height.coordinate)"
    text += "h\((-rect.width).coordinate)Z"
  }
}

extension Double {
  /// A coordinate with at most two decimals; 0 if it is not finite.
  var coordinate: String {
    guard isFinite, abs(self) < 1e9 else { return "0" }
    let hundredths = Int((self * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
    return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}

extension String {
  /// As text or attribute value of XML. Control characters, which XML does not allow, and marks that reverse the
  /// direction of text are replaced by U+FFFD.
  package var escaped: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      default: result.append(scalar.isDrawable ? scalar : "\u{FFFD}")
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  fileprivate var isDrawable: Bool {
    switch value {
    case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: false
    case 0x9: true
    default: properties.generalCategory != .control
    }
  }
}
