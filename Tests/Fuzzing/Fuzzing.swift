import Foundation
import Randomness

/// Runs a body that must not crash on an unlimited variety of damaged inputs.
///
/// Input `i` of seed `s` is always the same. A run uses a number of inputs of one fixed seed and as many of a random
/// seed, which it prints. With `TRAWL_FUZZ_SECONDS` it continues with random seeds for that long; `TRAWL_FUZZ_SEED`
/// replaces the first seed, to repeat a run that crashed.
package struct Fuzzing {
  private let name: String
  private let corpus: [[UInt8]]
  private let words: [[UInt8]]

  /// Inputs are derived from the valid ones in `corpus`; `words` are tokens of the format.
  package init(_ name: String, corpus: [[UInt8]], words: [[UInt8]] = []) {
    precondition(!corpus.isEmpty, "nothing to begin with")
    self.name = name
    self.corpus = corpus
    self.words = words
  }

  /// Runs the body on the given number of inputs of each seed. The generator is for additional random choices of the
  /// body.
  package func run(_ inputs: Int, _ body: ([UInt8], inout Philox) throws -> Void) rethrows {
    let variables = ProcessInfo.processInfo.environment
    let seconds = variables["TRAWL_FUZZ_SECONDS"].flatMap { Double($0) }
    let given = variables["TRAWL_FUZZ_SEED"].flatMap { UInt64($0) }
    let start = ContinuousClock.now
    var total = 0
    var seed = given ?? 1
    repeat {
      if seed != 1 { print("fuzzing \(name): TRAWL_FUZZ_SEED=\(seed)") }
      for index in 0..<inputs { try run(seed: seed, index, body) }
      total += inputs
      seed = .random(in: 2 ... .max)
    } while seconds.map { ContinuousClock.now - start < .seconds($0) } ?? (total < 2 * inputs && given == nil)
    if seconds != nil { print("fuzzed \(name): \(total) inputs") }
  }

  private func run(
    seed: UInt64, _ index: Int, _ body: ([UInt8], inout Philox) throws -> Void
  ) rethrows {
    var generator = Philox(seed: seed, stream: UInt64(index))
    var bytes = corpus[below(corpus.count, &generator)]
    for _ in 0..<below(5, &generator) { mutate(&bytes, &generator) }
    try body(bytes, &generator)
  }

  private func below(_ bound: Int, _ generator: inout Philox) -> Int {
    Int(generator.below(UInt64(bound)))
  }

  private static let interesting: [UInt8] = [
    0, 1, 0x7f, 0x80, 0xfe, 0xff, UInt8(ascii: "0"), UInt8(ascii: "-"),
  ]

  private func mutate(_ bytes: inout [UInt8], _ generator: inout Philox) {
    let place = below(bytes.count + 1, &generator)
    let end = min(bytes.count, place + below(generator.below(4) == 0 ? 64 : 8, &generator))
    switch below(9, &generator) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.removeSubrange(place...)
    case 2: bytes.insert(contentsOf: bytes[place..<end], at: below(place + 1, &generator))
    case 3: if place < bytes.count { bytes[place] ^= 1 << UInt8(below(8, &generator)) }
    case 4: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: generator.next()) }
    case 5: if place < bytes.count { bytes[place] = Self.interesting[below(8, &generator)] }
    case 6: splice(&bytes, at: place, &generator)
    case 7:
      bytes.insert(contentsOf: words.isEmpty ? [0xff] : words[below(words.count, &generator)], at: place)
    default:
      // Four- and eight-byte numbers at their limits.
      let width = generator.below(2) == 0 ? 4 : 8
      guard place + width <= bytes.count else { return }
      let value = Self.interesting[below(8, &generator)]
      for offset in 0..<width { bytes[place + offset] = value }
    }
  }

  /// Appends the end of another input.
  private func splice(_ bytes: inout [UInt8], at place: Int, _ generator: inout Philox) {
    let other = corpus[below(corpus.count, &generator)]
    bytes = Array(bytes[..<place] + other[below(other.count + 1, &generator)...])
  }
}
