import Coordination
import Foundation
import Messaging
import Platform
import Search
import Training
import Trials

/// A worker process from its start to its end: waits for the join file, delivers the results that ended workers left
/// on disk, then works for the coordinator.
package struct WorkerLaunch {
  private let options: WorkerOptions
  private let waker: Waker
  private let leaving: Latch
  private let report: @Sendable (String) -> Void

  /// - Parameters:
  ///   - waker: used when `leaving` is raised, to end the wait for messages.
  ///   - leaving: raised to stop the worker.
  ///   - report: called with each line for the user.
  package init(
    _ options: WorkerOptions, waker: Waker, leaving: Latch, report: @escaping @Sendable (String) -> Void
  ) {
    self.options = options
    self.waker = waker
    self.leaving = leaving
    self.report = report
  }

  private var isLocal: Bool { options.localEndpoint != nil }

  /// Returns when the search has ended or the worker was stopped. Throws if it cannot work for its coordinator.
  ///
  /// Does not return if the search needs another instruction set: the process is replaced by a new one.
  package func run() throws {
    let join = options.joinFile
    guard !FileManager.default.fileExists(atPath: "\(join)/join.json") else {
      throw UserError("\(join) is a folder; the join file is \(join)/join.json")
    }
    let location = CoordinatorLocation(joinFile: join, localEndpoint: options.localEndpoint)
    guard location.waitForJoinFile(unless: leaving, report: report) else { return }
    try location.checkKind()
    let numerics = try InstructionSet.ofThisProcess()
    let joinFile = try location.load()
    guard joinFile.endedSearch == nil || options.waitsForNextSearch else {
      return report("the search of \(join) has ended")
    }
    let folder = Spool.folder(options.spool, of: joinFile.coordinatorKey)
    if !isLocal {
      for spool in Spool.leftovers(in: folder) { try deliver(spool, to: location, numerics) }
    }
    try work(for: location, numerics, spoolingIn: folder)
  }

  /// Trains trials until the search ends or the worker is stopped.
  private func work(for location: CoordinatorLocation, _ numerics: Numerics, spoolingIn folder: String) throws
  {
    let slots = chooseSlots()
    let identity = identity(id: .random(), slots: slots)
    let spool = Spool(in: folder, of: identity.id)
    // Local workers print nothing, because their coordinator uses the terminal.
    let store = DatasetStore { [isLocal, report] in if !isLocal { report("note: \($0)") } }
    let bodies = TrialBodies(EmbeddedTraining(store), ExternalProgram())
    let pool = SlotPool(count: slots, body: bodies, waker: waker, pace: options.pace)
    let shell = try WorkerShell(
      .init(
        location: location, worker: Worker(identity: identity), pool: pool, spool: spool, numerics: numerics,
        waker: waker, runsPrograms: options.runsPrograms, report: report))
    let end = try shell.run(leaving: leaving)
    spool.removeIfEmpty()
    if shell.unsavedCount > 0 {
      report(
        "\(shell.unsavedCount) trial\(shell.unsavedCount == 1 ? "" : "s") lost: neither delivered to the coordinator nor "
          + "saved to disk; other workers train them again")
    }
    if let next = shell.requestedNumerics, !leaving.isRaised { throw InstructionSet.restart(next) }
    switch end {
    case .finished: if !isLocal { report("the search has ended") }
    case .left:
      guard spool.count > 0 else { return }
      report("\(Self.kept(spool))")
    case .unable(let detail): throw UserError(detail)
    case .abandoned: throw UserError("the coordinator did not come back; \(Self.kept(spool))")
    }
  }

  private func chooseSlots() -> Int {
    if let slots = options.slots { return slots }
    let count = SlotCount.ofThisProcess(most: Limits.slots)
    report("\(count)")
    return count.number
  }

  private static func kept(_ spool: Spool) -> String {
    "\(spool.count) trial\(spool.count == 1 ? " is" : "s are") saved in \(spool.path); the next worker with this join "
      + "file delivers \(spool.count == 1 ? "it" : "them")"
  }

  /// Delivers the results that an ended worker left in its spool, under its ID.
  private func deliver(_ spool: Spool, to location: CoordinatorLocation, _ numerics: Numerics) throws {
    guard !leaving.isRaised else { return }
    let left = spool.count
    let searches = spool.attempts()
    let damaged = left - searches.reduce(0) { $0 + $1.count }
    let found = "an earlier worker left \(left) trial\(left == 1 ? "" : "s") in \(spool.path)"
    let loss = damaged > 0 ? "; \(damaged) cannot be read and will be trained again" : ""
    report("\(found)\(loss)")
    for attempts in searches {
      let worker = Worker(identity: identity(id: spool.worker, slots: 0), handingIn: attempts)
      let pool = SlotPool(count: 0, body: EmbeddedTraining(DatasetStore()), waker: waker)
      let shell = try WorkerShell(
        .init(
          location: location, worker: worker, pool: pool, spool: spool, numerics: numerics, waker: waker,
          report: report))
      _ = try shell.run(leaving: leaving)
    }
    spool.removeIfEmpty()
  }

  private func identity(id: WorkerID, slots: Int) -> Worker.Identity {
    Worker.Identity(
      id: id, slots: slots, host: System.hostName, pid: getpid(), isLocal: isLocal,
      numerics: "\(NumericsFingerprint.current)", waitsForNextSearch: options.waitsForNextSearch && slots > 0,
      grace: options.grace)
  }
}

extension WorkerID {
  fileprivate static func random() -> WorkerID {
    guard let id = WorkerID((0..<length).map { _ in UInt8.random(in: 0...255) }) else {
      preconditionFailure("a worker's ID has \(length) bytes")
    }
    return id
  }
}
