import Charts
import Messaging
import Storage
import Training

/// The versions of the loaded libraries, not of those at build time.
enum Versions {
  /// One line for each library. The first use fixes the instruction set of this process.
  static var text: String {
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
