/// The folders of the control groups of this process, innermost first. The limits of the outer groups apply too.
struct Cgroups {
  /// Groups of version 2, with all limits in one hierarchy.
  let unified: [String]
  /// Groups of version 1, with one hierarchy for each controller.
  let cpu: [String]
  package let memory: [String]

  /// - Parameter read: returns the text of a file; nil if there is none.
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

  /// A mounted hierarchy of control groups, or a part of one.
  private struct Mount {
    /// The group at the mount point.
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

    /// The folders of a group and of its mounted parents.
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
