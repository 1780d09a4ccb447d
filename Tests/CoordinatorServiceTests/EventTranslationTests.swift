import Coordination
import RunFiles
import Search
import Testing

@testable import CoordinatorService

@Suite struct EventTranslationTests {
  @Test func decisionsAboutUnknownAttemptsHaveNoEvent() throws {
    let worker = try #require(WorkerID([UInt8](repeating: 7, count: WorkerID.length)))
    let decisions: [Decision] = [
      .epochsInherited(AttemptID(2), from: AttemptID(1), count: 1),
      .epochEnded(AttemptID(2), number: 2, ["auc": 0.5], seconds: 1), .attemptResumed(AttemptID(2)),
      .attemptEnded(AttemptID(2), .lost, detail: ""),
    ]
    var translation = EventTranslation()
    func events() -> [SearchEvent.Content?] {
      decisions.map { translation.event(of: $0) { [.init("trial", .number(Double($0)))] } }
    }
    #expect(events().allSatisfy { $0 == nil })
    let start = translation.event(of: .attemptStarted(AttemptID(2), trial: 3, worker: worker)) {
      [.init("trial", .number(Double($0)))]
    }
    let attempt = SearchEvent.Attempt(2, of: Replicate(0, of: 3))
    #expect(
      start == .attemptStarted(attempt, worker: worker.description, [.init("trial", .number(3))]))
    #expect(events().contains(.epochEnded(attempt, epoch: 2, seconds: 1, [.init("auc", 0.5)])))
    #expect(!events().contains(nil))
  }
}
