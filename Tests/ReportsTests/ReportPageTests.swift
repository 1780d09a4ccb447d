import Foundation
import PictureChecks
import RunFiles
import Search
import Testing

@testable import Reports

struct ReportPageTests {
  private static let hostile =
    "\"\u{301}><script>alert(1)</script><img src=x onerror=alert(2)>=1+1\u{1b}[31m\u{202e}x"

  private static func page(_ record: RunRecord, directory: String = "run") throws -> String {
    let context = SearchReport.Context(
      directory: directory, state: "finished", version: "1.0", libraries: "libpng 1.6",
      time: "2026-11-28T00:00:00Z")
    return try ReportPage(SearchReport(record, at: context)).html()
  }

  @Test func hasAllSections() throws {
    let page = try Self.page(SearchPicturesTests.record(trials: 40, parameters: 3))
    // The page is well-formed XML but for its first lines and the script.
    let start = try #require(page.range(of: "<main>"))
    let end = try #require(page.range(of: "</main>"))
    let main = try Structure(String(page[start.lowerBound..<end.upperBound]))
    let titles = main.elements.filter { $0.name == "h2" }.map(\.text)
    #expect(
      titles == [
        "Summary", "Ranking", "Best configuration", "Train and test", "Progress", "Parameters",
        "New seeds",
        "Workers", "Attempts and trials without a result", "Environment", "Search file",
      ])
    #expect(main.elements.count { $0.attributes["class"] == "picture" } == 12)
    #expect(
      main.elements.contains { $0.name == "code" && $0.text.contains("trawl train run/best/recipe.yaml") })
  }

  @Test func rankingIsThatOfTheRecord() throws {
    let record = try SearchPicturesTests.record(trials: 1100, parameters: 2)
    let page = try Self.page(
      RunRecord(file: record.file, results: record.results, reevaluations: [], curves: [:], attempts: []))
    let rows = page.matches(of: /<tr[^>]*><td class="number">(\d+)<\/td><td class="number">(\d+)<\/td>/)
    #expect(rows.map { Int($0.1) } == Array(1...200))
    #expect(rows.map { Int($0.2) } == record.results.prefix(200).map(\.trial))
    #expect(page.contains("The first 200 of 1100 trials; all are in results.csv."))
  }

  @Test func hostileTextsAreText() throws {
    var record = try SearchPicturesTests.record(trials: 20, parameters: 2)
    let attempts = record.attempts.map { attempt in
      var attempt = attempt
      (attempt.host, attempt.detail, attempt.ending) = (Self.hostile, Self.hostile, "failed")
      return attempt
    }
    record = RunRecord(
      file: record.file, results: record.results, curves: record.curves, attempts: attempts)
    let page = try Self.page(record, directory: Self.hostile)
    #expect(!page.contains("<script>alert") && !page.contains("<img"))
    #expect(!page.unicodeScalars.contains("\u{1b}") && !page.unicodeScalars.contains("\u{202e}"))
    #expect(!page.unicodeScalars.contains("\u{301}") || page.contains("&quot;\u{301}"))
    let start = try #require(page.range(of: "<main>"))
    let end = try #require(page.range(of: "</main>"))
    let main = try Structure(String(page[start.lowerBound..<end.upperBound]))
    #expect(main.elements.contains { $0.text.contains("<script>alert(1)</script>") })
    #expect(!main.elements.contains { $0.name == "script" || $0.name == "img" })
    #expect(main.elements.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
  }

  @Test func fetchesNothing() throws {
    let page = try Self.page(SearchPicturesTests.record(trials: 10, parameters: 2))
    #expect(page.contains("default-src 'none'"))
    #expect(!page.contains("src=\"http") && !page.contains("url(") && !page.contains("@import"))
    for link in page.matches(of: /href="([^"]*)"/) {
      #expect(link.1.hasPrefix("#") || link.1.hasPrefix("data:"))
    }
  }

  @Test func anEmptySearchHasAReport() throws {
    let record = try RunRecord(file: SearchPicturesTests.file(trials: 3, parameters: 2), results: [])
    let page = try Self.page(record)
    #expect(page.contains("No trial has a score.") && page.contains("Search file"))
  }
}
