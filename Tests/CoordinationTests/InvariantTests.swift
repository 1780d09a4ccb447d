import Search
import Testing

@testable import Coordination

/// Each fault in the coordinator's state is found by its invariants.
@Suite struct InvariantTests {
  private typealias Fault = @Sendable (inout Coordinator, WorkerID) -> Void

  private static let faults: [(name: String, Fault)] = [
    ("a trial that runs waits", { coordinator, _ in coordinator.backlog.putBack(0) }),
    (
      "a worker holds an attempt that does not exist",
      { coordinator, worker in coordinator.membership.assign(AttemptID(99), to: worker) }
    ),
    ("a running attempt is forgotten", { coordinator, _ in coordinator.attempts.remove(AttemptID(1)) }),
    (
      "its worker is forgotten, and comes back",
      { coordinator, worker in
        coordinator.membership.free(AttemptID(1), on: worker)
      }
    ),
    ("an open trial has no standing", { coordinator, _ in coordinator.promotion.end(0) }),
    (
      "an open trial has a result",
      { coordinator, _ in
        _ = coordinator.allResults.record(TrialEnd(trial: 0, status: .failed, epochs: 0))
      }
    ),
    (
      "no attempt runs a trial, and it does not wait",
      { coordinator, worker in
        coordinator.membership.free(AttemptID(1), on: worker)
        _ = coordinator.attempts.lose(AttemptID(1))
      }
    ),
    (
      "failures of a trial that has not begun",
      { coordinator, worker in
        let failure = Failure(
          attempt: AttemptID(1), worker: worker, host: "node1", epochs: 0, end: .failed, detail: "")
        coordinator.blame.record(failure, of: 3, in: coordinator.membership)
      }
    ),
  ]

  @Test func aRunningSearchKeepsThem() throws {
    var cluster = try Cluster()
    cluster.join(1, slots: 2)
    #expect(cluster.coordinator.checkInvariants() == [])
  }

  @Test(arguments: faults.map(\.name)) func aFaultBreaksOne(_ name: String) throws {
    let fault = try #require(Self.faults.first { $0.name == name })
    var cluster = try Cluster()
    let worker = cluster.join(1)
    #expect(cluster.coordinator.checkInvariants() == [])
    fault.1(&cluster.coordinator, worker)
    #expect(cluster.coordinator.checkInvariants() != [])
  }
}
