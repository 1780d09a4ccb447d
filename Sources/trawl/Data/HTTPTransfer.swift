import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One HTTP request whose answer is appended to a file, from where the file ends.
///
/// Unchecked: one queue writes `verdict`, and it is read only after `done` was signalled; all else is constant or atomic.
final class HTTPTransfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  enum Outcome {
    /// The file is as long as the server says.
    case complete
    /// Another try may bring more; what has come is kept.
    case interrupted(String)
    /// Asking this server again would not help.
    case refused(String)
    /// The file cannot be written.
    case unwritable(String)
  }

  /// No file of a dataset is nearly as long.
  static let mostBytes = 1 << 26

  private let url: URL
  private let descriptor: Int32
  private let done = DispatchSemaphore(value: 0)
  private let received: Atomic<Int>
  private let expected = Atomic<Int>(0)
  // Written by the session's queue alone, read after `done` is signalled.
  private var verdict: Outcome?

  /// A transfer to an open file of this many bytes.
  init(_ url: URL, to descriptor: Int32, size: Int) {
    self.url = url
    self.descriptor = descriptor
    received = Atomic(size)
  }

  /// Asks the server and waits for the end.
  ///
  /// - Parameter show: called several times a second with the bytes that the file has and, if the server has said
  ///   it, will have.
  func run(show: (_ bytes: Int, _ of: Int?) -> Void) -> Outcome {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 30
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    var request = URLRequest(url: url)
    // The files are packed already, and offsets are those of the packed file.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    let size = bytes
    if size > 0 { request.setValue("bytes=\(size)-", forHTTPHeaderField: "Range") }
    session.dataTask(with: request).resume()
    while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut { show(bytes, total) }
    session.invalidateAndCancel()
    return verdict ?? .interrupted("no answer")
  }

  /// The bytes that the file has.
  private var bytes: Int { received.load(ordering: .relaxed) }

  /// The bytes that the file will have, if the server has said it.
  private var total: Int? {
    let total = expected.load(ordering: .relaxed)
    return total > 0 ? total : nil
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    verdict = (response as? HTTPURLResponse).map(judge) ?? .refused("no answer in HTTP")
    completionHandler(verdict == nil ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard verdict == nil else { return }
    if bytes + data.count > Self.mostBytes {
      verdict = .refused("sends more than \(Self.mostBytes >> 20) MiB")
    } else if let problem = append(data) {
      verdict = .unwritable(problem)
    }
    if verdict != nil { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    if verdict == nil {
      if let error {
        verdict = .interrupted(error.localizedDescription)
      } else if let total, bytes < total {
        verdict = .interrupted("the connection ended early")
      } else {
        verdict = .complete
      }
    }
    done.signal()
  }

  /// Nil if what follows is to be appended.
  private func judge(_ response: HTTPURLResponse) -> Outcome? {
    let status = response.statusCode
    let range = response.value(forHTTPHeaderField: "Content-Range").flatMap(ContentRange.init)
    switch status {
    case 200:
      // The whole file, whatever was asked for.
      guard truncate() else { return .unwritable(System.words("cannot write")) }
      expected.store(Int(max(response.expectedContentLength, 0)), ordering: .relaxed)
      return nil
    case 206:
      guard let range, range.start == bytes else { return restart("another part than was asked for") }
      expected.store(range.total ?? 0, ordering: .relaxed)
      return nil
    case 416:
      // Nothing follows: the file is whole, or was another one.
      return range?.total == bytes ? .complete : restart("a file of another length")
    case 408, 429, 500...: return .interrupted("the server answers with status \(status)")
    default: return .refused("the server answers with status \(status)")
    }
  }

  private func restart(_ reason: String) -> Outcome {
    truncate() ? .interrupted(reason) : .unwritable(System.words("cannot write"))
  }

  private func truncate() -> Bool {
    received.store(0, ordering: .relaxed)
    return ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0
  }

  /// The problem, if there is one.
  private func append(_ data: Data) -> String? {
    data.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return System.words("cannot write") }
        rest = rest.dropFirst(count)
        received.wrappingAdd(count, ordering: .relaxed)
      }
      return nil
    }
  }
}

/// The header `Content-Range: bytes START-END/TOTAL`, or `bytes */TOTAL`. Source: RFC 9110, 14.4.
private struct ContentRange {
  let start: Int?
  let total: Int?

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].hasPrefix("bytes ") else { return nil }
    start = parts[0].dropFirst(6).split(separator: "-").first.flatMap { Int($0) }
    total = Int(parts[1])
  }
}
