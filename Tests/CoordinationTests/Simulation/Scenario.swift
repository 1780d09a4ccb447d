import Randomness
import RunFiles
import Search
import Trials

@testable import Coordination

/// A search, a cluster and its faults, sampled from a seed.
struct Scenario {
  /// A machine that runs one worker process at a time.
  struct Host {
    let slots: Int
    /// Whether its workers are children of the coordinator.
    let isLocal: Bool
    let waitsForNextSearch: Bool
    /// Whether it cannot train this search.
    let isUnable: Bool
    /// Whether it has a different dataset of the same name.
    let hasOtherData: Bool
    /// The defect of the machine, which affects all its trials; nil if there is none.
    let defect: Defect?
    /// The factor by which its epochs take longer.
    let stragglerFactor: Double
    /// The rate of its clock.
    let clockRate: Double
  }

  /// The behaviour of a bad machine.
  enum Defect: CaseIterable {
    case breaksRules, fails, refuses, returnsCheckpoints
  }

  /// A fault injected at random times.
  enum Strike: CaseIterable {
    case killWorker, pauseWorker, drainWorker, hangSlot
    case cutToCoordinator, cutToWorker, cutBothWays, replaceConnection
    case killCoordinator, restoreDisk, crashAtCommit, pauseCoordinator, secondCoordinator
    case slowDisk, fullDisk, failingDisk
    case hostileBurst, revokeKey
  }

  let text: String
  let file: SearchFile
  let trials: Int
  private let plans: [Int: TrialPlan]
  /// The results of a search without faults.
  let expected: [Int: TrialEnd]
  let halving: HalvingReference?
  /// The parameter values of each trial.
  private let configurations: [[Value]]
  /// The number of top trials to re-evaluate, and their seeds.
  private let reevaluation: (top: Int, seeds: Int)?
  let intervals: Coordinator.Intervals
  let hosts: [Host]
  let network: NetworkConditions
  let strikes: [Strike]
  /// The mean time between faults, in seconds.
  let strikeInterval: Double
  /// The duration of fault injection.
  let faultDuration: Duration
  let adversary: Adversary.Kind
  /// The virtual time in which the search must end after the last fault.
  let patience: Duration

  init(seed: UInt64) {
    var dice = Philox(seed: seed, stream: 1)
    text = Self.text(&dice)
    do { file = try SearchFile.parse(text, file: "search.yaml") } catch {
      preconditionFailure("\(error)")
    }
    trials = file.trials
    let troubles = dice.chance(0.5) ? 0.2 : 0
    reevaluation = Self.reevaluation(text)
    let numbers = (0...(reevaluation?.seeds ?? 0)).flatMap { [trials] index in
      (0..<trials).map { Replicate(index, of: $0).number }
    }
    let halving = HalvingReference(file)
    self.halving = halving
    var suggestions = Suggestions(of: file)
    var plans: [TrialPlan] = []
    configurations = (0..<trials).map { [file] trial in
      guard let values = suggestions.values(trial: trial) else {
        preconditionFailure("\(trial) has no values")
      }
      let plan = TrialPlan(trial: trial, of: file, values, seed: seed, troubles: troubles)
      plans.append(plan)
      suggestions.report(trial: trial, objective: halving?.first(plan) ?? plan.objective(file.goal))
      return values
    }
    plans += numbers.dropFirst(trials).map { [file, configurations] number in
      let values = configurations[Replicate(number: number).trial]
      return TrialPlan(trial: number, of: file, values, seed: seed, troubles: troubles)
    }
    self.plans = Dictionary(uniqueKeysWithValues: plans.map { ($0.trial, $0) })
    let whole = plans.map { [file] in ($0.trial, $0.expected(by: file.goal)) }
    let ends = file.halving == nil ? [:] : halving?.ends(of: Array(plans[..<trials])) ?? [:]
    expected = Dictionary(uniqueKeysWithValues: whole).merging(ends) { $1 }
    let heartbeat = dice.seconds(0.5...2)
    intervals = .init(
      heartbeat: heartbeat, lease: heartbeat * Double(dice.number(3...6)), progress: .seconds(60),
      arrival: Coordinator.absence)
    // If trials fail on their own, defects of machines cannot be distinguished.
    hosts = Self.hosts(&dice, mayBeDefective: troubles == 0)
    network = Self.network(&dice)
    strikes = Strike.allCases.filter { _ in dice.chance(0.4) }
    strikeInterval = Double(dice.number(1...8)) / 2
    faultDuration = dice.seconds(5...40)
    adversary = dice.element(of: [.none, .none, .otherKey, .otherKeyHolding, .sameKeyHolding])!
    patience = Self.patience(
      plans.map { [file, configurations] in
        ($0, file.epochs(configurations[Replicate(number: $0.trial).trial]))
      }, intervals)
  }

