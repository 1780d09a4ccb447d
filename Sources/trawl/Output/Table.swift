import Foundation
import Platform
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

  /// Aligned columns with shortened numbers, for people.
  var text: String { Self.aligned([columns] + rows.map { $0.map(Self.shortened) }) }

  /// The columns that a narrow terminal leaves out first, in this order; then the searched parameters, from the last.
  private static let expendable = [
    "seconds", "seeds", "val_loss", "status", "host", "tie", "epochs", "val_accuracy_ci95",
  ]
  /// The columns that are always shown.
  private static let essential = ["rank", "trial", "val_accuracy", "val_accuracy_mean", "why"]
  /// The maximum length of a text cell if the table is too wide.
  private static let longestText = 24

  /// The table for a terminal with a number of columns, with the names of the columns that are left out.
  func text(width: Int) -> (text: String, omitted: [String]) {
    var cells = [columns] + rows.map { $0.map(Self.shortened) }
    var omitted: [String] = []
    if Self.width(of: cells) > width {
      cells = [columns] + cells.dropFirst().map { $0.map { Self.cut($0, to: Self.longestText) } }
    }
    while Self.width(of: cells) > width {
      let names = cells[0]
      let parameter = names.last { !Self.essential.contains($0) && !Self.expendable.contains($0) }
      guard let name = Self.expendable.first(where: names.contains) ?? parameter,
        let index = names.firstIndex(of: name)
      else { break }
      cells = cells.map { row in row.enumerated().filter { $0.offset != index }.map(\.element) }
      omitted.append(name)
    }
    // What is still too wide is cut.
    let lines = Self.aligned(cells).split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.map { Self.cut(String($0), to: width) }.joined(separator: "\n"), omitted)
  }

  private static func cut(_ text: String, to length: Int) -> String {
    text.count > length ? text.prefix(max(0, length - 3)) + "..." : text
  }

  private static func widths(of cells: [[String]]) -> [Int] {
    cells[0].indices.map { index in cells.map { $0[index].count }.max() ?? 0 }
  }

  private static func width(of cells: [[String]]) -> Int {
    let widths = widths(of: cells)
    return widths.reduce(0, +) + 2 * max(0, widths.count - 1)
  }

  /// Right-aligned columns; a first column of texts is left-aligned.
  private static func aligned(_ cells: [[String]]) -> String {
    let widths = widths(of: cells)
    let hasNames = cells.dropFirst().contains { $0.first.flatMap(Double.init) == nil }
    return cells.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 && hasNames ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }.joined(separator: "\n")
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
      let pairs = zip(columns, row).map { "\($0.asJSONString): \(Self.value($1))" }
      return "    {" + pairs.joined(separator: ", ") + "}"
    }
    return "[\n" + objects.joined(separator: ",\n") + "\n  ]"
  }

  private static func value(_ cell: String) -> String {
    if cell.isEmpty { return "null" }
    let isNumber = cell.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?/) != nil
    return isNumber ? cell : cell.asJSONString
  }
}

extension String {
  /// The text in lines of at most `width` characters, if possible, that end between words; nil keeps it in one line.
  func wrapped(to width: Int?, indent: String = "") -> String {
    guard let width, count > width else { return self }
    var lines: [String] = []
    var line = String(prefix { $0 == " " })
    var isEmpty = true
    for word in split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        (line, isEmpty) = (indent, true)
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
