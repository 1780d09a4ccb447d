import Search

/// A table as comma-separated text (RFC 4180, with a line feed after each row).
///
/// A text cell that a spreadsheet would read as a formula gets an apostrophe in front.
package struct CSV: Sendable {
  /// One cell.
  package enum Cell: Hashable, Sendable {
    case empty
    case integer(Int)
    /// A number as its shortest exact text; empty if it is not finite.
    case real(Double)
    case text(String)
  }

  /// The text so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []
  private let width: Int

  /// A table with a header row and no other rows.
  package init(columns: [String]) {
    width = columns.count
    append(columns.map(Cell.text))
  }

  /// The text so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Adds a row, with one cell per column.
  package mutating func append(_ row: [Cell]) {
    precondition(row.count == width, "\(row.count) cells in a table of \(width) columns")
    for (index, cell) in row.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(cell)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Removes and returns the text so far, for tables too long for memory.
  package mutating func drain() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  private mutating func append(_ cell: Cell) {
    switch cell {
    case .empty: break
    case .integer(let number): bytes.append(contentsOf: "\(number)".utf8)
    case .real(let number):
      if number.isFinite { bytes.append(contentsOf: number.shortText.utf8) }
    case .text(let text): append(text)
    }
  }

  private mutating func append(_ text: String) {
    let quote = UInt8(ascii: "\"")
    var cell = Array(text.utf8)
    if let first = text.unicodeScalars.first, Self.formulaStarts.contains(first) {
      cell.insert(UInt8(ascii: "'"), at: 0)
    }
    guard cell.contains(where: { Self.specials.contains($0) }) else {
      bytes.append(contentsOf: cell)
      return
    }
    bytes.append(quote)
    for byte in cell {
      if byte == quote { bytes.append(quote) }
      bytes.append(byte)
    }
    bytes.append(quote)
  }

  /// The characters that start a formula, with their full-width forms, which some spreadsheets accept too.
  private static let formulaStarts = Set("=+-@\t\r\n＝＋－＠".unicodeScalars)
  private static let specials = Array(",\"\r\n".utf8)
}

extension CSV.Cell {
  /// The cell of a hyperparameter's value.
  package init(_ value: Value) {
    self =
      switch value {
      case .integer(let number): .integer(number)
      case .real(let number): .real(number)
      case .word, .integers, .reals, .flag, .list: .text("\(value)")
      }
  }

  /// The cell of a number that may be missing.
  package init(_ number: Double?) {
    self = number.map(CSV.Cell.real) ?? .empty
  }
}
