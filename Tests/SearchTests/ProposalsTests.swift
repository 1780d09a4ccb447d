import Testing

@testable import Search

@Suite struct ProposalsTests {
  private func proposals(lag: Int, objective: Objective = .valAccuracy) throws -> Proposals {
    Proposals(
      of: try parse(
        file(
          train: "lr: { log_uniform: [1e-4, 1] }",
          search: "trials: 40, sampler: tpe, lag: \(lag), objective: \(objective.rawValue)")))
  }

  /// The trials that can be asked for.
  private func known(_ proposals: inout Proposals) -> Int {
    (0..<40).prefix { proposals.values(trial: $0) != nil }.count
  }

  @Test(arguments: [0, 1, 5])
  func aTrialWaitsForThoseBeforeItsLag(lag: Int) throws {
    var proposals = try proposals(lag: lag)
    #expect(known(&proposals) == lag + 1)
    proposals.report(trial: 1, objective: 0.5)
    #expect(known(&proposals) == lag + 1)
    proposals.report(trial: 0, objective: nil)
    #expect(known(&proposals) == lag + 3)
    #expect(proposals.values(trial: 39) == nil)
  }

  @Test func resultsWithinTheLagAndSecondReportsChangeNothing() throws {
    var (one, other) = (try proposals(lag: 5), try proposals(lag: 5))
    for trial in 0..<30 {
      one.report(trial: trial, objective: Double(trial % 7))
      other.report(trial: trial, objective: Double(trial % 7))
      if trial > 2 { other.report(trial: trial - 2, objective: 9) }
    }
    other.report(trial: 35, objective: 1)
    #expect((0..<36).map { one.values(trial: $0) } == (0..<36).map { other.values(trial: $0) })
    #expect(one.values(trial: 35) != nil && one.values(trial: 36) == nil)
  }

  @Test func lessIsBetterWhereTheLossDecides() throws {
    var (loss, accuracy) = (try proposals(lag: 0, objective: .valLoss), try proposals(lag: 0))
    for trial in 0..<39 {
      #expect(loss.values(trial: trial) == accuracy.values(trial: trial))
      loss.report(trial: trial, objective: Double(trial * 17 % 40))
      accuracy.report(trial: trial, objective: -Double(trial * 17 % 40))
    }
    #expect(loss.values(trial: 39) == accuracy.values(trial: 39))
  }

  @Test func otherSamplersWaitForNothing() throws {
    let file = try parse(twoLayer)
    var proposals = Proposals(of: file)
    proposals.report(trial: 3, objective: 0.9)
    #expect(proposals.values(trial: 49) == file.values(trial: 49))
  }
}
