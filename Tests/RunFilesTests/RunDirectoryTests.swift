import Foundation
import Platform
import Testing

@testable import RunFiles

@Suite final class RunDirectoryTests {
  private let folder = NSTemporaryDirectory() + "trawl-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A run directory with an empty file.
  private func makeRun(_ name: String, with file: String) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    try AtomicFile.write("", to: "\(folder)/\(name)/\(file)")
  }

  @Test(arguments: ["status.json", "results.csv", "study.db"])
  func oneOfItsFilesMakesARunDirectory(file: String) throws {
    try makeRun("a", with: file)
    #expect(try RunDirectory(existing: "\(folder)/a").path == "\(folder)/a")
    #expect(try RunDirectory(existing: "\(folder)/a/results.csv").path == "\(folder)/a")
  }

  @Test func errorNamesTheRunDirectoriesInAFolder() throws {
    for name in ["b c", "a"] { try makeRun(name, with: "status.json") }
    try makeRun("other", with: "notes")
    let error = #expect(throws: UserError.self) { try RunDirectory(existing: self.folder) }
    #expect(
      error?.message == "\(folder) is not the run directory of a search; it contains the run directories "
        + "\(folder)/a, '\(folder)/b c'")
    #expect(RunDirectory.all(in: folder).map(\.path) == ["\(folder)/a", "\(folder)/b c"])
  }

  @Test func missingDirectoryIsAnError() {
    let error = #expect(throws: UserError.self) { try RunDirectory(existing: "\(self.folder)/no") }
    #expect(error?.message == "\(folder)/no: no such directory")
  }

  @Test func unreadableStatusMeansNoTime() throws {
    try makeRun("a", with: "status.json")
    let run = RunDirectory(path: "\(folder)/a")
    #expect(run.secondsRun == 0)
    #expect(throws: UserError.self) { try run.readStatus() }
  }
}
