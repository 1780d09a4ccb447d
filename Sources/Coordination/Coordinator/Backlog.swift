/// What waits for a slot: trials put back, lowest first, then the ones never tried, in order, then replicates.
struct Backlog: Sendable, Equatable {
  /// Highest first.
  private var returned: [Int] = []
  private var fresh: Int
  private var total: Int

  /// All trials below a count, except those that have ended or run already.
  init(trials total: Int, taken: Set<Int>) {
    self.total = total
    fresh = taken.filter { $0 < total }.max().map { $0 + 1 } ?? 0
    returned = (0..<min(fresh, total)).reversed().filter { !taken.contains($0) }
  }

  var count: Int { returned.count + max(total - fresh, 0) }

  /// Whether a trial was put back that is ready.
  func holdsReturned(where isReady: (Int) -> Bool) -> Bool { returned.reversed().contains(where: isReady) }

  /// Trials that have been taken out, all below this number.
  var begun: Int { fresh }

  /// No trial waits that was never tried.
  mutating func forgetFresh() { total = min(total, fresh) }

  /// The next trial that was never tried; nil when all have been.
  var nextFresh: Int? { fresh < total ? fresh : nil }

  /// Takes out what comes next; nil when nothing waits. Of those put back only such as fit, and first those preferred.
  mutating func next(
    mayBegin: Bool = true, fits: (Int) -> Bool = { _ in true }, prefers: (Int) -> Bool = { _ in false }
  ) -> Int? {
    let begins = mayBegin && fresh < total
    func mayReturn(_ trial: Int) -> Bool { fits(trial) && (trial < fresh || !begins) }
    let place = returned.lastIndex { mayReturn($0) && prefers($0) } ?? returned.lastIndex(where: mayReturn)
    if let place { return returned.remove(at: place) }
    guard begins else { return nil }
    defer { fresh += 1 }
    return fresh
  }

  /// Adds a replicate, or a trial that was taken out.
  mutating func putBack(_ trial: Int) {
    precondition(trial < fresh || trial >= total, "trial \(trial) was never taken")
    let position = returned.firstIndex { $0 <= trial } ?? returned.endIndex
    precondition(position == returned.endIndex || returned[position] != trial, "trial \(trial) waits")
    returned.insert(trial, at: position)
  }

  /// Takes this trial out; false if it did not wait.
  mutating func remove(_ trial: Int) -> Bool {
    guard let position = returned.firstIndex(of: trial) else { return false }
    returned.remove(at: position)
    return true
  }
}
