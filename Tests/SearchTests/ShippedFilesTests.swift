import Foundation
import Testing
import Trials

@testable import Search

/// The files in deploy/searches.
@Suite struct ShippedFilesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/searches")

  private static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

  @Test func quickstartIsShipped() {
    #expect(Self.names.contains("quickstart.yaml"))
  }

  @Test(arguments: names)
  func shippedFileIsValidAndNamedAfterItself(name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    let file = try SearchFile.parse(text, file: name)
    #expect(text.hasPrefix("# "))
    #expect("\(file.name).yaml" == name)
    #expect(file.notices.isEmpty && file.inertKeys.isEmpty)
    #expect(text.contains("\nsearch:") == !file.space.isEmpty)
  }
}
