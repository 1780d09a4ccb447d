/// What a search teaches beside its ranking.
package struct Insight: Hashable, Sendable {
  /// The searched parameters, in the order of the importance's shares.
  package let parameters: [SearchSpace.Parameter]
  /// Which parameters the differences between trials come from; nil where there are too few trials, or only one parameter.
  package let importance: Importance?
  /// The trials among those of the importance that ended without a score and count as the worst that has one.
  package let scoreless: Int
  /// The epochs after which the importance compares trials; nil: each after all that it trained.
  package let epochs: Double?
  /// Where wider ranges may hold better trials.
  package let edges: [EdgeWarning]
  /// Whether halving was safe.
  package let rungs: [RungAgreement]

  /// Of a search that has ended or is still running. It is the same for the same results.
  ///
  /// A search with halving is judged by its first rung, the only one at which all trials can be compared, and not before
  /// its end, since what ends first is what it stopped; only the rungs are compared as they fill.
  ///
  /// - Parameters:
  ///   - ranked: its results so far, best first.
  ///   - histories: those of its trials; needed only with halving.
  package init(_ file: SearchFile, ranked: [TrialResult], histories: [Int: TrialHistory]) {
    let budgets = file.rungs
    epochs = budgets.first
    parameters = file.space.parameters
    let ranked = budgets.isEmpty || file.isOpenEnded || ranked.count == file.trials ? ranked : []
    let scores = Scores(ranked, of: file.objective, histories, epochs)
    scoreless = scores.scoreless
    let samples = scores.all.map { result, score in
      let positions = zip(file.space.parameters, result.values).map { $0.distribution.position(of: $1) }
      return RegressionTree.Sample(point: positions, score: score)
    }
    let choices = parameters.map { parameter in
      parameter.distribution.ends == nil ? parameter.distribution.count.map { Int($0) } : nil
    }
    importance = parameters.count > 1 ? Importance(samples, choices: choices, seed: file.seed) : nil
    edges = EdgeWarning.of(file.space, ranked: ranked)
    rungs = RungAgreement.of(budgets: budgets, histories: histories, by: file.objective)
  }
}

/// Comparable scores of trials.
private struct Scores {
  private(set) var all: [(TrialResult, Double)] = []
  /// How many of them are the worst that there is for want of one.
  private(set) var scoreless = 0

  /// After so many epochs, or after all; a trial that failed has none, one that diverged the worst.
  init(_ results: [TrialResult], of objective: Objective, _ histories: [Int: TrialHistory], _ epochs: Double?)
  {
    var diverged: [TrialResult] = []
    for result in results where !result.status.isFailure {
      var score = result.objective
      if let epochs {
        score = histories[result.trial]?.score(after: epochs, by: objective)
      }
      if let score, score.isFinite {
        all.append((result, score))
      } else if result.status == .diverged {
        diverged.append(result)
      }
    }
    let scores = all.lazy.map(\.1)
    guard let worst = objective.isMaximized ? scores.min() : scores.max() else { return }
    scoreless = diverged.count
    all += diverged.map { ($0, worst) }
  }
}
