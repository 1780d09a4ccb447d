import CSodium
import CZlib

/// The versions of the loaded small libraries; oneDNN's is in `NumericsFingerprint`.
package enum TrainingLibraries {
  /// For example "1.0.18".
  package static var sodiumVersion: String { String(cString: sodium_version_string()) }

  /// For example "1.2.13".
  package static var zlibVersion: String { String(cString: CZlib.zlibVersion()) }
}
