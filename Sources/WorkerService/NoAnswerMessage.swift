import Foundation
import Messaging
import Platform

/// The message about a coordinator that does not answer.
enum NoAnswerMessage {
  /// The time after which the message is printed.
  static let patience = Duration.seconds(5)

  /// The message. Resolves the host, which may take long if name servers do not answer.
  static func message(about endpoint: Endpoint) -> String {
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(endpoint.host.filter { $0 != "[" && $0 != "]" }, nil, nil, &found)
    if found != nil { freeaddrinfo(found) }
    guard code == 0 else {
      return
        "cannot resolve host '\(endpoint.host)' (\(String(cString: gai_strerror(code)))): set another with "
        + "--advertise for a search, or with 'trawl keys move' for a cluster; retrying"
    }
    guard !endpoint.isLoopback else {
      return
        "no answer from \(endpoint): the search is not running, or it runs on another machine; then start it with "
        + "--listen 'tcp://*:5555' (with the keys of a cluster: 'trawl keys move' them to its address) and copy its join "
        + "file again; retrying"
    }
    return
      "no answer from \(endpoint): check that the search is running (with --listen or --keys), that "
      + "'\(endpoint.host)' resolves to its machine (--advertise), and that the port is open; retrying"
  }
}
