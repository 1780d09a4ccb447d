import Foundation
import Synchronization

/// Runs many seeds on all cores.
struct Soak: Sendable {
  /// A seed with a violation.
  struct Failure: Sendable, CustomStringConvertible {
    let seed: UInt64
    let violation: String
    let lastEvents: [String]

    var description: String {
      """
      seed \(seed): \(violation)
      replay: TRAWL_SIMULATION_SEED=\(seed) swift test --filter simulationKeepsEveryPromise
      \(lastEvents.joined(separator: "\n"))
      """
    }
  }

  var seeds = 0
  var counts = FaultCounts()
  var failures: [Failure] = []

  /// Runs the seeds from `first` on. With a bug, ends after the first seed that finds it.
  static func run(first: UInt64, count: UInt64, bug: Simulation.PlantedBug? = nil) async -> Soak {
    let lanes = UInt64(ProcessInfo.processInfo.activeProcessorCount)
    let isFound = Flag()
    return await withTaskGroup(of: Soak.self) { group in
      for lane in 0..<lanes {
        group.addTask {
          await onThread {
            var part = Soak()
            for seed in stride(from: first + lane, to: first + count, by: Int(lanes))
            where bug == nil || !isFound.isRaised {
              part.run(seed, bug)
              if !part.failures.isEmpty { isFound.raise() }
            }
            return part
          }
        }
      }
      return await group.reduce(into: Soak()) { $0.add($1) }
    }
  }

  private mutating func run(_ seed: UInt64, _ bug: Simulation.PlantedBug?) {
    var simulation = Simulation(seed: seed, bug: bug)
    do { try simulation.run() } catch { failures.append(Self.failure(seed, bug, error)) }
    seeds += 1
    counts.add(simulation.counts)
  }

  /// Runs a seed again with a trace.
  private static func failure(_ seed: UInt64, _ bug: Simulation.PlantedBug?, _ violation: Violation)
    -> Failure
  {
    var simulation = Simulation(seed: seed, bug: bug, isTraced: true)
    try? simulation.run()
    return Failure(seed: seed, violation: "\(violation)", lastEvents: simulation.trace?.suffix(40) ?? [])
  }

  private mutating func add(_ other: Soak) {
    seeds += other.seeds
    counts.add(other.counts)
    failures = (failures + other.failures).sorted { $0.seed < $1.seed }
  }
}

/// A flag that threads share.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .relaxed) }

  func raise() { value.store(true, ordering: .relaxed) }
}

/// Runs `body` on a new thread: a simulation takes too long for the cooperative pool.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    let thread = Thread { continuation.resume(returning: body()) }
    thread.stackSize = 16 << 20
    thread.start()
  }
}
