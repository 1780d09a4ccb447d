import Foundation
import Messaging
import Platform
import RunFiles
import Search
import Testing

@testable import CoordinatorService

@Suite struct AccessKeysTests {
  private let sample: SampleSearch

  init() throws { sample = try SampleSearch() }

  private func keys(_ change: (inout SearchRequest) -> Void = { _ in }) throws -> AccessKeys {
    var request = SearchRequest(path: "sample.yaml")
    change(&request)
    return try AccessKeys(SearchOptions(request), sample.directory) { Issue.record("\($0)") }
  }

  private var join: JoinFile {
    get throws { try JoinFile.load(from: sample.directory.joinFile) }
  }

  @Test func keysAndPortStayTheSameAfterAResume() throws {
    let first = try keys()
    let socket = try first.listen(waker: Waker())
    _ = try first.write(socket.endpoint, to: sample.directory)
    let before = try join
    #expect(before.endpoint == socket.endpoint && before.endpoint.isLoopback)
    socket.close()
    _ = try sample.directory.makeStudy(sample.file)
    let second = try keys()
    let again = try second.listen(waker: Waker())
    _ = try second.write(again.endpoint, to: sample.directory)
    #expect(try join == before)
    again.close()
  }

  @Test func takenPortIsReplaced() throws {
    let first = try keys()
    let socket = try first.listen(waker: Waker())
    _ = try first.write(socket.endpoint, to: sample.directory)
    _ = try sample.directory.makeStudy(sample.file)
    let other = try keys().listen(waker: Waker())
    #expect(other.endpoint.port != socket.endpoint.port)
    for socket in [socket, other] { socket.close() }
  }

  @Test func missingKeysAreReportedAndReplaced() throws {
    let first = try keys()
    let socket = try first.listen(waker: Waker())
    _ = try first.write(socket.endpoint, to: sample.directory)
    let before = try join
    socket.close()
    _ = try sample.directory.makeStudy(sample.file)
    let options = SearchOptions(SearchRequest(path: "sample.yaml"))
    try sample.directory.write(options)
    try FileManager.default.removeItem(atPath: sample.directory.keys)
    var lines: [String] = []
    let second = try AccessKeys(options, sample.directory) { lines.append($0) }
    #expect(
      lines.count == 1 && lines.first?.hasPrefix("warning: the keys of this search are missing") == true)
    let again = try second.listen(waker: Waker())
    _ = try second.write(again.endpoint, to: sample.directory)
    #expect(try join.coordinatorKey != before.coordinatorKey)
    again.close()
  }

  @Test func clusterKeysAreNamedIfTheyAreNotGivenAgain() throws {
    let cluster = "\(sample.folder.path)/cluster"
    _ = try ClusterKeys.create(in: cluster, endpoint: Endpoint("tcp://127.0.0.1:5555"))
    var request = SearchRequest(path: "sample.yaml")
    request.keys = cluster
    try sample.directory.write(SearchOptions(request))
    _ = try sample.directory.makeStudy(sample.file)
    let error = #expect(throws: UserError.self) { try keys() }
    #expect(
      error?.message
        == "\(sample.directory.path) was started with the keys of a cluster: give --keys \(cluster) again")
  }

  @Test func fileIsNoFolderOfKeys() throws {
    let cluster = "\(sample.folder.path)/cluster"
    _ = try ClusterKeys.create(in: cluster, endpoint: Endpoint("tcp://127.0.0.1:5555"))
    let error = #expect(throws: UserError.self) { try keys { $0.keys = "\(cluster)/join.json" } }
    #expect(
      error?.message == "\(cluster)/join.json is a file; give the folder with the keys: --keys \(cluster)")
  }

  @Test func joinFileHasTheAdvertisedHost() throws {
    let keys = try keys {
      ($0.listen, $0.advertise) = ("tcp://127.0.0.1:0", "node7")
    }
    let socket = try keys.listen(waker: Waker())
    _ = try keys.write(socket.endpoint, to: sample.directory)
    #expect(try join.endpoint.description == "tcp://node7:\(socket.endpoint.port)")
    socket.close()
  }

  @Test func endOfTheSearchIsInTheJoinFile() throws {
    let keys = try keys()
    let socket = try keys.listen(waker: Waker())
    _ = try keys.write(socket.endpoint, to: sample.directory)
    keys.writeEnd(of: .init(7), to: sample.directory)
    #expect(try join.endedSearch == 7)
    socket.close()
  }
}

@Suite struct KeyWatchTests {
  private let sample: SampleSearch
  private let access: AccessKeys
  private var keys: ClusterKeys

  init() throws {
    sample = try SampleSearch()
    access = try AccessKeys(SearchOptions(SearchRequest(path: "sample.yaml")), sample.directory) { _ in }
    keys = try access.write(Endpoint("tcp://127.0.0.1:5555"), to: sample.directory)
  }

  /// Looks twice, because a change may have the modification time of the one before.
  private func look(_ watch: inout KeyWatch, from second: Int) throws -> [KeyWatch.Change] {
    try (0..<2).compactMap { try watch.look(at: .seconds(second + $0)) }
  }

  @Test mutating func addedAndRevokedKeysAreFound() throws {
    var watch = KeyWatch(keys, of: access, sample.directory)
    #expect(try look(&watch, from: 1).isEmpty)
    try keys.addWorker(named: "late")
    let added = try look(&watch, from: 11)
    #expect(added.map { $0.added.map(\.name) } == [["late"]] && added.first?.revoked.isEmpty == true)
    try keys.revokeWorker(named: "late")
    let revoked = try look(&watch, from: 21)
    #expect(revoked.map { $0.revoked.map(\.name) } == [["late"]])
    #expect(revoked.first?.concernsLocalWorkers == false)
  }

  @Test mutating func localWorkersGetAnotherKeyIfTheirsIsRevoked() throws {
    var watch = KeyWatch(keys, of: access, sample.directory)
    try keys.addWorker(named: "late")
    _ = try look(&watch, from: 1)
    let before = try JoinFile.load(from: sample.directory.joinFile)
    let own = try #require(keys.workers.first { $0.key == before.workerKeys.publicKey })
    try keys.revokeWorker(named: own.name)
    #expect(try look(&watch, from: 11).map(\.concernsLocalWorkers) == [true])
    let after = try JoinFile.load(from: sample.directory.joinFile)
    #expect(after.workerKeys.publicKey == keys.workers.first { $0.name == "late" }?.key)
  }

  @Test mutating func keysAreReadOnlyAfterAnInterval() throws {
    var watch = KeyWatch(keys, of: access, sample.directory)
    _ = try look(&watch, from: 1)
    try keys.addWorker(named: "late")
    #expect(try watch.look(at: .seconds(2) + .milliseconds(400)) == nil)
    #expect(try watch.look(at: .seconds(2) + .milliseconds(600)) != nil)
  }

  @Test func folderThatIsGoneIsAnError() throws {
    try FileManager.default.removeItem(atPath: sample.directory.keys)
    #expect(throws: UserError.self) {
      var watch = KeyWatch(keys, of: access, sample.directory)
      _ = try watch.look(at: .seconds(1))
    }
  }
}
