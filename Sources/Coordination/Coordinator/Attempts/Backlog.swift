/// The queue of trials that wait for a slot: requeued trials, lowest first, then new trials in order, then replicates.
struct Backlog: Sendable, Equatable {
  /// Highest first.
  private var returned: [Int] = []
  private var fresh: Int
  private var total: Int

  /// All trials below `total`, except those that have ended or run.
  init(trials total: Int, taken: Set<Int>) {
    self.total = total
    fresh = taken.filter { $0 < total }.max().map { $0 + 1 } ?? 0
    returned = (0..<min(fresh, total)).reversed().filter { !taken.contains($0) }
  }

  var count: Int { returned.count + max(total - fresh, 0) }

  /// The trials and replicates that wait again, lowest first.
  var requeued: [Int] { returned.reversed() }

  /// Whether a requeued trial is ready.
  func hasRequeued(where isReady: (Int) -> Bool) -> Bool { returned.reversed().contains(where: isReady) }

  /// The number of trials that have begun: all below this number.
  var begun: Int { fresh }

  /// Drops all new trials.
  mutating func dropNewTrials() { total = min(total, fresh) }

  /// The next new trial; nil if all have begun.
  var nextNewTrial: Int? { fresh < total ? fresh : nil }

  /// The next trial; nil if there is none. Requeued trials must satisfy `fits`; those that satisfy `prefers` come
  /// first.
  func next(
    mayBegin: Bool, where fits: (Int) -> Bool, prefers: (Int) -> Bool
  ) -> Int? {
    let begins = mayBegin && fresh < total
    func mayReturn(_ trial: Int) -> Bool { fits(trial) && (trial < fresh || !begins) }
    return returned.last { mayReturn($0) && prefers($0) } ?? returned.last(where: mayReturn)
      ?? (begins ? fresh : nil)
  }

  /// Removes a trial that `next` has returned.
  mutating func take(_ trial: Int) {
    if trial == nextNewTrial { fresh += 1 } else { _ = remove(trial) }
  }

  /// Requeues a trial that has begun, or adds a replicate.
  mutating func putBack(_ trial: Int) {
    precondition(trial < fresh || trial >= total, "trial \(trial) was never taken")
    let position = returned.firstIndex { $0 <= trial } ?? returned.endIndex
    precondition(position == returned.endIndex || returned[position] != trial, "trial \(trial) waits")
    returned.insert(trial, at: position)
  }

  /// Removes a requeued trial; false if it is not queued.
  mutating func remove(_ trial: Int) -> Bool {
    guard let position = returned.firstIndex(of: trial) else { return false }
    returned.remove(at: position)
    return true
  }
}
