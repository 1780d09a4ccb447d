import Foundation

/// The time limit for expected events. Only a failing test waits that long.
let patience = Duration.seconds(300)

/// An error that prevents a test from continuing.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Waits until a condition holds; throws at the time limit.
func eventually(
  _ what: @autoclosure () -> String, within limit: Duration = patience, _ holds: () throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try !holds() {
    guard ContinuousClock.now < deadline else { throw Failure("not within \(limit): \(what())") }
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// SplitMix64: reproducible random times and victims.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Sleeps for a random time.
  mutating func pause(upTo milliseconds: Int) async throws {
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...milliseconds, using: &self)))
  }
}
