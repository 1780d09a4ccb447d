import Randomness
import Search

@testable import Coordination

/// A whole cluster in one value: the production coordinator and workers with a virtual clock, simulated links, disk and
/// training, and injected faults. A pure function of the seed.
///
/// Faults are injected for a limited time; afterwards the search must complete.
struct Simulation {
  /// A deliberate bug that the simulation must detect.
  enum PlantedBug: CaseIterable, Sendable {
    /// Any sender of a report counts as the holder of the attempt.
    case skipsFencing
    /// Messages are sent before the decisions that they depend on are committed.
    case acknowledgesBeforeCommit
    /// The trial of a lost attempt is not requeued.
    case omitsRequeue
    /// The failures of a trial are dropped, so that it is retried without limit.
    case retriesWithoutLimit
  }

  let scenario: Scenario
  let bug: PlantedBug?
  var dice: Philox
  private(set) var now = Duration.zero
  private var queue = EventQueue()
  var disk: Disk
  /// An earlier state of the disk.
  var backup: Disk?
  /// The coordinator's checkpoint files, by digest.
  var files: [[UInt8]: [UInt8]] = [:]
  /// The spools at each host.
  var spools: [[WorkerID: [AttemptID: WireKept]]]
  /// Whether the adversary's key is revoked.
  var isKeyRevoked = false
  var diskTrouble = DiskTrouble()
  /// The coordinator; nil while none runs.
  var coordinator: CoordinatorProcess?
  var processes: [Int: WorkerProcess] = [:]
  /// The process that runs at each host.
  var occupants: [Int?]
  var links: [Link]
  var adversary: Adversary
  var ledger = Ledger()
  var counts = FaultCounts()
  /// Ended generations whose last messages are still in flight.
  var staleGenerations: Set<UInt64> = []
  private var faultsStoppedAt: Duration?
  private var finishedAt: Duration?
  private var steps = 0
  /// The limit of events in a run: 20 times the mean of the longest runs.
  private static let mostEvents = 400_000
  /// A log of the run; nil unless tracing.
  private(set) var trace: [String]?

  init(seed: UInt64, bug: PlantedBug? = nil, isTraced: Bool = false) {
    scenario = Scenario(seed: seed)
    self.bug = bug
    dice = Philox(seed: seed, stream: 2)
    disk = Disk(knowsData: scenario.hosts.contains(where: \.hasOtherData))
    occupants = scenario.hosts.map { _ in nil }
    spools = scenario.hosts.map { _ in [:] }
    links = scenario.hosts.map { _ in Link() }
    adversary = Adversary(scenario.adversary, seed: seed)
    trace = isTraced ? [] : nil
  }

  var haveFaultsStopped: Bool { faultsStoppedAt != nil }
  var isFinished: Bool {
    // Asked after each event: the list of all is not needed while any is missing.
    guard disk.results.count >= disk.trialCount ?? scenario.trials else { return false }
    return wanted.allSatisfy { disk.results[$0] != nil }
  }

  /// The trials and replicates that must end.
  private var wanted: [Int] { scenario.wanted(disk.results, trials: disk.trialCount ?? scenario.trials) }

  mutating func put(_ event: Occurrence, after delay: Duration = .zero) {
    queue.put(event, at: now + delay)
  }

  mutating func put(_ event: Occurrence, at time: Duration) {
    queue.put(event, at: time)
  }

  mutating func note(_ text: @autoclosure () -> String) {
    guard trace != nil else { return }
    trace?.append("\(Double(now / .milliseconds(1)) / 1000) s: \(text())")
  }

  /// Runs to the end; throws the first violation.
  mutating func run() throws(Violation) {
    put(.coordinatorStarts)
    for host in scenario.hosts.indices where !scenario.hosts[host].isLocal {
      put(.processStarts(host: host), after: dice.seconds(0...3))
    }
    if !scenario.strikes.isEmpty { put(.faultStrikes, after: .seconds(1)) }
    while let (time, event) = queue.next() {
      now = time
      steps += 1
      guard steps < Self.mostEvents else { throw Violation("time stands still") }
      try handle(event)
      if !haveFaultsStopped, isFinished || now > scenario.faultDuration { stopFaults() }
      if try isOver() { break }
    }
    guard finishedAt != nil else { throw Violation("nothing happens any more") }
    try checkRanking()
  }

  private mutating func handle(_ event: Occurrence) throws(Violation) {
    switch event {
    case .processStarts(let host): startProcess(at: host)
    case .workerTicks(let process): try tickWorker(process)
    case .drainRequested(let process): try dispatch(process, .drainRequested("drain"))
    case .isSuspended(let process, let attempt): try endSuspension(of: attempt, in: process)
    case .partEnds(let process, let attempt): try endPart(of: attempt, in: process)
    case .epochEnds(let process, let attempt, let count):
      try endEpoch(count, of: attempt, in: process)
    case .reachesWorker(let process, let message, let address):
      try deliver(message, to: process, over: address, event)
    case .reachesCoordinator(let message, let origin): receive(message, from: origin)
    case .orphanEnds(let process): endProcess(process, .killed)
    case .coordinatorStarts: startCoordinator()
    case .coordinatorTurns(let generation, let number): try turn(generation, number)
    case .commitEnds(let generation): try endCommit(generation)
    case .faultStrikes: strike()
    }
  }

  private mutating func stopFaults() {
    note("--- all is well again ---")
    faultsStoppedAt = now
    for host in links.indices { links[host].restore() }
    for number in processes.keys { processes[number]?.pausedUntil = now }
    if coordinator == nil { put(.coordinatorStarts, after: .seconds(1)) }
    coordinator?.pausedUntil = now
    coordinator?.crash = nil
    diskTrouble = DiskTrouble()
  }

  /// Whether all trials have ended and all workers have finished.
  private mutating func isOver() throws(Violation) -> Bool {
    guard let faultsStoppedAt else { return false }
    guard isFinished else {
      guard now - faultsStoppedAt > scenario.patience else { return false }
      let open = wanted.filter { disk.results[$0] == nil }
      throw Violation("trials \(open) have not ended \(scenario.patience) after the last fault")
    }
    let end = finishedAt ?? now
    finishedAt = end
    let busy = processes.values.filter { !$0.isAtRest }.map(\.number).sorted()
    if busy.isEmpty { return true }
    guard now - end < .seconds(30) + scenario.intervals.lease * 2 else {
      throw Violation("the search has ended, but not the work of processes \(busy)")
    }
    return false
  }

  private func checkRanking() throws(Violation) {
    // The results depend on the order of arrival.
    guard !scenario.dependsOnOrder else { return }
    let honest = disk.results.filter { !isTainted($0.key) }
    let wanted = Set(scenario.wanted(scenario.expected, trials: scenario.trials))
    let expected = scenario.expected.filter { wanted.contains($0.key) && !isTainted($0.key) }
    guard scenario.csv(honest) == scenario.csv(expected) else {
      throw Violation("the ranking differs from that of an undisturbed search")
    }
  }
}
