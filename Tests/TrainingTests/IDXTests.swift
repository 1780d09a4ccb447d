import Foundation
import Testing

@testable import Training

@Suite struct IDXTests {
  private let files = SampleFiles(train: 12, test: 6, side: 3)

  /// The loading error when one of the four files contains other bytes.
  private func problem(
    replacing index: Int, with bytes: [UInt8], suffix: String = ""
  ) throws -> DatasetError? {
    let folder = try TemporaryFolder()
    for (place, name) in DatasetFiles.names.enumerated() {
      if place == index {
        try folder.write(bytes, to: name + suffix)
      } else {
        try folder.write(files.all[place], to: name)
      }
    }
    let catalog = DatasetCatalog(DatasetLocations(cache: folder.path + "/cache"))
    do throws(DatasetError) {
      _ = try catalog.load(.idx(path: folder.path))
      return nil
    } catch {
      #expect(!error.description.contains("\n"))
      #expect(error.subject.hasSuffix(DatasetFiles.names[index] + suffix))
      return error
    }
  }

  @Test func readsPixelsAndLabels() throws {
    let dataset = try sampleDataset(files)
    #expect(dataset.classes == 3)
    #expect((dataset.train.count, dataset.train.rows, dataset.train.columns) == (12, 3, 3))
    #expect(Array(dataset.test.image(5)) == Array(files.testImages.suffix(9)))
    #expect(dataset.train.label(7) == files.trainLabels[8 + 7])
    #expect(dataset.train.histogram(classes: 3) == [4, 4, 4])
  }

  @Test(arguments: 0..<4) func truncatedFileIsRejected(index: Int) throws {
    for length in files.all[index].indices {
      let cut = Array(files.all[index][..<length])
      #expect(try problem(replacing: index, with: cut)?.problem == .truncated, "at \(length)")
    }
  }

  @Test(arguments: 0..<4) func truncatedPackedFileIsRejected(index: Int) throws {
    let packed = gzip(files.all[index])
    for length in packed.indices {
      let found = try problem(replacing: index, with: Array(packed[..<length]), suffix: ".gz")
      #expect(found?.problem == .truncated, "at \(length)")
    }
  }

  @Test(arguments: 0..<4) func trailingBytesAreRejected(index: Int) throws {
    let long = files.all[index] + [0]
    #expect(try problem(replacing: index, with: long)?.problem == .trailingBytes)
    let packedLong = try problem(replacing: index, with: gzip(long), suffix: ".gz")
    #expect(packedLong?.problem == .trailingBytes)
    let appended = gzip(files.all[index]) + [0]
    let packed = try problem(replacing: index, with: appended, suffix: ".gz")
    #expect(packed?.problem == .trailingBytes)
  }

  @Test(arguments: 0..<4) func gzipFilesMayHaveSeveralMembers(index: Int) throws {
    let (first, second) = (files.all[index].prefix(21), files.all[index].dropFirst(21))
    let members = gzip(Array(first)) + gzip(Array(second))
    #expect(try problem(replacing: index, with: members, suffix: ".gz") == nil)
    for rest in [[0x1f], [0x1f, 0x8b], [0x1f, 0x8b, 8, 0]] as [[UInt8]] {
      let found = try problem(replacing: index, with: members + rest, suffix: ".gz")?.problem
      #expect(found == .truncated || found == .damagedGzip)
    }
  }

  @Test func damagedPackedFileIsRejected() throws {
    let packed = gzip(files.trainImages)
    // The time in the gzip header and the padding bits before the checksum have no effect.
    let harmless = try (10..<packed.count).filter { place in
      var damaged = packed
      damaged[place] ^= 0x10
      return try problem(replacing: 0, with: damaged, suffix: ".gz") == nil
    }
    #expect(harmless.isEmpty || harmless == [packed.count - 9])
  }

  @Test(arguments: 0..<4) func contentsDecideWhetherAFileIsPacked(index: Int) throws {
    #expect(try problem(replacing: index, with: files.all[index], suffix: ".gz") == nil)
    #expect(try problem(replacing: index, with: gzip(files.all[index])) == nil)
  }

