import Foundation
import Synchronization

/// The format of the lines on standard error and in the log.
package enum LogFormat: String, CaseIterable, Sendable {
  case text
  /// One JSON object a line, with `time`, `level` and `message`.
  case json

  private static let usesJSON = Atomic<Bool>(false)

  /// Whether this process writes JSON.
  package static var isJSON: Bool { usesJSON.load(ordering: .relaxed) }

  /// Sets the format of this process.
  package func apply() {
    Self.usesJSON.store(self == .json, ordering: .relaxed)
  }

  /// A JSON object.
  package static func json(_ message: String, level: String) -> String {
    let time = Date().formatted(.iso8601)
    return "{\"time\": \"\(time)\", \"level\": \"\(level)\", \"message\": \(message.asJSONString)}"
  }

  /// A JSON object for each line of a text. A prefix such as `warning: ` becomes the level.
  static func jsonLines(_ text: String) -> String {
    let levels = [("warning: ", "warning"), ("note: ", "notice"), ("trawl: ", "error")]
    return text.split(separator: "\n").map { line in
      let level = levels.first { line.hasPrefix($0.0) }
      return json(String(line.dropFirst(level?.0.count ?? 0)), level: level?.1 ?? "info") + "\n"
    }.joined()
  }
}
