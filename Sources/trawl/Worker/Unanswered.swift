import Foundation
import Messaging

/// What a person can do about a coordinator that does not answer.
enum Unanswered {
  /// After this time it is told.
  static let patience = Duration.seconds(5)

  /// A line about it. Asks for the host's address, which may take long where name servers do not answer.
  static func words(about endpoint: Endpoint) -> String {
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(endpoint.host.filter { $0 != "[" && $0 != "]" }, nil, nil, &found)
    if found != nil { freeaddrinfo(found) }
    guard code == 0 else {
      return
        "this machine knows no host '\(endpoint.host)' (\(String(cString: gai_strerror(code)))); what sets "
        + "it is --advertise for a search with keys of its own, 'trawl keys move' for a cluster's; trying on"
    }
    return
      "nobody answers at \(endpoint): is the search running, is \(endpoint.host) its machine as seen from here "
      + "(--advertise), does a firewall stop the port? trying on"
  }
}
