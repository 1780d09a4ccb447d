import Randomness
import Search

@testable import Coordination

/// The simulated training of a trial: a pure function of search and trial, as real training is.
struct TrialPlan {
  /// How the training ends, and after how many epochs.
  enum Fate: Equatable {
    case done(Int)
    case diverges(Int)
    case fails(Int)
    /// It crashes its worker process.
    case kills(Int)
    /// Its next message breaks a rule.
    case breaksRule(Int, Breach)
  }

  /// A message that breaks a rule.
  enum Breach: CaseIterable {
    case lossBelowZero, lossInfinite, lossNotANumber, accuracyAboveOne, accuracyBelowZero, resultTooEarly
  }

  /// How an attempt ends.
  enum Outcome {
    case done, diverged, failed, died
    case broke(Breach)
  }

  let trial: Int
  let fate: Fate
  /// The duration of an epoch on an average machine.
  let epochTime: Duration
  private let seed: UInt64

  init(trial: Int, of file: SearchFile, _ values: [Value], seed: UInt64, troubles: Double) {
    self.trial = trial
    self.seed = seed
    var dice = Philox(seed: seed, stream: UInt64(trial))
    epochTime = dice.seconds(0.05...2)
    let budget = file.epochs(values)
    let early = dice.number(0...budget - 1)
    if dice.chance(troubles) {
      // With patience, an early result can be valid.
      let breaches = file.patience(values) == nil ? Breach.allCases : Breach.allCases.dropLast()
      let breach = dice.element(of: breaches)!
      fate = dice.element(of: [.diverges(early), .fails(early), .kills(early), .breaksRule(early, breach)])!
    } else {
      let accuracies = (1...budget).map { Self.epoch($0, of: trial, seed).valAccuracy }
      fate = .done(Self.length(accuracies, patience: file.patience(values)))
    }
  }

  /// The number of epochs until early stopping with this patience.
  private static func length(_ accuracies: [Double], patience: Int?) -> Int {
    guard let patience else { return accuracies.count }
    var (best, bestEpoch) = (-1.0, 0)
    for (epoch, accuracy) in accuracies.enumerated() {
      if accuracy > best { (best, bestEpoch) = (accuracy, epoch) }
      if epoch - bestEpoch >= patience { return epoch + 1 }
    }
    return accuracies.count
  }

  /// The score after a part of the first epoch.
  func score(ofPart part: Double) -> EpochScore {
    EpochScore(Self.epoch(Int(part * 1000) + 1000, of: trial, seed))
  }

  /// The metrics of an epoch, counted from 1.
  func epoch(_ number: Int) -> WireEpoch { Self.epoch(number, of: trial, seed) }

  private static func epoch(_ number: Int, of trial: Int, _ seed: UInt64) -> WireEpoch {
    let bits = Philox.block(seed: seed, stream: ~UInt64(trial), position: UInt64(number))
    var epoch = WireEpoch()
    // Few distinct values, including the bounds, so that ties are common.
    epoch.valAccuracy = Double(bits.first >> 60) / 15
    epoch.valLoss = Double(bits.second >> 60) / 4
    return epoch
  }

  /// How the training ends within an epoch; nil if it completes the epoch.
  func outcome(inEpoch number: Int) -> Outcome? {
    switch fate {
    case .diverges(let epochs) where number > epochs: .diverged
    case .fails(let epochs) where number > epochs: .failed
    case .kills(let epochs) where number > epochs: .died
    case .breaksRule(let epochs, let breach) where number > epochs: .broke(breach)
    default: nil
    }
  }

  /// The objective of the full training; nil if it ends without a score.
  func objective(_ objective: Objective) -> Double? {
    let end = expected(by: objective)
    return objective == .valLoss ? end.valLoss : end.valAccuracy
  }

  /// The required result of the trial, independent of faults.
  func expected(by objective: Objective) -> TrialEnd {
    switch fate {
    case .done(let epochs):
      let score = objective.decisive((1...epochs).map { EpochScore(epoch($0)) })
      return TrialEnd(
        trial: trial, status: .done, epochs: Double(epochs), valAccuracy: score?.valAccuracy,
        valLoss: score?.valLoss)
    case .diverges(let epochs): return TrialEnd(trial: trial, status: .diverged, epochs: Double(epochs))
    case .fails(let epochs): return TrialEnd(trial: trial, status: .failed, epochs: Double(epochs))
    case .kills, .breaksRule: return TrialEnd(trial: trial, status: .quarantined, epochs: 0)
    }
  }
}

extension WireEpoch {
  /// The same epoch, with a value that breaks a rule.
  func breaking(_ breach: TrialPlan.Breach) -> WireEpoch {
    var epoch = self
    switch breach {
    case .lossBelowZero: epoch.valLoss = -1.43e-6
    case .lossInfinite: epoch.valLoss = .infinity
    case .lossNotANumber: epoch.valLoss = .nan
    case .accuracyAboveOne: epoch.valAccuracy = 1.0.nextUp
    case .accuracyBelowZero: epoch.valAccuracy = -Double.leastNonzeroMagnitude
    case .resultTooEarly: break
    }
    return epoch
  }
}
