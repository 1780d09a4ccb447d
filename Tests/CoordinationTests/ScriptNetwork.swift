@testable import Coordination

/// A message between the coordinator and a worker of a script.
enum ScriptMessage {
  case toCoordinator(WireToCoordinator, from: WorkerID)
  case toWorker(WireToWorker, WorkerID)

  var worker: WorkerID {
    switch self {
    case .toCoordinator(_, let worker), .toWorker(_, let worker): worker
    }
  }

  var direction: ScriptNetwork.Direction {
    switch self {
    case .toCoordinator: .from
    case .toWorker: .to
    }
  }

  var text: String {
    switch self {
    case .toCoordinator(let message, _): message.traceText
    case .toWorker(let message, _): message.traceText
    }
  }

  /// The name of its type.
  var kind: String { String(text.prefix(while: \.isLetter)) }
}

/// The links between the coordinator and the workers of a script. Messages arrive at once and in order, except for
/// those that a directive names.
struct ScriptNetwork {
  /// Seen from the worker.
  enum Direction: String {
    case from, to
  }

  /// What happens to a message.
  enum Fault {
    case drop, duplicate, hold
    case delay(Duration)
  }

  /// A fault of the next messages of a kind.
  struct Rule {
    /// The line of its directive.
    let line: Int
    let fault: Fault
    let kind: String
    let direction: Direction
    let worker: WorkerID
    /// The number of messages.
    var count: Int
  }

  /// A message that has not arrived.
  struct Late {
    let message: ScriptMessage
    /// When it arrives; nil if a directive delivers it.
    let arrival: Duration?
  }

  static let kinds: Set = [
    "Hello", "Heartbeat", "Report", "Result", "Release", "Bye", "Fetch", "Chunk", "Welcome", "Assign", "Ack",
    "Lease", "Revoke", "Finish", "Reject",
  ]

  /// Workers without a connection.
  var cut: Set<WorkerID> = []
  private(set) var rules: [Rule] = []
  private var late: [Late] = []

  mutating func add(_ rule: Rule) {
    rules.append(rule)
  }

  /// The fault of a message that is sent now; nil if it arrives at once. Each rule applies to its number of messages.
  mutating func takeFault(of message: ScriptMessage) -> Fault? {
    let index = rules.firstIndex {
      $0.worker == message.worker && $0.direction == message.direction && $0.kind == message.kind
    }
    guard let index else { return nil }
    defer {
      rules[index].count -= 1
      if rules[index].count == 0 { rules.remove(at: index) }
    }
    return rules[index].fault
  }

  /// Keeps a message until a time, or until `takeHeld`.
  mutating func keep(_ message: ScriptMessage, until arrival: Duration?) {
    late.append(Late(message: message, arrival: arrival))
  }

  /// The delayed messages that have arrived, in the order of sending.
  mutating func takeArrived(at now: Duration) -> [ScriptMessage] {
    take { $0.arrival.map { $0 <= now } ?? false }
  }

  /// The held messages, in the order of sending.
  mutating func takeHeld() -> [ScriptMessage] {
    take { $0.arrival == nil }
  }

  private mutating func take(_ isTaken: (Late) -> Bool) -> [ScriptMessage] {
    defer { late.removeAll(where: isTaken) }
    return late.filter(isTaken).map(\.message)
  }
}
