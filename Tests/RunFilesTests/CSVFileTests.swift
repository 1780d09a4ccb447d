import Search
import Testing

@testable import RunFiles

struct CSVFileTests {
  @Test func readsWhatIsWritten() throws {
    var csv = CSV(columns: ["a", "b"])
    let texts = ["", "plain", "a,b", "say \"hi\"", "two\nlines", "\r", "é€😀"]
    for text in texts { csv.append([.text(text), .integer(3)]) }
    let file = try #require(CSVFile(csv.bytes))
    var read: [String] = []
    let isWhole = file.forEachRow { cells in
      read.append(cells[0].text)
      #expect(cells[1].integer == 3)
    }
    #expect(isWhole)
    // A text that a spreadsheet could take for a formula is written with an apostrophe.
    #expect(read == texts.map { $0 == "\r" ? "'\r" : $0 })
  }

  @Test func rowsOfAnotherWidthEndTheTable() throws {
    let file = try #require(CSVFile(Array("a,b\n1,2\n3\n4,5\n".utf8)))
    var count = 0
    #expect(!file.forEachRow { _ in count += 1 })
    #expect(count == 1)
  }

  @Test func numbers() throws {
    let file = try #require(CSVFile(Array("a\n12\n-3\n1.5\nx\n\n99999999999999999999\n".utf8)))
    var (numbers, integers): ([Double?], [Int?]) = ([], [])
    file.forEachRow { cells in
      numbers.append(cells[0].number)
      integers.append(cells[0].integer)
    }
    #expect(numbers == [12, -3, 1.5, nil, nil, 1e20])
    #expect(integers == [12, -3, nil, nil, nil, nil])
  }

  @Test func missingColumnsAndBadRowsAreErrors() throws {
    let file = try #require(CSVFile(Array("a,b\n1,2\nx,3\n".utf8), path: "t.csv"))
    #expect(throws: RunFileError("t.csv: the column 'c' is missing")) {
      try file.forEachRow(of: ["a", "c"]) { _ in true }
    }
    #expect(throws: RunFileError("t.csv: row 3 is damaged")) {
      try file.forEachRow(of: ["a"]) { $0[0].integer != nil }
    }
    var texts: [String] = []
    try file.forEachRow(of: ["b", "c"], defaults: ["c": "0"]) { cells in
      texts.append(cells.map(\.text).joined(separator: " "))
      return true
    }
    #expect(texts == ["2 0", "3 0"])
  }

  @Test func timesOfAttempts() {
    #expect(UTCTime.seconds(since1970: "1970-01-01T00:00:00Z") == 0)
    #expect(UTCTime.seconds(since1970: "2026-11-28T02:15:31.25Z") == 1_795_832_131.25)
    #expect(UTCTime.seconds(since1970: "2024-02-29T23:59:59Z") == 1_709_251_199)
    for text in [
      "yesterday", "9223372036854775807-01-01T00:00:00Z", "2026-01-01T00:00:nanZ", "2026-13-01T00:00:00Z",
    ] {
      #expect(UTCTime.seconds(since1970: text) == nil)
    }
  }
}
