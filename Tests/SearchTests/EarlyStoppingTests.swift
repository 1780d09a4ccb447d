import Testing
import Trials

@testable import Search

@Suite struct ASHATests {
  private func standing(_ trial: Int, _ score: Double?) -> Halving.RungResult {
    .init(trial: trial, objective: score, tieBreaker: nil)
  }

  /// Performs the next promotion and describes it: the trial and its new rung.
  private func promotion(_ asha: inout ASHA) -> String {
    guard let next = asha.next else { return "none" }
    asha.promote(next)
    return "\(next.trial) to \(next.to)"
  }

  @Test func promotesTheBestOfTheReportedTrials() {
    var asha = ASHA(budgets: [1, 2, 4], factor: 2, goal: .valAccuracy)
    asha.report(standing(0, 0.5), at: 0)
    #expect(promotion(&asha) == "none")
    asha.report(standing(1, 0.7), at: 0)
    #expect(promotion(&asha) == "1 to 1")
    #expect(promotion(&asha) == "none")
    // The best of three trials is promoted although the only place was used before.
    asha.report(standing(2, 0.9), at: 0)
    #expect(promotion(&asha) == "2 to 1")
    asha.report(standing(1, 0.8), at: 1)
    #expect(promotion(&asha) == "none")
    // The highest rung has priority.
    asha.report(standing(3, 0.95), at: 0)
    asha.report(standing(2, 0.85), at: 1)
    #expect(promotion(&asha) == "2 to 2")
    #expect(promotion(&asha) == "3 to 1")
    #expect(promotion(&asha) == "none")
  }

  @Test func trialWithoutScoreCountsInItsRungButIsNeverPromoted() {
    var asha = ASHA(budgets: [1, 2], factor: 2, goal: .valLoss)
    asha.report(standing(0, nil), at: 0)
    asha.report(standing(1, .nan), at: 0)
    #expect(promotion(&asha) == "none")
    asha.report(standing(2, 3), at: 0)
    #expect(promotion(&asha) == "2 to 1")
  }

  @Test func lastRungPromotesNothing() {
    var asha = ASHA(budgets: [4], factor: 2, goal: .valAccuracy)
    for trial in 0..<9 { asha.report(standing(trial, 0.5), at: 0) }
    #expect(promotion(&asha) == "none")
  }
}

@Suite struct MedianRuleTests {
  @Test func comparesTheBestScoreWithTheMedianOfRunningMeans() {
    var rule = MedianRule(patience: 2, goal: .valAccuracy)
    // Their means: 0.5, 0.75 and 0.75, 0.875; so the medians are 0.625 and 0.8125.
    rule.complete([0.5, 1])
    rule.complete([0.75, 1])
    #expect(rule.stops([0.5]))
    #expect(!rule.stops([0.625]))
    #expect(rule.stops([0.75, 0.8]))
    #expect(!rule.stops([0.875, 0.1]))
  }

  @Test func smallerLossIsBetter() {
    var rule = MedianRule(patience: 1, goal: .valLoss)
    rule.complete([0.5, 0.25])
    #expect(rule.stops([0.75]))
    #expect(!rule.stops([0.25]))
  }

  @Test func stopsNothingBeforeEnoughTrialsHaveCompleted() {
    var rule = MedianRule(patience: 2, goal: .valAccuracy)
    rule.complete([1])
    #expect(!rule.stops([0]))
    rule.complete([1])
    #expect(rule.stops([0]))
  }
}
