import Foundation

/// The number of trials that this process trains at the same time: one per available core, limited by memory.
package struct SlotCount: Equatable {
  /// Information from the system and the scheduler.
  package struct Evidence {
    /// All cores of the machine.
    package var cores: Int
    package var environment: [String: String]
    /// Returns the text of a file; nil if there is none.
    package var read: (String) -> String?
  }

  /// An upper limit and its reason.
  private struct Bound {
    let number: Int
    let text: String
  }

  /// The memory reserved for a slot: LeNet-5 takes 10 MiB, a network of 784-2000-2000-10 with AdamW 75 MiB. The
  /// images are in the system's file cache, shared by all processes of a machine.
  package static let memory = 128 << 20

  package let number: Int
  package let cores: Int
  /// The reason why there are fewer slots than cores; nil if there are not.
  package let reason: String?

  /// - Parameter most: the maximum per worker.
  package init(_ evidence: Evidence, most: Int) {
    let groups = Cgroups(read: evidence.read)
    let slurm = SlurmTask(evidence.environment)
    var bounds = [
      Bound(number: most, text: "the maximum per worker")
    ]
    if let cores = Self.affinity(evidence.read) {
      bounds.append(Bound(number: cores, text: "the affinity mask"))
    }
    if let slurm { bounds.append(Bound(number: slurm.cores, text: slurm.coresWords)) }
    bounds += Self.quotas(groups, evidence.read)
    bounds += Self.memories(groups, slurm, evidence.read).map { bytes, source in
      Bound(
        number: bytes / Self.memory,
        text: "\(source) leaves \(bytes >> 20) MiB of memory, a slot needs \(Self.memory >> 20)")
    }
    var least = Bound(number: evidence.cores, text: "")
    for bound in bounds where bound.number < least.number { least = bound }
    number = max(1, least.number)
    cores = evidence.cores
    reason = number < cores ? least.text : nil
  }

  /// The number of cores in the affinity mask, from a kernel list such as `0-3,8`.
  private static func affinity(_ read: (String) -> String?) -> Int? {
    let line = read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    guard let list = line?.drop(while: { !$0.isNumber }) else { return nil }
    let count = list.split(separator: ",").reduce(0) { sum, part in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return sum }
      return sum + last - first + 1
    }
    return count > 0 ? count : nil
  }

  /// The CPU quotas in cores, rounded up: three slots make the best use of two and a half cores.
  private static func quotas(_ groups: Cgroups, _ read: (String) -> String?) -> [Bound] {
    let unified = groups.unified.compactMap { folder -> Bound? in
      let words = read("\(folder)/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
      guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]) else { return nil }
      return bound(quota, in: period, by: "\(folder)/cpu.max")
    }
    let first = groups.cpu.compactMap { folder -> Bound? in
      guard let quota = number(read("\(folder)/cpu.cfs_quota_us")),
        let period = number(read("\(folder)/cpu.cfs_period_us"))
      else { return nil }
      return bound(quota, in: period, by: "\(folder)/cpu.cfs_quota_us")
    }
    return unified + first
  }

  private static func bound(_ quota: Int, in period: Int, by file: String) -> Bound? {
    guard quota > 0, period > 0 else { return nil }
    let cores = String(format: "%g", Double(quota) / Double(period))
    return Bound(
      number: (quota - 1) / period + 1,
      text: "\(file) limits CPU time to \(cores) core\(cores == "1" ? "" : "s")")
  }

  /// The available memory in bytes by each source, and the source.
  private static func memories(
    _ groups: Cgroups, _ slurm: SlurmTask?, _ read: (String) -> String?
  ) -> [(Int, String)] {
    var found: [(Int, String)] = []
    func add(_ folders: [String], _ limit: String, _ usage: String, cache: [Substring]) {
      for folder in folders {
        guard let most = number(read("\(folder)/\(limit)")), let used = number(read("\(folder)/\(usage)"))
        else {
          continue
        }
        // The file cache is reclaimable.
        let counters = fields(read("\(folder)/memory.stat"))
        let reclaimable = cache.reduce(0) { $0 + (counters[$1] ?? 0) }
        found.append((max(0, most - max(0, used - reclaimable)), "\(folder)/\(limit)"))
      }
    }
    add(groups.unified, "memory.max", "memory.current", cache: ["inactive_file", "active_file"])
    add(
      groups.memory, "memory.limit_in_bytes", "memory.usage_in_bytes",
      cache: ["total_inactive_file", "total_active_file"])
    if let memory = slurm?.memory { found.append(memory) }
    if let kibibytes = fields(read("/proc/meminfo"))["MemAvailable:"] {
      found.append((kibibytes << 10, "this machine"))
    }
    return found
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  /// Parses lines of a name and a number.
  private static func fields(_ text: String?) -> [Substring: Int] {
    var fields: [Substring: Int] = [:]
    for line in (text ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count >= 2, let number = Int(words[1]) { fields[words[0]] = number }
    }
    return fields
  }
}

extension SlotCount: CustomStringConvertible {
  package var description: String {
    let slots = "\(number) slot\(number == 1 ? "" : "s")"
    return reason.map { "\(slots) on \(cores) cores: \($0)" } ?? slots
  }
}
