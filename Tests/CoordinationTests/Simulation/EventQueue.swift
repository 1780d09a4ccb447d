@testable import Coordination

/// An event in a simulated cluster.
enum Occurrence {
  /// A new worker process starts at a host.
  case processStarts(host: Int)
  case workerTicks(process: Int)
  case drainRequested(process: Int)
  /// A slot has suspended an attempt.
  case isSuspended(process: Int, AttemptID)
  /// A slot has trained `count` epochs of its attempt, or has failed in the last one.
  case epochEnds(process: Int, AttemptID, count: Int)
  case partEnds(process: Int, AttemptID)
  /// A message arrives at a worker over a connection; nil for a stale buffer.
  case reachesWorker(process: Int, WireToWorker, over: ReturnAddress?)
  case reachesCoordinator(WireToCoordinator, from: Origin)
  /// A local worker detects that its coordinator has ended.
  case orphanEnds(process: Int)
  case coordinatorStarts
  case coordinatorTurns(generation: UInt64, number: Int)
  case commitEnds(generation: UInt64)
  case faultStrikes
}

/// The true sender of a message.
enum Origin: Equatable {
  case process(Int)
  case adversary
}

/// Future events in order of time; FIFO for equal times.
struct EventQueue {
  private struct Entry {
    let time: Duration
    let number: Int
    let event: Occurrence

    func isBefore(_ other: Entry) -> Bool {
      time == other.time ? number < other.number : time < other.time
    }
  }

  /// A binary heap.
  private var heap: [Entry] = []
  private var count = 0

  mutating func put(_ event: Occurrence, at time: Duration) {
    count += 1
    heap.append(Entry(time: time, number: count, event: event))
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func next() -> (time: Duration, event: Occurrence)? {
    guard let first = heap.first else { return nil }
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    sink()
    return (first.time, first.event)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
