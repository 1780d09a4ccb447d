import Foundation
import Search

/// A search as the files of its run directory show it, running or ended.
package struct RunRecord: Sendable {
  package let file: SearchFile
  /// The rows of `results.csv`, best first.
  package let results: [TrialResult]
  /// The re-evaluated trials in `results.csv`.
  package let reevaluations: [ReevaluationRow]
  /// The rows of `history.csv` by trial, without those of replicates.
  package let curves: [Int: [TrialMeasurement]]
  /// The rows of `attempts.csv`.
  package let attempts: [AttemptRecord]

  package init(
    file: SearchFile, results: [TrialResult], reevaluations: [ReevaluationRow] = [],
    curves: [Int: [TrialMeasurement]] = [:],
    attempts: [AttemptRecord] = []
  ) {
    (self.file, self.results, self.reevaluations) = (file, results, reevaluations)
    (self.curves, self.attempts) = (curves, attempts)
  }

  /// The curves in the form that the diagnostics use.
  package var histories: [Int: TrialHistory] {
    curves.mapValues { $0.reduce(into: TrialHistory()) { $0.append($1) } }
  }

  /// The diagnostics of the search: parameter importance, edge warnings, rung agreement.
  package var insight: Insight {
    Insight(file, ranked: results, histories: file.rungs.isEmpty ? [:] : histories)
  }
}

/// The re-evaluation of a trial's configuration with new seeds.
package struct ReevaluationRow: Hashable, Sendable {
  package var trial: Int
  /// The number of seeds.
  package var seeds: Int
  /// The mean of the metric in results.csv.
  package var mean: Double
  /// Half the width of its 95 % confidence interval; nil with one seed.
  package var interval95: Double?
  /// Trials with the same number cannot be told apart at the 5 % level.
  package var tie: Int?

  package init(trial: Int, seeds: Int, mean: Double, interval95: Double?, tie: Int?) {
    (self.trial, self.seeds, self.mean) = (trial, seeds, mean)
    (self.interval95, self.tie) = (interval95, tie)
  }
}

/// One execution of a trial or of a replicate of it.
package struct AttemptRecord: Hashable, Sendable {
  package var number: Int
  package var trial: Int
  /// 0: the trial itself.
  package var replicate: Int
  package var host: String
  package var pid: Int
  /// The instruction set and library that its worker computes with.
  package var numerics: String
  /// Seconds since 1970.
  package var started: Double
  /// The duration in seconds; nil while it runs or if its end is unknown.
  package var seconds: Double?
  /// The epochs that it took over from an earlier attempt.
  package var inherited: Int
  package var epochs: Int
  /// `finished`, `lost`, `running` and so on.
  package var ending: String
  /// The reason for the end; empty if there is none.
  package var detail: String

  package init(
    number: Int, trial: Int, replicate: Int, host: String, pid: Int, numerics: String, started: Double,
    seconds: Double?, inherited: Int, epochs: Int, ending: String, detail: String
  ) {
    (self.number, self.trial, self.replicate) = (number, trial, replicate)
    (self.host, self.pid, self.numerics) = (host, pid, numerics)
    (self.started, self.seconds, self.inherited, self.epochs) = (started, seconds, inherited, epochs)
    (self.ending, self.detail) = (ending, detail)
  }
}