  private static func text(_ dice: inout Philox) -> String {
    let most = dice.number(1...8)
    let epochs = dice.chance(0.5) ? "\(most)" : "{ int: [1, \(max(2, most))] }"
    let halves = dice.chance(0.6) && epochs == "\(most)" && most > 1
    let patience = dice.chance(0.25) && !halves ? ", patience: \(dice.number(1...3))" : ""
    let whole = dice.number(1...min(3, max(1, most - 1)))
    let shortest = dice.chance(0.5) ? dice.element(of: ["0.125", "0.3", "0.5"])! : "\(whole)"
    let factor = dice.element(of: ["1.5", "2", "3", "4"])!
    let bracket = dice.chance(0.4) ? ", bracket: \(dice.number(2...12))" : ""
    let rule = halves ? dice.element(of: ["halving", "halving", "asha", "median_rule"])! : ""
    let rungs = "min_epochs: \(shortest), factor: \(factor)"
    let rules = [
      "halving": ", halving: { \(rungs)\(bracket) }", "asha": ", asha: { \(rungs) }",
      "median_rule": ", median_rule: { after: \(dice.number(1...4)) }",
    ]
    let limit =
      rule != "halving" && dice.chance(0.3) ? ", stop_after: { epochs: \(dice.number(1...60)) }" : ""
    let stopping = (rules[rule] ?? "") + limit
    let objective = dice.element(of: ["val_accuracy", "best_val_accuracy", "val_loss"])!
    let confirm =
      dice.chance(0.3) ? ", confirm: { top: \(dice.number(1...4)), seeds: \(dice.number(2...3)) }" : ""
    let tpe =
      dice.chance(0.2) && epochs == "\(most)" && rule != "median_rule"
      ? ", sampler: tpe, lag: \(dice.number(0...5))" : ""
    let trials = dice.chance(0.5) ? dice.number(1...6) : dice.number(7...40)
    return """
      seed: \(dice.number(0...1000))
      dataset: digits
      model: { hidden: [{ int: [8, 64] }] }
      train: { epochs: \(epochs), lr: { uniform: [0.1, 0.2] }\(patience) }
      search: { trials: \(trials), objective: \(objective)\(stopping)\(confirm)\(tpe) }
      """
  }

  private static func hosts(_ dice: inout Philox, mayBeDefective: Bool) -> [Host] {
    let count = dice.number(1...8)
    // At most one: a failure on two machines counts as the trial's fault.
    let defective = mayBeDefective && dice.chance(0.3) ? dice.number(1...7) : 0
    let localShare = dice.element(of: [0, 0, 0.5, 1])!
    return (0..<count).map { index in
      let isLocal = dice.chance(localShare)
      return Host(
        slots: isLocal || dice.chance(0.5) ? 1 : dice.number(2...4), isLocal: isLocal,
        waitsForNextSearch: !isLocal && dice.chance(0.2),
        isUnable: !isLocal && index > 0 && dice.chance(0.05),
        hasOtherData: !isLocal && index > 0 && dice.chance(0.05),
        defect: !isLocal && index > 0 && index == defective
          ? dice.element(of: Defect.allCases) : nil,
        stragglerFactor: dice.element(of: [0.5, 1, 1, 3])!, clockRate: dice.element(of: [0.97, 1, 1, 1.03])!)
    }
  }

