import Coordination
import Foundation
import Messaging
import Platform
import RunFiles

/// Detects within a second worker keys that are added or revoked while a search runs.
struct KeyWatch {
  /// The changes since the last check.
  struct Change: Equatable {
    var added: [ClusterKeys.Worker]
    var revoked: [ClusterKeys.Worker]
    /// Whether the key of the search's join file, which the local workers use, was revoked.
    var concernsLocalWorkers: Bool
  }

  private let access: AccessKeys
  private let directory: RunDirectory
  private var keys: ClusterKeys
  private var lastLook = Duration.zero
  /// The modification time of the folder at the last check.
  private var date = timespec()
  /// False after a change: a second check is needed, because two changes can have the same modification time.
  private var isSettled = false

  private static let interval = Duration.milliseconds(500)

  /// Watches the folder from which `keys` were read.
  init(_ keys: ClusterKeys, of access: AccessKeys, _ directory: RunDirectory) {
    self.keys = keys
    self.access = access
    self.directory = directory
  }

  /// Records the end of the search in its join file, for workers that missed it.
  func writeEnd(of search: SearchID) { access.writeEnd(of: search, to: directory) }

  /// Checks for changes if the interval has passed, and applies them. Throws if the keys cannot be read; the previous
  /// keys then stay valid.
  mutating func look(at now: Duration) throws -> Change? {
    guard now - lastLook >= Self.interval else { return nil }
    lastLook = now
    var status = stat()
    guard stat(keys.workersFolder, &status) == 0 else {
      throw UserError.system("cannot read \(keys.workersFolder)")
    }
    let isSame = status.st_mtim.tv_sec == date.tv_sec && status.st_mtim.tv_nsec == date.tv_nsec
    guard !isSame || !isSettled else { return nil }
    let before = keys
    try UserError.wrapping { try keys.reloadWorkers() }
    date = status.st_mtim
    isSettled = isSame
    let (old, new) = (before.authorizedKeys, keys.authorizedKeys)
    guard old != new else { return nil }
    let concernsLocalWorkers = access.admit(keys, directory)
    return Change(
      added: keys.workers.filter { new.contains($0.key) && !old.contains($0.key) },
      revoked: before.workers.filter { old.contains($0.key) && !new.contains($0.key) },
      concernsLocalWorkers: concernsLocalWorkers)
  }
}

extension ClusterKeys.Worker {
  /// The name and fingerprint, as in 'trawl keys show'.
  var label: String { "\(name.asShownText) (\(key.fingerprint))" }
}
