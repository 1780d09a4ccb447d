import Randomness

/// How the network of a simulation treats messages.
struct Weather {
  var drop = 0.0
  var duplicate = 0.0
  /// Of messages that take up to ten seconds.
  var straggle = 0.0
  /// In seconds.
  var delay = 0.0002...0.002
  /// Whether messages overtake each other only where a connection was replaced, as with TCP.
  var isOrdered = true
}

/// The line between one machine and the coordinator's.
struct Link {
  enum Direction: CaseIterable {
    case toCoordinator, toWorker
  }

  private var cutUntil: [Direction: Duration] = [:]
  private var lastArrival: [Direction: Duration] = [:]

  mutating func cut(_ directions: [Direction], until end: Duration) {
    for direction in directions { cutUntil[direction] = max(cutUntil[direction] ?? .zero, end) }
  }

  mutating func mend() { cutUntil = [:] }

  /// When a message that leaves now arrives: never, once, or twice.
  mutating func arrivals(
    _ direction: Direction, at now: Duration, in weather: Weather, _ dice: inout Philox,
    _ counts: inout FaultCounts
  ) -> [Duration] {
    guard now >= cutUntil[direction] ?? .zero, !dice.chance(weather.drop) else {
      counts.note(.messageDropped)
      return []
    }
    var arrivals = [now + dice.seconds(weather.delay)]
    if dice.chance(weather.straggle) {
      arrivals[0] += dice.seconds(0...10)
      counts.note(.messageDelayed)
    }
    if dice.chance(weather.duplicate) {
      arrivals.append(arrivals[0] + dice.seconds(0...3))
      counts.note(.messageDuplicated)
    }
    let last = lastArrival[direction] ?? .zero
    if weather.isOrdered {
      arrivals[0] = max(arrivals[0], last)
    } else if arrivals[0] < last {
      counts.note(.messageReordered)
    }
    lastArrival[direction] = max(last, arrivals[0])
    return arrivals
  }
}
