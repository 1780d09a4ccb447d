import Platform

/// Errors of key files and their folders; each prints as one line.
package enum KeyFileError: ClassifiedError, Equatable, Sendable, CustomStringConvertible {
  /// There is no join file at the path.
  case noJoinFile(String)
  /// There is no key folder at the path.
  case noClusterKeys(String)
  /// The file to create exists already.
  case exists(String)
  /// A file with secrets is accessible to others.
  case readableByOthers(String)
  /// Others can change a file or folder that determines who may join.
  case writableByOthers(String)
  /// The owner of a file or folder is neither this user nor root.
  case foreignOwner(String)
  /// The content is invalid, with the reason.
  case malformed(String, String)
  /// Workers could not connect to the endpoint.
  case notConnectable(Endpoint)
  /// The worker's name is not usable as a file name.
  case invalidName(String)
  /// The folder has no admitted worker of this name.
  case unknownWorker(String, String)
  /// Any other system error, with the path and errno if known.
  case system(String, String, code: Int32 = 0)

  package var description: String {
    switch self {
    case .noJoinFile(let path):
      "no join file at \(path): the coordinator writes it when it starts"
    case .noClusterKeys(let folder):
      "no keys in \(folder): make them with 'trawl keys new \(folder) --endpoint tcp://HOST:PORT'"
    case .exists(let path):
      "\(path) exists already and is not overwritten"
        + (path.hasSuffix("coordinator.json")
          ? "; 'trawl keys move' changes its endpoint, 'trawl keys new NAME --in DIR' adds a worker key" : "")
    case .readableByOthers(let path): "\(path) can be read by others: chmod 600 \(path)"
    case .writableByOthers(let path): "\(path) can be changed by others: chmod go-w \(path)"
    case .foreignOwner(let path): "\(path) belongs to another user"
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .notConnectable(let endpoint):
      "'\(endpoint)' cannot be connected to: workers need the coordinator's host and port"
    case .invalidName(let name):
      "'\(name)' is not a worker's name: 1 to 64 letters, digits, '-', '_' or '.', a letter or"
        + " digit first"
    case .unknownWorker(let name, let folder):
      "no worker '\(name)' in \(folder): 'trawl keys show \(folder)' lists them"
    case .system(let path, let reason, _): "\(path): \(reason)"
    }
  }

  package var isSystemError: Bool {
    if case .system(_, _, let code) = self { System.isSystemError(code) } else { false }
  }
}
