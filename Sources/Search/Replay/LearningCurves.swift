import Randomness

/// What many configurations reached after each epoch of a whole training, from which searches can be replayed.
package struct LearningCurves: Sendable {
  /// What one configuration reached.
  package struct Curve: Sendable {
    /// The searched values.
    package let values: [Value]
    /// What it reached within the first epoch, after equal parts of it, the last of which is the whole epoch; may be missing.
    package var beginning: [EpochScore]
    /// What it reached after each epoch; fewer than all where it diverged in the next.
    package var epochs: [EpochScore]

    /// A curve as it was recorded.
    package init(values: [Value], beginning: [EpochScore] = [], epochs: [EpochScore] = []) {
      self.values = values
      self.beginning = beginning
      self.epochs = epochs
    }
  }

  /// What was searched.
  package let space: SearchSpace
  /// The epochs of a whole training.
  package let epochs: Int
  /// The configurations.
  package let curves: [Curve]
  /// The parts of the first epoch after which all were measured; 1 if only after the whole.
  package let partsOfFirstEpoch: Int
  /// Where the values of each lie in the space, each coordinate 0...1.
  let positions: [[Double]]

  /// Curves of configurations of a space, none longer than `epochs`.
  package init(space: SearchSpace, epochs: Int, curves: [Curve]) {
    precondition(curves.allSatisfy { $0.epochs.count <= epochs }, "a curve of more than \(epochs) epochs")
    self.space = space
    self.epochs = epochs
    self.curves = curves
    partsOfFirstEpoch = max(1, curves.map(\.beginning.count).max() ?? 1)
    positions = curves.map { curve in
      zip(space.parameters, curve.values).map { $0.distribution.position(of: $1) }
    }
  }

  /// What a configuration has reached after a budget of epochs, which must have been measured: whole epochs, or parts of the
  /// first. Nil if it diverged before.
  package func score(of configuration: Int, after budget: Double) -> EpochScore? {
    let curve = curves[configuration]
    let isWhole = budget == budget.rounded()
    let (scores, place) =
      isWhole ? (curve.epochs, budget) : (curve.beginning, budget * Double(partsOfFirstEpoch))
    precondition(place == place.rounded() && place >= 1, "nothing was measured after \(budget) epochs")
    return Int(place) <= scores.count ? scores[Int(place) - 1] : nil
  }

  /// How many epochs it takes to train a configuration from one budget to another. One that diverges does so at the end of
  /// the epoch in which it did.
  package func work(of configuration: Int, from: Double, to: Double) -> Double {
    max(0, min(to, Double(curves[configuration].epochs.count + 1)) - from)
  }

  /// The validation accuracy of a configuration after all epochs; nil if it diverged.
  package func accuracy(of configuration: Int) -> Double? {
    score(of: configuration, after: Double(epochs))?.valAccuracy
  }

  /// The best accuracy after all epochs.
  package var best: Double { curves.indices.compactMap(accuracy).max() ?? 0 }

  /// The configurations whose accuracy after all epochs is the best or so close to it.
  package func targets(within tolerance: Double) -> Set<Int> {
    // Accuracies are quotients of whole numbers: far less than an image is the error of the subtraction.
    let least = best - tolerance - 1e-9
    return Set(curves.indices.filter { (accuracy(of: $0) ?? -.infinity) >= least })
  }

  /// So many of the configurations, drawn at random under the seed.
  package func sample(_ count: Int, seed: UInt64) -> LearningCurves {
    precondition(count <= curves.count, "\(count) of \(curves.count) configurations")
    var numbers = Array(curves.indices)
    var random = Philox(seed: seed, stream: Stream.replaySample)
    random.shuffle(&numbers)
    return LearningCurves(
      space: space, epochs: epochs, curves: numbers.prefix(count).sorted().map { curves[$0] })
  }
}
