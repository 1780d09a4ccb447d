import Coordination
import Foundation
import Messaging
import Platform
import RunFiles
import Synchronization

/// The keys of a search, the endpoint where it listens, and the join file for its workers.
///
/// The keys are those of a cluster, or the search's own. Its own keys are stored in the run directory, so that its
/// workers can reconnect after a resume.
final class AccessKeys: Sendable {
  private let folder: String
  private let usesClusterKeys: Bool
  private let loaded: ClusterKeys?
  private let coordinatorKeys: CurveKeyPair
  private let admitted: Mutex<Set<CurveKey>>
  /// The endpoints to try, in order.
  private let endpoints: [Endpoint]
  private let advertisedHost: String?
  /// The host of `--listen`, which may be a name.
  private let listenHost: String?

  /// - Parameter report: called with a warning if the keys of an earlier start are missing.
  init(_ options: SearchOptions, _ directory: RunDirectory, report: (String) -> Void) throws {
    folder = options.keys ?? directory.keys
    usesClusterKeys = options.keys != nil
    advertisedHost = options.advertise
    listenHost = options.listen.flatMap { try? Endpoint($0).host }
    loaded = try Self.load(options, directory, report)
    coordinatorKeys = loaded?.coordinatorKeys ?? .generate()
    admitted = Mutex(loaded?.authorizedKeys ?? [])
    endpoints = try Self.endpoints(options, loaded, directory)
  }

