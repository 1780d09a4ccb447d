import Foundation
import Testing
import Trials

@testable import Search

@Suite struct DocumentationTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/trawl/trawl.docc/SearchFile.md")

  /// The article that ends with the list of fields.
  private var article: String { get throws { try String(contentsOf: Self.file, encoding: .utf8) } }

  /// With TRAWL_REWRITE_GOLDEN=1, writes the list, which is the end of the article.
  @Test func articleEndsWithTheListOfFields() throws {
    let head = try #require(EmbeddedFormat.shared.keys.documentation.split(separator: "\n").first)
    if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] == "1",
      let start = try article.range(of: head)?.lowerBound
    {
      try (article[..<start] + EmbeddedFormat.shared.keys.documentation).write(
        to: Self.file, atomically: true, encoding: .utf8)
    }
    for line in EmbeddedFormat.shared.keys.documentation.split(separator: "\n") { #expect(line.count <= 120) }
    #expect(
      try article.hasSuffix(EmbeddedFormat.shared.keys.documentation),
      "the list should read:\n\(EmbeddedFormat.shared.keys.documentation)")
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
