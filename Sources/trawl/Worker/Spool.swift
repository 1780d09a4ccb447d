import Coordination
import Foundation
import Messaging
import Training

/// What workers keep on disk of attempts that their coordinator has not acknowledged: a folder for each process, locked
/// while it lives, and in it a file for each attempt: a digest, and the messages. Only their user can read them.
final class Spool {
  /// Of the process whose results these are.
  let worker: WorkerID
  let path: String
  private var lock: Int32 = -1

  /// After this time nobody asks for what was left any more.
  private static let lifetime = Duration.seconds(30 * 24 * 3600)

  /// The spools of all workers of a coordinator, in a folder of the user's, or the one that is named.
  static func folder(_ named: String?, of coordinator: CurveKey) -> String {
    let environment = ProcessInfo.processInfo.environment
    let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let home = state ?? "\(environment["HOME"] ?? NSTemporaryDirectory())/.local/state"
    return "\(named ?? "\(home)/trawl/spool")/\(coordinator.fingerprint)"
  }

  /// The spool of a new process; nothing is made before there is something to keep.
  init(in folder: String, of worker: WorkerID) {
    self.worker = worker
    path = "\(folder)/\(worker)"
  }

  /// The spool that an ended process left; nil if its process lives, or another one has taken it over.
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

  /// The spools of ended processes, now ours.
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

  /// Takes out what is kept, by search. Damaged files are removed.
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

  /// How many attempts are kept.
  var count: Int { lock < 0 ? 0 : names.count }

  /// Keeps an attempt, on the disk when this returns.
  func keep(_ attempt: AttemptID, _ kept: WireKept, of search: UInt64) throws {
    if lock < 0 { try make() }
    let content: Data = try kept.serializedBytes()
    try AtomicFile.write(SHA256.hash(content) + content, to: file(attempt, search), as: .privateDurable)
  }

  /// The folder appears locked, or another process would take it for one that was left.
  private func make() throws {
    let draft = "\(path).new"
    do {
      try FileManager.default.createDirectory(
        atPath: draft, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw UserError("cannot make the folder \(draft): \(error.localizedDescription)") }
    let descriptor = open("\(draft)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, rename(draft, path) == 0 else {
      let words = System.words("cannot make \(path)")
      close(descriptor)
      throw UserError(words)
    }
    lock = descriptor
  }

  func forget(_ attempt: AttemptID, of search: UInt64) {
    unlink(file(attempt, search))
  }

  /// Attempts of two searches may have the same number.
  private func file(_ attempt: AttemptID, _ search: UInt64) -> String {
    "\(path)/\(search)-\(attempt.number)"
  }

  /// Removes the folder if nothing is kept in it.
  func removeIfEmpty() {
    if lock >= 0, names.isEmpty { remove() }
  }

  private func remove() {
    try? FileManager.default.removeItem(atPath: path)
  }
}
