import Foundation
import Platform
import Search
import Trials

/// What a search will do: the trials, the first configurations and the cost. Printed by `trawl search --dry-run`.
struct SearchPlan: Encodable {
  /// A searched parameter.
  struct Parameter: Encodable {
    var name: String
    var key: String
    var distribution: String
  }

  /// A part of the cost.
  struct Cost: Encodable {
    var part: String
    var epochs: Double
    /// Whether it may be less, because trials may end early.
    var isUpperBound: Bool
  }

  var name: String
  var sampler: String
  /// Nil in an open-ended search.
  var trials: Int?
  var parameters: [Parameter]
  /// The epochs after which trials are compared; empty if they are not.
  var rungs: [Double]
  var costs: [Cost]
  /// The first configurations, as far as they do not depend on results, by parameter name.
  var configurations: [[String: String]]

  /// The number of configurations shown.
  private static let shown = 10
  /// Above this number of trials, a searched number of epochs counts with its maximum.
  private static let mostCounted = 100_000

  init(_ file: SearchFile) {
    name = file.name
    sampler = file.sampler.rawValue
    trials = file.isOpenEnded ? nil : file.trials
    parameters = file.space.parameters.map { parameter in
      let origin = parameter.condition.map {
        ", with \(file.space.parameters[$0.parameter].column) \($0.value)"
      }
      return Parameter(
        name: parameter.column, key: parameter.path,
        distribution: parameter.distribution.summary + (origin ?? ""))
    }
    rungs = file.rungs
    var suggestions = Suggestions(of: file)
    var known: [[Value]] = []
    while known.count < min(Self.shown, file.trials), let values = suggestions.values(trial: known.count) {
      known.append(values)
    }
    configurations = known.map { values in
      let pairs = zip(file.space.parameters, file.effective(values))
      return Dictionary(uniqueKeysWithValues: pairs.map { ($0.column, $1.map { "\($0)" } ?? "") })
    }
    costs = Self.costs(of: file, longest: known.map(file.epochs).max() ?? 0)
  }

  private static func costs(of file: SearchFile, longest: Int) -> [Cost] {
    var costs: [Cost] = []
    let isCut = file.comparesTrials || file.mayEndEarly
    if let limit = file.epochLimit {
      costs.append(Cost(part: "trials, at most (stop_after)", epochs: limit, isUpperBound: true))
    } else if let halving = file.halving {
      costs.append(Cost(part: "trials, with halving", epochs: halving.work, isUpperBound: false))
    } else if !file.isOpenEnded, !file.sampler.learns, file.trials <= mostCounted {
      let epochs = (0..<file.trials).reduce(0) { $0 + file.epochs(file.values(trial: $1)) }
      costs.append(Cost(part: "trials", epochs: Double(epochs), isUpperBound: isCut))
    } else if !file.isOpenEnded {
      costs.append(Cost(part: "trials", epochs: Double(file.trials * longest), isUpperBound: true))
    }
    if let reevaluation = file.reevaluation(of: file.trials) {
      let epochs = reevaluation.top * reevaluation.seeds * longest
      costs.append(Cost(part: "re-evaluation", epochs: Double(epochs), isUpperBound: file.mayEndEarly))
    }
    if file.final != nil {
      costs.append(Cost(part: "final model", epochs: Double(longest), isUpperBound: isCut))
    }
    return costs
  }

  /// The plan for people.
  ///
  /// - Parameter width: the columns of the terminal; nil if it is none.
  func text(width: Int?) -> String {
    let count = trials.map { "\($0) trial\($0 == 1 ? "" : "s")" } ?? "trials until stopped"
    var lines = ["\(name): \(count), sampler \(sampler)"]
    let longest = parameters.map(\.name.count).max() ?? 0
    for parameter in parameters {
      let name = parameter.name.padding(toLength: longest, withPad: " ", startingAt: 0)
      lines.append("  \(name)  \(parameter.distribution)".wrapped(to: width, indent: "    "))
    }
    if !rungs.isEmpty {
      lines.append("compared after \(rungs.map(\.shortText).joined(separator: ", ")) epochs")
    }
    lines += costs.map { cost in
      "\(cost.part): \(cost.isUpperBound ? "at most " : "")\(cost.epochs.rounded1.shortText) epochs"
    }
    if costs.count > 1 {
      lines.append("in all: \(costs.reduce(0) { $0 + $1.epochs }.rounded1.shortText) epochs")
    }
    guard !configurations.isEmpty, !parameters.isEmpty else { return lines.joined(separator: "\n") }
    var table = Table(columns: ["trial"] + parameters.map(\.name))
    table.rows = configurations.enumerated().map { index, values in
      ["\(index)"] + parameters.map { values[$0.name] ?? "" }
    }
    lines.append(
      "first configurations:\n" + table.text(width: width, of: trials ?? table.rows.count, format: "'--json'")
    )
    return lines.joined(separator: "\n")
  }
}
