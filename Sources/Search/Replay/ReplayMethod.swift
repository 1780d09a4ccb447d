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
  package let order: ConfigurationDraw.Order
  package let scheduling: Scheduling

  /// A method with a name of its own.
  package init(_ name: String, _ order: ConfigurationDraw.Order = .random, _ scheduling: Scheduling) {
    self.name = name
    self.order = order
    self.scheduling = scheduling
  }

  func scheduler(on curves: LearningCurves) -> any TrialScheduler {
    let trials = curves.curves.count
    let epochs = curves.epochs
    switch scheduling {
    case .whole: return WholeTraining(trials: trials, epochs: epochs)
    case .oneEpoch:
      return HalvingBrackets(
        trials: trials, size: trials, budgets: [1, Double(epochs)], factor: max(2, Double(trials)))
    case .medianRule(let patience):
      return MedianRuleTrials(trials: trials, epochs: epochs, patience: patience)
    case .asha(let minEpochs, let factor):
      return ASHATrials(
        trials: trials, budgets: curves.budgets(from: minEpochs, factor: factor), factor: factor)
    case .halving(let minEpochs, let factor, let bracket):
      return HalvingBrackets(
        trials: trials, size: bracket ?? trials, budgets: curves.budgets(from: minEpochs, factor: factor),
        factor: factor)
    }
  }
}

extension ReplayMethod {
  /// What is compared on a table: methods that compare trials within the first epoch only where that was measured.
  package static func compared(on curves: LearningCurves) -> [ReplayMethod] {
    let budgets = curves.partsOfFirstEpoch >= 16 ? [1, 0.5, 0.25, 0.125] : [1.0, 2]
    let stopping = budgets.flatMap { minEpochs in
      [3.0, 4].flatMap { factor in
        let words = "from \(minEpochs.shortText), factor \(factor.shortText)"
        return [
          ReplayMethod("halving \(words)", .random, .halving(minEpochs: minEpochs, factor: factor, bracket: nil)),
          ReplayMethod(
            "halving \(words), 64 at a time", .random,
            .halving(minEpochs: minEpochs, factor: factor, bracket: 64)),
          ReplayMethod("ASHA \(words)", .random, .asha(minEpochs: minEpochs, factor: factor)),
        ]
      }
    }
    return [
      ReplayMethod("random", .random, .whole), ReplayMethod("Sobol", .sobol, .whole),
      ReplayMethod("one epoch", .random, .oneEpoch),
      ReplayMethod("median rule", .random, .medianRule(patience: 5)),
    ] + stopping
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
