import COneDNN

/// What decides, beside the recipe, the last bits of a result: the instruction set for which oneDNN makes
/// its code, and oneDNN's version.
package struct NumericsFingerprint: Sendable, Equatable, CustomStringConvertible {
  /// Such as "avx512_core_bf16".
  package let instructionSet: String
  /// Such as "2.6.3".
  package let libraryVersion: String

  /// The fingerprint of this process. Asking for it settles the instruction set for good.
  package static var current: NumericsFingerprint {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    onednn_version(&major, &minor, &patch)
    return NumericsFingerprint(
      instructionSet: String(cString: onednn_instruction_set()),
      libraryVersion: "\(major).\(minor).\(patch)")
  }

  /// Such as "avx2 oneDNN 2.6.3".
  package var description: String { "\(instructionSet) oneDNN \(libraryVersion)" }

  /// Keeps oneDNN to AVX2 in this process, which every node has (`numerics: portable`). To be called
  /// before the first `Trainer` is made and before `current` is asked for; false if it is too late or the
  /// processor has no AVX2. (A process that must change its mind starts itself anew, with
  /// `ONEDNN_MAX_CPU_ISA=AVX2` in its environment or without.)
  package static func limitToPortable() -> Bool {
    onednn_limit_to_avx2()
  }
}
