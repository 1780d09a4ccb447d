import Coordination
import Foundation
import RunFiles
import Search
import Storage
import Testing
import Trials

@testable import CoordinatorService

@Suite struct ExportsTests {
  private let sample: SampleSearch
  private let study: StudyDatabase
  private let date = Date(timeIntervalSince1970: 1_000_000)

  init() throws {
    sample = try SampleSearch()
    study = try sample.directory.makeStudy(sample.file)
    _ = try study.begin()
    try study.commit([sample.joined] + sample.completed(0) + sample.completed(1), at: date)
  }

  private func lines(_ path: String) throws -> [Substring] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
  }

  @Test func tablesStatusAndRecipeAreThoseOfTheStudy() throws {
    let coordinator = try sample.coordinator(of: study)
    var exports = Exports(sample.directory, of: coordinator, resume: "trawl search --resume run")
    try exports.writeAll(coordinator, study)
    let run = sample.directory
    #expect(try lines(run.results).count == 3 && lines(run.history).count == 3)
    #expect(try lines(run.attempts).dropFirst().allSatisfy { $0.contains(",node1,42,test,") })
    let status = try run.readStatus()
    #expect(status.done == 2 && status.trials == 3 && !status.isRunning && status.best?.trial == 0)
    #expect(status.resume == "trawl search --resume run")
    #expect(exports.leaders.map(\.trial) == [0, 1])
    let recipe = try SearchFileSource.read(run.bestRecipe).parse()
    #expect(recipe.space.isEmpty && recipe.seed == sample.file.seed(of: Replicate(number: 0)))
  }

  @Test func filesAreWrittenAgainOnlyAfterAnInterval() throws {
    let coordinator = try sample.coordinator(of: study)
    var exports = Exports(sample.directory, of: coordinator, resume: "")
    try exports.writeIfDue(coordinator, study, at: .seconds(1000))
    #expect(try sample.directory.readStatus().isRunning)
    try FileManager.default.removeItem(atPath: sample.directory.status)
    try exports.writeIfDue(coordinator, study, at: .seconds(1000) + .milliseconds(200))
    #expect(!FileManager.default.fileExists(atPath: sample.directory.status))
    try exports.writeIfDue(coordinator, study, at: .seconds(2000))
    #expect(FileManager.default.fileExists(atPath: sample.directory.status))
  }
}

@Suite struct EventFeedTests {
  private let sample: SampleSearch
  private let study: StudyDatabase
  private let date = Date(timeIntervalSince1970: 1_000_000)

  init() throws {
    sample = try SampleSearch()
    study = try sample.directory.makeStudy(sample.file)
  }

  private func events() throws -> [SearchEvent] {
    var reader = EventReader(sample.directory.events)
    return try reader.next()?.events ?? []
  }

  @Test func committedDecisionsAreAppended() throws {
    let coordinator = try sample.coordinator(of: study)
    var feed = try EventFeed(sample.directory, study, rungs: [])
    #expect(try feed.look(study, of: coordinator, at: .seconds(1)) == false, "a new file is no restored one")
    let decisions = [sample.joined] + sample.completed(0)
    try study.commit(decisions, at: date)
    feed.append(decisions, of: coordinator, at: date)
    #expect(try events().isEmpty)
    #expect(try feed.look(study, of: coordinator, at: .seconds(1) + .milliseconds(200)) == false)
    let found = try events()
    #expect(found.map(\.number) == Array(1...5) && Set(found.map(\.time)) == [1_000_000])
    guard case .trialEnded(let attempt, .done, 1, let metrics)? = found.last?.content else {
      Issue.record("\(found)")
      return
    }
    #expect(attempt == SearchEvent.Attempt(1, of: Replicate(0, of: 0)))
    #expect(metrics.count == 4)
  }

  @Test func deletedFileIsWrittenAgainFromTheStudy() throws {
    let coordinator = try sample.coordinator(of: study)
    var feed = try EventFeed(sample.directory, study, rungs: [])
    _ = try feed.look(study, of: coordinator, at: .seconds(1))
    let decisions = [sample.joined] + sample.completed(0)
    try study.commit(decisions, at: date)
    feed.append(decisions, of: coordinator, at: date)
    _ = try feed.look(study, of: coordinator, at: .seconds(2))
    let before = try events()
    try FileManager.default.removeItem(atPath: sample.directory.events)
    // The file was first written a moment ago by this process's clock, which 'look' uses to try less often.
    #expect(try feed.look(study, of: coordinator, at: .seconds(1_000_000_000)) == true)
    #expect(try events().map(\.content) == before.map(\.content))
  }

  @Test func nextCoordinatorContinuesACompleteFile() throws {
    do {
      let coordinator = try sample.coordinator(of: study)
      var feed = try EventFeed(sample.directory, study, rungs: [])
      let decisions = [sample.joined] + sample.completed(0)
      try study.commit(decisions, at: date)
      _ = try feed.look(study, of: coordinator, at: .seconds(1))
      try feed.finish(study, of: coordinator)
    }
    let count = try events().count
    #expect(count == 5)
    let coordinator = try sample.coordinator(of: study)
    var feed = try EventFeed(sample.directory, study, rungs: [])
    try study.commit(sample.completed(1), at: date)
    feed.append(sample.completed(1), of: coordinator, at: date)
    try feed.finish(study, of: coordinator)
    #expect(try events().map(\.number) == Array(1...9))
  }
}
