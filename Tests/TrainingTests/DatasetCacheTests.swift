import Foundation
import Testing

@testable import Training

@Suite struct DatasetCacheTests {
  private let folder: TemporaryFolder
  private let files = SampleFiles(train: 12, test: 6, side: 3)

  init() throws {
    folder = try TemporaryFolder()
    for (name, bytes) in zip(DatasetFiles.names, files.all) {
      try folder.write(gzip(bytes), to: "data/\(name).gz")
    }
  }

  private var source: DatasetSelection.Source { .idx(path: "\(folder.path)/data") }

  private func load(cache: String) throws -> Dataset {
    try DatasetCatalog(DatasetLocations(cache: "\(folder.path)/\(cache)")).load(source)
  }

  private func cached(_ cache: String = "cache") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(cache)/unpacked").sorted()
  }

  @Test func filesAreUnpackedOnceAndThenMapped() throws {
    _ = try load(cache: "cache")
    let names = try cached()
    #expect(names.count == 4)
    let file = "\(folder.path)/cache/unpacked/\(names[0])"
    let before = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber]
    let dataset = try load(cache: "cache")
    let after = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber]
    #expect(before as? Int == after as? Int)
    #expect(try cached() == names)
    #expect(Array(dataset.test.image(5)) == Array(files.testImages.suffix(9)))
  }

  @Test func changedSourceIsUnpackedAgain() throws {
    _ = try load(cache: "cache")
    var images = files.trainImages
    images[16] = 255
    try folder.write(gzip(images), to: "data/\(DatasetFiles.names[0]).gz")
    #expect(try load(cache: "cache").train.image(0)[0] == 255)
    #expect(try cached().count == 5)
  }

  @Test func damagedFileInTheCacheIsReplaced() throws {
    _ = try load(cache: "cache")
    for name in try cached() { try folder.write([1, 2, 3], to: "cache/unpacked/\(name)") }
    let dataset = try load(cache: "cache")
    #expect(Array(dataset.train.image(11)) == Array(files.trainImages.suffix(9)))
    #expect(try cached().count == 4)
  }

  @Test func unwritableCacheIsBypassed() throws {
    // A file has the folder's name; root could write to a read-only folder.
    try folder.write([], to: "blocked")
    let dataset = try load(cache: "blocked")
    #expect(Array(dataset.train.image(11)) == Array(files.trainImages.suffix(9)))
    let nowhere = try DatasetCatalog(DatasetLocations()).load(source)
    #expect(Array(nowhere.train.image(11)) == Array(files.trainImages.suffix(9)))
  }

  @Test(arguments: 0..<4) func damagedSourceLeavesNothingInTheCache(index: Int) throws {
    try folder.write(
      Array(gzip(files.all[index]).dropLast(3)), to: "data/\(DatasetFiles.names[index]).gz")
    #expect(throws: DatasetError.self) { try load(cache: "cache") }
    #expect(try cached().isEmpty)
  }

  @Test func headerThatCannotFitThePackedSizeIsRejectedBeforeUnpacking() throws {
    // 60,000 images of 300 x 300 pixels in a file that holds at most a tenth of them.
    let header = IDXHeader(sides: [60000, 300, 300])
    let pieces = gzip(header.bytes + [UInt8](repeating: 0, count: 1 << 22))
    #expect(header.fileSize > pieces.count * Gunzip.mostExpansion)
    try folder.write(pieces, to: "data/\(DatasetFiles.names[0]).gz")
    let error = #expect(throws: DatasetError.self) { try load(cache: "cache") }
    #expect(error?.problem == .truncated)
  }

  @Test func concurrentUnpackingWorks() async throws {
    let path = folder.path
    let source = source
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<8 {
        group.addTask {
          let locations = DatasetLocations(cache: "\(path)/cache")
          return Array(try DatasetCatalog(locations).load(source).train.image(11))
        }
      }
      for try await image in group { #expect(image == Array(files.trainImages.suffix(9))) }
    }
    #expect(try cached().count == 4)
  }

  /// Loads the dataset from plain files.
  private func loadPlain(cache: String?) throws -> Dataset {
    try folder.write(files, to: "plain")
    return try DatasetCatalog(DatasetLocations(cache: cache.map { "\(folder.path)/\($0)" }))
      .load(.idx(path: "\(folder.path)/plain"))
  }

  @Test(arguments: ["cache", nil]) func truncatingFilesInUseIsHarmless(cache: String?) throws {
    // Reading mapped pages beyond the end of the file kills a process.
    let dataset = try loadPlain(cache: cache)
    for name in DatasetFiles.names { #expect(truncate("\(folder.path)/plain/\(name)", 0) == 0) }
    #expect(dataset.train.image(11) == Array(files.trainImages.suffix(9)))
    #expect(dataset.train.histogram(classes: 3) == [4, 4, 4])
    #expect(throws: DatasetError.self) {
      try DatasetCatalog(DatasetLocations()).load(.idx(path: "\(folder.path)/plain"))
    }
  }

  @Test func plainFilesAreCopiedOnce() throws {
    _ = try loadPlain(cache: "cache")
    let names = try cached()
    #expect(names.count == 4)
    let catalog = DatasetCatalog(DatasetLocations(cache: "\(folder.path)/cache"))
    _ = try catalog.load(.idx(path: "\(folder.path)/plain"))
    #expect(try cached() == names)
  }

  @Test func verifyReadsTheFilesThemselves() throws {
    _ = try loadPlain(cache: "cache")
    let path = "\(folder.path)/plain/\(DatasetFiles.names[0])"
    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    var images = files.trainImages
    images[20] ^= 1
    try folder.write(images, to: "plain/\(DatasetFiles.names[0])")
    try FileManager.default.setAttributes(
      [.modificationDate: try #require(date)], ofItemAtPath: path)
    let verified = try DatasetCatalog(DatasetLocations(cache: "\(folder.path)/cache"))
      .verify(.idx(path: "\(folder.path)/plain"))
    #expect(verified[0].verdict == .unknown(found: SHA256.hexadecimal(images)))
  }

  @Test func filesOfKilledProcessesAreRemoved() throws {
    let old = try folder.write([1], to: "cache/unpacked/.trawl-aaaaaa")
    try folder.write([1], to: "cache/unpacked/.trawl-bbbbbb")
    let hoursAgo = Date(timeIntervalSinceNow: -7200)
    try FileManager.default.setAttributes([.modificationDate: hoursAgo], ofItemAtPath: old)
    let other = try folder.write([1], to: "cache/unpacked/old")
    try FileManager.default.setAttributes([.modificationDate: hoursAgo], ofItemAtPath: other)
    _ = try load(cache: "cache")
    let hidden = try cached().filter { $0.hasPrefix(".") }
    #expect(hidden == [".trawl-bbbbbb"])
    #expect(try cached().contains("old"))
  }
}
