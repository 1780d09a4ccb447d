import Foundation
import RunFiles

/// Rows of text with named columns, read from a CSV file of a search.
struct Table {
  var columns: [String]
  var rows: [[String]]

  /// Creates a table without rows.
  init(columns: [String]) {
    self.columns = columns
    rows = []
  }

  /// Reads a CSV file.
  init(file path: String) throws {
    let file = try UserError.wrapping { try CSVFile(contentsOf: path) }
    self.init(columns: file.columns)
    var rows: [[String]] = []
    guard file.forEachRow({ rows.append($0.map(\.text)) }) else {
      throw UserError("\(path) is damaged; resume its search to write it again")
    }
    self.rows = rows
  }

  /// The first rows only.
  func top(_ count: Int?) -> Table {
    var table = self
    if let count { table.rows = Array(rows.prefix(count)) }
    return table
  }

  /// The default values of columns.
  private static let usual = ["seeds": "1", "status": "done"]

  /// The table without columns whose cells are all empty or default.
  var withoutEmptyColumns: Table {
    let kept = columns.indices.filter { index in
      rows.isEmpty || rows.contains { !$0[index].isEmpty && Self.usual[columns[index]] != $0[index] }
    }
    var table = self
    table.columns = kept.map { columns[$0] }
    table.rows = rows.map { row in kept.map { row[$0] } }
    return table
  }

  /// Aligned columns with shortened numbers, for the terminal.
  var text: String {
    let short = rows.map { $0.map(Self.shortened) }
    let widths = columns.indices.map { index in
      max(columns[index].count, short.map { $0[index].count }.max() ?? 0)
    }
    let lines = ([columns] + short).map { cells in
      cells.indices.map { index in
        let padding = String(repeating: " ", count: widths[index] - cells[index].count)
        return padding + cells[index]
      }.joined(separator: "  ")
    }
    return lines.joined(separator: "\n")
  }

  /// Rounds numbers that are not whole to five significant digits.
  private static func shortened(_ cell: String) -> String {
    guard Int(cell) == nil, let number = Double(cell), number.isFinite else {
      return cell.asShownText
    }
    return String(format: "%.5g", number)
  }

  /// Comma-separated text. Only cells with commas are quoted: no cell contains a quote or a line break.
  var csv: String {
    ([columns] + rows).map { row in
      row.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ",") + "\n"
    }.joined()
  }

  /// An array of objects. Numeric cells become numbers.
  var json: String {
    let objects = rows.map { row in
      let pairs = zip(columns, row).map { "\(Self.string($0)): \(Self.value($1))" }
      return "    {" + pairs.joined(separator: ", ") + "}"
    }
    return "[\n" + objects.joined(separator: ",\n") + "\n  ]"
  }

  private static func value(_ cell: String) -> String {
    if cell.isEmpty { return "null" }
    let isNumber = cell.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?/) != nil
    return isNumber ? cell : string(cell)
  }

  /// A JSON string.
  static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        result += "\\u" + String(format: "%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension String {
  /// The text with control characters replaced, so that a terminal does not interpret them.
  var asShownText: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}
