/// What a worker needs to join: the coordinator's endpoint and public key, and the worker's own keys. Anyone who can
/// read it can join, so only its owner may read the file.
package struct JoinFile: Equatable, Sendable {
  package var endpoint: Endpoint
  package var coordinatorKey: CurveKey
  package var workerKeys: CurveKeyPair
  /// The number of the search, if it has ended: workers that missed the end read it here.
  package var endedSearch: UInt64?

  package init(endpoint: Endpoint, coordinatorKey: CurveKey, workerKeys: CurveKeyPair) {
    self.endpoint = endpoint
    self.coordinatorKey = coordinatorKey
    self.workerKeys = workerKeys
  }

  /// Reads a join file; throws if it is missing, accessible to others or malformed.
  package static func load(from path: String) throws(KeyFileError) -> JoinFile {
    guard let document = try KeyDocument(reading: path) else { throw .noJoinFile(path) }
    let endpoint = try document.endpoint("endpoint")
    guard endpoint.isConnectable else {
      throw .malformed(path, "endpoint: '\(endpoint)' cannot be connected to")
    }
    var join = JoinFile(
      endpoint: endpoint,
      coordinatorKey: try document.publicKey("coordinator_public_key"),
      workerKeys: try document.keyPair(public: "worker_public_key", secret: "worker_secret_key"))
    join.endedSearch = try document.number("ended_search")
    return join
  }

  /// Writes the file with mode 0600 and replaces an existing one atomically.
  package func write(to path: String) throws(KeyFileError) {
    var fields = [
      "endpoint": endpoint.description,
      "coordinator_public_key": coordinatorKey.z85,
      "worker_public_key": workerKeys.publicKey.z85,
      "worker_secret_key": workerKeys.secretKey.revealedZ85,
    ]
    fields["ended_search"] = endedSearch.map { "\($0)" }
    try KeyDocument.write(fields, to: path, existing: .replaced)
  }
}

extension DealerConfiguration {
  /// The connection settings of the join file.
  package init(_ join: JoinFile) {
    self.init(
      endpoint: join.endpoint, serverKey: join.coordinatorKey, keys: join.workerKeys)
  }
}
