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

  /// Kills and reaps those that are not below one of these children: they were adopted.
  static func killAdopted(except children: Set<pid_t>) {
    while true {
      let below = family()
      let adopted = (below[getpid()] ?? []).filter { !children.contains($0) }
      guard !adopted.isEmpty else { return }
      for process in adopted { for member in all(of: process, below) + [process] { kill(member, SIGKILL) } }
      for process in adopted { waitpid(process, nil, 0) }
    }
  }

  /// The process IDs.
  static func all() -> [pid_t] { all(of: getpid(), family()) }

  private static func all(of ancestor: pid_t, _ children: [pid_t: [pid_t]]) -> [pid_t] {
    var found: [pid_t] = []
    var parents = [ancestor]
    while let parent = parents.popLast() {
      found += children[parent] ?? []
      parents += children[parent] ?? []
    }
    return found
  }

  /// The children of each process.
  private static func family() -> [pid_t: [pid_t]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return Dictionary(grouping: names.compactMap { pid_t($0) }) { parent(of: $0) ?? 0 }
  }

  private static func parent(of process: pid_t) -> pid_t? {
    let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data()
    // pid (name) state parent ...: the name may contain any character, even parentheses.
    let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
    let fields = rest.split(separator: " ")
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }
}
