import Foundation
import Messaging

/// Notices within a second when worker keys are added to or revoked in the folder of a search that runs.
struct KeyWatch {
  /// What has changed since the last look.
  struct Change: Equatable {
    var added: [ClusterKeys.Worker]
    var revoked: [ClusterKeys.Worker]
    /// Whether the key of the search's own join file is among these, which the local workers use.
    var concernsLocalWorkers: Bool
  }

  private let access: Access
  private let directory: RunDirectory
  private var keys: ClusterKeys
  private var lastLook = Duration.zero
  /// When the folder was changed last, as of the last look.
  private var date = timespec()
  /// Two changes in the same instant of the file system's clock look like one: after each there is a second look.
  private var isSettled = false

  private static let interval = Duration.milliseconds(500)

  /// Watches the folder of keys that were read before.
  init(_ keys: ClusterKeys, of access: Access, _ directory: RunDirectory) {
    self.keys = keys
    self.access = access
    self.directory = directory
  }

  /// What has changed, if it is time to look and anything has; from then on it holds. Throws if the keys cannot be read:
  /// then all stays as it was.
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
  /// By name and fingerprint, as in 'trawl keys show'.
  var label: String { "\(name.asShownText) (\(key.fingerprint))" }
}
