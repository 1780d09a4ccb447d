import Coordination
import Foundation
import Testing
import Training

@testable import CoordinatorService

@Suite struct CheckpointFolderTests {
  private let folder: TemporaryFolder
  private let bytes = [UInt8](0..<200)

  init() throws { folder = try TemporaryFolder() }

  private var path: String { "\(folder.path)/checkpoints" }

  private var checkpoint: CheckpointFile {
    CheckpointFile(digest: SHA256.hash(bytes), size: bytes.count, epochs: 1)
  }

  private func stored(_ checkpoint: CheckpointFile) -> StoredCheckpoint {
    StoredCheckpoint(trial: 0, attempt: AttemptID(1), checkpoint: checkpoint)
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  private func piece(_ folder: CheckpointFolder, from offset: UInt64) -> [UInt8] {
    var fetch = WireFetch()
    fetch.digest = Data(checkpoint.digest)
    fetch.offset = offset
    return Array(folder.piece(fetch).data)
  }

  @Test func piecesMakeACheckpoint() throws {
    var checkpoints = CheckpointFolder(path, holding: [])
    #expect(checkpoints.store(Array(bytes[..<150]), of: checkpoint, isLast: false) == nil)
    #expect(piece(checkpoints, from: 0) == [], "it is not complete")
    #expect(checkpoints.store(Array(bytes[150...]), of: checkpoint, isLast: true) == true)
    #expect(piece(checkpoints, from: 0) == bytes && piece(checkpoints, from: 190) == Array(bytes[190...]))
    #expect(try names.count == 1)
    checkpoints.remove(checkpoint)
    #expect(piece(checkpoints, from: 0) == [])
  }

  @Test func checkpointWithAnotherDigestIsRejected() throws {
    var checkpoints = CheckpointFolder(path, holding: [])
    #expect(checkpoints.store(bytes.reversed(), of: checkpoint, isLast: true) == false)
    #expect(try names == [])
    // The next attempt to hand it over begins anew.
    #expect(checkpoints.store(bytes, of: checkpoint, isLast: true) == true)
  }

  @Test func onlyKnownCheckpointsAreKept() throws {
    var checkpoints = CheckpointFolder(path, holding: [])
    #expect(checkpoints.store(bytes, of: checkpoint, isLast: true) == true)
    let other = CheckpointFile(digest: SHA256.hash([1]), size: 1, epochs: 1)
    #expect(checkpoints.store([1], of: other, isLast: true) == true)
    #expect(try names.count == 2)
    #expect(piece(CheckpointFolder(path, holding: [stored(checkpoint)]), from: 0) == bytes)
    #expect(try names.count == 1)
  }

  @Test func folderThatCannotBeWrittenLosesTheCheckpoint() throws {
    try Data().write(to: URL(filePath: path))
    var checkpoints = CheckpointFolder(path, holding: [])
    #expect(checkpoints.store(bytes, of: checkpoint, isLast: true) == false)
  }
}
