/// The diagnostics of a search: parameter importance, edge warnings and rung agreement.
package struct Insight: Hashable, Sendable {
  /// The searched parameters, in the order of the importance's shares.
  package let parameters: [SearchSpace.Parameter]
  /// The columns of the parameters that have an effect only for some values of others.
  package let conditional: Set<String>
  /// The importance of the parameters; nil with too few trials or only one parameter.
  package let importance: Importance?
  /// The number of diverged trials in the importance, which get the worst score of the others.
  package let divergedCount: Int
  /// The epochs after which the importance compares trials; nil means after their last epoch.
  package let epochs: Double?
  /// The ranges that may be too narrow.
  package let edges: [EdgeWarning]
  /// The agreement between consecutive rungs of halving.
  package let rungs: [RungAgreement]

  /// The diagnostics of a running or completed search. They depend only on the results.
  ///
  /// With halving, importance uses the scores at the first rung, the only one that all trials reach. It and the edge
  /// warnings are computed only when the search has ended, because stopped trials end first. The rung agreement is
  /// computed at any time.
  ///
  /// - Parameters:
  ///   - ranked: the results so far, best first.
  ///   - histories: the histories of the trials; needed only with halving.
  package init(_ file: SearchFile, ranked: [TrialResult], histories: [Int: TrialHistory]) {
    let budgets = file.rungs
    epochs = budgets.first
    parameters = file.space.parameters
    conditional = Set(file.conditional.map { file.space.parameters[$0].column })
    let ranked = budgets.isEmpty || file.isOpenEnded || ranked.count == file.trials ? ranked : []
    let scores = Scores(ranked, of: file.goal, histories, epochs)
    divergedCount = scores.divergedCount
    let samples = scores.all.map { result, score in
      // A parameter without an effect is at the same position in all such trials, so that it explains nothing.
      let positions = zip(file.space.parameters, result.values).map { parameter, value in
        value.map(parameter.distribution.position(of:)) ?? 0.5
      }
      return RegressionTree.Sample(point: positions, score: score)
    }
    let choices = parameters.map { parameter in
      parameter.distribution.ends == nil ? parameter.distribution.count.map { Int($0) } : nil
    }
    importance = parameters.count > 1 ? Importance(samples, choices: choices, seed: file.seed) : nil
    edges = EdgeWarning.of(file, ranked: ranked)
    rungs = RungAgreement.of(budgets: budgets, histories: histories, by: file.goal)
  }
}

/// The scores of trials after the same number of epochs.
private struct Scores {
  private(set) var all: [(TrialResult, Double)] = []
  /// The number of diverged trials, which get the worst score of the others.
  private(set) var divergedCount = 0

  /// The scores after `epochs`, or after the last epoch if nil. Failed trials are left out.
  init(_ results: [TrialResult], of goal: Goal, _ histories: [Int: TrialHistory], _ epochs: Double?) {
    var diverged: [TrialResult] = []
    for result in results where !result.status.isFailure {
      var score = result.objective
      if let epochs {
        score = histories[result.trial]?.score(after: epochs, by: goal)
      }
      if let score, score.isFinite {
        all.append((result, score))
      } else if result.status == .diverged {
        diverged.append(result)
      }
    }
    let scores = all.lazy.map(\.1)
    guard let worst = goal.isMaximized ? scores.min() : scores.max() else { return }
    divergedCount = diverged.count
    all += diverged.map { ($0, worst) }
  }
}