  @Test(arguments: 0..<4) func otherFormatsAreNamedByTheirFirstBytes(index: Int) throws {
    for start in [[0x89, 0x50, 0x4e, 0x47], [0, 1, 8, 3], [0, 0, 7, 3], [0, 0, 8, 200]] as [[UInt8]] {
      let found = try problem(replacing: index, with: start + files.all[index].dropFirst(4))
      #expect(found?.problem == .notIDX(start))
    }
    let png = try problem(replacing: index, with: [0x89, 0x50, 0x4e, 0x47])
    #expect(png?.description.hasSuffix("not an IDX file: it begins with the bytes 89 50 4e 47") == true)
  }

  @Test(arguments: [IDXElement.int8, .int16, .int32, .float32, .float64])
  func pixelsOfOtherTypesAreRejectedInWords(element: IDXElement) throws {
    let bytes = [0, 0, element.rawValue, 3] + files.trainImages.dropFirst(4)
    let found = try problem(replacing: 0, with: bytes)
    #expect(found?.problem == .elements(element, .images))
    #expect(found?.description.contains("its pixels are \(element); Trawl reads unsigned bytes") == true)
  }

  @Test func imagesNeedThreeDimensions() throws {
    #expect(try problem(replacing: 0, with: files.trainLabels)?.problem == .dimensions([12], .images))
    let color = IDXHeader(sides: [12, 3, 3, 3]).bytes + [UInt8](repeating: 0, count: 12 * 27)
    let words = try problem(replacing: 0, with: color)?.description
    #expect(words?.contains("12 x 3 x 3 x 3 numbers; images have three dimensions") == true)
  }

  @Test(arguments: [[0, 3, 3], [12, 0, 3], [12, 3, 0], [12, 4097, 3], [4_000_000_000, 4096, 4096]])
  func impossibleSizesAreRejected(sides: [Int]) throws {
    let bytes = IDXHeader(sides: sides).bytes + files.trainImages.dropFirst(16)
    #expect(try problem(replacing: 0, with: bytes)?.problem == .impossibleSize(sides))
  }

  @Test func hugeDeclaredSizeIsRejectedWithoutAllocation() throws {
    let bytes = IDXHeader(sides: [2_000_000_000, 4096, 4096]).bytes
    #expect(try problem(replacing: 0, with: bytes)?.problem == .truncated)
    #expect(try problem(replacing: 0, with: gzip(bytes), suffix: ".gz")?.problem == .truncated)
  }

  @Test func countsMustAgree() throws {
    let labels = SampleFiles(train: 11, side: 3).trainLabels
    #expect(
      try problem(replacing: 1, with: labels)?.problem == .countsDiffer(labels: 11, images: 12))
  }

  @Test func sizesMustAgree() throws {
    let images = SampleFiles(train: 12, test: 6, side: 4).testImages
    #expect(try problem(replacing: 2, with: images)?.problem == .sizesDiffer(train: [3, 3], test: [4, 4]))
  }

  /// The loading error when another kind of file replaces one of the four.
  private func problem(_ make: (_ path: String) throws -> Void) throws -> DatasetError? {
    let folder = try TemporaryFolder()
    try folder.write(files)
    let path = "\(folder.path)/\(DatasetFiles.names[0])"
    try FileManager.default.removeItem(atPath: path)
    try make(path)
    do throws(DatasetError) {
      _ = try DatasetCatalog(DatasetLocations()).load(.idx(path: folder.path))
      return nil
    } catch {
      #expect(error.subject == path)
      return error
    }
  }

  @Test func nonRegularFileIsRejectedImmediately() throws {
    let files = FileManager.default
    let folder = try problem {
      try files.createDirectory(atPath: $0, withIntermediateDirectories: false)
    }
    #expect(folder?.problem == .unreadable("a folder, not a file"))
    let pipe = try problem { #expect(mkfifo($0, 0o644) == 0) }
    #expect(pipe?.problem == .unreadable("not a regular file"))
    for device in ["/dev/null", "/dev/zero"] {
      let found = try problem {
        try files.createSymbolicLink(atPath: $0, withDestinationPath: device)
      }
      #expect(found?.problem == .unreadable("not a regular file"))
    }
  }

  @Test(.enabled("root may read everything") { geteuid() != 0 })
  func unreadableFileIsNamed() throws {
    let bytes = files.trainImages
    let found = try problem {
      try Data(bytes).write(to: URL(fileURLWithPath: $0))
      #expect(chmod($0, 0) == 0)
    }
    #expect(found?.problem == .unreadable("Permission denied"))
  }
}
