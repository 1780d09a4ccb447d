/// A finished picture.
package struct Picture: Sendable {
  /// The title, which is shown above the picture.
  package let title: String
  /// The description, for people who cannot see the picture.
  package let summary: String
  /// The width in user units, which are pixels if the picture is not scaled.
  package let width: Double
  package let height: Double
  private let elements: String

  init(title: String, summary: String, width: Double, height: Double, _ drawing: Drawing) {
    (self.title, self.summary, self.width, self.height) = (title, summary, width, height)
    elements = drawing.text
  }

  /// A complete SVG file with a background and its own colours, which follow the light or dark theme of the system.
  package var svg: String {
    let size = "width=\"\(width.coordinate)\" height=\"\(height.coordinate)\""
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) \(attributes)>\n<style>\(Theme.css())</style>\n"
      + "\(names)<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n\(elements)</svg>\n"
  }

  /// A part of an HTML page that holds `Theme.css` once for all its pictures.
  package var element: String {
    "<svg class=\"picture\" \(attributes)>\n\(names)\(elements)</svg>"
  }

  private var attributes: String {
    "viewBox=\"0 0 \(width.coordinate) \(height.coordinate)\" role=\"img\" aria-label=\"\(title.escaped)\""
  }

  private var names: String { "<desc>\(summary.escaped)</desc>\n" }
}

/// A kind of picture: plain numbers that can be drawn.
package protocol Chart: Sendable {
  /// Draws it.
  func picture() -> Picture
}

/// The text above the plot.
package struct Heading: Sendable {
  /// The title.
  package var title: String
  /// Notes below the title, such as what was left out or how a value was computed.
  package var notes: [String]

  package init(_ title: String, notes: [String] = []) {
    (self.title, self.notes) = (title, notes)
  }
}
