/// A picture that is being drawn from top to bottom: heading, legend, plots.
struct Canvas {
  static let width = 640.0
  private static let margin = 12.0

  let width: Double
  var drawing = Drawing()
  /// The y coordinate of the lower edge of everything drawn so far.
  private(set) var bottom = 8.0
  private let heading: Heading

  init(_ heading: Heading, width: Double = Canvas.width) {
    self.heading = heading
    self.width = width
    let room = width - 2 * Self.margin
    add(TextSize.wrapped(heading.title, to: room, size: TextSize.title), "title", lineHeight: 20)
    for note in heading.notes { add(TextSize.wrapped(note, to: room), "muted") }
    bottom += 6
  }

  private mutating func add(_ lines: [String], _ style: String, lineHeight: Double = TextSize.lineHeight) {
    for line in lines {
      drawing.label(line, at: Point(Self.margin, bottom + lineHeight - 4), style)
      bottom += lineHeight
    }
  }

  /// Leaves room for something that is drawn there, from margin to margin.
  mutating func reserve(height: Double) -> Rect {
    defer { bottom += height }
    return Rect(x: Self.margin, y: bottom, width: width - 2 * Self.margin, height: height)
  }

  /// The legend entry of a mark.
  struct Key {
    enum Mark {
      case line, dot, cross, square
    }

    var label: String
    var style: String
    var mark: Mark
  }

  /// Explains marks in rows below the heading.
  mutating func legend(_ keys: [Key]) {
    guard !keys.isEmpty else { return }
    var x = Self.margin
    for key in keys {
      let label = TextSize.shortened(key.label, to: width - 2 * Self.margin - 40)
      let room = 28 + TextSize.width(label) + 14
      if x > Self.margin, x + room > width - Self.margin {
        x = Self.margin
        bottom += TextSize.lineHeight + 2
      }
      draw(key, at: Point(x, bottom + 8))
      drawing.label(label, at: Point(x + 28, bottom + 12), title: label == key.label ? nil : key.label)
      x += room
    }
    bottom += TextSize.lineHeight + 8
  }

  private mutating func draw(_ key: Key, at position: Point) {
    switch key.mark {
    case .line: drawing.line(position, Point(position.x + 22, position.y), key.style)
    case .dot: drawing.circle(Point(position.x + 11, position.y), radius: 4, key.style)
    case .cross: drawing.cross(Point(position.x + 11, position.y), key.style)
    case .square:
      drawing.rectangle(Rect(x: position.x + 5, y: position.y - 6, width: 12, height: 12), key.style)
    }
  }

  /// A scale of tones from one value to another.
  mutating func toneBar(_ title: String, from low: String, to high: String) {
    let row = reserve(height: TextSize.lineHeight + 8)
    let words = TextSize.shortened(title, to: width * 0.5)
    drawing.label(words, at: Point(row.x, row.y + 12), "muted", title: words == title ? nil : title)
    var x = row.x + TextSize.width(words) + 10
    drawing.label(low, at: Point(x, row.y + 12))
    x += TextSize.width(low) + 6
    for tone in 0..<Theme.toneCount {
      let cell = Rect(x: x, y: row.y + 2, width: 14, height: 12)
      drawing.rectangle(cell, "area q\(tone)")
      x += cell.width
    }
    drawing.label(high, at: Point(x + 6, row.y + 12))
  }

  /// Draws the axes of a plot, and leaves room for its marks.
  ///
  /// - Parameters:
  ///   - height: the height of the plot area.
  ///   - plotWidth: the maximum width of the plot area; by default it takes the available width.
  mutating func frame(x: Axis, y: Axis, height: Double, plotWidth: Double = .infinity) -> Frame {
    let yTicks = y.scale.labels(height: height)
    let labelWidth = min(yTicks.map { TextSize.width($0.label) }.max() ?? 0, 200)
    let title = TextSize.wrapped(y.title, to: width - 2 * Self.margin)
    add(title, "muted")
    bottom += 8
    let left = Self.margin + labelWidth + 8
    let area = Rect(x: left, y: bottom, width: min(plotWidth, width - left - 18), height: height)
    let frame = Frame(area: area, x: x, y: y)
    drawing.axes(of: frame, yTicks)
    bottom += height + frame.xLabelHeight + 10
    let lines = TextSize.wrapped(x.title, to: area.width)
    drawing.lines(lines, at: Point(area.middle.x, bottom + 12), "muted", .middle)
    bottom += Double(lines.count) * TextSize.lineHeight + 8
    return frame
  }

