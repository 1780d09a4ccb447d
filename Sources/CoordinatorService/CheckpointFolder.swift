import Coordination
import Foundation
import Training

/// The checkpoint cache of a search in its run directory: files named by their digests, in a private folder. Writes are
/// not synced, and errors are ignored: a lost checkpoint is trained again.
struct CheckpointFolder {
  /// A partially received file.
  private struct Part {
    var file: FileHandle?
    var hash = SHA256()
  }

  private let path: String
  private var parts: [String: Part] = [:]

  /// Opens the folder and removes all files but these checkpoints.
  init(_ path: String, holding stored: [StoredCheckpoint]) {
    self.path = path
    let names = Set(stored.map { Self.name($0.checkpoint.digest) })
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where !names.contains(name)
    {
      unlink("\(path)/\(name)")
    }
  }

  private static func name(_ digest: some Sequence<UInt8>) -> String {
    digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  private func file(_ name: String) -> String { "\(path)/\(name)" }

  private func draft(_ name: String) -> String { "\(path)/\(name).part" }

  /// Appends a piece to a checkpoint.
  ///
  /// - Returns: after the last piece, whether the checkpoint is stored and its digest matches; nil before.
  mutating func store(_ bytes: [UInt8], of checkpoint: CheckpointFile, isLast: Bool) -> Bool? {
    let name = Self.name(checkpoint.digest)
    var part = parts.removeValue(forKey: name) ?? begin(name)
    part.hash.update(bytes)
    do { try part.file?.write(contentsOf: bytes) } catch { part.file = nil }
    guard isLast else {
      parts[name] = part
      return nil
    }
    guard part.file != nil, part.hash.hexadecimal() == name, rename(draft(name), file(name)) == 0 else {
      unlink(draft(name))
      return false
    }
    return true
  }

  private func begin(_ name: String) -> Part {
    mkdir(path, 0o700)
    let descriptor = open(draft(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    return Part(file: descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
  }

  /// The requested piece; empty if it cannot be read.
  func piece(_ fetch: WireFetch) -> WireChunk {
    var chunk = WireChunk(fetch, of: [])
    if let file = FileHandle(forReadingAtPath: file(Self.name(fetch.digest))),
      (try? file.seek(toOffset: fetch.offset)) != nil
    {
      chunk.data = (try? file.read(upToCount: Limits.piece)) ?? Data()
    }
    return chunk
  }

  mutating func remove(_ checkpoint: CheckpointFile) {
    let name = Self.name(checkpoint.digest)
    parts[name] = nil
    unlink(draft(name))
    unlink(file(name))
  }
}
