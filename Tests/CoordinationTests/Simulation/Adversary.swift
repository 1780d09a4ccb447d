import Randomness
import Search

@testable import Coordination

/// A hostile key holder that sends arbitrary harmful messages.
struct Adversary {
  enum Kind {
    case none
    /// It has a separate key, knows the ids of all workers, and never requests work.
    case otherKey
    /// As `otherKey`, but it also takes work and reports false results.
    case otherKeyHolding
    /// It has the honest workers' key but does not know their ids; it takes work and reports false results.
    case sameKeyHolding
  }

  /// Its knowledge of the cluster.
  struct Knowledge {
    var workers: [WorkerID]
    var lastAttempt: AttemptID
  }

  static let address = ReturnAddress(1_000_000)

  let kind: Kind
  private let names: [WorkerID]
  private var dice: Philox
  /// Overheard messages of others, for replay.
  private var overheard: [WireToCoordinator] = []
  private var assigned: [UInt64] = []
  private var sequences: [UInt64: UInt32] = [:]

  init(_ kind: Kind, seed: UInt64) {
    self.kind = kind
    var dice = Philox(seed: seed, stream: 3)
    names = (0..<3).map { number in
      WorkerID([0xEE, UInt8(number)] + (2..<WorkerID.length).map { _ in UInt8(dice.number(0...255)) })!
    }
    self.dice = dice
  }

  var key: String { kind == .sameKeyHolding ? "key" : "another key" }
  private var holds: Bool { kind == .otherKeyHolding || kind == .sameKeyHolding }

  mutating func overhear(_ message: WireToCoordinator) {
    guard kind != .sameKeyHolding else { return }
    if overheard.count < 32 { overheard.append(message) } else { overheard[dice.number(0...31)] = message }
  }

  mutating func receive(_ message: WireToWorker) {
    guard case .assign(let assign) = message.body else { return }
    assigned.append(assign.attempt)
    if assigned.count > 8 { assigned.removeFirst() }
  }

  /// The next message and the fault to count.
  mutating func next(_ knowledge: Knowledge) -> (WireToCoordinator, Fault) {
    if dice.chance(0.2), let replayed = dice.element(of: overheard) { return (replayed, .hostileReplay) }
    let others = kind == .sameKeyHolding ? [] : knowledge.workers
    let impersonated = dice.chance(0.4) ? dice.element(of: others) : nil
    var message = WireToCoordinator()
    message.worker = .init((impersonated ?? dice.element(of: names)!).bytes)
    if dice.chance(0.03) { message.worker = .init((0..<dice.number(0...40)).map { UInt8($0) }) }
    message.search = dice.chance(0.05) ? dice.next() : Disk.search.number
    message.body = body(asItself: impersonated == nil, knowledge)
    return (message, impersonated == nil ? .hostileMessage : .hostileImpersonation)
  }

  private mutating func body(
    asItself: Bool, _ knowledge: Knowledge
  ) -> WireToCoordinator.OneOf_Body? {
    switch dice.number(0...9) {
    case 0, 1: return .hello(hello(asItself: asItself, knowledge))
    case 2: return .heartbeat(heartbeat(knowledge))
    case 3, 4, 5: return .report(report(knowledge))
    case 6, 7: return .result(result(knowledge))
    case 8:
      var release = WireRelease()
      release.attempt = attempt(knowledge)
      release.why = "\u{1B}[2Jbecause"
      if dice.chance(0.5) { offer(with: &release) }
      return .release(release)
    default:
      var bye = WireBye()
      bye.unable = dice.chance(0.5)
      return dice.chance(0.2) ? nil : .bye(bye)
    }
  }

  private mutating func hello(asItself: Bool, _ knowledge: Knowledge) -> WireHello {
    var hello = WireHello()
    hello.version = dice.chance(0.1) ? UInt32(dice.number(0...99)) : Limits.version
    let slots: [UInt32] = holds && asItself ? [1, 1, 2, 5, 0, .max] : [0, 1025, .max]
    hello.slots = dice.element(of: slots)!
    hello.host = "=evil\n"
    hello.pid = UInt32(dice.number(0...9))
    hello.local = dice.chance(0.3)
    hello.numerics = "numerics \(dice.number(0...1000))"
    hello.held = held(knowledge)
    return hello
  }

  private mutating func heartbeat(_ knowledge: Knowledge) -> WireHeartbeat {
    var heartbeat = WireHeartbeat()
    heartbeat.held = held(knowledge)
    return heartbeat
  }

  private mutating func held(_ knowledge: Knowledge) -> [WireProgress] {
    (0..<(dice.chance(0.02) ? 5000 : dice.number(0...4))).map { _ in
      var progress = WireProgress()
      progress.attempt = attempt(knowledge)
      progress.step = dice.next()
      return progress
    }
  }

  private mutating func report(_ knowledge: Knowledge) -> WireReport {
    var report = WireReport()
    report.attempt = attempt(knowledge)
    report.sequence = sequence(of: report.attempt)
    var measurement = TrialMeasurement(
      epoch: Int(report.sequence), accuracy: dice.element(of: [1, 1, 1, 0.5, -1, .nan, .infinity])!,
      loss: dice.element(of: [0, 0, 0, 1, -1, .nan, 1e308])!)
    if dice.chance(0.05) { measurement.metrics["train_loss"] = nil }
    report.measurement = WireMeasurement(measurement)
    return report
  }

  private mutating func result(_ knowledge: Knowledge) -> WireResult {
    var result = WireResult()
    result.attempt = attempt(knowledge)
    result.sequence = sequence(of: result.attempt)
    result.outcome = dice.element(of: [.done, .done, .diverged, .failed, .UNRECOGNIZED(9), .unspecified])!
    result.detail = String(repeating: "x", count: dice.chance(0.02) ? 50_000 : 10)
    return result
  }

  /// Adds a nonexistent checkpoint and the score of a part.
  private mutating func offer(with release: inout WireRelease) {
    release.sequence = sequence(of: release.attempt)
    release.checkpoint.digest = .init((0..<Limits.digest).map { _ in UInt8(dice.number(0...255)) })
    release.checkpoint.size = dice.element(of: [1, 1000, 0, .max])!
    release.checkpoint.epochs = dice.element(of: [0, 0, 1, .max])!
    guard dice.chance(0.7) else { return }
    release.measurement = WireMeasurement(
      TrialMeasurement(
        part: dice.element(of: [0.125, 0.3, 0.5, 1, 0, -1, .nan])!,
        accuracy: dice.element(of: [1, 1, 0.5, -1, .nan])!, loss: dice.element(of: [0, 0, 1, .infinity])!))
  }

  private mutating func attempt(_ knowledge: Knowledge) -> UInt64 {
    if dice.chance(0.4), let own = dice.element(of: assigned) { return own }
    let last = knowledge.lastAttempt
    guard !dice.chance(0.1) else { return dice.element(of: [0, .max, 1 << 63, last.bits + 1])! }
    return AttemptID(dice.below(last.number + 1), incarnation: last.incarnation).bits
  }

  /// The next sequence number, with some exceptions.
  private mutating func sequence(of attempt: UInt64) -> UInt32 {
    guard dice.chance(0.8) else { return dice.element(of: [0, 1, 2, .max])! }
    sequences[attempt, default: 0] += 1
    return sequences[attempt]!
  }
}
