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
    case lossBelowZero, lossInfinite, lossNotANumber, accuracyAboveOne, accuracyBelowZero
    case metricMissing, metricUnknown, stepWrong, resultTooEarly
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
      let accuracies = (1...budget).map { Self.epoch($0, of: trial, seed)["val_accuracy"] ?? .nan }
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

  /// The metrics after a part of the first epoch.
  func metrics(ofPart part: Double) -> Metrics {
    Self.epoch(Int(part * 1000) + 1000, of: trial, seed).ofPart
  }

  /// The metrics of an epoch, counted from 1.
  func epoch(_ number: Int) -> Metrics { Self.epoch(number, of: trial, seed) }

  /// The metrics of an epoch with its number.
  func measurement(_ number: Int) -> TrialMeasurement { .init(step: Double(number), epoch(number)) }

  private static func epoch(_ number: Int, of trial: Int, _ seed: UInt64) -> Metrics {
    let bits = Philox.block(seed: seed, stream: ~UInt64(trial), position: UInt64(number))
    // Few distinct values, including the bounds, so that ties are common.
    let (accuracy, loss) = (Double(bits.first >> 60) / 15, Double(bits.second >> 60) / 4)
    return ["train_loss": 0, "train_accuracy": 0, "val_loss": loss, "val_accuracy": accuracy]
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
  func objective(_ goal: Goal) -> Double? { expected(by: goal).metrics.map(goal.value) }

  /// The required result of the trial, independent of faults.
  func expected(by goal: Goal) -> TrialEnd {
    switch fate {
    case .done(let epochs):
      return TrialEnd(
        trial: trial, status: .done, epochs: Double(epochs), metrics: goal.decisive((1...epochs).map(epoch)))
    case .diverges(let epochs): return TrialEnd(trial: trial, status: .diverged, epochs: Double(epochs))
    case .fails(let epochs): return TrialEnd(trial: trial, status: .failed, epochs: Double(epochs))
    case .kills, .breaksRule: return TrialEnd(trial: trial, status: .quarantined, epochs: 0)
    }
  }
}

extension TrialMeasurement {
  /// The same epoch, with a value that breaks a rule.
  func breaking(_ breach: TrialPlan.Breach) -> TrialMeasurement {
    var epoch = self
    switch breach {
    case .lossBelowZero: epoch.metrics["val_loss"] = -1.43e-6
    case .lossInfinite: epoch.metrics["val_loss"] = .infinity
    case .lossNotANumber: epoch.metrics["val_loss"] = .nan
    case .accuracyAboveOne: epoch.metrics["val_accuracy"] = 1.0.nextUp
    case .accuracyBelowZero: epoch.metrics["val_accuracy"] = -Double.leastNonzeroMagnitude
    case .metricMissing: epoch.metrics["val_loss"] = nil
    case .metricUnknown: epoch.metrics["auc"] = 1
    case .stepWrong: epoch.step += 1
    case .resultTooEarly: break
    }
    return epoch
  }
}

extension Metrics {
  /// The metrics that are measured within the first epoch, too.
  var ofPart: Metrics {
    var metrics = self
    (metrics["train_loss"], metrics["train_accuracy"]) = (nil, nil)
    return metrics
  }
}

extension SearchFile {
  /// The early-stopping patience, in epochs, of a trial with these values; nil if it has none.
  fileprivate func patience(_ values: [Value]) -> Int? {
    guard let configuration = configuration(values: values), configuration.has("train.patience") else {
      return nil
    }
    return configuration.integer("train.patience")
  }
}
