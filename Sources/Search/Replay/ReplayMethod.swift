/// A way to search that can be replayed.
package struct ReplayMethod: Sendable {
  /// Which trials train how far.
  package enum Scheduling: Hashable, Sendable {
    /// All train to their end.
    case whole
    /// All train one epoch, then the best one to its end.
    case oneEpoch
    case medianRule(patience: Int)
    case asha(minEpochs: Double, factor: Double)
    /// `bracket`: so many trials are compared with each other; nil: all.
    case halving(minEpochs: Double, factor: Double, bracket: Int?)
  }

  /// What it is called in tables.
  package let name: String
  /// In which order configurations are taken.
  package let sampler: Sampler
  /// Which trials train how far.
  package let scheduling: Scheduling

  /// What trials are compared by before their end: the accuracy then, or the best that was measured until then, at rungs and
  /// after whole epochs.
  package let judging: Objective

  /// A method with a name of its own.
  package init(
    _ name: String, _ sampler: Sampler, _ scheduling: Scheduling, judging: Objective = .valAccuracy
  ) {
    precondition(judging != .valLoss, "\(name): trials are compared by accuracies")
    self.name = name
    self.sampler = sampler
    self.scheduling = scheduling
    self.judging = judging
  }

  /// A sampler that learns is told what came of the trials so far back, of each what it had come to at the first rung, as by
  /// the coordinator; nil: of all trials whatever is known.
  var lag: Int? {
    switch scheduling {
    case .whole, .medianRule: nil
    case .oneEpoch, .asha, .halving: SearchFile.defaultLag
    }
  }

  func scheduler(on curves: LearningCurves) -> any TrialScheduler {
    let trials = curves.curves.count
    let epochs = curves.epochs
    switch scheduling {
    case .whole: return WholeTraining(trials: trials, epochs: epochs)
    case .oneEpoch:
      return HalvingTrials(
        trials: trials, bracket: nil, budgets: [1, Double(epochs)], factor: max(2, Double(trials)))
    case .medianRule(let patience):
      return MedianRuleTrials(trials: trials, epochs: epochs, patience: patience)
    case .asha(let minEpochs, let factor):
      return ASHATrials(
        trials: trials, budgets: curves.budgets(from: minEpochs, factor: factor), factor: factor)
    case .halving(let minEpochs, let factor, let bracket):
      return HalvingTrials(
        trials: trials, bracket: bracket, budgets: curves.budgets(from: minEpochs, factor: factor),
        factor: factor)
    }
  }
}

extension ReplayMethod {
  /// What is compared on a table: methods that compare trials within the first epoch only where that was measured.
  package static func compared(on curves: LearningCurves) -> [ReplayMethod] {
    let budgets = curves.partsOfFirstEpoch >= 8 ? [1, 0.5, 0.25, 0.125] : [1.0, 2]
    return [
      ReplayMethod("random", .random, .whole), ReplayMethod("Sobol", .sobol, .whole),
      ReplayMethod("TPE", .tpe, .whole), ReplayMethod("one epoch", .random, .oneEpoch),
      ReplayMethod("median rule", .random, .medianRule(patience: 5)),
    ] + budgets.flatMap { minEpochs in [2, 3, 4].flatMap { stopping(from: minEpochs, factor: $0) } }
  }

  /// Those that compare trials for the first time after so many epochs.
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
      ReplayMethod("halving \(words), best so far", .random, halving(nil), judging: .bestValAccuracy),
      ReplayMethod("halving \(words), brackets of 16", .random, halving(16)),
      ReplayMethod("halving \(words), brackets of 32", .random, halving(32)),
      ReplayMethod("TPE, halving \(words), brackets of 16", .tpe, halving(16)),
      ReplayMethod("TPE, halving \(words), brackets of 32", .tpe, halving(32)),
    ]
  }

  /// Those whose times on several slots are compared.
  package static let timed = [
    ReplayMethod("halving from 1, factor 3", .random, .halving(minEpochs: 1, factor: 3, bracket: nil)),
    ReplayMethod("ASHA from 1, factor 3", .random, .asha(minEpochs: 1, factor: 3)),
  ]
}

extension LearningCurves {
  /// Growing powers of the factor, rounded up to what was measured: parts of the first epoch, whole epochs after it.
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
