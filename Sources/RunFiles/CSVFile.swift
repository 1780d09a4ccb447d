import Foundation

/// A CSV file of a run directory (RFC 4180, with a header), read row by row.
///
/// It is kept as bytes, so that tables of a million rows are read in a second or two.
package struct CSVFile: Sendable {
  package let columns: [String]
  /// For errors.
  private let path: String
  private let bytes: [UInt8]
  /// The offset of the first row after the header.
  private let start: Int

  /// Nil if there is no header.
  ///
  /// - Parameter path: for errors.
  package init?(_ bytes: [UInt8], path: String = "") {
    (self.bytes, self.path) = (bytes, path)
    var position = 0
    guard let header = Self.row(bytes, &position) else { return nil }
    columns = header.map(\.text)
    start = position
  }

  /// Reads a file.
  package init(contentsOf path: String) throws(RunFileError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunFileError("\(path): no such file; is this the run directory of a search?")
    }
    guard let file = CSVFile(Array(try RegularFile.contents(of: path)), path: path) else {
      throw RunFileError("\(path) is empty")
    }
    self = file
  }

  /// One cell, without its quotes.
  package struct Cell: Sendable {
    fileprivate let bytes: ArraySlice<UInt8>

    package var text: String { String(decoding: bytes, as: UTF8.self) }
    package var isEmpty: Bool { bytes.isEmpty }
    /// Nil if it is empty or no finite number.
    package var number: Double? {
      guard !bytes.isEmpty, let number = Double(text), number.isFinite else { return nil }
      return number
    }

    /// Nil if it is empty or no whole number.
    package var integer: Int? {
      guard (1...18).contains(bytes.count) else { return nil }
      var value = 0
      for byte in bytes {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return Int(text) }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return value
    }
  }

  /// Calls the body with the cells of each row.
  ///
  /// - Returns: false if a row has another number of cells than the header; then the rows before it were read.
  @discardableResult package func forEachRow(_ body: ([Cell]) -> Void) -> Bool {
    var position = start
    while let cells = Self.row(bytes, &position) {
      guard cells.count == columns.count else { return false }
      body(cells)
    }
    return true
  }

  /// Calls the body with the cells of each row in these columns, in this order. Throws if a column that has no
  /// default is missing, if a row has another number of cells than the header, or if the body returns false.
  ///
  /// - Parameters:
  ///   - defaults: the texts of cells in columns that may be missing.
  ///   - body: false if the row cannot be read.
  package func forEachRow(
    of names: [String], defaults: [String: String] = [:], _ body: ([Cell]) -> Bool
  ) throws(RunFileError) {
    let places = names.map(columns.firstIndex(of:))
    for (name, position) in zip(names, places) where position == nil && defaults[name] == nil {
      throw RunFileError("\(path): the column '\(name)' is missing")
    }
    let missing = names.map { Cell(bytes: Array((defaults[$0] ?? "").utf8)[...]) }
    var (row, wrong) = (1, 0)
    let isWhole = forEachRow { cells in
      row += 1
      guard wrong == 0 else { return }
      if !body(zip(places, missing).map { position, missing in position.map { cells[$0] } ?? missing }) {
        wrong = row
      }
    }
    if !isWhole { wrong = wrong == 0 ? row + 1 : wrong }
    guard wrong == 0 else { throw RunFileError("\(path): row \(wrong) is damaged") }
  }

  /// The cells of the row at `position`, which then moves to the next row; nil at the end.
  private static func row(_ bytes: [UInt8], _ position: inout Int) -> [Cell]? {
    guard position < bytes.count else { return nil }
    var cells: [Cell] = []
    while true {
      cells.append(cell(bytes, &position))
      guard position < bytes.count else { return cells }
      let end = bytes[position]
      position += 1
      if end == UInt8(ascii: "\n") { return cells }
    }
  }

  /// The cell at `position`, which then moves to the comma or line feed after the cell.
  private static func cell(_ bytes: [UInt8], _ position: inout Int) -> Cell {
    let (quote, comma, feed) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\n"))
    guard position < bytes.count, bytes[position] == quote else {
      let start = position
      while position < bytes.count, bytes[position] != comma, bytes[position] != feed { position += 1 }
      let end = position > start && bytes[position - 1] == UInt8(ascii: "\r") ? position - 1 : position
      return Cell(bytes: bytes[start..<end])
    }
    var text: [UInt8] = []
    position += 1
    while position < bytes.count {
      if bytes[position] == quote {
        position += 1
        // Two consecutive quotes inside a quoted cell are one quote character.
        guard position < bytes.count, bytes[position] == quote else { break }
      }
      text.append(bytes[position])
      position += 1
    }
    while position < bytes.count, bytes[position] != comma, bytes[position] != feed { position += 1 }
    return Cell(bytes: text[...])
  }
}

/// Why a file of a run directory cannot be used, in one line.
package struct RunFileError: Error, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
