import Foundation

/// A CSV file of a run directory (RFC 4180, with a header), read row by row.
///
/// It is kept as bytes, so that tables of a million rows are read in a second or two.
package struct CSVFile: Sendable {
  package let columns: [String]
  private let bytes: [UInt8]
  /// Where the first row after the header begins.
  private let start: Int

  /// Nil if there is no header.
  package init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    var place = 0
    guard let header = Self.row(bytes, &place) else { return nil }
    columns = header.map(\.text)
    start = place
  }

  /// Reads a file.
  package init(contentsOf path: String) throws(RunFileError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RunFileError("\(path): no such file; is this the run directory of a search?")
    }
    guard let file = CSVFile(Array(data)) else {
      throw RunFileError("\(path) is damaged; resuming its search writes it again")
    }
    self = file
  }

  /// One cell, without its quotes.
  package struct Cell: Sendable {
    fileprivate let bytes: ArraySlice<UInt8>

    package var text: String { String(decoding: bytes, as: UTF8.self) }
    package var isEmpty: Bool { bytes.isEmpty }
    /// Nil if it is empty or no number.
    package var number: Double? { bytes.isEmpty ? nil : Double(text) }

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
    var place = start
    while let cells = Self.row(bytes, &place) {
      guard cells.count == columns.count else { return false }
      body(cells)
    }
    return true
  }

  /// Calls the body with the cells of each row in these columns, in this order; never if one of them is missing.
  package func forEachRow(of names: [String], _ body: ([Cell]) -> Void) {
    let places = names.compactMap(columns.firstIndex(of:))
    guard places.count == names.count else { return }
    forEachRow { cells in body(places.map { cells[$0] }) }
  }

  /// The cells of the row that begins at a place, which moves behind it; nil at the end.
  private static func row(_ bytes: [UInt8], _ place: inout Int) -> [Cell]? {
    guard place < bytes.count else { return nil }
    var cells: [Cell] = []
    while true {
      cells.append(cell(bytes, &place))
      guard place < bytes.count else { return cells }
      let end = bytes[place]
      place += 1
      if end == UInt8(ascii: "\n") { return cells }
    }
  }

  /// The cell that begins at a place, which moves to the comma or line feed after it.
  private static func cell(_ bytes: [UInt8], _ place: inout Int) -> Cell {
    let (quote, comma, feed) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\n"))
    guard place < bytes.count, bytes[place] == quote else {
      let start = place
      while place < bytes.count, bytes[place] != comma, bytes[place] != feed { place += 1 }
      let end = place > start && bytes[place - 1] == UInt8(ascii: "\r") ? place - 1 : place
      return Cell(bytes: bytes[start..<end])
    }
    var text: [UInt8] = []
    place += 1
    while place < bytes.count {
      if bytes[place] == quote {
        place += 1
        // A quote right after a closing one stands for itself.
        guard place < bytes.count, bytes[place] == quote else { break }
      }
      text.append(bytes[place])
      place += 1
    }
    while place < bytes.count, bytes[place] != comma, bytes[place] != feed { place += 1 }
    return Cell(bytes: text[...])
  }
}

/// Why a file of a run directory cannot be used, in one line.
package struct RunFileError: Error, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
