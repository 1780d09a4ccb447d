import CSodium
import CZlib

/// The versions of the small libraries that this process has loaded; oneDNN's is in `NumericsFingerprint`.
package enum TrainingLibraries {
  /// Such as "1.0.18".
  package static var sodiumVersion: String { String(cString: sodium_version_string()) }

  /// Such as "1.2.13".
  package static var zlibVersion: String { String(cString: CZlib.zlibVersion()) }
}
