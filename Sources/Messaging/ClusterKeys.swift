import Foundation
import Glibc

/// The key folder of a cluster, created before any search and used by many.
///
/// `coordinator.json` contains the endpoint and the coordinator's keys, `workers/NAME.pub` the public key of each
/// admitted worker, `workers/NAME.revoked` that of each revoked one, and `join.json` or `join-NAME.json` what a
/// worker needs to join.
package struct ClusterKeys: Equatable, Sendable {
  /// An admitted key and its name. Several workers may share one.
  package struct Worker: Hashable, Sendable {
    package let name: String
    package let key: CurveKey
  }

  /// The name of the first worker key of a new folder.
  package static let defaultWorker = "default"
  private static let admittedEnding = ".pub"
  private static let revokedEnding = ".revoked"

  package let folder: String
  /// The endpoint of the cluster's coordinator.
  package private(set) var endpoint: Endpoint
  package let coordinatorKeys: CurveKeyPair
  /// The admitted keys, by name.
  package private(set) var workers: [Worker] = []
  /// The revoked keys by name; if several have the same name, the last one.
  package private(set) var revoked: [Worker] = []

  private init(folder: String, endpoint: Endpoint, coordinatorKeys: CurveKeyPair) {
    self.folder = folder
    self.endpoint = endpoint
    self.coordinatorKeys = coordinatorKeys
  }

  /// The admitted keys without the revoked ones: a revoked key is rejected under any name.
  package var authorizedKeys: Set<CurveKey> {
    Set(workers.map(\.key)).subtracting(revoked.map(\.key))
  }

  // MARK: Creating and loading

  /// Creates the folder, the coordinator's keys and one worker key named `default`; overwrites nothing.
  package static func create(
    in folder: String, endpoint: Endpoint, coordinatorKeys: CurveKeyPair = .generate()
  ) throws(KeyFileError) -> ClusterKeys {
    guard endpoint.isConnectable else { throw .notConnectable(endpoint) }
    var keys = ClusterKeys(folder: folder, endpoint: endpoint, coordinatorKeys: coordinatorKeys)
    try GuardedFile.makeFolder(folder)
    try GuardedFile.makeFolder(keys.workersFolder)
    try keys.writeCoordinator(existing: .kept)
    try keys.addWorker(named: defaultWorker)
    return keys
  }

  private func writeCoordinator(existing: GuardedFile.Existing) throws(KeyFileError) {
    let fields = [
      "endpoint": endpoint.description,
      "coordinator_public_key": coordinatorKeys.publicKey.z85,
      "coordinator_secret_key": coordinatorKeys.secretKey.revealedZ85,
    ]
    try KeyDocument.write(fields, to: coordinatorFile, existing: existing)
  }

  /// Reads the folder; throws if others can change it.
  package static func load(from folder: String) throws(KeyFileError) -> ClusterKeys {
    let path = "\(folder)/coordinator.json"
    guard let document = try KeyDocument(reading: path) else { throw .noClusterKeys(folder) }
    try GuardedFile.checkFolder(folder)
    var keys = ClusterKeys(
      folder: folder, endpoint: try document.endpoint("endpoint"),
      coordinatorKeys: try document.keyPair(
        public: "coordinator_public_key", secret: "coordinator_secret_key"))
    try keys.reloadWorkers()
    return keys
  }

  /// Reloads the workers' keys, which other processes may add or revoke.
  package mutating func reloadWorkers() throws(KeyFileError) {
    try GuardedFile.checkFolder(workersFolder)
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: workersFolder) else {
      throw .system(workersFolder, "the folder cannot be read")
    }
    let admitted = try publicKeys(in: files, ending: Self.admittedEnding)
    revoked = try publicKeys(in: files, ending: Self.revokedEnding)
    workers = admitted
  }

  private func publicKeys(in files: [String], ending: String) throws(KeyFileError) -> [Worker] {
    var keys: [Worker] = []
    for file in files.sorted() where file.hasSuffix(ending) {
      let path = "\(workersFolder)/\(file)"
      // A file that disappeared after the listing has been revoked.
      guard let text = try GuardedFile.read(path, .open) else { continue }
      guard let key = CurveKey(z85: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
        throw .malformed(path, "must be a public key of 40 Z85 characters")
      }
      keys.append(Worker(name: String(file.dropLast(ending.count)), key: key))
    }
    return keys
  }

  // MARK: Workers

  /// Creates and admits a worker key; returns the path of its join file.
  @discardableResult
  package mutating func addWorker(named name: String) throws(KeyFileError) -> String {
    let path = try publicFile(of: name)
    guard access(path, F_OK) != 0 else { throw .exists(path) }
    let keys = CurveKeyPair.generate()
    try GuardedFile.write(keys.publicKey.z85 + "\n", to: path, .open, existing: .kept)
    let join = JoinFile(
      endpoint: endpoint, coordinatorKey: coordinatorKeys.publicKey, workerKeys: keys)
    try join.write(to: joinFile(of: name))
    try GuardedFile.share(joinFile(of: name), as: coordinatorFile, .secret)
    workers.append(Worker(name: name, key: keys.publicKey))
    workers.sort { $0.name < $1.name }
    return joinFile(of: name)
  }

  /// Revokes a worker key and returns it. Running coordinators reject it from then on. Its join file remains, but is
  /// useless.
  @discardableResult
  package mutating func revokeWorker(named name: String) throws(KeyFileError) -> CurveKey {
    let path = try publicFile(of: name)
    guard let worker = workers.first(where: { $0.name == name }) else {
      throw .unknownWorker(name, folder)
    }
    let result = rename(path, "\(workersFolder)/\(name)\(Self.revokedEnding)")
    let code = errno
    guard result == 0 else { throw GuardedFile.failure(path, code) }
    try GuardedFile.synchronize(folder: workersFolder)
    try reloadWorkers()
    return worker.key
  }

  /// Changes the coordinator's endpoint and rewrites all files that contain it.
  ///
  /// - Returns: the paths of the join files to distribute again to the admitted workers.
  package mutating func move(to endpoint: Endpoint) throws(KeyFileError) -> [String] {
    guard endpoint.isConnectable else { throw .notConnectable(endpoint) }
    self.endpoint = endpoint
    var joinFiles: [(path: String, content: JoinFile)] = []
    for path in workers.map({ joinFile(of: $0.name) }) where access(path, F_OK) == 0 {
      joinFiles.append((path, try JoinFile.load(from: path)))
    }
    try writeCoordinator(existing: .replaced)
    for (path, content) in joinFiles {
      var join = content
      join.endpoint = endpoint
      try join.write(to: path)
    }
    return joinFiles.map(\.path)
  }

  /// The path of a worker key's join file.
  package func joinFile(of name: String) -> String {
    name == Self.defaultWorker ? "\(folder)/join.json" : "\(folder)/join-\(name).json"
  }

  private var coordinatorFile: String { "\(folder)/coordinator.json" }

  /// The folder of the workers' public keys; its modification time changes when a key is added or revoked.
  package var workersFolder: String { "\(folder)/workers" }

  private func publicFile(of name: String) throws(KeyFileError) -> String {
    let isPlain = name.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))
    }
    guard isPlain, (1...64).contains(name.utf8.count), let first = name.first,
      first.isLetter || first.isNumber
    else { throw .invalidName(name) }
    return "\(workersFolder)/\(name)\(Self.admittedEnding)"
  }
}
