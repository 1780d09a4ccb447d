import Randomness
import Search

@testable import Coordination

/// A whole cluster in one value: the shipped coordinator and workers, with a virtual clock, links, a disk, training that
/// is only computed, and faults. All of it is a pure function of the seed.
///
/// First everything goes wrong that the seed says, then everything is well again, and the search must come to its end.
struct Simulation {
  /// A mistake made on purpose, to see that it is found.
  enum PlantedBug: CaseIterable, Sendable {
    /// Whoever reports an attempt is taken for its holder.
    case dropsTheFence
    /// Messages leave before what they tell of is on the disk.
    case acknowledgesBeforeCommit
    /// The trial of a lost attempt is not put back.
    case forgetsARequeue
    /// What a trial's attempts came to is forgotten, and it is tried again without end.
    case retriesWithoutEnd
  }

  let scenario: Scenario
  let bug: PlantedBug?
  var dice: Philox
  private(set) var now = Duration.zero
  private var queue = EventQueue()
  var disk: Disk
  /// The coordinator's files of checkpoints, by their digests.
  var files: [[UInt8]: [UInt8]] = [:]
  /// What workers keep on the disks of their places.
  var spools: [[WorkerID: [AttemptID: WireKept]]]
  /// Whether the adversary's key is admitted no more.
  var isKeyRevoked = false
  var diskTrouble = DiskTrouble()
  /// Nil while none runs.
  var coordinator: CoordinatorProcess?
  var processes: [Int: WorkerProcess] = [:]
  /// The process that runs at each place.
  var tenants: [Int?]
  var links: [Link]
  var adversary: Adversary
  var ledger = Ledger()
  var counts = FaultCounts()
  /// Coordinators whose last messages still arrive after their end.
  var staleEpochs: Set<UInt64> = []
  private var healedAt: Duration?
  private var finishedAt: Duration?
  private var steps = 0
  /// More than any run takes: 20 times the mean of the longest.
  private static let mostEvents = 400_000
  /// What happened, if somebody wants to know.
  private(set) var trace: [String]?

  init(seed: UInt64, bug: PlantedBug? = nil, isTraced: Bool = false) {
    scenario = Scenario(seed: seed)
    self.bug = bug
    dice = Philox(seed: seed, stream: 2)
    disk = Disk(knowsData: scenario.places.contains(where: \.hasOtherData))
    tenants = scenario.places.map { _ in nil }
    spools = scenario.places.map { _ in [:] }
    links = scenario.places.map { _ in Link() }
    adversary = Adversary(scenario.adversary, seed: seed)
    trace = isTraced ? [] : nil
  }

  var isHealed: Bool { healedAt != nil }
  var isFinished: Bool {
    wanted.allSatisfy { disk.results[$0] != nil }
  }

  /// All that must have ended.
  private var wanted: [Int] { scenario.wanted(disk.results, trials: disk.trialCount ?? scenario.trials) }

  mutating func put(_ event: Occurrence, after delay: Duration = .zero) {
    queue.put(event, at: now + delay)
  }

  mutating func put(_ event: Occurrence, at time: Duration) {
    queue.put(event, at: time)
  }

  mutating func note(_ words: @autoclosure () -> String) {
    guard trace != nil else { return }
    trace?.append("\(Double(now / .milliseconds(1)) / 1000) s: \(words())")
  }

  /// Runs to the end; throws at the first broken promise.
  mutating func run() throws(Violation) {
    put(.coordinatorStarts)
    for place in scenario.places.indices where !scenario.places[place].isLocal {
      put(.processStarts(place: place), after: dice.seconds(0...3))
    }
    if !scenario.strikes.isEmpty { put(.faultStrikes, after: .seconds(1)) }
    while let (time, event) = queue.next() {
      now = time
      steps += 1
      guard steps < Self.mostEvents else { throw Violation("time stands still") }
      try handle(event)
      if !isHealed, isFinished || now > scenario.trouble { heal() }
      if try isOver() { break }
    }
    guard finishedAt != nil else { throw Violation("nothing happens any more") }
    try checkRanking()
  }

  private mutating func handle(_ event: Occurrence) throws(Violation) {
    switch event {
    case .processStarts(let place): startProcess(at: place)
    case .workerTicks(let process): try tickWorker(process)
    case .drainIsAsked(let process): try tell(process, .drainRequested("drain"))
    case .isSuspended(let process, let attempt): try endSuspension(of: attempt, in: process)
    case .partEnds(let process, let attempt): try endPart(of: attempt, in: process)
    case .epochEnds(let process, let attempt, let count):
      try endEpoch(count, of: attempt, in: process)
    case .reachesWorker(let process, let message, let address):
      try deliver(message, to: process, over: address, event)
    case .reachesCoordinator(let message, let origin): receive(message, from: origin)
    case .orphanEnds(let process): endProcess(process, .killed)
    case .coordinatorStarts: startCoordinator()
    case .coordinatorTurns(let epoch, let number): try turn(epoch, number)
    case .commitEnds(let epoch): try endCommit(epoch)
    case .faultStrikes: strike()
    }
  }

  private mutating func heal() {
    note("--- all is well again ---")
    healedAt = now
    for place in links.indices { links[place].mend() }
    for number in processes.keys { processes[number]?.pausedUntil = now }
    if coordinator == nil { put(.coordinatorStarts, after: .seconds(1)) }
    coordinator?.pausedUntil = now
    coordinator?.crash = nil
    diskTrouble = DiskTrouble()
  }

  /// Whether all work is done and everyone has gone home.
  private mutating func isOver() throws(Violation) -> Bool {
    guard let healedAt else { return false }
    guard isFinished else {
      guard now - healedAt > scenario.patience else { return false }
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
    // Which trials there are, and how far they train, follows from who comes first.
    guard !scenario.isFree else { return }
    let honest = disk.results.filter { !isTainted($0.key) }
    let wanted = Set(scenario.wanted(scenario.expected, trials: scenario.trials))
    let expected = scenario.expected.filter { wanted.contains($0.key) && !isTainted($0.key) }
    guard scenario.csv(honest) == scenario.csv(expected) else {
      throw Violation("the ranking differs from that of an undisturbed search")
    }
  }
}
