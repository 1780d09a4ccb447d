/// What can be wrong with key files and their folders; each prints as one plain line.
package enum KeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no join file at the path.
  case noJoinFile(String)
  /// There is no folder of keys at the path.
  case noClusterKeys(String)
  /// What was to be made is there already.
  case exists(String)
  /// A file with secrets is open to others.
  case readableByOthers(String)
  /// A file or folder that decides who may join can be changed by others.
  case writableByOthers(String)
  /// A file or folder belongs to neither this user nor root.
  case foreignOwner(String)
  /// The content is not what it should be, and why.
  case malformed(String, String)
  /// Workers could not connect to the endpoint.
  case notConnectable(Endpoint)
  /// A worker's name must do as a file's name.
  case invalidName(String)
  /// There is no admitted worker of the name in the folder.
  case unknownWorker(String, String)
  /// Anything else the system said, about a path, in words, with its errno where that is known.
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
}
