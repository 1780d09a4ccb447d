import Foundation
import Search

@testable import Coordination

/// The simulated state of a training run.
struct SimulatedCheckpoint: Equatable {
  var trial: Int
  var epochs: Int
}

extension SimulatedCheckpoint {
  /// Decodes a checkpoint; nil if it is invalid.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 3 else { return nil }
    self.init(trial: Replicate(Int(bytes[1]), of: Int(bytes[0])).number, epochs: Int(bytes[2]))
  }

  /// Its file, with `more` bytes of padding.
  func bytes(_ more: Int) -> [UInt8] {
    let replicate = Replicate(number: trial)
    return [replicate.trial, replicate.index, epochs].map(UInt8.init)
      + [UInt8](repeating: UInt8(truncatingIfNeeded: more), count: more)
  }

  func announced(_ bytes: [UInt8]) -> WireCheckpoint {
    var checkpoint = WireCheckpoint()
    checkpoint.digest = Data(Self.digest(of: bytes))
    checkpoint.size = UInt64(bytes.count)
    checkpoint.epochs = UInt32(epochs)
    return checkpoint
  }

  /// A fast substitute for SHA-256; not collision-resistant.
  static func digest(of bytes: [UInt8]) -> [UInt8] {
    var sum = UInt64(bytes.count)
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<Limits.digest).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0 % 8))) }
  }
}
