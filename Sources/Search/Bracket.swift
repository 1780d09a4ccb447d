/// Trials of a halving that are compared with each other.
struct Bracket: Sendable {
  typealias Standing = Halving.Standing
  typealias Decision = Halving.Decision

  /// A budget at which trials are compared.
  private struct Rung {
    /// The trials that it has room for.
    let room: Int
    /// Those that may still come to it or are on their way to its budget.
    var unreported: Int
    /// Places that nobody is left to take.
    var absent = 0
    /// Reported and undecided, best first.
    var contenders: [Standing] = []
    var promoted = 0
  }

  private let objective: Objective
  private var rungs: [Rung]

  /// A bracket whose rungs have room for so many trials; the first one's are all of them.
  init(_ rooms: [Int], _ objective: Objective) {
    rungs = rooms.map { Rung(room: $0, unreported: $0) }
    self.objective = objective
  }

  /// Takes what a trial reached at a rung; returns what has become certain by it.
  mutating func report(_ standing: Standing, at rung: Int) -> [Decision] {
    assert(rungs[rung].unreported > 0, "rung \(rung) expects no trial, but \(standing.trial) came")
    rungs[rung].unreported -= 1
    if standing.objective?.isFinite == true, rung + 1 < rungs.count {
      let place = rungs[rung].contenders.partitioningIndex { standing.ranks(before: $0, by: objective) }
      rungs[rung].contenders.insert(standing, at: place)
    }
    return (rung..<rungs.count - 1).flatMap { settle($0) }
  }

  private mutating func settle(_ index: Int) -> [Decision] {
    let room = rungs[index + 1].room
    var decisions: [Decision] = []
    while rungs[index].promoted + rungs[index].contenders.count > room {
      decisions.append(.stop(trial: rungs[index].contenders.removeLast().trial, at: index))
    }
    while rungs[index].promoted + rungs[index].unreported < room, !rungs[index].contenders.isEmpty {
      decisions.append(.promote(trial: rungs[index].contenders.removeFirst().trial, to: index + 1))
      rungs[index].promoted += 1
    }
    noteAbsent(index)
    return decisions
  }

  /// The next rung need not wait for places that nobody is left to take.
  private mutating func noteAbsent(_ index: Int) {
    let most = rungs[index].promoted + rungs[index].contenders.count + rungs[index].unreported
    let absent = max(0, rungs[index + 1].room - most)
    rungs[index + 1].unreported -= absent - rungs[index + 1].absent
    rungs[index + 1].absent = absent
  }
}

extension Array {
  /// The first place whose element, and all after it, satisfy the condition.
  func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
    var range = 0..<count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = condition(self[middle]) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
