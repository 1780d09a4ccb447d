/// A bracket of halving: trials that are compared with each other.
struct Bracket: Sendable {
  typealias RungResult = Halving.RungResult
  typealias Decision = Halving.Decision

  /// A budget at which trials are compared.
  private struct Rung {
    /// The maximum number of trials.
    let capacity: Int
    /// The number of trials that may still report: promoted ones and those that may still be promoted.
    var unreported: Int
    /// The number of places for which there are not enough trials.
    var unfilled = 0
    /// The trials that have reported and are undecided, best first.
    var contenders: [RungResult] = []
    var promoted = 0
  }

  private let goal: Goal
  private var rungs: [Rung]

  /// A bracket with the capacities of its rungs; that of the first rung is the number of trials.
  init(_ capacities: [Int], _ goal: Goal) {
    rungs = capacities.map { Rung(capacity: $0, unreported: $0) }
    self.goal = goal
  }

  /// Records the result of a trial at a rung and returns the decisions that are now certain.
  mutating func report(_ standing: RungResult, at rung: Int) -> [Decision] {
    assert(rungs[rung].unreported > 0, "rung \(rung) expects no more trials, but \(standing.trial) reports")
    rungs[rung].unreported -= 1
    if standing.objective?.isFinite == true, rung + 1 < rungs.count {
      let index = rungs[rung].contenders.partitioningIndex { standing.ranks(before: $0, by: goal) }
      rungs[rung].contenders.insert(standing, at: index)
    }
    return (rung..<rungs.count - 1).flatMap { decide($0) }
  }

  private mutating func decide(_ index: Int) -> [Decision] {
    let capacity = rungs[index + 1].capacity
    var decisions: [Decision] = []
    while rungs[index].promoted + rungs[index].contenders.count > capacity {
      decisions.append(.stop(trial: rungs[index].contenders.removeLast().trial, at: index))
    }
    while rungs[index].promoted + rungs[index].unreported < capacity, !rungs[index].contenders.isEmpty {
      decisions.append(.promote(trial: rungs[index].contenders.removeFirst().trial, to: index + 1))
      rungs[index].promoted += 1
    }
    updateUnfilled(index)
    return decisions
  }

  /// Stops the next rung from waiting for places that no trial can fill.
  private mutating func updateUnfilled(_ index: Int) {
    let most = rungs[index].promoted + rungs[index].contenders.count + rungs[index].unreported
    let unfilled = max(0, rungs[index + 1].capacity - most)
    rungs[index + 1].unreported -= unfilled - rungs[index + 1].unfilled
    rungs[index + 1].unfilled = unfilled
  }
}

extension Array {
  /// The first index from which all elements satisfy the condition.
  func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
    var range = 0..<count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = condition(self[middle]) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
