import Charts
import Messaging
import Storage
import Training

/// The versions of the program and of the loaded libraries, not of those at build time.
enum Versions {
  static let program = "0.1.0"

  /// One line for each library. The first use fixes the instruction set of this process.
  static var libraries: String {
    let numerics = NumericsFingerprint.current
    let lines = [
      "libzmq \(Transport.libraryVersion)",
      "libsodium \(TrainingLibraries.sodiumVersion)",
      "oneDNN \(numerics.libraryVersion)",
      "SQLite \(StudyDatabase.libraryVersion)",
      "libpng \(Raster.libraryVersion)",
      "zlib \(TrainingLibraries.zlibVersion)",
      "instructions \(numerics.instructionSet)",
    ]
    return lines.joined(separator: "\n")
  }
}