  /// The picture, once all is drawn.
  func picture(summary: String) -> Picture {
    Picture(title: heading.title, summary: summary, width: width, height: bottom + 6, drawing)
  }
}

/// The area of a plot between its axes, where the marks are drawn.
struct Frame {
  let area: Rect
  let x: Axis
  let y: Axis

  /// The point of a pair of values; on the edge if it is outside.
  func point(_ x: Double, _ y: Double) -> Point { Point(position(x: x), position(y: y)) }

  /// The point of a pair of finite values, which may lie outside the plot by a few widths.
  func unlimitedPoint(_ x: Double, _ y: Double) -> Point {
    let shares = (self.x.scale.position(of: x), self.y.scale.position(of: y))
    return Point(
      area.x + area.width * min(max(shares.0, -10), 10), area.maxY - area.height * min(max(shares.1, -10), 10)
    )
  }

  func position(x value: Double) -> Double {
    area.x + area.width * min(max(x.scale.position(of: value), 0), 1)
  }

  func position(y value: Double) -> Double {
    area.maxY - area.height * min(max(y.scale.position(of: value), 0), 1)
  }

  /// Whether a value is below the start or above the end of the y axis.
  func isOutside(y value: Double) -> Bool { !(-1e-9...1 + 1e-9).contains(y.scale.position(of: value)) }

  /// The labels below the plot that fit beside each other.
  var xLabels: [(position: Double, lines: [String])] {
    let ticks = x.scale.ticks(atMost: max(2, Int(area.width / 64)))
    if case .categories(let names) = x.scale {
      let room = area.width / Double(max(1, names.count))
      let every = max(1, Int((26 / room).rounded(.up)))
      return ticks.enumerated().filter { $0.offset % every == 0 }.map { _, tick in
        (position(x: tick.value), Frame.lines(tick.label, room: room * Double(every) - 6))
      }
    }
    var end = -Double.infinity
    return ticks.compactMap { tick in
      let (middle, half) = (position(x: tick.value), TextSize.width(tick.label) / 2)
      guard middle - half > end + 8 else { return nil }
      end = middle + half
      return (middle, [tick.label])
    }
  }

  private static func lines(_ label: String, room: Double) -> [String] {
    let lines = TextSize.wrapped(label, to: max(room, 16))
    guard lines.count > 5 else { return lines }
    return lines.prefix(4) + [TextSize.shortened(lines[4] + lines[5], to: room)]
  }

  fileprivate var xLabelHeight: Double {
    Double(xLabels.map(\.lines.count).max() ?? 0) * TextSize.lineHeight
  }
}

extension Scale {
  /// The ticks of a y axis whose labels fit above each other.
  fileprivate func labels(height: Double) -> [Tick] {
    let ticks = ticks(atMost: max(2, Int(height / 36)))
    guard case .categories(let names) = self, !names.isEmpty else { return ticks }
    let every = max(1, Int((14 * Double(names.count) / height).rounded(.up)))
    return ticks.enumerated().filter { $0.offset % every == 0 }.map(\.element)
  }
}

extension Drawing {
  fileprivate mutating func axes(of frame: Frame, _ yTicks: [Scale.Tick]) {
    let area = frame.area
    for tick in yTicks {
      let y = frame.position(y: tick.value)
      if case .categories = frame.y.scale {} else { line(Point(area.x, y), Point(area.maxX, y), "grid") }
      let label = TextSize.shortened(tick.label, to: 200)
      self.label(
        label, at: Point(area.x - 8, y + 4), "", .end, title: label == tick.label ? nil : tick.label)
    }
    xLabels(of: frame)
  }

  /// The line below a plot and its labels.
  mutating func xLabels(of frame: Frame) {
    let area = frame.area
    line(Point(area.x, area.maxY), Point(area.maxX, area.maxY), "axis")
    for (position, lines) in frame.xLabels {
      line(Point(position, area.maxY), Point(position, area.maxY + 4), "axis")
      // The first and the last label stay inside of the picture.
      let half = (lines.map { TextSize.width($0) }.max() ?? 0) / 2
      let middle = min(max(position, half + 4), area.maxX + 16 - half)
      self.lines(lines, at: Point(middle, area.maxY + 17), "", .middle)
    }
  }

  /// Draws a cross, the mark of a trial that ended without a value.
  mutating func cross(_ position: Point, _ style: String, title: String? = nil) {
    var outline = PathText()
    outline.add([Point(position.x - 4, position.y - 4), Point(position.x + 4, position.y + 4)])
    outline.add([Point(position.x - 4, position.y + 4), Point(position.x + 4, position.y - 4)])
    path(outline, style, title: title)
  }
}
