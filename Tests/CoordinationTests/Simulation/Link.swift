import Randomness

/// The network conditions of a simulation.
struct NetworkConditions {
  var drop = 0.0
  var duplicate = 0.0
  /// The share of messages that are delayed by up to ten seconds.
  var delayedShare = 0.0
  /// In seconds.
  var delay = 0.0002...0.002
  /// Whether messages arrive in order except after a reconnection, as with TCP.
  var isOrdered = true
}

/// The network link between one machine and the coordinator's.
struct Link {
  enum Direction: CaseIterable {
    case toCoordinator, toWorker
  }

  private var cutUntil: [Direction: Duration] = [:]
  private var lastArrival: [Direction: Duration] = [:]

  mutating func cut(_ directions: [Direction], until end: Duration) {
    for direction in directions { cutUntil[direction] = max(cutUntil[direction] ?? .zero, end) }
  }

  mutating func restore() { cutUntil = [:] }

  /// The arrival times of a message sent now: none, one or two.
  mutating func arrivals(
    _ direction: Direction, at now: Duration, in network: NetworkConditions, _ dice: inout Philox,
    _ counts: inout FaultCounts
  ) -> [Duration] {
    guard now >= cutUntil[direction] ?? .zero, !dice.chance(network.drop) else {
      counts.note(.messageDropped)
      return []
    }
    var arrivals = [now + dice.seconds(network.delay)]
    if dice.chance(network.delayedShare) {
      arrivals[0] += dice.seconds(0...10)
      counts.note(.messageDelayed)
    }
    if dice.chance(network.duplicate) {
      arrivals.append(arrivals[0] + dice.seconds(0...3))
      counts.note(.messageDuplicated)
    }
    let last = lastArrival[direction] ?? .zero
    if network.isOrdered {
      arrivals[0] = max(arrivals[0], last)
    } else if arrivals[0] < last {
      counts.note(.messageReordered)
    }
    lastArrival[direction] = max(last, arrivals[0])
    return arrivals
  }
}
