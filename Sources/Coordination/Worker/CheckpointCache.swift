import Foundation

/// A bounded cache of checkpoints that a worker has handed over; their trials may return to it.
struct CheckpointCache: Sendable {
  /// Oldest first.
  private var checkpoints: [(digest: Data, bytes: [UInt8])] = []
  private var size = 0

  /// Adds a checkpoint and evicts the oldest ones if necessary.
  mutating func put(_ bytes: [UInt8], digest: Data) {
    guard bytes.count <= Limits.checkpointCache else { return }
    size += bytes.count
    checkpoints.append((digest, bytes))
    while size > Limits.checkpointCache { size -= checkpoints.removeFirst().bytes.count }
  }

  /// Removes and returns the checkpoint with this digest; nil if it is not cached.
  mutating func remove(_ digest: Data) -> [UInt8]? {
    guard let index = checkpoints.firstIndex(where: { $0.digest == digest }) else { return nil }
    let bytes = checkpoints.remove(at: index).bytes
    size -= bytes.count
    return bytes
  }
}
