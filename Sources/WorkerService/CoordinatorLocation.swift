import Coordination
import Foundation
import Messaging
import Platform

/// The join file and endpoint of the coordinator.
struct CoordinatorLocation: Equatable {
  let joinFile: String
  /// Replaces the join file's endpoint for local workers.
  let localEndpoint: Endpoint?

  /// Throws if the file is not a join file. Call it before the mode and the content of the file are checked.
  func checkKind() throws {
    guard let file = FileHandle(forReadingAtPath: joinFile),
      let start = try? file.read(upToCount: 4096)
    else { return }
    guard String(decoding: start, as: UTF8.self).contains("coordinator_public_key") else {
      throw UserError(
        "\(joinFile) is not a join file; a search with --listen writes RUN/join.json, and 'trawl keys new DIR' writes "
          + "DIR/join.json")
    }
  }

  func load() throws -> JoinFile {
    var join = try UserError.wrapping { try JoinFile.load(from: joinFile) }
    if let localEndpoint { join.endpoint = localEndpoint }
    return join
  }

  /// Waits for the join file, because the coordinator may not have started.
  ///
  /// - Parameter report: called with a line about the wait.
  /// - Returns: false if the worker was stopped.
  func waitForJoinFile(unless leaving: Latch, report: (String) -> Void) -> Bool {
    guard !FileManager.default.fileExists(atPath: joinFile) else { return true }
    let folder = URL(filePath: joinFile).deletingLastPathComponent().path
    let hint = FileManager.default.fileExists(atPath: folder) ? "" : "; there is no folder \(folder) yet"
    report(
      "waiting for \(joinFile), which the coordinator writes when it starts (40 minutes at most)\(hint)")
    let deadline = monotonicNow() + Worker.patience
    while !FileManager.default.fileExists(atPath: joinFile), monotonicNow() < deadline {
      if leaving.isRaised { return false }
      Thread.sleep(forTimeInterval: 0.1)
    }
    // The file may be incomplete while it is copied here.
    let written = min(deadline, monotonicNow() + .seconds(5))
    while (try? load()) == nil, monotonicNow() < written, !leaving.isRaised {
      Thread.sleep(forTimeInterval: 0.1)
    }
    return !leaving.isRaised
  }
}
