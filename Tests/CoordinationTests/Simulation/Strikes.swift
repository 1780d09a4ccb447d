@testable import Coordination

// Fault injection.
extension Simulation {
  mutating func strike() {
    guard !haveFaultsStopped, let strike = dice.element(of: scenario.strikes) else { return }
    note("strike: \(strike)")
    switch strike {
    case .killWorker, .pauseWorker, .drainWorker, .hangSlot, .replaceConnection: strikeProcess(strike)
    case .cutToCoordinator: cut([.toCoordinator], .linkCutToCoordinator)
    case .cutToWorker: cut([.toWorker], .linkCutToWorker)
    case .cutBothWays: cut([.toCoordinator, .toWorker], .linkCutBothWays)
    case .killCoordinator: killCoordinator(.coordinatorKilled)
    case .restoreDisk: restoreDisk()
    case .crashAtCommit: coordinator?.crash = dice.element(of: CoordinatorProcess.Crash.allCases)
    case .pauseCoordinator: pauseCoordinator()
    case .secondCoordinator: startSecondCoordinator()
    case .slowDisk: diskTrouble.slowUntil = now + dice.seconds(1...10)
    case .fullDisk: diskTrouble.fullUntil = now + dice.seconds(0.5...10)
    case .failingDisk: diskTrouble.fails = true
    case .hostileBurst: attack()
    case .revokeKey: revokeKey()
    }
    put(.faultStrikes, after: dice.seconds(0...2 * scenario.strikeInterval))
  }

  private mutating func strikeProcess(_ strike: Scenario.Strike) {
    guard let number = dice.element(of: processes.keys.sorted()), let process = processes[number] else {
      return
    }
    switch strike {
    case .killWorker:
      if !process.running.isEmpty { counts.note(.workerKilledWithWork) }
      endProcess(number, .killed)
    case .pauseWorker:
      let length = dice.seconds(0.1...3 * (scenario.intervals.lease / .seconds(1)))
      processes[number]?.pausedUntil = now + length
      if length > scenario.intervals.lease, !process.running.isEmpty {
        counts.note(.workerPausedPastItsLease)
      }
    case .hangSlot:
      // Once per trial: a trial that hangs repeatedly would be quarantined.
      let work = process.running.filter { !ledger.hung.contains($0.value.trial) }.keys.sorted()
      guard let attempt = dice.element(of: work), let trial = process.running[attempt]?.trial else { return }
      ledger.hung.insert(trial)
      ledger.hangs[number, default: 0] += 1
      processes[number]?.running[attempt]?.hangs = true
      counts.note(.slotHung)
    case .drainWorker:
      guard process.pausedUntil <= now else { return }
      counts.note(.workerDrained)
      put(.drainRequested(process: number))
    default:
      counts.note(.connectionReplaced)
      ledger.disconnect(number)
    }
  }

  private mutating func revokeKey() {
    guard adversary.key != "key", !isKeyRevoked, coordinator != nil else { return }
    isKeyRevoked = true
    coordinator?.revoked = [adversary.key]
    counts.note(.keyRevoked)
  }

  private mutating func cut(_ directions: [Link.Direction], _ fault: Fault) {
    let host = dice.number(0...links.count - 1)
    links[host].cut(directions, until: now + dice.seconds(0.5...20))
    counts.note(fault)
  }

  private mutating func pauseCoordinator() {
    guard coordinator != nil else { return }
    coordinator?.pausedUntil = now + dice.seconds(0.5...15)
    counts.note(.coordinatorPaused)
  }

  /// Makes a backup of the disk, or replaces the disk by the last backup.
  private mutating func restoreDisk() {
    guard let backup, coordinator != nil else {
      backup = disk
      return
    }
    killCoordinator(.diskRestored)
    // Attempts and results that are only on the present disk never happened.
    disk = backup
    disk.isLocked = false
    self.backup = nil
  }

  private mutating func startSecondCoordinator() {
    guard coordinator != nil, disk.begin(at: 0, incarnation: 0) == nil else { return }
    counts.note(.secondCoordinator)
  }

  private mutating func attack() {
    guard adversary.kind != .none, !isKeyRevoked else { return }
    let knowledge = Adversary.Knowledge(
      workers: processes.keys.sorted().compactMap { processes[$0]?.id }, lastAttempt: disk.lastAttempt)
    for _ in 0..<dice.number(1...60) {
      let (message, fault) = adversary.next(knowledge)
      counts.note(fault)
      put(.reachesCoordinator(message, from: .adversary), after: dice.seconds(0...5))
    }
  }
}
