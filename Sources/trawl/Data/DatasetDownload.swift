import Foundation
import Platform
import Training
import Trials

/// Downloads the four files of a dataset into the cache, verifies them and publishes them atomically. Concurrent
/// processes are serialized by a lock.
struct DatasetDownload {
  private let dataset: KnownDataset
  private let mirrors: [URL]
  private let cache: String
  /// Whether a copy outside the cache makes the download unnecessary.
  private let acceptsOtherFolders: Bool

  /// The public mirrors of the datasets, in the order in which they are tried.
  private static let mirrors = [
    "mnist": [
      "https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist",
    ],
    "fashion-mnist": [
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ],
  ]

  /// A download from the given addresses; without any, from the public mirrors.
  init(_ name: String, from addresses: [String]) throws {
    guard let dataset = KnownDataset.named(name), let published = Self.mirrors[name] else {
      let names = KnownDataset.all.map(\.name).joined(separator: " or ")
      throw UserError("cannot download '\(name.asShownText)'; available: \(names)")
    }
    guard let cache = DatasetLocations.ofThisMachine.cache else {
      throw UserError("no folder for the cache: set XDG_CACHE_HOME or HOME")
    }
    self.dataset = dataset
    self.cache = cache
    acceptsOtherFolders = addresses.isEmpty
    mirrors = try (addresses.isEmpty ? published : addresses).map { address in
      let url = URL(string: address)
      guard let url, ["http", "https"].contains(url.scheme), url.host != nil else {
        throw UserError("--from \(address.asShownText): needs an address with http:// or https://")
      }
      return url
    }
  }

  private var folder: String { "\(cache)/\(dataset.name)" }
  private var partial: String { "\(cache)/.partial-\(dataset.name)" }

  func run() throws {
    if isHere { return print("\(dataset.name) is already here; 'trawl data list' prints its folder") }
    try UserError.wrapping {
      try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    }
    var terminal = Terminal()
    let lock = try lock(&terminal)
    defer { close(lock) }
    guard !isHere else { return print("\(dataset.name): \(folder)") }
    try UserError.wrapping {
      try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    }
    for name in dataset.digests.keys.sorted() { try fetch(name, &terminal) }
    try publish()
    print("\(dataset.name): \(folder)")
  }

  private var isHere: Bool {
    let catalog = DatasetCatalog(.ofThisMachine)
    if acceptsOtherFolders, (try? catalog.load(.named(dataset.name))) != nil { return true }
    return (try? catalog.load(.idx(path: folder))) != nil
  }

  /// Waits until no other process downloads this dataset. The system releases the lock when the process ends.
  private func lock(_ terminal: inout Terminal) throws -> Int32 {
    let path = "\(cache)/.lock-\(dataset.name)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      terminal.say("waiting for another process that downloads \(dataset.name)")
      while flock(descriptor, LOCK_EX) != 0 {
        guard errno == EINTR else { throw UserError.system("cannot lock \(path)") }
      }
    }
    return descriptor
  }

  private func fetch(_ name: String, _ terminal: inout Terminal) throws {
    do {
      try FileDownload(dataset: dataset, name: name, mirrors: mirrors, folder: partial).run(&terminal)
    } catch let failure as FileDownload.Failure {
      let problems = failure.problems.map { "\($0.mirror): \($0.reason.asShownText)" }.joined(separator: "; ")
      throw UserError("cannot download \(dataset.name), \(name).gz: \(problems). \(alternatives)")
    }
  }

  /// What the user can do after a failure.
  private var alternatives: String {
    let package = dataset.debianPackage.map { "install Debian's package \($0), or " } ?? ""
    return "The same command resumes the download; or \(package)put the four files into a folder "
      + "\(dataset.name)/ and add its parent folder to TRAWL_DATA_PATH, or give another address with --from"
  }

  /// Replaces the folder in the cache, if any, by the verified files.
  private func publish() throws {
    let old = "\(cache)/.old-\(dataset.name)"
    // Left by a process that was killed between the two renames.
    try? FileManager.default.removeItem(atPath: old)
    defer { try? FileManager.default.removeItem(atPath: old) }
    if rename(folder, old) != 0, errno != ENOENT {
      throw UserError.system("cannot move \(folder) away")
    }
    guard rename(partial, folder) == 0 else {
      throw UserError.system("cannot move the files to \(folder)")
    }
  }
}
