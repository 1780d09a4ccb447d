import Testing

@testable import Search

@Suite struct SuggestionsTests {
  private func suggestions(lag: Int, objective: String = "val_accuracy") throws -> Suggestions {
    Suggestions(
      of: try parse(
        file(
          train: "lr: { log_uniform: [1e-4, 1] }",
          search: "trials: 40, sampler: tpe, lag: \(lag), objective: \(objective)")))
  }

  /// The number of trials with values.
  private func known(_ suggestions: inout Suggestions) -> Int {
    (0..<40).prefix { suggestions.values(trial: $0) != nil }.count
  }

  @Test(arguments: [0, 1, 5])
  func trialWaitsForResultsBeforeItsLag(lag: Int) throws {
    var suggestions = try suggestions(lag: lag)
    #expect(known(&suggestions) == lag + 1)
    suggestions.report(trial: 1, objective: 0.5)
    #expect(known(&suggestions) == lag + 1)
    suggestions.report(trial: 0, objective: nil)
    #expect(known(&suggestions) == lag + 3)
    #expect(suggestions.values(trial: 39) == nil)
  }

  @Test func ignoresResultsWithinTheLagAndSecondReports() throws {
    var (one, other) = (try suggestions(lag: 5), try suggestions(lag: 5))
    for trial in 0..<30 {
      one.report(trial: trial, objective: Double(trial % 7))
      other.report(trial: trial, objective: Double(trial % 7))
      if trial > 2 { other.report(trial: trial - 2, objective: 9) }
    }
    other.report(trial: 35, objective: 1)
    #expect((0..<36).map { one.values(trial: $0) } == (0..<36).map { other.values(trial: $0) })
    #expect(one.values(trial: 35) != nil && one.values(trial: 36) == nil)
  }

  @Test func minimizesTheLoss() throws {
    var (loss, accuracy) = (try suggestions(lag: 0, objective: "val_loss"), try suggestions(lag: 0))
    for trial in 0..<39 {
      #expect(loss.values(trial: trial) == accuracy.values(trial: trial))
      loss.report(trial: trial, objective: Double(trial * 17 % 40))
      accuracy.report(trial: trial, objective: -Double(trial * 17 % 40))
    }
    #expect(loss.values(trial: 39) == accuracy.values(trial: 39))
  }

  @Test func recordedValuesDoNotChange() throws {
    var suggestions = try suggestions(lag: 3)
    let earlier = (0..<4).map { suggestions.values(trial: $0) }
    for trial in 0..<4 { suggestions.report(trial: trial, objective: 0.5) }
    #expect(suggestions.values(trial: 7) != nil)
    #expect((0..<4).map { suggestions.recordedValues(trial: $0) } == earlier)
  }

  @Test func otherSamplersDoNotWait() throws {
    let file = try parse(twoLayer)
    var suggestions = Suggestions(of: file)
    suggestions.report(trial: 3, objective: 0.9)
    #expect(suggestions.values(trial: 49) == file.values(trial: 49))
    #expect(suggestions.recordedValues(trial: 49) == file.values(trial: 49))
  }
}
