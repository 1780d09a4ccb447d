import CZeroMQ
import Glibc
import Platform

/// System errors of the messaging layer; each prints as one line.
package enum MessagingError: ClassifiedError, Equatable, Sendable, CustomStringConvertible {
  /// The text is not an endpoint, with the reason.
  case malformedEndpoint(String, String)
  /// The endpoint is already in use.
  case portInUse(Endpoint)
  /// This user may not listen there, for example on ports below 1024.
  case permissionDenied(Endpoint)
  /// The host to listen on is not an address or network interface of this machine.
  case notOfThisMachine(Endpoint)
  /// A connection needs one host and one port.
  case notConnectable(Endpoint)
  /// The start-up test with an unknown key was not rejected, so the socket must not listen.
  case selfTestFailed(Endpoint, String)
  /// The process cannot open more files or sockets.
  case tooManyOpenFiles
  /// Any other system error, with operation and message.
  case system(operation: String, reason: String)

  package var description: String {
    switch self {
    case .malformedEndpoint(let text, let reason): "'\(text)' is not an endpoint: \(reason)"
    case .portInUse(let endpoint):
      "port \(endpoint.port) on this machine is already in use (\(endpoint))"
    case .permissionDenied(let endpoint):
      "this user may not listen on port \(endpoint.port) (\(endpoint))"
    case .notOfThisMachine(let endpoint):
      "'\(endpoint.host)' is not an address or network interface of this machine (\(endpoint))"
    case .notConnectable(let endpoint):
      "'\(endpoint)' cannot be connected to: it needs the coordinator's host and port"
    case .selfTestFailed(let endpoint, let reason):
      "the coordinator stops: its test with an unknown key at \(endpoint) failed: \(reason)"
    case .tooManyOpenFiles:
      "too many open files, or fewer than \(OpenFiles.least) allowed: raise the limit with ulimit -n"
    case .system(let operation, let reason): "\(operation) failed: \(reason)"
    }
  }

  package var isSystemError: Bool { self == .tooManyOpenFiles }

  /// The error for a failed call, from the errno read right after it.
  init(_ operation: String, code: Int32) {
    switch code {
    case EMFILE, ENFILE: self = .tooManyOpenFiles
    default: self = .system(operation: operation, reason: String(cString: zmq_strerror(code)))
    }
  }

  /// The error for a failed bind.
  init(binding endpoint: Endpoint, code: Int32) {
    switch code {
    case EADDRINUSE: self = .portInUse(endpoint)
    case EACCES, EPERM: self = .permissionDenied(endpoint)
    case EADDRNOTAVAIL, ENODEV, EINVAL, ENXIO: self = .notOfThisMachine(endpoint)
    default: self.init("listening at \(endpoint)", code: code)
    }
  }
}
