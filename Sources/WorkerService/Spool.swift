import Coordination
import Foundation
import Messaging
import Platform
import Training

/// The attempts on disk that the coordinator has not acknowledged. Each worker process has a folder, locked while it
/// runs, with a file for each attempt: a digest and the messages. Only the user can read them.
final class Spool {
  /// The ID of the worker that trained these attempts.
  let worker: WorkerID
  let path: String
  private var lock: Int32 = -1

  /// Older spools are removed.
  private static let lifetime = Duration.seconds(30 * 24 * 3600)

  /// The folder for the spools of a coordinator's workers, in `named` or in the user's state folder.
  static func folder(_ named: String?, of coordinator: CurveKey) -> String {
    let environment = ProcessInfo.processInfo.environment
    let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let home = state ?? "\(System.home ?? NSTemporaryDirectory())/.local/state"
    return "\(named ?? "\(home)/trawl/spool")/\(coordinator.fingerprint)"
  }

  /// The spool of a new process. Its folder is created when the first attempt is saved.
  init(in folder: String, of worker: WorkerID) {
    self.worker = worker
    path = "\(folder)/\(worker)"
  }

  /// The spool of an ended process; nil if the process is alive or another process has locked the spool.
  private init?(leftIn folder: String, name: String) {
    guard let worker = WorkerID(hexadecimal: name) else { return nil }
    self.worker = worker
    path = "\(folder)/\(name)"
    lock = open("\(path)/lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { return nil }
  }

  deinit {
    if lock >= 0 { close(lock) }
  }

  /// Locks and returns the spools of ended processes.
  static func leftovers(in folder: String) -> [Spool] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { Spool(leftIn: folder, name: $0) }.filter { spool in
      var status = stat()
      guard stat(spool.path, &status) == 0 else { return false }
      let isOld = Duration.seconds(time(nil) - status.st_mtim.tv_sec) > lifetime
      if isOld || spool.names.isEmpty { spool.remove() }
      return !isOld && !spool.names.isEmpty
    }
  }

  private var names: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.contains(/^[0-9]+-[0-9]+$/) }.sorted()
  }

  /// Reads the saved attempts, grouped by search. Removes damaged files.
  func attempts() -> [[WireKept]] {
    let kept = names.compactMap { name -> (search: Substring?, WireKept)? in
      let kept = FileManager.default.contents(atPath: "\(path)/\(name)").flatMap(Self.decode)
      if kept == nil { unlink("\(path)/\(name)") }
      return kept.map { (name.split(separator: "-").first, $0) }
    }
    return Dictionary(grouping: kept, by: \.search).values.map { $0.map(\.1) }
  }

  private static func decode(_ bytes: Data) -> WireKept? {
    let content = bytes.dropFirst(32)
    guard bytes.prefix(32) == Data(SHA256.hash(content)) else { return nil }
    return try? WireKept(serializedBytes: content)
  }

  /// The number of saved attempts.
  var count: Int { lock < 0 ? 0 : names.count }

  /// Saves an attempt durably.
  func save(_ attempt: AttemptID, _ kept: WireKept, of search: UInt64) throws {
    if lock < 0 { try make() }
    let content: Data = try kept.serializedBytes()
    try AtomicFile.write(SHA256.hash(content) + content, to: file(attempt, search), as: .privateDurable)
  }

  /// Creates the folder. It is locked before it gets its name, so that other processes do not take it for a leftover.
  private func make() throws {
    let draft = "\(path).new"
    do {
      try FileManager.default.createDirectory(
        atPath: draft, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw UserError("cannot make the folder \(draft): \(error.localizedDescription)") }
    let descriptor = open("\(draft)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, rename(draft, path) == 0 else {
      let message = System.errorMessage("cannot make \(path)")
      close(descriptor)
      throw UserError(message)
    }
    lock = descriptor
  }

  func forget(_ attempt: AttemptID, of search: UInt64) {
    unlink(file(attempt, search))
  }

  /// The file of an attempt; its name includes the search, because attempts of two searches may have the same number.
  private func file(_ attempt: AttemptID, _ search: UInt64) -> String {
    "\(path)/\(search)-\(attempt.bits)"
  }

  /// Removes the folder if it has no attempts.
  func removeIfEmpty() {
    if lock >= 0, names.isEmpty { remove() }
  }

  private func remove() {
    try? FileManager.default.removeItem(atPath: path)
  }
}
