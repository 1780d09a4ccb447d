import Foundation

/// The descendants of this process, of which it is the parent once their own parents have ended.
enum Descendants {
  /// Kills and reaps all of them, also those that are started meanwhile.
  static func killAll() {
    while true {
      let ended = waitpid(-1, nil, WNOHANG)
      if ended > 0 { continue }
      if ended < 0, errno != EINTR { return }
      for process in all() { kill(process, SIGKILL) }
      usleep(500)
    }
  }

  /// The process IDs.
  static func all() -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let children = Dictionary(grouping: names.compactMap { pid_t($0) }) { parent(of: $0) ?? 0 }
    var found: [pid_t] = []
    var parents = [getpid()]
    while let parent = parents.popLast() {
      found += children[parent] ?? []
      parents += children[parent] ?? []
    }
    return found
  }

  private static func parent(of process: pid_t) -> pid_t? {
    let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data()
    // pid (name) state parent ...: the name may contain any character, even parentheses.
    let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
    let fields = rest.split(separator: " ")
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }
}
