import Foundation
import Platform
import Training

/// Downloads one file of a dataset from the first mirror that has it. Partial files are kept between retries and
/// runs. A file is accepted only if it is complete and has the published contents.
struct FileDownload {
  /// The error of each mirror.
  struct Failure: Error {
    let problems: [(mirror: URL, reason: String)]
  }

  let dataset: KnownDataset
  /// The published name; the file is compressed and has the suffix ".gz".
  let name: String
  let mirrors: [URL]
  /// The destination folder.
  let folder: String

  private static let rounds = 3

  private var path: String { "\(folder)/\(name).gz" }

  /// Returns when the file is complete; throws a `Failure` if no mirror has it.
  func run(_ terminal: inout Terminal) throws {
    if size > 0, isPublished { return }
    var problems: [URL: String] = [:]
    var refused: Set<URL> = []
    for round in 0..<Self.rounds where refused.count < mirrors.count {
      // The error may be temporary.
      if round > 0 { Thread.sleep(forTimeInterval: 0.5 * Double(round)) }
      for mirror in mirrors where !refused.contains(mirror) {
        switch try fetch(from: mirror, &terminal) {
        case .complete: return
        case .refused(let reason):
          problems[mirror] = reason
          refused.insert(mirror)
        case .interrupted(let reason): problems[mirror] = reason
        case .unwritable(let reason): throw UserError("\(path): \(reason)")
        }
      }
    }
    throw Failure(problems: mirrors.map { ($0, problems[$0] ?? "not tried") })
  }

  /// Requests the rest from a mirror as long as it sends data. Complete means verified.
  private func fetch(from mirror: URL, _ terminal: inout Terminal) throws -> HTTPTransfer.Outcome {
    var isOwn = size == 0
    while true {
      let before = size
      let outcome = try transfer(from: mirror, &terminal)
      switch outcome {
      case .complete:
        if isPublished {
          terminal.say("\(name).gz: \(amount(size)), as published")
          return .complete
        }
        unlink(path)
        // A part from another mirror may not match this mirror's file: retry from the start.
        if isOwn { return .refused("not the published file") }
        isOwn = true
      case .interrupted(let reason):
        guard size > before else { return outcome }
        terminal.say("\(reason); resuming")
      case .refused, .unwritable: return outcome
      }
    }
  }

  private func transfer(from mirror: URL, _ terminal: inout Terminal) throws -> HTTPTransfer.Outcome {
    let url = mirror.appendingPathComponent("\(name).gz")
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let start = size > 0 ? ", from byte \(size)" : ""
    if !terminal.isInteractive { terminal.say("downloading \(url)\(start)") }
    let outcome = HTTPTransfer(url, to: descriptor, size: size).run { bytes, total in
      let whole = total.map { " of \(amount($0))" } ?? ""
      let line = "\(name).gz: \(amount(bytes))\(whole) from \(mirror.host ?? "")"
      terminal.show([String(line.prefix(terminal.style.width))])
    }
    terminal.clear()
    return outcome
  }

  private var size: Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private var isPublished: Bool { dataset.verdict(on: path, as: name) == .matches }

  private func amount(_ bytes: Int) -> String {
    bytes < 1_000_000
      ? String(format: "%.1f kB", Double(bytes) / 1e3) : String(format: "%.1f MB", Double(bytes) / 1e6)
  }
}
