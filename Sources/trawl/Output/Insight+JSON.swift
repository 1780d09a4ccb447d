import Foundation
import RunFiles
import Search

extension Insight {
  /// A JSON object, indented to be nested in another.
  var json: String {
    get throws {
      let text = String(decoding: try JSON.data(Summary(self)), as: UTF8.self)
      return text.split(separator: "\n").joined(separator: "\n  ")
    }
  }
}

/// The printed form of an insight, with names instead of parameters.
private struct Summary: Encodable {
  struct Importance: Encodable {
    var shares: [Share]
    var interactions: Double
    var explained: Double
    var trials: Int
    var diverged: Int
    var epochs: Double?
  }

  struct Share: Encodable {
    var parameter: String
    var share: Double
    /// The standard deviation of the share between the trees of the forest.
    var deviation: Double
  }

  struct Edge: Encodable {
    var parameter: String
    var end: String
    var holdsBest: Bool
    var count: Int
    var of: Int
  }

  struct Rung: Encodable {
    var epochs: Double
    var nextEpochs: Double
    var tau: Double
    var trials: Int
  }

  var importance: Importance?
  var edges: [Edge]
  var rungs: [Rung]

  init(_ insight: Insight) {
    importance = insight.importance.map { importance in
      Importance(
        shares: insight.parameters.indices.map { index in
          Share(
            parameter: insight.parameters[index].column, share: importance.shares[index],
            deviation: importance.deviations[index])
        },
        interactions: importance.interactions, explained: importance.rSquared, trials: importance.trials,
        diverged: insight.divergedCount, epochs: insight.epochs)
    }
    edges = insight.edges.map {
      Edge(
        parameter: $0.parameter.column, end: $0.end.rawValue, holdsBest: $0.holdsBest, count: $0.count,
        of: $0.few)
    }
    rungs = insight.rungs.map {
      Rung(epochs: $0.epochs, nextEpochs: $0.nextEpochs, tau: $0.tau, trials: $0.trials)
    }
  }
}
