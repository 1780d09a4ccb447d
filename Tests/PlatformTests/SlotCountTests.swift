import Testing

@testable import Platform

/// The slot count of a worker, from the files of real systems.
struct SlotCountTests {
  private static let unified = [
    "/proc/self/cgroup": "0::/system.slice/trawl.service\n",
    "/proc/self/mountinfo": """
    22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
    31 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate
    """,
  ]
  private static let slice = "/sys/fs/cgroup/system.slice"
  private static let first = [
    "/proc/self/cgroup": "8:pids:/\n4:memory:/slurm/uid_0/job_7\n1:cpu,cpuacct:/slurm/uid_0/job_7\n0::/\n",
    "/proc/self/mountinfo": """
    33 32 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct
    36 32 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:12 - cgroup cgroup rw,memory
    """,
  ]

  private func count(
    cores: Int = 8, _ environment: [String: String] = [:],
    _ files: [String: String] = [:],
    adding more: [String: String] = [:]
  ) -> SlotCount {
    let all = files.merging(more) { $1 }
    return SlotCount(
      .init(cores: cores, environment: environment, read: { all[$0] }), most: 64)
  }

  @Test func withoutLimitsThereIsASlotForEachCore() {
    let count = count(
      cores: 8, [:], ["/proc/meminfo": "MemTotal: 32000000 kB\nMemAvailable:   30000000 kB\n"])
    #expect("\(count)" == "8 slots")
    #expect("\(self.count(cores: 1))" == "1 slot")
  }

  @Test func affinityMaskLimitsTheSlots() {
    let status = "Name:\ttrawl\nCpus_allowed:\t8d\nCpus_allowed_list:\t0,2-3,7\nMems_allowed:\t1\n"
    #expect("\(count([:], ["/proc/self/status": status]))" == "4 slots on 8 cores: the affinity mask")
  }

  @Test(arguments: [
    ("150000 100000", 2, "1.5 cores"), ("100000 100000", 1, "1 core"), ("20000 100000", 1, "0.2 cores"),
  ])
  func timeQuotaIsRoundedUp(quota: String, slots: Int, words: String) {
    let file = "\(Self.slice)/trawl.service/cpu.max"
    let count = count([:], Self.unified, adding: [file: "\(quota)\n"])
    #expect(count.number == slots)
    #expect(count.reason == "\(file) limits CPU time to \(words)")
  }

  @Test func limitOfAParentGroupApplies() {
    let count = count(
      [:], Self.unified,
      adding: [
        "\(Self.slice)/trawl.service/cpu.max": "max 100000\n", "\(Self.slice)/cpu.max": "200000 100000\n",
        "\(Self.slice)/trawl.service/memory.max": "max\n",
      ])
    #expect("\(count)" == "2 slots on 8 cores: \(Self.slice)/cpu.max limits CPU time to 2 cores")
  }

  @Test func memoryInUseDoesNotCountUnlessItIsFileCache() {
    let group = "\(Self.slice)/trawl.service"
    let count = count(
      [:], Self.unified,
      adding: [
        "\(group)/memory.max": "\(1024 << 20)\n", "\(group)/memory.current": "\(900 << 20)\n",
        "\(group)/memory.stat": "anon 1\ninactive_file \(300 << 20)\nactive_file \(100 << 20)\n",
      ])
    #expect(count.number == 4)
    #expect(count.reason == "\(group)/memory.max leaves 524 MiB of memory, a slot needs 128")
  }

  @Test func thereIsOneSlotHoweverLittleMemoryIsFree() {
    let count = count([:], ["/proc/meminfo": "MemAvailable: 20480 kB\n"])
    #expect(
      "\(count)" == "1 slot on 8 cores: this machine leaves 20 MiB of memory, a slot needs 128")
  }

  @Test func limitsOfVersion1GroupsApply() {
    let cpu = "/sys/fs/cgroup/cpu,cpuacct/slurm/uid_0"
    let quota = count(
      [:], Self.first,
      adding: ["\(cpu)/cpu.cfs_quota_us": "300000\n", "\(cpu)/cpu.cfs_period_us": "100000\n"])
    #expect(quota.reason == "\(cpu)/cpu.cfs_quota_us limits CPU time to 3 cores")
    #expect(quota.number == 3)
    let none = count(
      [:], Self.first, adding: ["\(cpu)/cpu.cfs_quota_us": "-1\n", "\(cpu)/cpu.cfs_period_us": "100000\n"])
    #expect(none.reason == nil)
    let memory = "/sys/fs/cgroup/memory/slurm/uid_0/job_7"
    let limited = count(
      [:], Self.first,
      adding: [
        "\(memory)/memory.limit_in_bytes": "\(512 << 20)\n",
        "\(memory)/memory.usage_in_bytes": "\(256 << 20)\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": "\(8 << 30)\n",
      ])
    #expect(limited.number == 2)
  }

  /// A container without a cgroup namespace sees the host's path of its group, and its group as the mounted root.
  @Test func groupAtTheMountedRootIsFound() {
    let count = count(
      [:],
      [
        "/proc/self/cgroup": "0::/kubepods/pod7/trawl\n",
        "/proc/self/mountinfo": "31 22 0:26 /kubepods/pod7/trawl /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
        "/sys/fs/cgroup/cpu.max": "400000 100000\n",
      ])
    #expect(count.number == 4)
  }

  @Test func slurmVariablesLimitTheSlots() {
    let task = count(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "2", "SLURM_CPUS_ON_NODE": "6"])
    #expect("\(task)" == "2 slots on 8 cores: SLURM_CPUS_PER_TASK is 2")
    let node = count([
      "SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "6", "SLURM_TASKS_PER_NODE": "1(x2),3", "SLURM_NODEID": "2",
    ])
    #expect("\(node)" == "2 slots on 8 cores: SLURM_CPUS_ON_NODE is 6, for 3 tasks")
    #expect(count(["SLURM_CPUS_PER_TASK": "2"]).number == 8, "variables without a job are ignored")
    let bound = count(
      ["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "2"], ["/proc/self/status": "Cpus_allowed_list:\t5\n"])
    #expect("\(bound)" == "1 slot on 8 cores: the affinity mask")
  }

  @Test func slurmMemoryLimitsTheSlots() {
    let perCore = count(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_CPU": "64"])
    #expect(
      perCore.reason == "SLURM_MEM_PER_CPU leaves 256 MiB of memory, a slot needs 128")
    #expect(perCore.number == 2)
    let all = count(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_NODE": "0"])
    #expect(all.number == 4)
  }

  @Test(arguments: ["", "0::", "x", "0::/a/../../b\n", "4:memory", "::::"])
  func invalidFilesSetNoLimit(text: String) {
    let files = [
      "/proc/self/cgroup": text, "/proc/self/mountinfo": "31 22 - cgroup2\n\(text)", "/proc/meminfo": text,
      "/proc/self/status": "Cpus_allowed_list:\t\(text)",
    ]
    #expect(count([:], files).number == 8)
  }

  @Test func thisProcessHasASlot() {
    let count = SlotCount.ofThisProcess(most: 64)
    #expect(count.number >= 1)
    #expect(count.number <= count.cores)
  }
}
