/// The resources of this Slurm task, from its environment variables. They are the only source if Slurm does not bind
/// tasks to cores.
struct SlurmTask {
  package let cores: Int
  /// The variables from which `cores` follows.
  let coresWords: String
  /// The memory in bytes and its variable; nil if Slurm does not allocate memory.
  package let memory: (Int, String)?

  /// Returns nil outside a job.
  init?(_ environment: [String: String]) {
    let environment = environment.filter { !$0.value.isEmpty }
    guard environment["SLURM_JOB_ID"] != nil else { return nil }
    // The limit excludes invalid values and avoids overflow.
    func number(_ name: String) -> Int? {
      environment[name].flatMap { Int($0) }.flatMap { (1...1 << 21).contains($0) ? $0 : nil }
    }
    let tasks = Self.tasksHere(environment)
    let cores: Int
    if let number = number("SLURM_CPUS_PER_TASK") {
      cores = number
      coresWords = "SLURM_CPUS_PER_TASK is \(number)"
    } else if let number = number("SLURM_CPUS_ON_NODE") {
      cores = max(1, number / tasks)
      coresWords = "SLURM_CPUS_ON_NODE is \(number)" + (tasks > 1 ? ", for \(tasks) tasks" : "")
    } else {
      return nil
    }
    self.cores = cores
    let perCore = number("SLURM_MEM_PER_CPU").map { ($0 * cores << 20, "SLURM_MEM_PER_CPU") }
    let perNode = number("SLURM_MEM_PER_NODE").map { (($0 << 20) / tasks, "SLURM_MEM_PER_NODE") }
    memory = perCore ?? perNode
  }

  /// The number of tasks on this node, from Slurm's format: `2(x3),1` for three nodes with two tasks and one with one.
  private static func tasksHere(_ environment: [String: String]) -> Int {
    guard let text = environment["SLURM_STEP_TASKS_PER_NODE"] ?? environment["SLURM_TASKS_PER_NODE"] else {
      return 1
    }
    var node = environment["SLURM_NODEID"].flatMap { UInt32($0) }.map(Int.init) ?? 0
    for part in text.split(separator: ",") {
      let numbers = part.split { !$0.isNumber }.compactMap { UInt32($0) }.map(Int.init)
      guard let tasks = numbers.first else { return 1 }
      node -= numbers.count > 1 ? numbers[1] : 1
      if node < 0 { return max(1, tasks) }
    }
    return 1
  }
}
