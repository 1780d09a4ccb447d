import Foundation

/// An error in one line, or a line for each mistake of a search file: what is wrong, where, and what is allowed.
/// Usually the user can correct it.
package struct UserError: Error {
  /// At least one.
  package let mistakes: [String]
  /// The exit status of the program.
  package let status: ExitStatus

  package init(_ message: String, status: ExitStatus = .badInput) {
    mistakes = [message]
    self.status = status
  }

  /// The mistakes in one line.
  package var message: String { mistakes.joined(separator: "; ") }

  /// An error with a line for each mistake, of which there is at least one.
  package init(mistakes: [String]) {
    precondition(!mistakes.isEmpty, "an error needs a message")
    self.mistakes = mistakes
    status = .badInput
  }

  /// Wraps an error of another module.
  package init(_ error: any Error) {
    mistakes = ["\(error)"]
    status = (error as? any ClassifiedError)?.isSystemError == true ? .failed : .badInput
  }

  /// The error of the last system call, from errno.
  package static func system(_ call: String) -> UserError {
    let status: ExitStatus = System.isSystemError(errno) ? .failed : .badInput
    return UserError(System.errorMessage(call), status: status)
  }

  /// Runs `body` and converts its errors to user errors.
  package static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let userError as UserError {
      throw userError
    } catch {
      throw UserError(error)
    }
  }
}

/// An error of a module that tells errors of the system from mistakes of the user.
package protocol ClassifiedError: Error {
  /// Whether the system caused it, for example by a full disk. The same command may succeed later.
  var isSystemError: Bool { get }
}

/// The exit statuses other than 0. Throwing one ends the program without a message.
package enum ExitStatus: Int32, Error {
  /// System error, such as a full disk. The same command may succeed later.
  case failed = 1
  case badInput = 2
  /// The search ended and some trials failed.
  case failedTrials = 3
  /// Stopped by the user. The search can be resumed.
  case interrupted = 130
}
