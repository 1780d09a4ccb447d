import Randomness

/// The learning curves of many fully trained configurations, for replaying searches.
package struct LearningCurves: Sendable {
  /// The learning curve of one configuration.
  package struct Curve: Sendable {
    /// The searched values.
    package let values: [Value]
    /// The scores after equal parts of the first epoch, the last after the whole epoch; may be empty.
    package var beginning: [Metrics]
    /// The scores after each epoch; fewer than all if it diverged in the next epoch.
    package var epochs: [Metrics]

    /// A recorded curve.
    package init(values: [Value], beginning: [Metrics] = [], epochs: [Metrics] = []) {
      self.values = values
      self.beginning = beginning
      self.epochs = epochs
    }
  }

  /// The searched parameters.
  package let space: SearchSpace
  /// The epochs of a full training.
  package let epochs: Int
  /// The goal of the search, which is maximized.
  package let goal: Goal
  /// The curves by configuration.
  package let curves: [Curve]
  /// The number of measurements in the first epoch; 1 if only at its end.
  package let partsOfFirstEpoch: Int
  /// The position of each configuration in the space, each coordinate in 0...1.
  let positions: [[Double]]

  /// The curves of configurations of a space, none longer than `epochs`.
  package init(space: SearchSpace, epochs: Int, goal: Goal, curves: [Curve]) {
    precondition(goal.isMaximized, "\(goal.metric) is minimized")
    precondition(curves.allSatisfy { $0.epochs.count <= epochs }, "a curve of more than \(epochs) epochs")
    self.space = space
    self.epochs = epochs
    self.goal = goal
    self.curves = curves
    partsOfFirstEpoch = max(1, curves.map(\.beginning.count).max() ?? 1)
    positions = curves.map { curve in
      zip(space.parameters, curve.values).map { $0.distribution.position(of: $1) }
    }
  }

  /// The score of a configuration after a budget of epochs at which it was measured: whole epochs, or parts of the
  /// first. Nil if it diverged before.
  package func score(of configuration: Int, after budget: Double) -> Metrics? {
    let curve = curves[configuration]
    let isWhole = budget == budget.rounded()
    let (scores, index) =
      isWhole ? (curve.epochs, budget) : (curve.beginning, budget * Double(partsOfFirstEpoch))
    precondition(index == index.rounded() && index >= 1, "no measurement after \(budget) epochs")
    return Int(index) <= scores.count ? scores[Int(index) - 1] : nil
  }

  /// The epochs to train a configuration from one budget to another. A configuration that diverges trains that epoch
  /// to its end.
  package func work(of configuration: Int, from: Double, to: Double) -> Double {
    max(0, min(to, Double(curves[configuration].epochs.count + 1)) - from)
  }

  /// The objective of a configuration after all epochs; nil if it diverged.
  package func objective(of configuration: Int) -> Double? {
    score(of: configuration, after: Double(epochs)).map(goal.value)
  }

  /// The best objective after all epochs.
  package var best: Double { curves.indices.compactMap(objective).max() ?? 0 }

  /// The configurations whose objective after all epochs is within the tolerance of the best.
  package func targets(within tolerance: Double) -> Set<Int> {
    // 1e-9 allows for the rounding error of the subtraction and is far less than one image.
    let least = best - tolerance - 1e-9
    return Set(curves.indices.filter { (objective(of: $0) ?? -.infinity) >= least })
  }

  /// A random subset of the configurations.
  package func sample(_ count: Int, seed: UInt64) -> LearningCurves {
    precondition(count <= curves.count, "\(count) of \(curves.count) configurations")
    var numbers = Array(curves.indices)
    var random = Philox(seed: seed, stream: Stream.replaySample)
    random.shuffle(&numbers)
    return LearningCurves(
      space: space, epochs: epochs, goal: goal, curves: numbers.prefix(count).sorted().map { curves[$0] })
  }
}
