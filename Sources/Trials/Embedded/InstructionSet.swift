import Foundation
import Platform
import Search
import Training

/// The instruction set of this process. oneDNN fixes it at its first use, so a process that needs another one restarts
/// itself.
package enum InstructionSet {
  private static let variable = "TRAWL_NUMERICS"

  /// Fixes the instruction set from the environment variable.
  package static func ofThisProcess() throws -> Numerics {
    guard getenv(variable).map({ String(cString: $0) }) == Numerics.portable.rawValue else {
      return .native
    }
    try set(.portable)
    return .portable
  }

  /// Sets the instruction set of child processes.
  package static func setForChildren(_ numerics: Numerics) {
    setenv(variable, numerics.rawValue, 1)
  }

  /// Fixes the instruction set. Call it before the first computation.
  package static func set(_ numerics: Numerics) throws {
    guard numerics == .portable else { return }
    guard NumericsFingerprint.limitToPortable() else {
      throw UserError("'numerics: portable' needs a processor with AVX2")
    }
  }

  /// Restarts the process with the same arguments. Returns only on failure.
  package static func restart(_ numerics: Numerics) -> UserError {
    setForChildren(numerics)
    let words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", words)
    return UserError.system("cannot restart the worker")
  }
}
