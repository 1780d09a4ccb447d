import Foundation
import Testing

@testable import Training

@Suite struct DatasetCatalogTests {
  private let folder: TemporaryFolder
  private let catalog: DatasetCatalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = DatasetCatalog(
      DatasetLocations(
        dataPath: ["\(folder.path)/a", "\(folder.path)/b"], cache: "\(folder.path)/cache",
        system: "\(folder.path)/system"))
  }

  @Test func earlierLocationsComeFirst() throws {
    for place in ["system", "cache", "b", "a"] {
      try folder.write(SampleFiles(), to: "\(place)/mnist")
      #expect(try catalog.folder(.named("mnist")) == "\(folder.path)/\(place)/mnist")
    }
  }

  @Test func incompleteFolderIsSkipped() throws {
    try folder.write(SampleFiles(), to: "b/mnist")
    try folder.write(SampleFiles().trainImages, to: "a/mnist/\(DatasetFiles.names[0])")
    #expect(try catalog.folder(.named("mnist")) == "\(folder.path)/b/mnist")
  }

  @Test func missingDatasetListsLocationsAndRemedy() {
    #expect {
      try catalog.load(.named("fashion-mnist"))
    } throws: { error in
      let words = "\(error)"
      let places = ["a", "b", "cache", "system"].map { "\(folder.path)/\($0)/fashion-mnist" }
      return words.contains(places.joined(separator: ", ")) && !words.contains("\n")
        && words.contains("trawl data get fashion-mnist")
        && words.contains("apt install dataset-fashion-mnist")
        && words.contains("TRAWL_DATA_PATH")
    }
  }

  @Test func unknownNameListsKnownNames() {
    #expect {
      try catalog.load(.named("minst"))
    } throws: {
      "\($0)".contains("known ones are mnist, fashion-mnist, digits, or add the folder")
    }
  }

  @Test(
    arguments: [
      "", ".", "..", "a/b", "/etc", "a\nb", "a b", ".hidden", "-x", String(repeating: "a", count: 101),
    ])
  func namesWithPathsAreRejected(name: String) {
    #expect(throws: DatasetError(name, .invalidName)) { try catalog.load(.named(name)) }
  }

  @Test(arguments: ["a.b", "A-1_2", String(repeating: "a", count: 100)])
  func customNamesAreFound(name: String) throws {
    try folder.write(SampleFiles(), to: "b/\(name)")
    #expect(try catalog.load(.named(name)).name == name)
  }

  @Test func knownDatasetHasTenClasses() throws {
    try folder.write(SampleFiles(), to: "a/mnist")
    #expect(try catalog.load(.named("mnist")).classes == 10)
    try folder.write(SampleFiles(train: 60, classes: 12), to: "b/fashion-mnist")
    #expect(throws: DatasetError.self) { try catalog.load(.named("fashion-mnist")) }
  }

  @Test func listShowsDatasetLocations() throws {
    try folder.write(SampleFiles(), to: "b/mnist")
    #expect(
      catalog.list() == [
        DatasetListing(name: "mnist", location: .folder("\(folder.path)/b/mnist")),
        DatasetListing(name: "fashion-mnist", location: .missing),
        DatasetListing(name: "digits", location: .generated),
      ])
  }

  @Test func inspectCounts() throws {
    let files = SampleFiles(train: 60, test: 20)
    try folder.write(files, to: "own")
    let summary = try catalog.inspect(.idx(path: "\(folder.path)/own"))
    #expect(summary.folder == "\(folder.path)/own")
    #expect((summary.rows, summary.columns, summary.labels.values) == (5, 5, [0, 1, 2]))
    #expect(summary.train == .init(count: 60, histogram: [20, 20, 20]))
    #expect(summary.test == .init(count: 20, histogram: [7, 7, 6]))
    let all = [files.trainImages, files.trainLabels, files.testImages, files.testLabels].flatMap { Array($0) }
    #expect(summary.digest == SHA256.hexadecimal(all))
  }

  @Test func verifyComparesDigests() throws {
    let files = SampleFiles()
    try folder.write(files, to: "a/mnist")
    try folder.write([1], to: "a/mnist/\(DatasetFiles.names[3])")
    let verified = try catalog.verify(.named("mnist"))
    let expected = KnownDataset.named("mnist")?.digests[DatasetFiles.names[0]]
    #expect(
      verified[0].verdict
        == .differs(found: SHA256.hexadecimal(files.trainImages), expected: try #require(expected)))
    guard case .unusable = verified[3].verdict else {
      Issue.record("a damaged file was verified")
      return
    }
    let own = try catalog.verify(.idx(path: "\(folder.path)/a/mnist"))
    #expect(own[1].verdict == .unknown(found: SHA256.hexadecimal(files.trainLabels)))
  }

  @Test(arguments: ["mnist", "fashion-mnist"])
  func publishedLabelsHaveTheirDigests(name: String) throws {
    // Labels only: hashing all images takes a minute in a debug build.
    let path = ProcessInfo.processInfo.environment["TRAWL_DATA_PATH"] ?? ""
    let catalog = DatasetCatalog(
      DatasetLocations(dataPath: path.split(separator: ":").map(String.init)))
    guard let files = try? catalog.contents(of: .named(name))?.files() else {
      print("publishedLabelsHaveTheirDigests: \(name) is not on this machine")
      return
    }
    let digests = try #require(KnownDataset.named(name)?.digests)
    for (path, file) in [(files.trainLabels, 1), (files.testLabels, 3)] {
      let found = try catalog.contents(path, .labels).withBytes { SHA256.hexadecimal($0) }
      #expect(found == digests[DatasetFiles.names[file]])
    }
  }
}
