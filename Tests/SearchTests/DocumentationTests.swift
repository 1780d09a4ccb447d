import Foundation
import Testing
import Trials

@testable import Search

@Suite struct DocumentationTests {
  /// An article that ends with a list of keys.
  struct Article: CustomTestStringConvertible {
    let name: String
    let keys: String

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/trawl/trawl.docc")

    var file: URL { Self.folder.appending(path: name) }
    var text: String { get throws { try String(contentsOf: file, encoding: .utf8) } }
    var testDescription: String { name }
  }

  static let articles = [
    Article(name: "SearchFile.md", keys: EmbeddedFormat.shared.keys.documentation),
    Article(name: "Programs.md", keys: (ProgramFormat.fields + ProgramFormat.objective).documentation),
  ]

  /// With TRAWL_REWRITE_GOLDEN=1, writes the list, which is the end of the article.
  @Test(arguments: articles)
  func articleEndsWithTheListOfKeys(article: Article) throws {
    let head = try #require(article.keys.split(separator: "\n").first)
    if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] == "1",
      let start = try article.text.range(of: head)?.lowerBound
    {
      try (article.text[..<start] + article.keys).write(to: article.file, atomically: true, encoding: .utf8)
    }
    for line in article.keys.split(separator: "\n") { #expect(line.count <= 120) }
    #expect(try article.text.hasSuffix(article.keys), "the list should read:\n\(article.keys)")
  }

  @Test(arguments: articles)
  func examplesInTheArticleAreValid(article: Article) throws {
    let blocks = try article.text.split(separator: "```yaml\n").dropFirst()
    #expect(!blocks.isEmpty)
    for block in blocks {
      let text = String(block.prefix(upTo: block.range(of: "```")?.lowerBound ?? block.endIndex))
      #expect(throws: Never.self) { try SearchFile.parse(text, file: "example.yaml") }
    }
  }
}
