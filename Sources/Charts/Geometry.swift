/// A position in a picture, in SVG user units: x to the right, y downwards.
package struct Point: Hashable, Sendable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    (self.x, self.y) = (x, y)
  }

  /// The nearest position on a grid.
  func rounded(to step: Double) -> Point {
    Point((x / step).rounded() * step, (y / step).rounded() * step)
  }
}

/// An axis-parallel rectangle in SVG user units.
struct Rect: Hashable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  var maxX: Double { x + width }
  var maxY: Double { y + height }
  var middle: Point { Point(x + width / 2, y + height / 2) }
}
