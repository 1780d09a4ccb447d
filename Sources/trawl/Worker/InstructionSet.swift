import Foundation
import Search
import Training

/// Which instructions this process computes with. oneDNN settles that once and for all at its first use, so a process
/// that needs others starts itself anew.
enum InstructionSet {
  private static let variable = "TRAWL_NUMERICS"

  /// Settles it, as the process was started.
  static func ofThisProcess() throws -> SearchFile.Numerics {
    guard getenv(variable).map({ String(cString: $0) }) == SearchFile.Numerics.portable.rawValue else {
      return .native
    }
    try settle(.portable)
    return .portable
  }

  /// Settles it for the processes that this one will start.
  static func settleForChildren(_ numerics: SearchFile.Numerics) {
    setenv(variable, numerics.rawValue, 1)
  }

  /// Settles it for a process that has not computed yet.
  static func settle(_ numerics: SearchFile.Numerics) throws {
    guard numerics == .portable else { return }
    guard NumericsFingerprint.limitToPortable() else {
      throw UserError("'numerics: portable' needs a processor with AVX2")
    }
  }

  /// Becomes a new process with the same arguments; returns only if that fails.
  static func restart(_ numerics: SearchFile.Numerics) -> UserError {
    settleForChildren(numerics)
    let words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", words)
    return UserError.system("cannot start again")
  }
}
