import Foundation
import Fuzzing
import Glibc
import Testing

@testable import Messaging

/// Damaged key files are rejected with an error, or loaded as what they contain.
struct KeyFileFuzzTests {
  private static let words =
    [
      "{", "[", "null", "\"", "\\u0000", "\\ud800", "tcp://", "tcp://[::1]:1", ":0", ":65536", "é",
      "\"endpoint\" : 5", "%nSc1",
    ].map { Array($0.utf8) } + [[UInt8](repeating: UInt8(ascii: "["), count: 1000)]

  @Test func joinFilesAndFoldersOfKeys() throws {
    let folder = try TemporaryFolder()
    let cluster = folder.file("keys")
    _ = try ClusterKeys.create(in: cluster, endpoint: Endpoint("tcp://head:5555"))
    let paths = ["join.json", "coordinator.json", "workers/default.pub"].map { "\(cluster)/\($0)" }
    let wholes = try paths.map { [UInt8](try Data(contentsOf: URL(filePath: $0))) }
    for (path, whole) in zip(paths, wholes) {
      try Fuzzing("key files", corpus: [whole], words: Self.words).run(300) { bytes, _ in
        try write(bytes, to: path)
        do throws(KeyFileError) {
          let join = try JoinFile.load(from: paths[0])
          #expect(join.endpoint.isConnectable)
          let keys = try ClusterKeys.load(from: cluster)
          #expect(keys.authorizedKeys.count == 1)
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
      try write(whole, to: path)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    defer { close(descriptor) }
    try #require(bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
  }
}
