import Foundation
import Training

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Fetches the four files of a dataset into the cache; they appear there together and checked, or not at all.
struct DatasetDownload {
  private let dataset: KnownDataset
  private let address: URL
  private let cache: String

  /// Where the datasets are published, or mirrored for everyone.
  private static let mirrors = [
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
  ]

  init(_ name: String, from address: String?) throws {
    guard let dataset = KnownDataset.named(name), let mirror = address ?? Self.mirrors[name] else {
      let names = KnownDataset.all.map(\.name).joined(separator: " or ")
      throw Complaint("there is no dataset '\(name.asShownText)' to get; \(names)")
    }
    guard let url = URL(string: mirror), ["http", "https"].contains(url.scheme) else {
      throw Complaint("--from \(mirror.asShownText): needs an address that begins with http:// or https://")
    }
    guard let cache = DatasetLocations.ofThisMachine.cache else {
      throw Complaint("there is no place for the cache: set XDG_CACHE_HOME or HOME")
    }
    self.dataset = dataset
    self.cache = cache
    self.address = url
  }

  func run() throws {
    let folder = "\(cache)/\(dataset.name)"
    let catalog = DatasetCatalog(.ofThisMachine)
    if (try? catalog.load(.named(dataset.name))) != nil {
      return print("\(dataset.name) is here already; 'trawl data list' tells where")
    }
    let partial = "\(cache)/partial-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: partial) }
    try Complaint.asking {
      try FileManager.default.createDirectory(
        atPath: "\(partial)/\(dataset.name)", withIntermediateDirectories: true)
    }
    for name in dataset.digests.keys.sorted() {
      StandardError.write("downloading \(name).gz from \(address)\n")
      try download("\(name).gz", to: "\(partial)/\(dataset.name)/\(name).gz")
    }
    try verify(DatasetCatalog(DatasetLocations(dataPath: [partial])))
    guard rename("\(partial)/\(dataset.name)", folder) == 0 else {
      throw Complaint(System.words("cannot move the files to \(folder)"))
    }
    print("\(dataset.name): \(folder)")
  }

  private func verify(_ catalog: DatasetCatalog) throws {
    for file in try Complaint.asking({ try catalog.verify(.named(dataset.name)) }) {
      guard file.verdict == .matches else {
        let name = URL(fileURLWithPath: file.path).lastPathComponent
        throw Complaint("\(name) from \(address) is not the published file; nothing was kept")
      }
    }
  }

  private func download(_ name: String, to path: String) throws {
    let url = address.appendingPathComponent(name)
    let outcome = Outcome()
    let done = DispatchSemaphore(value: 0)
    let task = URLSession.shared.downloadTask(with: url) { file, response, error in
      outcome.set(Self.store(file, response, error, path))
      done.signal()
    }
    task.resume()
    done.wait()
    if let problem = outcome.problem {
      throw Complaint("cannot download \(url): \(problem); see 'trawl data --help' for where else it may lie")
    }
  }

  /// Nil if the file is in its place.
  private static func store(
    _ file: URL?, _ response: URLResponse?, _ error: (any Error)?, _ path: String
  ) -> String? {
    if let error { return error.localizedDescription }
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    guard status == 200, let file else { return "the server answers with status \(status)" }
    do {
      try FileManager.default.moveItem(at: file, to: URL(fileURLWithPath: path))
      return nil
    } catch { return "\(error)" }
  }

  /// What a download's thread leaves for the one that waits for it.
  private final class Outcome: @unchecked Sendable {
    // Written before the semaphore is signalled and read after it was waited for.
    private(set) var problem: String?

    func set(_ problem: String?) {
      self.problem = problem
    }
  }
}
