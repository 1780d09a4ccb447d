import Foundation

/// Checkpoints that a worker has handed over, as long as there is room: their trials may come back to it.
struct CheckpointCache: Sendable {
  /// Oldest first.
  private var checkpoints: [(digest: Data, bytes: [UInt8])] = []
  private var size = 0

  /// Adds one, in place of the oldest if need be.
  mutating func put(_ bytes: [UInt8], digest: Data) {
    guard bytes.count <= Limits.shelf else { return }
    size += bytes.count
    checkpoints.append((digest, bytes))
    while size > Limits.shelf { size -= checkpoints.removeFirst().bytes.count }
  }

  /// Takes out the one with a digest; nil if it is not here.
  mutating func take(_ digest: Data) -> [UInt8]? {
    guard let place = checkpoints.firstIndex(where: { $0.digest == digest }) else { return nil }
    let bytes = checkpoints.remove(at: place).bytes
    size -= bytes.count
    return bytes
  }
}
