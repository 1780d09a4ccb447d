import Coordination
import Foundation
import Messaging
import Testing

@testable import WorkerService

@Suite struct SpoolTests {
  private let folder: TemporaryFolder
  private let worker: WorkerID

  init() throws {
    folder = try TemporaryFolder()
    worker = try #require(WorkerID([UInt8](repeating: 7, count: WorkerID.length)))
  }

  private func kept(_ checkpoint: [UInt8]) -> WireKept {
    var kept = WireKept()
    kept.checkpoint = Data(checkpoint)
    return kept
  }

  /// Saves attempts of two searches and ends, as a worker does that is killed.
  private func leave() throws {
    let spool = Spool(in: folder.path, of: worker)
    try spool.save(AttemptID(1), kept([1]), of: 10)
    try spool.save(AttemptID(2), kept([2]), of: 10)
    try spool.save(AttemptID(1), kept([3]), of: 11)
    #expect(spool.count == 3)
  }

  @Test func nextWorkerFindsTheAttemptsBySearch() throws {
    try leave()
    let spools = Spool.leftovers(in: folder.path)
    #expect(spools.map(\.worker) == [worker])
    let attempts = try #require(spools.first).attempts()
    #expect(Set(attempts.map { Set($0.map(\.checkpoint)) }) == [[Data([1]), Data([2])], [Data([3])]])
  }

  @Test func spoolOfALivingWorkerIsNotTaken() throws {
    let spool = Spool(in: folder.path, of: worker)
    try spool.save(AttemptID(1), kept([1]), of: 10)
    #expect(Spool.leftovers(in: folder.path).isEmpty)
    #expect(spool.count == 1)
  }

  @Test func spoolIsTakenByOneWorkerOnly() throws {
    try leave()
    let first = Spool.leftovers(in: folder.path)
    #expect(first.count == 1)
    #expect(Spool.leftovers(in: folder.path).isEmpty)
    // The lock lasts until here.
    #expect(first.first?.count == 3)
  }

  @Test func damagedAttemptIsRemoved() throws {
    try leave()
    let path = "\(folder.path)/\(worker)/10-2"
    var bytes = try #require(FileManager.default.contents(atPath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    let spool = try #require(Spool.leftovers(in: folder.path).first)
    #expect(spool.attempts().joined().count == 2)
    #expect(!FileManager.default.fileExists(atPath: path) && spool.count == 2)
  }

  @Test func acknowledgedAttemptIsForgotten() throws {
    let spool = Spool(in: folder.path, of: worker)
    try spool.save(AttemptID(1), kept([1]), of: 10)
    spool.removeIfEmpty()
    #expect(spool.count == 1)
    spool.forget(AttemptID(1), of: 10)
    #expect(spool.count == 0)
    spool.removeIfEmpty()
    #expect(!FileManager.default.fileExists(atPath: spool.path))
  }

  @Test func onlyTheUserCanReadIt() throws {
    try leave()
    for path in ["", "/10-1", "/lock"].map({ "\(folder.path)/\(worker)\($0)" }) {
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0, "\(path)")
    }
  }

  @Test func oldSpoolIsRemoved() throws {
    try leave()
    let path = "\(folder.path)/\(worker)"
    let date = Date(timeIntervalSinceNow: -31 * 24 * 3600)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    #expect(Spool.leftovers(in: folder.path).isEmpty)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func eachCoordinatorHasAFolder() {
    let keys = (CurveKeyPair.generate().publicKey, CurveKeyPair.generate().publicKey)
    #expect(Spool.folder("/spool", of: keys.0) == "/spool/\(keys.0.fingerprint)")
    #expect(Spool.folder("/spool", of: keys.0) != Spool.folder("/spool", of: keys.1))
  }
}
