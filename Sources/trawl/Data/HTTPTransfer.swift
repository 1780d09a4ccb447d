import Foundation
import Platform
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One HTTP request that appends the rest of a download to a file.
///
/// Unchecked: one queue writes `verdict`, and it is read only after `done` was signalled; the rest is constant or
/// atomic.
final class HTTPTransfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  enum Outcome {
    /// The file has the length that the server announced.
    case complete
    /// A retry may succeed; the received part is kept.
    case interrupted(String)
    /// A retry with this server would not help.
    case refused(String)
    /// The file cannot be written.
    case unwritable(String)
  }

  /// The size limit, well above that of any file of a dataset.
  static let mostBytes = 1 << 26

  private let url: URL
  private let descriptor: Int32
  private let done = DispatchSemaphore(value: 0)
  private let received: Atomic<Int>
  private let expected = Atomic<Int>(0)
  // Written only by the session's queue, read after `done` is signalled.
  private var verdict: Outcome?

  /// A transfer to an open file of `size` bytes.
  init(_ url: URL, to descriptor: Int32, size: Int) {
    self.url = url
    self.descriptor = descriptor
    received = Atomic(size)
  }

  /// Sends the request and waits for the end of the transfer.
  ///
  /// - Parameter show: called several times a second with the current size of the file and, if known, its final size.
  func run(show: (_ bytes: Int, _ of: Int?) -> Void) -> Outcome {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 30
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    var request = URLRequest(url: url)
    // The files are already compressed, and offsets refer to the compressed file.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    let size = bytes
    if size > 0 { request.setValue("bytes=\(size)-", forHTTPHeaderField: "Range") }
    session.dataTask(with: request).resume()
    while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut { show(bytes, total) }
    session.invalidateAndCancel()
    return verdict ?? .interrupted("no answer")
  }

  /// The current size of the file in bytes.
  private var bytes: Int { received.load(ordering: .relaxed) }

  /// The final size of the file in bytes; nil if unknown.
  private var total: Int? {
    let total = expected.load(ordering: .relaxed)
    return total > 0 ? total : nil
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    verdict = (response as? HTTPURLResponse).map(outcome(of:)) ?? .refused("not an HTTP response")
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

  /// Checks the header of a response; nil if the body is to be appended.
  private func outcome(of response: HTTPURLResponse) -> Outcome? {
    let status = response.statusCode
    let range = response.value(forHTTPHeaderField: "Content-Range").flatMap(ContentRange.init)
    switch status {
    case 200:
      // The server sends the whole file, even if a range was requested.
      guard truncate() else { return .unwritable(System.errorMessage("cannot write")) }
      expected.store(Int(max(response.expectedContentLength, 0)), ordering: .relaxed)
      return nil
    case 206:
      guard let range, range.start == bytes else { return restart("not the requested range") }
      expected.store(range.total ?? 0, ordering: .relaxed)
      return nil
    case 416:
      // There is no more data: the file is complete, or is a different one.
      return range?.total == bytes ? .complete : restart("a file of another length")
    case 408, 429, 500...: return .interrupted("the server answers with status \(status)")
    default: return .refused("the server answers with status \(status)")
    }
  }

  private func restart(_ reason: String) -> Outcome {
    truncate() ? .interrupted(reason) : .unwritable(System.errorMessage("cannot write"))
  }

  private func truncate() -> Bool {
    received.store(0, ordering: .relaxed)
    return ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0
  }

  /// Writes data to the file; returns the error, if any.
  private func append(_ data: Data) -> String? {
    data.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return System.errorMessage("cannot write") }
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
