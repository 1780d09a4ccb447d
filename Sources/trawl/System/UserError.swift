import Foundation
import Messaging
import Search
import Storage

/// An error in one line, or a line for each mistake of a search file: what is wrong, where, and what is allowed.
/// Usually the user can correct it.
struct UserError: Error {
  /// At least one.
  let mistakes: [String]
  /// The exit status of the program.
  let status: ExitStatus

  init(_ message: String, status: ExitStatus = .badInput) {
    mistakes = [message]
    self.status = status
  }

  /// The mistakes in one line.
  var message: String { mistakes.joined(separator: "; ") }

  /// Wraps an error of one of the modules.
  init(_ error: any Error) {
    mistakes =
      (error as? SearchFileError).map { "\($0)".split(separator: "\n").map(String.init) } ?? ["\(error)"]
    let isSystemError =
      switch error {
      case let error as StudyError: error.isSystemError
      case KeyFileError.system(_, _, let code): Self.systemErrorCodes.contains(code)
      case MessagingError.tooManyOpenFiles: true
      default: false
      }
    status = isSystemError ? .failed : .badInput
  }

  /// The error of the last system call, from errno.
  static func system(_ call: String) -> UserError {
    let status: ExitStatus = systemErrorCodes.contains(errno) ? .failed : .badInput
    return UserError(System.errorMessage(call), status: status)
  }

  /// errno values of system errors, which the user did not cause.
  private static let systemErrorCodes = [
    EIO, ENOSPC, EDQUOT, EFBIG, ESTALE, EMFILE, ENFILE, ENOMEM,
  ]

  /// Runs `body` and converts its errors to user errors.
  static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let userError as UserError {
      throw userError
    } catch {
      throw UserError(error)
    }
  }
}

/// The exit statuses other than 0. Throwing one ends the program without a message.
enum ExitStatus: Int32, Error {
  /// System error, such as a full disk. The same command may succeed later.
  case failed = 1
  case badInput = 2
  /// The search ended and some trials failed.
  case failedTrials = 3
  /// Stopped by the user. The search can be resumed.
  case interrupted = 130
}
