import Foundation
import Logging
import Testing

@testable import CoordinatorService

/// The log file of a search.
@Suite struct FileLogTests {
  private let path = NSTemporaryDirectory() + "trawl-\(UUID().uuidString).log"

  private func size(_ path: String) -> Int {
    FileManager.default.contents(atPath: path)?.count ?? 0
  }

  @Test func sizeIsAtMostTwiceTheLimit() {
    defer { for name in [path, "\(path).1"] { try? FileManager.default.removeItem(atPath: name) } }
    for round in 0..<3 {
      let log = Logger(label: "test") { [path] _ in FileLog(appendingTo: path, sizeLimit: 2000) }
      for line in 0..<200 { log.info("line \(line) of round \(round)") }
      #expect(size(path) <= 2000 && size("\(path).1") <= 2000)
    }
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    #expect(text.hasSuffix("info: line 199 of round 2\n"))
  }
}
