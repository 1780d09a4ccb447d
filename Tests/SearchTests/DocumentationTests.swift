import Foundation
import Testing

@testable import Search

@Suite struct DocumentationTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/trawl/trawl.docc/SearchFile.md")

  /// The article that contains the table of fields.
  private var article: String { get throws { try String(contentsOf: Self.file, encoding: .utf8) } }

  /// With TRAWL_REWRITE_GOLDEN=1, writes the table, which is at the end of the article.
  @Test func articleContainsTheTableOfFields() throws {
    let head = Field.documentation.prefix { $0 != "\n" }
    if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] == "1",
      let start = try article.range(of: head)?.lowerBound
    {
      let rest = try article[start...].drop { $0 != "\n" || $0 == "|" }
      let after = rest.range(of: "\n\n").map { rest[$0.upperBound...] } ?? ""
      try (article[..<start] + Field.documentation + (after.isEmpty ? "" : "\n" + after))
        .write(to: Self.file, atomically: true, encoding: .utf8)
    }
    #expect(try article.contains(Field.documentation), "the table should read:\n\(Field.documentation)")
  }

  @Test func examplesInTheArticleAreValid() throws {
    let blocks = try article.split(separator: "```yaml\n").dropFirst()
    #expect(!blocks.isEmpty)
    for block in blocks {
      let text = String(block.prefix(upTo: block.range(of: "```")?.lowerBound ?? block.endIndex))
      #expect(throws: Never.self) { try SearchFile.parse(text, file: "example.yaml") }
    }
  }
}
