import Foundation
import Glibc
import Synchronization
import Testing

@testable import Messaging

/// A counter shared by two threads.
private final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .acquiring) }

  func add() { count.add(1, ordering: .releasing) }
}

struct KeyFileTests {
  private let folder: TemporaryFolder
  private let join: JoinFile

  init() throws {
    folder = try TemporaryFolder()
    join = JoinFile(
      endpoint: try Endpoint("tcp://head:5555"),
      coordinatorKey: CurveKeyPair.generate().publicKey, workerKeys: .generate())
  }

  private func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
  }

  private func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try #require(chmod(path, mode) == 0)
  }

  // MARK: Join files

  @Test func joinFilesReadBack() throws {
    let path = folder.file("join.json")
    try join.write(to: path)
    #expect(try JoinFile.load(from: path) == join)
    #expect(try mode(of: path) == 0o600)
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
    #expect(
      (object as? [String: String])?.keys.sorted() == [
        "coordinator_public_key", "endpoint", "worker_public_key", "worker_secret_key",
      ])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["join.json"])
  }

  @Test func aMissingJoinFileIsExplained() {
    let path = folder.file("join.json")
    let error = #expect(throws: KeyFileError.self) { try JoinFile.load(from: path) }
    #expect(error == .noJoinFile(path))
    #expect(
      error?.description == "no join file at \(path): the coordinator writes it when it starts")
    #expect(throws: KeyFileError.noJoinFile(path + "/x")) { try JoinFile.load(from: path + "/x") }
  }

  @Test(arguments: [0o640, 0o604, 0o660, 0o620, 0o602, 0o666, 0o644] as [mode_t])
  func joinFilesAccessibleToOthersAreRejected(_ mode: mode_t) throws {
    let path = folder.file("join.json")
    try join.write(to: path)
    try #require(chmod(path, mode) == 0)
    let error = #expect(throws: KeyFileError.readableByOthers(path)) {
      try JoinFile.load(from: path)
    }
    #expect(error?.description == "\(path) can be read by others: chmod 600 \(path)")
  }

  @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
  func joinFilesOfOtherUsersAreRejected() throws {
    let path = folder.file("join.json")
    try join.write(to: path)
    try #require(chown(path, 12_345, 12_345) == 0)
    #expect(throws: KeyFileError.foreignOwner(path)) { try JoinFile.load(from: path) }
  }

  @Test(arguments: [
    ("endpoint", nil, "missing"), ("endpoint", "5", "must be text"),
    ("endpoint", "\"head:5555\"", "'head:5555' is not an endpoint"),
    ("endpoint", "\"tcp://*:5555\"", "cannot be connected to"),
    ("coordinator_public_key", "\"short\"", "must be a key of 40 Z85 characters"),
    ("worker_public_key", nil, "missing"),
    ("worker_secret_key", "\"short\"", "must be a key of 40 Z85 characters"),
    ("worker_secret_key", "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"", "does not belong to"),
  ])
  func badFieldsAreNamed(_ name: String, _ value: String?, _ words: String) throws {
    let path = folder.file("join.json")
    try join.write(to: path)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var fields = lines.filter { $0.contains(" : ") && !$0.contains("\"\(name)\"") }.map {
      $0.trimmingCharacters(in: [" ", ","])
    }
    if let value { fields.append("\"\(name)\": \(value)") }
    try write("{\(fields.joined(separator: ",\n"))}", to: path)
    let error = #expect(throws: KeyFileError.self) { try JoinFile.load(from: path) }
    let line = try #require(error?.description)
    #expect(line.hasPrefix("\(path): \(name): ") && line.contains(words), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test(arguments: ["", "{", "[]", "null", "\"x\"", "\u{0}", "{\"endpoint\": }"])
  func otherContentIsNotAJoinFile(_ text: String) throws {
    let path = folder.file("join.json")
    try write(text, to: path)
    #expect(throws: KeyFileError.malformed(path, "not a JSON object")) {
      try JoinFile.load(from: path)
    }
  }

  @Test func onlySmallRegularFilesAreRead() throws {
    #expect(throws: KeyFileError.malformed(folder.path, "not a regular file")) {
      try JoinFile.load(from: folder.path)
    }
    let pipe = folder.file("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(throws: KeyFileError.malformed(pipe, "not a regular file")) {
      try JoinFile.load(from: pipe)
    }
    let large = folder.file("large")
    try write(String(repeating: " ", count: 100_000), to: large)
    #expect(throws: KeyFileError.malformed(large, "too large for a key file")) {
      try JoinFile.load(from: large)
    }
  }

  @Test func readersNeverSeeAPartialFile() throws {
    let path = folder.file("join.json")
    let other = JoinFile(
      endpoint: try Endpoint("tcp://another-much-longer-host-name.example:1"),
      coordinatorKey: join.coordinatorKey, workerKeys: join.workerKeys)
    try join.write(to: path)
    let written = Counter()
    let pair = [join, other]
    let writer = Thread {
      for number in 0..<200 {
        #expect(throws: Never.self) { try pair[number % 2].write(to: path) }
        written.add()
      }
    }
    writer.start()
    while written.value < 200 {
      let seen = try JoinFile.load(from: path)
      #expect(pair.contains(seen))
    }
    #expect(try mode(of: path) == 0o600)
  }

  // MARK: Cluster keys

  @Test func newKeysLoadAndAdmitTheirWorkers() throws {
    let path = folder.file("deep/cluster")
    let keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    #expect(try ClusterKeys.load(from: path) == keys)
    #expect(keys.workers.map(\.name) == ["default"])
    let joinFile = try JoinFile.load(from: "\(path)/join.json")
    #expect(joinFile.endpoint == join.endpoint)
    #expect(joinFile.coordinatorKey == keys.coordinatorKeys.publicKey)
    #expect(keys.authorizedKeys == [joinFile.workerKeys.publicKey])
    #expect(try mode(of: path) == 0o700)
    #expect(try mode(of: "\(path)/workers") == 0o700)
    #expect(try mode(of: "\(path)/coordinator.json") == 0o600)
    #expect(try mode(of: "\(path)/join.json") == 0o600)
  }

  @Test func nothingIsOverwritten() throws {
    let path = folder.file("cluster")
    var keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    #expect(throws: KeyFileError.exists("\(path)/coordinator.json")) {
      try ClusterKeys.create(in: path, endpoint: join.endpoint)
    }
    #expect(throws: KeyFileError.exists("\(path)/workers/default.pub")) {
      try keys.addWorker(named: "default")
    }
    #expect(try ClusterKeys.load(from: path) == keys)
  }

  @Test func workersAreAddedAndRevoked() throws {
    let path = folder.file("cluster")
    var keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    var running = keys
    let added = try keys.addWorker(named: "gpu-farm")
    #expect(added == "\(path)/join-gpu-farm.json")
    let key = try JoinFile.load(from: added).workerKeys.publicKey
    try running.reloadWorkers()
    #expect(running.workers.map(\.name) == ["default", "gpu-farm"])
    #expect(running.authorizedKeys.contains(key))

    try keys.revokeWorker(named: "gpu-farm")
    try running.reloadWorkers()
    #expect(running == keys)
    #expect(!running.authorizedKeys.contains(key))
    #expect(throws: KeyFileError.unknownWorker("gpu-farm", path)) {
      try keys.revokeWorker(named: "gpu-farm")
    }
    #expect(keys.revoked == [ClusterKeys.Worker(name: "gpu-farm", key: key)])
    let fresh = try JoinFile.load(from: try keys.addWorker(named: "gpu-farm"))
    #expect(fresh.workerKeys.publicKey != key)
  }

  @Test func keysMoveToAnotherEndpoint() throws {
    let path = folder.file("cluster")
    var keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    try keys.addWorker(named: "left")
    try keys.addWorker(named: "right")
    try keys.revokeWorker(named: "left")
    let before = try JoinFile.load(from: "\(path)/join.json")
    let endpoint = try Endpoint("tcp://elsewhere:7")
    #expect(try keys.move(to: endpoint) == ["\(path)/join.json", "\(path)/join-right.json"])
    #expect(try ClusterKeys.load(from: path) == keys)
    #expect(keys.endpoint == endpoint)
    var expected = before
    expected.endpoint = endpoint
    #expect(try JoinFile.load(from: "\(path)/join.json") == expected)
    let wildcard = try Endpoint("tcp://*:5555")
    #expect(throws: KeyFileError.notConnectable(wildcard)) { try keys.move(to: wildcard) }
  }

  /// As root sets group ownership for a coordinator that runs as a service.
  @Test(.enabled(if: geteuid() == 0)) func groupOwnedKeysKeepTheirGroup() throws {
    let path = folder.file("cluster")
    _ = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    let (group, names): (gid_t, _) = (65534, ["", "/workers", "/coordinator.json", "/join.json"])
    for name in names {
      let isFolder = !name.hasSuffix(".json")
      try #require(chown(path + name, 0, group) == 0 && chmod(path + name, isFolder ? 0o750 : 0o640) == 0)
    }
    var keys = try ClusterKeys.load(from: path)
    try keys.addWorker(named: "more")
    _ = try keys.move(to: Endpoint("tcp://elsewhere:7"))
    try keys.revokeWorker(named: "default")
    for name in ["coordinator.json", "join.json", "join-more.json"] {
      var status = stat()
      try #require(stat("\(path)/\(name)", &status) == 0)
      #expect(status.st_gid == group && status.st_mode & 0o777 == 0o640, "\(name)")
    }
    try #require(chmod("\(path)/join.json", 0o644) == 0)
    #expect(throws: KeyFileError.readableByOthers("\(path)/join.json")) {
      try JoinFile.load(from: "\(path)/join.json")
    }
    // A rewritten file is not.
    try join.write(to: "\(path)/join.json")
    #expect(try mode(of: "\(path)/join.json") == 0o640)
  }

  @Test func aRestoredKeyFileStaysRevoked() throws {
    let path = folder.file("cluster")
    var keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    let key = try keys.revokeWorker(named: "default")
    try write(key.z85, to: "\(path)/workers/again.pub")
    try keys.reloadWorkers()
    #expect(keys.workers.map(\.name) == ["again"])
    #expect(keys.authorizedKeys.isEmpty)
  }

  @Test(arguments: [
    "", ".", "..", ".hidden", "-x", "a/b", "../../etc/x", "a b", "é", "a\n", "a\u{0}b",
    String(repeating: "a", count: 65),
  ])
  func otherNamesAreNotWorkers(_ name: String) throws {
    let path = folder.file("cluster")
    var keys = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    #expect(throws: KeyFileError.invalidName(name)) { try keys.addWorker(named: name) }
    #expect(throws: KeyFileError.invalidName(name)) { try keys.revokeWorker(named: name) }
  }

  @Test func filesWritableByOthersAreRejected() throws {
    let path = folder.file("cluster")
    _ = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    for item in [path, "\(path)/workers", "\(path)/workers/default.pub"] {
      let before = mode_t(try mode(of: item))
      try #require(chmod(item, 0o777) == 0)
      #expect(throws: KeyFileError.writableByOthers(item)) { try ClusterKeys.load(from: path) }
      try #require(chmod(item, before) == 0)
    }
    try #require(chmod("\(path)/coordinator.json", 0o644) == 0)
    #expect(throws: KeyFileError.readableByOthers("\(path)/coordinator.json")) {
      try ClusterKeys.load(from: path)
    }
  }

  @Test func badFoldersAreExplained() throws {
    let path = folder.file("cluster")
    #expect(throws: KeyFileError.noClusterKeys(path)) { try ClusterKeys.load(from: path) }
    #expect(throws: KeyFileError.notConnectable(try Endpoint("tcp://*:5555"))) {
      try ClusterKeys.create(in: path, endpoint: Endpoint("tcp://*:5555"))
    }
    _ = try ClusterKeys.create(in: path, endpoint: join.endpoint)
    try write("nonsense", to: "\(path)/workers/bad.pub")
    #expect(
      throws: KeyFileError.malformed(
        "\(path)/workers/bad.pub", "must be a public key of 40 Z85 characters")
    ) { try ClusterKeys.load(from: path) }
  }
}
