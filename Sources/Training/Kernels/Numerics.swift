import COneDNN

/// What determines the last bits of a result in addition to the recipe: oneDNN's version and the instruction set for
/// which it generates code.
package struct NumericsFingerprint: Sendable, Equatable, CustomStringConvertible {
  /// For example "avx512_core_bf16".
  package let instructionSet: String
  /// For example "2.6.3".
  package let libraryVersion: String

  /// The fingerprint of this process. Reading it fixes the instruction set permanently.
  package static var current: NumericsFingerprint {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    onednn_version(&major, &minor, &patch)
    return NumericsFingerprint(
      instructionSet: String(cString: onednn_instruction_set()),
      libraryVersion: "\(major).\(minor).\(patch)")
  }

  /// For example "avx2 oneDNN 2.6.3".
  package var description: String { "\(instructionSet) oneDNN \(libraryVersion)" }

  /// Limits oneDNN to AVX2 in this process, which every node supports (`numerics: portable`). Call it before the
  /// first `Trainer` is created and before `current` is read; returns false if it is too late or the processor has no
  /// AVX2. (To change the setting later, a process restarts itself with or without `ONEDNN_MAX_CPU_ISA=AVX2` in its
  /// environment.)
  package static func limitToPortable() -> Bool {
    onednn_limit_to_avx2()
  }
}
