import Randomness
import Testing
import Trials

@testable import Search

@Suite struct ReevaluationTests {
  private func result(_ trial: Int, _ accuracy: Double?) -> TrialResult {
    TrialResult(
      trial: trial, values: [], status: accuracy == nil ? .diverged : .done, epochs: 1,
      metrics: accuracy.map { ["val_accuracy": $0] }, goal: .valAccuracy)
  }

  private func reevaluated(_ trial: Int, _ accuracy: Double, under seeds: [Double]) -> TrialResult {
    var result = result(trial, accuracy)
    result.reevaluated = Reevaluated(seeds.map { self.result(0, $0) }, of: "val_accuracy")
    return result
  }

  @Test func selectsTrialsAsSoonAsTheirRankIsCertain() {
    var reevaluation = Reevaluation(top: 2, seeds: 2, trials: 4, goal: .valAccuracy)
    #expect(reevaluation.report(result(0, 0.9)).isEmpty)
    #expect(reevaluation.report(result(1, 0.5)).isEmpty)
    #expect(reevaluation.report(result(2, nil)) == [Replicate(1, of: 0), Replicate(2, of: 0)])
    #expect(reevaluation.report(result(3, 0.6)) == [Replicate(1, of: 3), Replicate(2, of: 3)])
  }

  @Test func selectionIsIndependentOfTheOrderOfArrival() {
    var dice = Philox(seed: 1, stream: 0)
    let results = (0..<30).map { result($0, $0 % 7 == 0 ? nil : Double($0 * 37 % 30) / 30) }
    let best = Set(Ranking.ranked(results, by: .valAccuracy).prefix(5).map(\.trial))
    for _ in 0..<200 {
      var reevaluation = Reevaluation(top: 5, seeds: 3, trials: 30, goal: .valAccuracy)
      let order = results.map { ($0, dice.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
      let replicates = order.flatMap { reevaluation.report($0) }
      #expect(reevaluation.candidates == best)
      #expect(Set(replicates).count == 15 && replicates.count == 15)
    }
  }

  @Test func trialsWithoutAScoreAreNotSelected() {
    var reevaluation = Reevaluation(top: 5, seeds: 2, trials: 3, goal: .valLoss)
    let replicates = [result(0, nil), result(1, 0.5), result(2, .nan)].flatMap { reevaluation.report($0) }
    #expect(replicates.map(\.trial) == [1, 1])
  }

  @Test func newSeedsDecideTheRankingAndTies() {
    let ranked = Ranking.ranked(
      [
        result(0, 0.999), reevaluated(1, 0.99, under: [0.90, 0.91, 0.92]),
        reevaluated(2, 0.98, under: [0.95, 0.96, 0.97]), reevaluated(3, 0.97, under: [0.951, 0.961, 0.966]),
        reevaluated(4, 0.96, under: [0.99, 0.99]),
      ], by: .valAccuracy)
    #expect(ranked.map(\.trial) == [2, 3, 1, 4, 0])
    #expect(Ranking.ties(ranked) == [1, 1, 2, 3, nil])
  }

  @Test func lossesAreRankedFromTheLowest() {
    let ranked = Ranking.ranked(
      [reevaluated(0, 0.1, under: [0.5, 0.5]), reevaluated(1, 0.2, under: [0.4, 0.4])], by: .valLoss)
    #expect(ranked.map(\.trial) == [1, 0])
  }

  @Test func replicateNumbersAreHigherThanTrialNumbers() {
    for replicate in [Replicate(0, of: 0), Replicate(0, of: 9_999_999), Replicate(7, of: 12)] {
      #expect(Replicate(number: replicate.number) == replicate)
    }
    #expect(Replicate(0, of: 5).number == 5)
    #expect(Replicate(1, of: 0).number > SearchFile.mostTrials)
  }
}
