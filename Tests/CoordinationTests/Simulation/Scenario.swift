import Randomness
import Search

@testable import Coordination

/// A search, a cluster, and what goes wrong there: drawn from a seed.
struct Scenario {
  /// A machine that runs one worker process after the other.
  struct Place {
    let slots: Int
    /// A child of the coordinator.
    let isLocal: Bool
    let staysForever: Bool
    /// It cannot train this search.
    let isUnable: Bool
    /// Epochs take so many times as long as elsewhere.
    let slowness: Double
    /// The seconds of its clock in a true second.
    let clockRate: Double
  }

  /// A fault that strikes now and then.
  enum Strike: CaseIterable {
    case killWorker, pauseWorker, drainWorker, hangSlot
    case cutToCoordinator, cutToWorker, cutBothWays, replaceConnection
    case killCoordinator, crashAtCommit, pauseCoordinator, secondCoordinator
    case slowDisk, fullDisk, failingDisk
    case hostileBurst, revokeKey
  }

  let text: String
  let file: SearchFile
  let trials: Int
  let plans: [TrialPlan]
  /// The ranking of an undisturbed search.
  let expected: [Int: TrialEnd]
  let halving: HalvingReference?
  let intervals: Coordinator.Intervals
  let places: [Place]
  let weather: Weather
  let strikes: [Strike]
  /// The mean time between two strikes, in seconds.
  let strikeInterval: Double
  /// How long the faults last.
  let trouble: Duration
  let adversary: Adversary.Kind
  /// The virtual time in which everything must have ended once nothing goes wrong any more.
  let patience: Duration

  init(seed: UInt64) {
    var dice = Philox(seed: seed, stream: 1)
    text = Self.text(&dice)
    do { file = try SearchFile.parse(text, file: "search.yaml") } catch {
      preconditionFailure("\(error)")
    }
    trials = file.trials
    let troubles = dice.chance(0.5) ? 0.2 : 0
    plans = (0..<trials).map { [file] trial in
      TrialPlan(trial: trial, of: file, seed: seed, troubles: troubles)
    }
    halving = HalvingReference(file)
    expected =
      halving?.ends(of: plans)
      ?? Dictionary(uniqueKeysWithValues: plans.map { [file] in ($0.trial, $0.expected(by: file.objective)) })
    let heartbeat = dice.seconds(0.5...2)
    intervals = .init(
      heartbeat: heartbeat, lease: heartbeat * Double(dice.number(3...6)), progress: .seconds(60))
    places = Self.places(&dice)
    weather = Self.weather(&dice)
    strikes = Strike.allCases.filter { _ in dice.chance(0.4) }
    strikeInterval = Double(dice.number(1...8)) / 2
    trouble = dice.seconds(5...40)
    adversary = dice.element(of: [.none, .none, .otherKey, .otherKeyHolding, .sameKeyHolding])!
    patience = Self.patience(plans, file, intervals)
  }

  private static func text(_ dice: inout Philox) -> String {
    let most = dice.number(1...8)
    let epochs = dice.chance(0.5) ? "\(most)" : "{ int: [1, \(max(2, most))] }"
    let halves = dice.chance(0.6) && epochs == "\(most)" && most > 1
    let patience = dice.chance(0.25) && !halves ? ", patience: \(dice.number(1...3))" : ""
    let shortest = dice.number(1...min(3, max(1, most - 1)))
    let factor = dice.element(of: ["1.5", "2", "3", "4"])!
    let halving = halves ? ", halving: { min_epochs: \(shortest), factor: \(factor) }" : ""
    let objective = dice.element(of: ["val_accuracy", "best_val_accuracy", "val_loss"])!
    let trials = dice.chance(0.5) ? dice.number(1...6) : dice.number(7...40)
    return """
      seed: \(dice.number(0...1000))
      dataset: digits
      model: { hidden: [{ int: [8, 64] }] }
      train: { epochs: \(epochs), lr: { uniform: [0.1, 0.2] }\(patience) }
      search: { trials: \(trials), objective: \(objective)\(halving) }
      """
  }

  private static func places(_ dice: inout Philox) -> [Place] {
    let count = dice.number(1...8)
    let localShare = dice.element(of: [0, 0, 0.5, 1])!
    return (0..<count).map { index in
      let isLocal = dice.chance(localShare)
      return Place(
        slots: isLocal || dice.chance(0.5) ? 1 : dice.number(2...4), isLocal: isLocal,
        staysForever: !isLocal && dice.chance(0.2), isUnable: !isLocal && index > 0 && dice.chance(0.05),
        slowness: dice.element(of: [0.5, 1, 1, 3])!, clockRate: dice.element(of: [0.97, 1, 1, 1.03])!)
    }
  }

  private static func weather(_ dice: inout Philox) -> Weather {
    guard dice.chance(0.7) else { return Weather() }
    return Weather(
      drop: dice.element(of: [0, 0.01, 0.1, 0.3])!, duplicate: dice.element(of: [0, 0.01, 0.2])!,
      straggle: dice.element(of: [0, 0, 0.02])!,
      delay: 0.0002...dice.element(of: [0.002, 0.1, 1])!, isOrdered: dice.chance(0.5))
  }

  /// The table results.csv of these results.
  func csv(_ results: some Collection<TrialEnd>) -> String {
    let ranked = Ranking.ranked(results.map(file.result), by: file.objective)
    return Results.csv(ranked, of: file.space).text
  }

  private static func patience(
    _ plans: [TrialPlan], _ file: SearchFile, _ intervals: Coordinator.Intervals
  ) -> Duration {
    // On the slowest machine.
    let times = plans.map { $0.epochTime * Double(file.epochs(trial: $0.trial)) * 3 }
    let deadly = plans.count { if case .kills = $0.fate { true } else { false } }
    let death = times.max()! + intervals.lease * 2 + .seconds(5)
    return Coordinator.reunion + intervals.progress + .seconds(30) + intervals.lease * 4
      + times.reduce(.zero, +)
      + death * Double(deadly * (Coordinator.lossesToQuarantine + 5))
  }
}
