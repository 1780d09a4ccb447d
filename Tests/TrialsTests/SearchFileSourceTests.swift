import Foundation
import Platform
import Search
import Testing
import Training

@testable import Trials

@Suite final class SearchFileSourceTests {
  private let folder = NSTemporaryDirectory() + "trawl-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func mistakes(_ text: String) -> [String]? {
    let source = SearchFileSource(path: "run/search.yaml", name: "given.yaml", bytes: Array(text.utf8))
    return #expect(throws: UserError.self) { _ = try source.parse() }?.mistakes
  }

  @Test func eachMistakeIsALineWithThePath() {
    let found = mistakes("dataset: digits\nmodel: { hidden: [8] }\ntrain: { epochs: 0, lr: -1 }\n")
    #expect(found?.count == 2)
    #expect(found?.allSatisfy { $0.hasPrefix("run/search.yaml:3: ") } == true)
  }

  @Test func searchWithoutNameIsNamedAfterTheOriginalFile() throws {
    let text = "dataset: digits\nmodel: { hidden: [8] }\ntrain: { epochs: 1, lr: 0.1 }\n"
    let source = SearchFileSource(path: "run/search.yaml", name: "a/given.yaml", bytes: Array(text.utf8))
    #expect(try source.parse().name == "given")
  }

  @Test func folderIsNoSearchFile() {
    let folderError = #expect(throws: UserError.self) { _ = try SearchFileSource.read(self.folder) }
    #expect(folderError?.message == "\(folder): not a readable file")
    let missing = #expect(throws: UserError.self) { _ = try SearchFileSource.read("\(self.folder)/no") }
    #expect(missing?.message == "\(folder)/no: no such file")
  }

  @Test func missingDatasetIsNamedWithItsLine() throws {
    let text = "model: { hidden: [8] }\ndataset: { idx: \(folder) }\ntrain: { epochs: 1, lr: 0.1 }\n"
    let file = try SearchFileSource(path: "a.yaml", bytes: Array(text.utf8)).parse()
    let error = #expect(throws: UserError.self) { try file.checkTraining(with: DatasetStore()) }
    #expect(error?.message.hasPrefix("a.yaml:2: dataset.idx: ") == true)
    // Without training on this machine, the data may be elsewhere.
    #expect(try file.checkTraining(with: nil) == [])
  }
}
