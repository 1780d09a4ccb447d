import Foundation
import Training

/// Fetches the four files of a dataset into the cache; they appear there together and checked, or not at all. Any number of
/// processes may do so at once: one of them works, the others wait for it.
struct DatasetDownload {
  private let dataset: KnownDataset
  private let mirrors: [URL]
  private let cache: String
  /// Whether it is enough that the dataset lies anywhere on this machine.
  private let mayLieElsewhere: Bool

  /// Where the datasets are published, or mirrored for everyone, in the order in which they are tried.
  private static let mirrors = [
    "mnist": [
      "https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist",
    ],
    "fashion-mnist": [
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ],
  ]

  /// A download from the addresses given, or from where the dataset is published.
  init(_ name: String, from addresses: [String]) throws {
    guard let dataset = KnownDataset.named(name), let published = Self.mirrors[name] else {
      let names = KnownDataset.all.map(\.name).joined(separator: " or ")
      throw UserError("there is no dataset '\(name.asShownText)' to get; \(names)")
    }
    guard let cache = DatasetLocations.ofThisMachine.cache else {
      throw UserError("there is no place for the cache: set XDG_CACHE_HOME or HOME")
    }
    self.dataset = dataset
    self.cache = cache
    mayLieElsewhere = addresses.isEmpty
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
    if isHere { return print("\(dataset.name) is here already; 'trawl data list' tells where") }
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
    if mayLieElsewhere, (try? catalog.load(.named(dataset.name))) != nil { return true }
    return (try? catalog.load(.idx(path: folder))) != nil
  }

  /// Waits until no other process fetches this dataset. The lock ends with the process, however it ends.
  private func lock(_ terminal: inout Terminal) throws -> Int32 {
    let path = "\(cache)/.lock-\(dataset.name)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      terminal.say("another process downloads \(dataset.name); waiting for it")
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
      let problems = failure.problems.map { "\($0.mirror): \($0.words.asShownText)" }.joined(separator: "; ")
      throw UserError("cannot download \(dataset.name), \(name).gz: \(problems). \(alternatives)")
    }
  }

  /// What else the user can do.
  private var alternatives: String {
    let package = dataset.debianPackage.map { "install Debian's package \($0), or " } ?? ""
    return "The same command goes on where this one stopped; or \(package)put the four files into a folder "
      + "\(dataset.name)/ and name the folder above it in TRAWL_DATA_PATH, or give another address by --from"
  }

  /// Puts the checked files in the place of what lies there, if anything does.
  private func publish() throws {
    let old = "\(cache)/.old-\(dataset.name)"
    // What a process left here that was killed in between.
    try? FileManager.default.removeItem(atPath: old)
    defer { try? FileManager.default.removeItem(atPath: old) }
    if rename(folder, old) != 0, errno != ENOENT {
      throw UserError.system("cannot move \(folder) out of the way")
    }
    guard rename(partial, folder) == 0 else {
      throw UserError.system("cannot move the files to \(folder)")
    }
  }
}
