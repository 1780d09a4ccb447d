import Foundation

extension System {
  /// The home directory of the user; nil if HOME is not an absolute path.
  package static var home: String? {
    ProcessInfo.processInfo.environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
  }

  /// Whether a text is an IPv6 address, with or without brackets.
  package static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    // A zone, such as fe80::1%eth0, is not part of the number.
    return inet_pton(AF_INET6, String(bare.prefix { $0 != "%" }), &address) == 1
  }

  /// The numeric address of a host name, to listen at; nil if the text is no name that can be resolved, such as an
  /// address, `*` or a network interface.
  package static func address(of host: String) -> String? {
    guard host != "*", !host.hasPrefix("["), host.contains(where: \.isLetter) else { return nil }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return nil }
    defer { freeaddrinfo(first) }
    // IPv4 first: '*' listens there.
    let entries = sequence(first: first, next: \.pointee.ai_next).map(\.pointee)
    guard let entry = entries.first(where: { $0.ai_family == AF_INET }) ?? entries.first else { return nil }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = getnameinfo(
      entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard code == 0 else { return nil }
    let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return address.contains(":") ? "[\(address)]" : address
  }
}
