import Charts
import Foundation
import FoundationXML

/// The elements of an SVG file.
package final class Structure: NSObject, XMLParserDelegate {
  package struct Element {
    package let name: String
    package let attributes: [String: String]
    /// Its own text, without titles.
    package fileprivate(set) var text = ""
    package fileprivate(set) var title: String?
  }

  package private(set) var elements: [Element] = []
  private var open: [Int] = []

  /// Throws if the text is not well-formed XML.
  package init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    guard parser.parse() else { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
  }

  package func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    elements.append(Element(name: name, attributes: attributes))
    open.append(elements.count - 1)
  }

  package func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  package func parser(_ parser: XMLParser, foundCharacters text: String) {
    guard let last = open.last else { return }
    if elements[last].name == "title", open.count > 1 {
      elements[open[open.count - 2]].title = (elements[open[open.count - 2]].title ?? "") + text
    } else {
      elements[last].text += text
    }
  }

  /// The elements in one line each, equal ones that follow each other in one line with their number.
  package var outline: String {
    var lines: [(text: String, count: Int)] = []
    for element in elements where !["style", "title", "desc"].contains(element.name) {
      var line = element.name
      if let style = element.attributes["class"], !style.isEmpty { line += " .\(style)" }
      if element.name == "text" { line += " '\(element.text)'" }
      if lines.last?.text == line { lines[lines.count - 1].count += 1 } else { lines.append((line, 1)) }
    }
    return lines.map { $0.count == 1 ? "\($0.text)\n" : "\($0.text) x \($0.count)\n" }.joined()
  }

  /// Texts that leave the picture or overlap each other.
  package var layoutProblems: [String] {
    let box = (elements.first?.attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
    guard box.count == 4 else { return ["no viewBox"] }
    var problems: [String] = []
    var rects: [(text: String, rect: Box)] = []
    for element in elements where element.name == "text" && !element.text.isEmpty {
      let rect = Self.rect(of: element)
      if rect.x < -0.5 || rect.maxX > box[2] + 0.5 || rect.y < 0 || rect.maxY > box[3] {
        problems.append("'\(element.text)' leaves the picture")
      }
      for (text, other) in rects where rect.overlaps(other) {
        problems.append("'\(element.text)' overlaps '\(text)'")
      }
      rects.append((element.text, rect))
    }
    return problems
  }

  /// Where a text is, as its size is estimated.
  private static func rect(of element: Element) -> Box {
    let size = element.attributes["class"]?.contains("title") == true ? TextSize.title : TextSize.normal
    // The estimate is that of the widest usual font; what it says is wider than what is drawn.
    let width = TextSize.width(element.text, size: size) * 0.97
    let (x, y) = (
      Double(element.attributes["x"] ?? "") ?? .nan, Double(element.attributes["y"] ?? "") ?? .nan
    )
    let start =
      switch element.attributes["text-anchor"] {
      case "middle": x - width / 2
      case "end": x - width
      default: x
      }
    return Box(x: start, maxX: start + width, y: y - size * 0.75, maxY: y + size * 0.2)
  }
}

/// Where something is.
private struct Box {
  var x: Double
  var maxX: Double
  var y: Double
  var maxY: Double

  /// By more than a pixel.
  func overlaps(_ other: Box) -> Bool {
    x < other.maxX - 1 && other.x < maxX - 1 && y < other.maxY - 1 && other.y < maxY - 1
  }
}
