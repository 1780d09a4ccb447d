import Foundation
import Testing

/// Each field of the protocol's messages is used at both ends.
@Suite struct MessageFieldTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources")

  /// The names of the fields in trawl.proto, as Swift writes them.
  private static let fields: [String] = {
    let proto = sources.appending(path: "Coordination/Protocol/trawl.proto")
    let text = (try? String(contentsOf: proto, encoding: .utf8)) ?? ""
    let declaration = /^\s*(?:repeated |optional )?\w+ (\w+) = \d+;$/.anchorsMatchLineEndings()
    return Set(text.matches(of: declaration).map { camelCase(String($0.1)) }).sorted()
  }()

  private static func camelCase(_ name: String) -> String {
    let parts = name.split(separator: "_")
    return String(parts[0]) + parts.dropFirst().map { $0.capitalized }.joined()
  }

  /// The code of some folders and files, without comments.
  private func code(_ paths: [String]) throws -> String {
    let files = paths.flatMap { path -> [URL] in
      let url = Self.sources.appending(path: path)
      if path.hasSuffix(".swift") { return [url] }
      let names = (try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []
      return names.filter { $0.hasSuffix(".swift") }.map { url.appending(path: $0) }
    }
    let lines = try files.flatMap { try String(contentsOf: $0, encoding: .utf8).split(separator: "\n") }
    return lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
  }

  @Test(arguments: [
    ["Coordination/Worker", "WorkerService"], ["Coordination/Coordinator", "CoordinatorService"],
  ])
  func eachFieldIsUsedAtBothEnds(folders: [String]) throws {
    try #require(Self.fields.count > 30)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: Self.sources.appending(path: "Coordination").path)
    // What both ends share is in files beside their folders.
    let shared = names.filter { $0.hasSuffix(".swift") }.map { "Coordination/\($0)" }
    let code = try code(folders + shared)
    for field in Self.fields {
      let isUsed = try code.contains(Regex("(\\.|\\b)\(field)\\b"))
      #expect(isUsed, "\(field) is not used in \(folders.joined(separator: ", "))")
    }
  }
}
