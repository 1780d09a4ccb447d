import Foundation
import Testing
import Training

@testable import Trials

/// Datasets of a folder with small IDX files.
@Suite final class DatasetStoreTests {
  private let folder = NSTemporaryDirectory() + "trawl-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write(firstPixel: 1)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Writes ten training and ten test images of 2 x 2 pixels, one of each class.
  private func write(firstPixel: UInt8) throws {
    for part in ["train", "t10k"] {
      var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 2]
      images += [firstPixel] + (1..<40).map { UInt8($0 * 6) }
      try Data(images).write(to: URL(filePath: "\(folder)/\(part)-images-idx3-ubyte"))
      let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 10] + Array(0..<10)
      try Data(labels).write(to: URL(filePath: "\(folder)/\(part)-labels-idx1-ubyte"))
    }
  }

  private var selection: DatasetSelection { DatasetSelection(source: .idx(path: folder)) }

  @Test func dataIsLoadedOnceUntilItIsForgotten() throws {
    let store = DatasetStore()
    let digest = try store.digest(of: selection)
    #expect(digest.count == 32 && digest.contains { $0 != 0 })
    let shape = try store.data(for: selection).dataset.shape
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    #expect(try store.data(for: selection).dataset.shape == shape)
    store.forget()
    #expect(throws: (any Error).self) { try store.data(for: self.selection) }
  }

  @Test func otherImagesHaveAnotherDigest() throws {
    let store = DatasetStore()
    let digest = try store.digest(of: selection)
    try write(firstPixel: 2)
    #expect(try store.digest(of: selection) == digest, "it is in memory")
    store.forget()
    #expect(try store.digest(of: selection) != digest)
  }
}
