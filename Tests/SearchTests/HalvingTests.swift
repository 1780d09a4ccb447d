import Randomness
import Testing
import Trials

@testable import Search

/// Compares halving in any order of arrival with synchronous halving.
@Suite struct HalvingTests {
  /// The outcome of a search: the trials of each rung.
  private typealias Rungs = [Set<Int>]

  /// The scores of every trial at every rung; some are missing, some are equal.
  private struct Scores {
    let trials: Int
    let budgets: [Double]
    let seed: UInt64

    func standing(_ trial: Int, _ rung: Int) -> Halving.RungResult {
      let random = Philox.block(seed: seed, stream: UInt64(rung), position: UInt64(trial)).first
      let score = random % 11 == 0 ? nil : Double(random % 17)
      return .init(trial: trial, objective: score, tieBreaker: Double(random % 3))
    }
  }

  /// Synchronous halving: every rung waits for all its trials and promotes the best.
  private func synchronous(_ scores: Scores, factor: Double) -> Rungs {
    var rung = Array(0..<scores.trials)
    var room = scores.trials
    return scores.budgets.indices.map { index in
      defer {
        room = max(1, Int(Double(room) / factor))
        rung = rung.map { scores.standing($0, index) }.filter { $0.objective != nil }.sorted {
          ($1.objective!, $0.tieBreaker!, $0.trial) < ($0.objective!, $1.tieBreaker!, $1.trial)
        }.prefix(room).map(\.trial)
      }
      return Set(rung)
    }
  }

  @Test func bracketsAreIndependent() {
    let scores = Scores(trials: 23, budgets: [1, 2, 4], seed: 5)
    var whole = Halving(trials: 23, bracket: 10, budgets: scores.budgets, factor: 2, goal: .valAccuracy)
    var parts = [10, 10, 3].map {
      Halving(trials: $0, budgets: scores.budgets, factor: 2, goal: .valAccuracy)
    }
    for trial in (0..<23).reversed() {
      let standing = scores.standing(trial, 0)
      let own = Halving.RungResult(
        trial: trial % 10, objective: standing.objective, tieBreaker: standing.tieBreaker)
      let expected = parts[trial / 10].report(own, at: 0).map { decision -> Halving.Decision in
        switch decision {
        case .promote(let local, let rung): Halving.Decision.promote(trial: trial / 10 * 10 + local, to: rung)
        case .stop(let local, let rung): .stop(trial: trial / 10 * 10 + local, at: rung)
        }
      }
      #expect(whole.report(standing, at: 0) == expected)
    }
    #expect(whole.work == parts.reduce(0) { $0 + $1.work })
  }

  /// Asynchronous halving with trials that report in a random order.
  private func asynchronous(_ scores: Scores, factor: Double, order: UInt64) -> (Rungs, stopped: Set<Int>) {
    var halving = Halving(
      trials: scores.trials, budgets: scores.budgets, factor: factor, goal: .valAccuracy)
    var rungs = Rungs(repeating: [], count: scores.budgets.count)
    rungs[0] = Set(0..<scores.trials)
    var stopped: Set<Int> = []
    var running = (0..<scores.trials).map { (trial: $0, rung: 0) }
    var step: UInt64 = 0
    while !running.isEmpty {
      let pick = Philox.block(seed: order, stream: 9, position: step).first % UInt64(running.count)
      step += 1
      let (trial, rung) = running.remove(at: Int(pick))
      for decision in halving.report(scores.standing(trial, rung), at: rung) {
        switch decision {
        case .promote(let trial, let next):
          rungs[next].insert(trial)
          running.append((trial, next))
        case .stop(let trial, _): stopped.insert(trial)
        }
      }
    }
    return (rungs, stopped)
  }

  @Test(arguments: [1, 2, 3, 9, 50, 257], [1.5, 2, 3, 4])
  func rungsAreIndependentOfTheOrderOfArrival(trials: Int, factor: Double) {
    let budgets = Halving.budgets(shortest: 1, factor: factor, epochs: 27)
    for seed in 0..<20 as Range<UInt64> {
      let scores = Scores(trials: trials, budgets: budgets, seed: seed)
      let expected = synchronous(scores, factor: factor)
      let (rungs, stopped) = asynchronous(scores, factor: factor, order: seed &* 7919)
      #expect(rungs == expected)
      for (rung, next) in zip(rungs.indices, rungs.indices.dropFirst()) {
        let scoreless = rungs[rung].filter { scores.standing($0, rung).objective == nil }
        #expect(rungs[rung].subtracting(rungs[next]).subtracting(scoreless).isSubset(of: stopped))
      }
    }
  }

  @Test func promotesBeforeTheRungIsComplete() {
    var halving = Halving(trials: 4, budgets: [1, 2], factor: 2, goal: .valAccuracy)
    func report(_ trial: Int, _ score: Double) -> [Halving.Decision] {
      halving.report(.init(trial: trial, objective: score, tieBreaker: nil), at: 0)
    }
    #expect(report(0, 0.9).isEmpty)
    #expect(report(1, 0.8).isEmpty)
    #expect(report(2, 0.7) == [.stop(trial: 2, at: 0), .promote(trial: 0, to: 1)])
    #expect(report(3, 0.95) == [.stop(trial: 1, at: 0), .promote(trial: 3, to: 1)])
  }

  @Test func budgetsGrowByTheReductionFactor() {
    #expect(Halving.budgets(shortest: 1, factor: 3, epochs: 50) == [1, 3, 9, 27, 50])
    #expect(Halving.budgets(shortest: 1, factor: 3, epochs: 27) == [1, 3, 9, 27])
    #expect(Halving.budgets(shortest: 1, factor: 1.5, epochs: 4) == [1, 2, 3, 4])
    #expect(Halving.budgets(shortest: 8, factor: 2, epochs: 8) == [8])
    #expect(Halving.budgets(shortest: 9, factor: 2, epochs: 8) == [8])
    #expect(Halving.budgets(shortest: 0.125, factor: 3, epochs: 8) == [0.125, 0.375, 2, 4, 8])
    #expect(Halving.budgets(shortest: 2.5, factor: 2, epochs: 8) == [3, 5, 8])
  }

  @Test func workIsTheSumOverAllRungs() {
    let halving = Halving(trials: 9, budgets: [1, 3, 9], factor: 3, goal: .valAccuracy)
    #expect(halving.work == 9 + 3 * 2 + 1 * 6)
  }
}