  private static func network(_ dice: inout Philox) -> NetworkConditions {
    guard dice.chance(0.7) else { return NetworkConditions() }
    return NetworkConditions(
      drop: dice.element(of: [0, 0.01, 0.1, 0.3])!, duplicate: dice.element(of: [0, 0.01, 0.2])!,
      delayedShare: dice.element(of: [0, 0, 0.02])!,
      delay: 0.0002...dice.element(of: [0.002, 0.1, 1])!, isOrdered: dice.chance(0.5))
  }

  private static func reevaluation(_ text: String) -> (top: Int, seeds: Int)? {
    guard let match = text.firstMatch(of: /confirm: { top: (\d+), seeds: (\d+) }/), let top = Int(match.1),
      let seeds = Int(match.2)
    else { return nil }
    return (top, seeds)
  }

  /// Whether a false result of one trial affects others.
  var haveTrialsInfluence: Bool { file.comparesTrials || dependsOnOrder || file.sampler.learns }

  /// Whether the order of arrival affects which trials run and how long they train.
  var dependsOnOrder: Bool { file.dependsOnArrival || file.epochLimit != nil }

  /// Whether a trial may stop with this result in a search that depends on the order of arrival.
  func allowsStop(_ end: TrialEnd) -> Bool {
    guard dependsOnOrder, end.status == .stopped else { return false }
    let plan = plan(end.trial)
    let isAllowed =
      file.medianRule == nil ? file.rungs.dropLast().contains(end.epochs) : end.epochs == end.epochs.rounded()
    let metrics =
      end.epochs < 1
      ? plan.metrics(ofPart: end.epochs) : file.goal.decisive((1...Int(end.epochs)).map(plan.epoch))
    return isAllowed && metrics == end.metrics
  }

  /// The values of a trial or a replicate.
  func values(_ number: Int) -> [Value] { configurations[Replicate(number: number).trial] }

  private func result(of end: TrialEnd) -> TrialResult { file.result(of: end, values(end.trial)) }

  /// The plan of a trial or a replicate.
  func plan(_ number: Int) -> TrialPlan {
    guard let plan = plans[number] else { preconditionFailure("nobody wants \(number)") }
    return plan
  }

  /// The trials and replicates that a search with these results must complete.
  func wanted(_ results: [Int: TrialEnd], trials count: Int) -> [Int] {
    let trials = Array(0..<count)
    guard let reevaluation, trials.allSatisfy({ results[$0] != nil }) else { return trials }
    let scored = trials.compactMap { results[$0] }.filter { $0.metrics != nil }
    let best = Ranking.ranked(scored.map(result(of:)), by: file.goal).prefix(reevaluation.top)
    return trials
      + best.flatMap { best in (1...reevaluation.seeds).map { Replicate($0, of: best.trial).number } }
  }

  /// The table results.csv of these results.
  func csv(_ ends: [Int: TrialEnd]) -> String {
    let results = ends.values.filter { $0.trial < trials }.map { end in
      var result = result(of: end)
      let replicates = (1...(reevaluation?.seeds ?? 1)).compactMap { index in
        ends[Replicate(index, of: end.trial).number]
      }
      result.reevaluated = Reevaluated(replicates.map(self.result(of:)), of: file.metrics.estimated)
      return result
    }
    return ResultTable.csv(Ranking.ranked(results, by: file.goal), of: file).text
  }

  private static func patience(
    _ plans: [(plan: TrialPlan, epochs: Int)], _ intervals: Coordinator.Intervals
  ) -> Duration {
    // Times on the slowest machine.
    let times = plans.map { $0.plan.epochTime * Double($0.epochs) * 3 }
    let killing = plans.count { if case .kills = $0.plan.fate { true } else { false } }
    // A failed trial waits for another worker and backs off between attempts.
    let isFailing = plans.contains {
      switch $0.plan.fate {
      case .fails, .breaksRule: true
      default: false
      }
    }
    let crashTime = times.max()! + intervals.lease * 2 + .seconds(5)
    return Attempts.reconnectPeriod + intervals.progress + .seconds(30) + intervals.lease * 4
      + times.reduce(.zero, +) + Coordinator.absence * (isFailing ? 3 : 1)
      + crashTime * Double(killing * (FailureHistory.silentLimit + 5))
      // Workers that leave at once make such a trial back off between these failures.
      + Backoff.longest * Double(killing * FailureHistory.silentLimit)
  }
}
