import Foundation
import Testing

@testable import Search

@Suite struct DocumentationTests {
  /// The article that contains the table of fields.
  private var article: String {
    get throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      return try String(
        contentsOf: root.appending(path: "Sources/trawl/trawl.docc/SearchFile.md"), encoding: .utf8)
    }
  }

  @Test func articleContainsTheTableOfFields() throws {
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
