/// A search method that can be replayed: a sampler and a schedule.
package struct ReplayMethod: Sendable {
  /// The schedule of the trials.
  package enum Scheduling: Hashable, Sendable {
    /// Trains all trials to their end.
    case whole
    /// Trains all trials for one epoch, then the best one to its end.
    case oneEpoch
    case medianRule(patience: Int)
    case asha(minEpochs: Double, factor: Double)
    /// `bracket` is the number of trials that are compared with each other; nil means all.
    case halving(minEpochs: Double, factor: Double, bracket: Int?)
  }

  /// The name in tables.
  package let name: String
  /// The sampler of configurations.
  package let sampler: Sampler
  /// The schedule of the trials.
  package let scheduling: Scheduling

  /// The measurement that counts at rungs: that of the rung, or the best one so far, at rungs and after whole epochs.
  package let selection: Goal.Selection

  /// A named method.
  package init(
    _ name: String, _ sampler: Sampler, _ scheduling: Scheduling, selection: Goal.Selection = .last
  ) {
    self.name = name
    self.sampler = sampler
    self.scheduling = scheduling
    self.selection = selection
  }

  /// The number of most recent trials that a learning sampler ignores; it sees the scores of the others at the first
  /// rung, as in the coordinator. Nil means that it sees the latest known scores of all trials.
  var lag: Int? {
    switch scheduling {
    case .whole, .medianRule: nil
    case .oneEpoch, .asha, .halving: SearchFile.defaultLag
    }
  }

  func scheduler(on curves: LearningCurves) -> any TrialScheduler {
    let trials = curves.curves.count
    let epochs = curves.epochs
    let goal = curves.goal.selecting(selection)
    switch scheduling {
    case .whole: return WholeTraining(trials: trials, epochs: epochs)
    case .oneEpoch:
      return HalvingTrials(
        trials: trials, bracket: nil, budgets: [1, Double(epochs)], factor: max(2, Double(trials)), goal: goal
      )
    case .medianRule(let patience):
      return MedianRuleTrials(trials: trials, epochs: epochs, patience: patience, goal: goal)
    case .asha(let minEpochs, let factor):
      return ASHATrials(
        trials: trials, budgets: curves.budgets(from: minEpochs, factor: factor), factor: factor, goal: goal)
    case .halving(let minEpochs, let factor, let bracket):
      return HalvingTrials(
        trials: trials, bracket: bracket, budgets: curves.budgets(from: minEpochs, factor: factor),
        factor: factor, goal: goal)
    }
  }
}

extension ReplayMethod {
  /// The methods compared on a table. Methods with rungs within the first epoch need measurements there.
  package static func compared(on curves: LearningCurves) -> [ReplayMethod] {
    let budgets = curves.partsOfFirstEpoch >= 8 ? [1, 0.5, 0.25, 0.125] : [1.0, 2]
    return [
      ReplayMethod("random", .random, .whole), ReplayMethod("Sobol", .sobol, .whole),
      ReplayMethod("TPE", .tpe, .whole), ReplayMethod("one epoch", .random, .oneEpoch),
      ReplayMethod("median rule", .random, .medianRule(patience: 5)),
    ] + budgets.flatMap { minEpochs in [2, 3, 4].flatMap { stopping(from: minEpochs, factor: $0) } }
  }

  /// The methods whose first rung has this budget.
  private static func stopping(from minEpochs: Double, factor: Double) -> [ReplayMethod] {
    let asha = Scheduling.asha(minEpochs: minEpochs, factor: factor)
    func halving(_ bracket: Int?) -> Scheduling {
      .halving(minEpochs: minEpochs, factor: factor, bracket: bracket)
    }
    let words = "from \(minEpochs.shortText), factor \(factor.shortText)"
    return [
      ReplayMethod("ASHA \(words)", .random, asha),
      ReplayMethod("TPE, ASHA \(words)", .tpe, asha),
      ReplayMethod("halving \(words)", .random, halving(nil)),
      ReplayMethod("halving \(words), best so far", .random, halving(nil), selection: .best),
      ReplayMethod("halving \(words), brackets of 16", .random, halving(16)),
      ReplayMethod("halving \(words), brackets of 32", .random, halving(32)),
      ReplayMethod("TPE, halving \(words), brackets of 16", .tpe, halving(16)),
      ReplayMethod("TPE, halving \(words), brackets of 32", .tpe, halving(32)),
    ]
  }

  /// The methods whose makespans on several slots are compared.
  package static let timed = [
    ReplayMethod("halving from 1, factor 3", .random, .halving(minEpochs: 1, factor: 3, bracket: nil)),
    ReplayMethod("ASHA from 1, factor 3", .random, .asha(minEpochs: 1, factor: 3)),
  ]
}

extension LearningCurves {
  /// The budgets of the rungs: `minEpochs` times the powers of the reduction factor, rounded up to a measurement,
  /// which is a part of the first epoch or a whole epoch.
  func budgets(from minEpochs: Double, factor: Double) -> [Double] {
    precondition(minEpochs > 0 && factor > 1, "\(minEpochs) epochs, factor \(factor)")
    let parts = Double(partsOfFirstEpoch)
    var budgets: [Double] = []
    var exact = minEpochs
    while exact < Double(epochs) {
      let measured = exact < 1 ? (exact * parts).rounded(.up) / parts : exact.rounded(.up)
      if measured != budgets.last, measured < Double(epochs) { budgets.append(measured) }
      exact *= factor
    }
    return budgets + [Double(epochs)]
  }
}
