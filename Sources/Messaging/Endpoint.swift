/// An address to listen on or to connect to: `tcp://HOST:PORT`.
///
/// The host is a name, an IPv4 address, an IPv6 address in brackets, or `*` for every interface.
/// Port 0 lets the system choose one when listening.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package let host: String
  package let port: UInt16

  /// Parses `tcp://HOST:PORT`; the error describes what is wrong.
  package init(_ text: String) throws(MessagingError) {
    guard text.hasPrefix("tcp://") else {
      throw .malformedEndpoint(text, "it must look like tcp://HOST:PORT")
    }
    let address = text.dropFirst("tcp://".count)
    guard let colon = address.lastIndex(of: ":") else {
      throw .malformedEndpoint(text, "the port is missing, as in tcp://HOST:5555")
    }
    let portText = address[address.index(after: colon)...]
    guard !portText.isEmpty, portText.allSatisfy({ "0"..."9" ~= $0 }),
      let port = UInt16(portText)
    else { throw .malformedEndpoint(text, "the port must be a number from 0 to 65535") }
    let host = String(address[..<colon])
    guard Self.isHost(host) else {
      throw .malformedEndpoint(text, "the host must be a name, an address, [an IPv6 address] or *")
    }
    self.host = host
    self.port = port
  }

  private init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  private static func isHost(_ host: String) -> Bool {
    if host == "*" { return true }
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
    let body = isBracketed ? host.dropFirst().dropLast() : Substring(host)
    let others: Set<Character> = isBracketed ? [":", ".", "%"] : ["-", ".", "_"]
    return !body.isEmpty && body.utf8.count <= 255
      && body.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || others.contains($0)) }
  }

  /// The same port at another host, for a coordinator that listens on all interfaces and advertises one host.
  package func at(host: String) throws(MessagingError) -> Endpoint {
    let needsBrackets = host.contains(":") && !host.hasPrefix("[")
    return try Endpoint("tcp://\(needsBrackets ? "[\(host)]" : host):\(port)")
  }

  /// The same host at another port.
  package func at(port: UInt16) -> Endpoint { Endpoint(host: host, port: port) }

  /// Whether the host means all interfaces, which cannot be connected to.
  package var isWildcard: Bool { ["*", "0.0.0.0", "[::]"].contains(host) }

  /// Whether it can be connected to: one host and one port.
  package var isConnectable: Bool { port != 0 && !isWildcard }

  /// Whether the host is an IPv6 address.
  package var isIPv6: Bool { host.hasPrefix("[") }

  /// Whether only the machine itself can reach the host.
  package var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.hasPrefix("127.") }

  /// The same port, reached from this machine.
  package var onThisMachine: Endpoint {
    guard isWildcard else { return self }
    return Endpoint(host: isIPv6 ? "[::1]" : "127.0.0.1", port: port)
  }

  package var description: String { "tcp://\(host):\(port)" }
}
