import Charts
import Messaging
import Storage
import Training

/// What this process speaks, stores and computes with: each library's own answer, not what was found when Trawl was built.
enum Versions {
  /// A line for each. Asking settles the instruction set for good.
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
