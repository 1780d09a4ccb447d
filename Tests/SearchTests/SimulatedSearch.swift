import Randomness

@testable import Search

/// A simulated search: trials take a random time and have the score of a formula; some have none.
struct SimulatedSearch {
  private let file: SearchFile
  /// The seed of the order in which trials end.
  private let order: UInt64

  init(_ file: SearchFile, order: UInt64 = 0) {
    self.file = file
    self.order = order
  }

  /// The values of all trials, run by a number of workers; the first trials may be known from an earlier run.
  func run(workers: Int, knowing known: ArraySlice<[Value]> = []) -> [[Value]] {
    var random = Philox(seed: order, stream: 1)
    var suggestions = suggestions(knowing: known)
    var list = Array(known)
    var running: [Int] = []
    while list.count < file.trials || !running.isEmpty {
      while running.count < workers, list.count < file.trials,
        let values = suggestions.values(trial: list.count)
      {
        running.append(list.count)
        list.append(values)
      }
      let ended = running.remove(at: Int(random.below(UInt64(running.count))))
      suggestions.report(trial: ended, objective: objective(ended, list[ended]))
    }
    return list
  }

  /// The suggestions after a restart of the coordinator.
  func suggestions(knowing known: ArraySlice<[Value]>) -> Suggestions {
    var random = Philox(seed: order, stream: 2)
    var suggestions = Suggestions(of: file)
    var results = known.indices.map { ($0, objective($0, known[$0])) }
    random.shuffle(&results)
    for (trial, objective) in results { suggestions.report(trial: trial, objective: objective) }
    return suggestions
  }

  /// The objective, highest at one point of the space; every ninth trial has no score.
  func objective(_ trial: Int, _ values: [Value]) -> Double? {
    guard trial % 9 != 4 else { return trial % 2 == 0 ? nil : .nan }
    return -distance(of: values)
  }

  /// The squared distance from the best point, summed over the parameters.
  func distance(of values: [Value]) -> Double {
    zip(file.space.parameters, values).enumerated().reduce(0) { sum, element in
      let (index, (parameter, value)) = element
      let offset = parameter.distribution.position(of: value) - [0.3, 0.8, 0.55, 0.1][index % 4]
      return sum + offset * offset
    }
  }
}
