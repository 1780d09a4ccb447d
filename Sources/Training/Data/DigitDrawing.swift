import Randomness

/// A point or a vector; an image spans 0 to 1 in both directions, y downwards.
private typealias Point = SIMD2<Float>

/// One random drawing of a digit.
struct DigitDrawing {
  private var segments: [Segment] = []
  /// Half the stroke width.
  private let radius: Float
  /// The brightness of the strokes, 0 to 1.
  private let ink: Float
  /// The maximum brightness of the noise, 0 to 1.
  private let noise: Float

  /// Samples the shape, position and style of a digit 0 to 9.
  init(_ digit: Int, _ generator: inout Philox) {
    let placement = Placement(&generator)
    for stroke in digitStrokes[digit] {
      let points = stroke.map { point in
        placement.position(point + generator.point(within: 0.04))
      }
      segments += zip(points, points.dropFirst()).map { Segment($0, $1) }
    }
    if generator.uniform() < 0.5 {
      let start = generator.point(within: 0.5) + 0.5
      segments.append(Segment(start, start + generator.point(within: 0.25)))
    }
    radius = generator.number(in: 0.015...0.045)
    ink = generator.number(in: 0.5...1)
    noise = generator.number(in: 0.05...0.4)
  }

  /// The pixels row by row, with noise from the generator.
  func pixels(_ generator: inout Philox) -> [UInt8] {
    let side = Digits.side
    var pixels: [UInt8] = []
    pixels.reserveCapacity(side * side)
    for row in 0..<side {
      for column in 0..<side {
        let center = Point(Float(column) + 0.5, Float(row) + 0.5) / Float(side)
        let grain = noise * Float(generator.uniform())
        let brightness = min(1, ink * coverage(center) + grain)
        pixels.append(UInt8(brightness * 255))
      }
    }
    return pixels
  }

  /// The fraction of a pixel that strokes cover, 0 to 1.
  private func coverage(_ center: Point) -> Float {
    var nearest = Float.infinity
    for segment in segments {
      nearest = min(nearest, segment.squaredDistance(center))
    }
    let edge = Float(Digits.side) * (radius - nearest.squareRoot()) + 0.5
    return max(0, min(1, edge))
  }
}

/// A straight segment of a stroke.
private struct Segment {
  private let start: Point
  private let direction: Point
  private let squaredLength: Float

  init(_ start: Point, _ end: Point) {
    self.start = start
    direction = end - start
    squaredLength = direction.x * direction.x + direction.y * direction.y
  }

  func squaredDistance(_ point: Point) -> Float {
    let offset = point - start
    let along = offset.x * direction.x + offset.y * direction.y
    let share = squaredLength > 0 ? max(0, min(1, along / squaredLength)) : 0
    let away = offset - share * direction
    return away.x * away.x + away.y * away.y
  }
}

/// A random affine map: scale, slant, rotation and shift.
private struct Placement {
  private let xAxis: Point
  private let yAxis: Point
  private let center: Point

  init(_ generator: inout Philox) {
    let width = generator.number(in: 0.5...0.8)
    let height = generator.number(in: 0.6...0.85)
    let slant = generator.number(in: -0.25...0.25)
    // The half-angle formulas give rotations of up to 14 degrees without sine and cosine.
    let half = generator.number(in: -0.123...0.123)
    let cosine = (1 - half * half) / (1 + half * half)
    let sine = 2 * half / (1 + half * half)
    xAxis = Point(cosine, sine) * width
    yAxis = Point(slant * cosine - sine, slant * sine + cosine) * height
    center = generator.point(within: 0.08) + 0.5
  }

  func position(_ point: Point) -> Point {
    center + (point.x - 0.5) * xAxis + (point.y - 0.5) * yAxis
  }
}

extension Philox {
  fileprivate mutating func number(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(uniform())
  }

  /// A point with both coordinates between -reach and reach.
  fileprivate mutating func point(within reach: Float) -> Point {
    let x = number(in: -reach...reach)
    return Point(x, number(in: -reach...reach))
  }
}

/// The ten digits as polylines.
private let digitStrokes: [[[Point]]] = [
  [
    path(
      (0.50, 0.05), (0.73, 0.12), (0.86, 0.31), (0.90, 0.50), (0.86, 0.69), (0.73, 0.88),
      (0.50, 0.95), (0.27, 0.88), (0.14, 0.69), (0.10, 0.50), (0.14, 0.31), (0.27, 0.12),
      (0.50, 0.05))
  ],
  [path((0.30, 0.25), (0.55, 0.05), (0.55, 0.95))],
  [
    path(
      (0.15, 0.27), (0.25, 0.11), (0.50, 0.05), (0.75, 0.12), (0.82, 0.28), (0.74, 0.45),
      (0.45, 0.70), (0.14, 0.94), (0.88, 0.94))
  ],
  [
    path(
      (0.16, 0.18), (0.32, 0.07), (0.58, 0.06), (0.78, 0.17), (0.78, 0.35), (0.62, 0.46),
      (0.40, 0.48)),
    path(
      (0.40, 0.48), (0.66, 0.51), (0.84, 0.63), (0.84, 0.80), (0.66, 0.93), (0.38, 0.95),
      (0.15, 0.84)),
  ],
  [path((0.68, 0.95), (0.68, 0.05), (0.12, 0.67), (0.90, 0.67))],
  [
    path(
      (0.82, 0.06), (0.25, 0.06), (0.20, 0.45), (0.45, 0.39), (0.72, 0.44), (0.86, 0.62),
      (0.80, 0.82), (0.60, 0.94), (0.34, 0.94), (0.14, 0.83))
  ],
  [
    path(
      (0.76, 0.08), (0.52, 0.07), (0.28, 0.23), (0.15, 0.52), (0.17, 0.76), (0.35, 0.93),
      (0.60, 0.94), (0.81, 0.81), (0.83, 0.63), (0.65, 0.48), (0.42, 0.48), (0.19, 0.62))
  ],
  [path((0.12, 0.07), (0.88, 0.07), (0.58, 0.50), (0.40, 0.95))],
  [
    path(
      (0.50, 0.47), (0.26, 0.38), (0.19, 0.22), (0.32, 0.08), (0.50, 0.05), (0.68, 0.08),
      (0.81, 0.22), (0.74, 0.38), (0.50, 0.47)),
    path(
      (0.50, 0.47), (0.22, 0.58), (0.13, 0.75), (0.27, 0.91), (0.50, 0.95), (0.73, 0.91),
      (0.87, 0.75), (0.78, 0.58), (0.50, 0.47)),
  ],
  [
    path(
      (0.81, 0.38), (0.58, 0.52), (0.35, 0.52), (0.17, 0.37), (0.19, 0.19), (0.40, 0.06),
      (0.65, 0.07), (0.83, 0.24), (0.85, 0.48), (0.72, 0.77), (0.48, 0.93), (0.24, 0.92))
  ],
]

private func path(_ points: (Float, Float)...) -> [Point] {
  points.map { Point($0, $1) }
}
