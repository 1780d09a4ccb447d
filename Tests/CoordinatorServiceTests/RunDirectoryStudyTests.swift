import Foundation
import Messaging
import Platform
import RunFiles
import Search
import Testing
import Trials

@testable import CoordinatorService

@Suite struct RunDirectoryStudyTests {
  private let sample: SampleSearch
  private var run: RunDirectory { sample.directory }

  init() throws { sample = try SampleSearch() }

  private func message(_ body: () throws -> Void) -> String? {
    #expect(throws: UserError.self, performing: body)?.message
  }

  @Test func unfinishedStartLeavesNothingToResume() throws {
    #expect(try run.content == .nothing && run.check(resume: true) == false)
    try AtomicFile.write("x", to: "\(run.path)/join.json")
    #expect(try run.check(resume: false) == false)
  }

  @Test func otherFilesAreNotMixedWithASearch() throws {
    try AtomicFile.write("x", to: "\(run.path)/thesis.tex")
    #expect(
      message { _ = try run.check(resume: false) }
        == "\(run.path) holds other files; choose a new directory with --output")
    let file = RunDirectory(path: "\(run.path)/thesis.tex")
    #expect(
      message { _ = try file.check(resume: false) } == "\(file.path) is a file; --output needs a directory")
  }

  @Test func searchIsOnlyResumedOnRequest() throws {
    _ = try run.makeStudy(sample.file)
    #expect(try run.check(resume: true))
    #expect(
      message { _ = try run.check(resume: false) }?.contains("already holds a search; resume it") == true)
    #expect(try run.openStudy(sample.file, named: "sample.yaml", resume: true) != nil)
  }

  @Test func resultsWithoutStudyAreNotOverwritten() throws {
    try AtomicFile.write("rank,trial\n", to: run.results)
    #expect(message { _ = try run.check(resume: true) }?.hasPrefix("\(run.study) is missing") == true)
  }

  @Test func secondCoordinatorIsRejected() throws {
    try run.lock(waitingWhile: { true }, report: { _ in })
    #expect(run.isInUse)
    #expect(
      message { try run.lock(waitingWhile: { true }, report: { _ in }) }
        == "\(run.path) is in use: another coordinator runs this search")
  }

  @Test func searchIsExtendedButNotChanged() throws {
    _ = try run.makeStudy(sample.file)
    func changed(_ old: String, _ new: String) throws -> SearchFile {
      try SearchFile.parse(sample.file.text.replacing(old, with: new), file: "sample.yaml")
    }
    let other = try changed("lr: { uniform: [0.1, 0.2] }", "lr: { uniform: [0.1, 0.3] }")
    #expect(
      message { _ = try run.openStudy(other, named: "sample.yaml", resume: true) }?
        .hasPrefix("\(run.path) holds another search: train.lr is ") == true)
    let larger = try changed("trials: 3", "trials: 5")
    #expect(try run.openStudy(larger, named: "sample.yaml", resume: true) != nil)
    #expect(run.searchFile(named: "sample.yaml")?.trials == 5)
  }

  @Test func damagedSearchFileIsReadFromTheStudy() throws {
    _ = try run.makeStudy(sample.file)
    try AtomicFile.write("model: [", to: run.searchFile)
    let source = try run.storedSearchFile(named: "sample.yaml")
    #expect(source.path == run.study)
    #expect(try source.parse().trials == 3)
  }

  @Test func optionsOfAnEarlierStartApply() throws {
    var request = SearchRequest(path: "a/sample.yaml")
    (request.workers, request.listen) = (3, "tcp://*:5555")
    try run.write(SearchOptions(request))
    func resumed(_ change: (inout SearchRequest) -> Void) -> SearchOptions {
      var request = SearchRequest(path: run.path)
      change(&request)
      return SearchOptions(request).resuming(run) { Issue.record("\($0)") }
    }
    let same = resumed { _ in }
    #expect(same.file == "a/sample.yaml" && same.workers == 3 && same.listen == "tcp://*:5555")
    let changed = resumed { ($0.workers, $0.keys) = (0, "/keys") }
    #expect(changed.workers == 0 && changed.listen == nil && changed.keys == "/keys")
  }

  @Test(arguments: ["{", #"{"file": "a", "folder": "/", "workers": 5000}"#])
  func unreadableOptionsAreReported(text: String) throws {
    try AtomicFile.write(text, to: run.optionsFile)
    var lines: [String] = []
    let options = SearchOptions(SearchRequest(path: "b.yaml")).resuming(run) { lines.append($0) }
    #expect(options.file == "b.yaml" && options.workers == nil)
    #expect(
      lines == ["warning: \(run.optionsFile) cannot be read; give the options of the last start again"])
  }
}

@Suite struct RunFileWatchTests {
  @Test func deletedFilesAreRestored() throws {
    let sample = try SampleSearch()
    let run = sample.directory
    let study = try run.makeStudy(sample.file)
    try run.write(SearchOptions(SearchRequest(path: "sample.yaml")))
    let access = try AccessKeys(SearchOptions(SearchRequest(path: "sample.yaml")), run) { _ in }
    _ = try access.write(Endpoint("tcp://127.0.0.1:5555"), to: run)
    let files = [run.study, run.optionsFile, run.searchFile, run.joinFile]
    let before = [run.optionsFile, run.searchFile, run.joinFile].map(FileManager.default.contents)
    var watch = RunFileWatch(run)
    #expect(try watch.look(study, at: .seconds(1)) == [])
    for file in files { try FileManager.default.removeItem(atPath: file) }
    #expect(try watch.look(study, at: .seconds(1) + .milliseconds(900)) == [], "the interval has not passed")
    #expect(try watch.look(study, at: .seconds(3)) == files)
    #expect([run.optionsFile, run.searchFile, run.joinFile].map(FileManager.default.contents) == before)
    #expect(try watch.look(study, at: .seconds(5)) == [])
    try FileManager.default.removeItem(atPath: run.path)
    #expect(try watch.look(study, at: .seconds(7)) == files)
  }
}
