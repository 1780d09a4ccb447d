/// The control groups of this process, as folders with the kernel's files; the innermost first, then those above it, whose
/// limits hold too.
struct Cgroups {
  /// Of version 2, which has all limits in one place.
  let unified: [String]
  /// Of version 1, which has a tree for each kind of limit.
  let cpu: [String]
  let memory: [String]

  /// - Parameter read: gives the text of a file, nil where there is none.
  init(read: (String) -> String?) {
    let mounts = (read("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap(Mount.init)
    var (unified, cpu, memory): ([String], [String], [String]) = ([], [], [])
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      // number:controllers:path; version 2 names no controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let path = String(parts[2])
      if parts[1].isEmpty {
        unified = mounts.first { $0.controllers == nil }?.folders(of: path) ?? []
        continue
      }
      let controllers = parts[1].split(separator: ",")
      let mount = mounts.first { $0.controllers?.isSuperset(of: controllers) ?? false }
      if controllers.contains("cpu") { cpu = mount?.folders(of: path) ?? [] }
      if controllers.contains("memory") { memory = mount?.folders(of: path) ?? [] }
    }
    (self.unified, self.cpu, self.memory) = (unified, cpu, memory)
  }

  /// A tree of control groups, or the part of it that can be seen here.
  private struct Mount {
    /// The group at its top.
    let root: String
    let point: String
    /// Nil: version 2.
    let controllers: Set<Substring>?

    /// - Parameter line: of /proc/self/mountinfo: `36 35 0:30 ROOT POINT rw,nosuid shared:1 - TYPE SOURCE OPTIONS`.
    init?(_ line: Substring) {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, dash > 5 else { return nil }
      root = String(fields[3])
      point = String(fields[4])
      switch fields[dash + 1] {
      case "cgroup2": controllers = nil
      case "cgroup": controllers = Set(fields[dash + 3].split(separator: ","))
      default: return nil
      }
    }

    /// The folders of a group and of those above it. What lies outside of what is mounted cannot be seen.
    func folders(of path: String) -> [String] {
      var parts: [Substring] = []
      if root == "/" {
        parts = path.split(separator: "/")
      } else if path == root || path.hasPrefix("\(root)/") {
        parts = path.dropFirst(root.count).split(separator: "/")
      }
      if parts.contains("..") { parts = [] }
      return (0...parts.count).reversed().map { count in
        ([point] + parts.prefix(count).map(String.init)).joined(separator: "/")
      }
    }
  }
}