  /// The keys of the cluster, or those that the search made at its first start; nil to make new ones.
  private static func load(
    _ options: SearchOptions, _ directory: RunDirectory, _ report: (String) -> Void
  ) throws -> ClusterKeys? {
    if let keys = options.keys {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: keys, isDirectory: &isFolder), !isFolder.boolValue {
        let parent = URL(filePath: keys).deletingLastPathComponent().path
        throw UserError("\(keys) is a file; give the folder with the keys: --keys \(parent.asShellWord)")
      }
      return try UserError.wrapping { try ClusterKeys.load(from: keys) }
    }
    // Keys of an earlier start that never created the study are not loaded.
    guard directory.content == .search else { return nil }
    do { return try ClusterKeys.load(from: directory.keys) } catch {
      guard error == .noClusterKeys(directory.keys) else { throw UserError(error) }
      let before = directory.options
      guard let before, before.keys == nil else {
        let keys = before?.keys?.asShellWord ?? "DIR"
        throw UserError("\(directory.path) was started with the keys of a cluster: give --keys \(keys) again")
      }
      report(
        "warning: the keys of this search are missing; new keys are created, and workers need the new join.json"
      )
      return nil
    }
  }

  private static func endpoints(
    _ options: SearchOptions, _ keys: ClusterKeys?, _ directory: RunDirectory
  ) throws -> [Endpoint] {
    try UserError.wrapping {
      if let listen = options.listen {
        let wanted = try Self.listening(Endpoint(listen), advertised: options.advertise)
        guard wanted.port == 0, let old = oldPort(directory) else { return [wanted] }
        return [wanted.at(port: old), wanted]
      }
      if options.keys != nil, let keys {
        let host = options.advertise ?? keys.endpoint.host
        return [try listening(Endpoint("tcp://*:\(keys.endpoint.port)"), advertised: host)]
      }
      let local = try Endpoint("tcp://127.0.0.1:0")
      return oldPort(directory).map { [local.at(port: $0), local] } ?? [local]
    }
  }

  /// The endpoint to listen at: a host name becomes an address of this machine, and `*` includes IPv6 if workers are
  /// told an IPv6 address.
  private static func listening(_ endpoint: Endpoint, advertised: String?) throws -> Endpoint {
    if endpoint.host == "*", advertised?.contains(":") == true { return try endpoint.at(host: "[::]") }
    guard let address = System.address(of: endpoint.host) else { return endpoint }
    let resolved = try endpoint.at(host: address)
    guard !resolved.isLoopback || endpoint.isLoopback else {
      throw UserError(
        "'\(endpoint.host)' is \(address) on this machine, which others cannot reach; use --listen "
          + "'tcp://*:\(endpoint.port)' --advertise \(endpoint.host)")
    }
    return resolved
  }

  /// The previous port of this search, to which its workers still try to connect.
  private static func oldPort(_ directory: RunDirectory) -> UInt16? {
    try? JoinFile.load(from: directory.joinFile).endpoint.port
  }

  /// Listens at the first free endpoint.
  func listen(waker: Waker) throws -> RouterSocket {
    for endpoint in endpoints.dropLast() {
      do {
        return try RouterSocket(configuration(endpoint), waker: waker)
      } catch MessagingError.portInUse { continue } catch { throw UserError(error) }
    }
    return try UserError.wrapping {
      try RouterSocket(configuration(endpoints[endpoints.count - 1]), waker: waker)
    }
  }

  private func configuration(_ endpoint: Endpoint) -> RouterConfiguration {
    RouterConfiguration(endpoint: endpoint, keys: coordinatorKeys) { key in
      self.admitted.withLock { $0.contains(key) }
    }
  }

  /// Writes the join file, and the keys if they are new. Admits the keys.
  ///
  /// - Returns: the keys.
  func write(_ endpoint: Endpoint, to directory: RunDirectory) throws -> ClusterKeys {
    try UserError.wrapping {
      let advertised = try advertise(endpoint)
      let keys = try loaded ?? makeKeys(advertised)
      try writeJoinFile(of: keys, advertised, to: directory)
      admitted.withLock { $0 = keys.authorizedKeys }
      return keys
    }
  }

  /// Admits these keys and no others.
  ///
  /// - Returns: whether the key in the search's join file was revoked. Another authorized key then replaces it, if any.
  func admit(_ keys: ClusterKeys, _ directory: RunDirectory) -> Bool {
    let authorized = keys.authorizedKeys
    admitted.withLock { $0 = authorized }
    guard let join = try? JoinFile.load(from: directory.joinFile),
      !authorized.contains(join.workerKeys.publicKey)
    else { return false }
    try? writeJoinFile(of: keys, join.endpoint, to: directory)
    return true
  }

  /// Records the end of the search in the join file, for workers that missed it. Workers that cannot read the file
  /// time out.
  func writeEnd(of search: SearchID, to directory: RunDirectory) {
    guard var join = try? JoinFile.load(from: directory.joinFile) else { return }
    join.endedSearch = search.number
    try? join.write(to: directory.joinFile)
  }

  private func writeJoinFile(
    of keys: ClusterKeys, _ endpoint: Endpoint, to directory: RunDirectory
  ) throws {
    guard let file = workersFile(of: keys) else {
      throw UserError("\(folder) admits no worker; add one: trawl keys new NAME --in \(folder)")
    }
    var join = try JoinFile.load(from: file)
    join.endpoint = endpoint
    join.endedSearch = nil
    try join.write(to: directory.joinFile)
  }

  /// The join file of an authorized worker key; nil if there is none.
  private func workersFile(of keys: ClusterKeys) -> String? {
    let authorized = keys.authorizedKeys
    let files = keys.workers.filter { authorized.contains($0.key) }.map { keys.joinFile(of: $0.name) }
    let present = files.filter { FileManager.default.fileExists(atPath: $0) }
    return present.first { $0.hasSuffix("/join.json") } ?? present.first ?? files.first
  }

  /// The join file for workers on other machines. The cluster's file, valid for other searches too, is preferred.
  func joinFile(_ keys: ClusterKeys, _ directory: RunDirectory) -> String {
    let own = directory.joinFile
    guard usesClusterKeys, let file = workersFile(of: keys), let join = try? JoinFile.load(from: file),
      join.endpoint == (try? JoinFile.load(from: own))?.endpoint
    else { return own }
    return file
  }

  /// A warning if the join files of the cluster name another port than the one at which the search listens.
  func portWarning(_ endpoint: Endpoint) -> String? {
    guard usesClusterKeys, let port = loaded?.endpoint.port, port != endpoint.port else { return nil }
    return
      "the join files in \(folder) name port \(port), but this search listens on port \(endpoint.port): workers need "
      + "its own join.json (or change the keys: trawl keys move)"
  }

  private func makeKeys(_ endpoint: Endpoint) throws -> ClusterKeys {
    // Left by a search that was killed while it started.
    try? FileManager.default.removeItem(atPath: folder)
    return try ClusterKeys.create(in: folder, endpoint: endpoint, coordinatorKeys: coordinatorKeys)
  }

  private func advertise(_ endpoint: Endpoint) throws -> Endpoint {
    if let advertisedHost { return try endpoint.at(host: advertisedHost) }
    guard endpoint.isWildcard else { return try listenHost.map(endpoint.at(host:)) ?? endpoint }
    return try endpoint.at(host: usesClusterKeys ? loaded?.endpoint.host ?? "" : System.hostName)
  }
}
