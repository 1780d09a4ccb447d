import Foundation
import Platform

/// The temporary folder of an attempt, removed with this object.
final class ScratchFolder {
  let path: String

  /// The folder in which the program runs unless it has another one.
  var work: String { path + "/work" }
  /// What the program leaves here is there again when its trial goes on.
  var checkpoint: String { path + "/checkpoint" }
  /// The parameters as JSON.
  var parameters: String { path + "/params.json" }

  /// Makes the folder in `TMPDIR`, or in /tmp.
  init() throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
    var template = Array("\(parent.hasPrefix("/") ? parent : "/tmp")/trawl-attempt-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw UserError.system("cannot make a folder in \(parent)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for folder in [work, checkpoint] {
      guard mkdir(folder, 0o700) == 0 else { throw UserError.system("cannot make \(folder)") }
    }
  }

  deinit { removeFolder(path) }

  /// Removes the content of the checkpoint.
  func clearCheckpoint() throws {
    removeFolder(checkpoint)
    guard mkdir(checkpoint, 0o700) == 0 else { throw UserError.system("cannot make \(checkpoint)") }
  }
}

/// Removes a folder as far as that is possible. Does not follow links.
func removeFolder(_ path: String) {
  // What cannot be removed stays in the folder for temporary files, which the system clears.
  try? FileManager.default.removeItem(atPath: path)
}
