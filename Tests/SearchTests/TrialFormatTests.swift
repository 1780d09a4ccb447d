import RunFiles
import Testing

@testable import Search

/// A second kind of trial body: a function of two numbers, with one metric that is minimized.
private final class FunctionFormat: TrialFormat {
  let metrics = MetricSchema(
    [.init("cost", title: "cost", range: -1e9...1e9, isPartial: true)], ranked: ["cost"], estimated: "cost",
    goals: [.init("cost", Goal("cost", isMaximized: false))])
  let budgetKey = "rounds"
  let isDeterministic = false
  let failureLimit: Int? = nil
  let shortForms: [String: String] = [:]
  let keys: KeyTable

  init() {
    keys = KeyTable(
      [
        Field("rounds", .integer(1...1000), .value(.integer(27)), "The rounds of a trial."),
        Field("at.x", .real(.atLeast(0)), .required, "The first number.").searchable,
        Field("at.cost", .integer(0...9), .value(.integer(1)), "The second number.").searchable
          .acting(Effect("with 'x' above 1", ["at.x"]) { $0["at.x"].largest > 1 }),
      ], objective: [Field("search.objective", .word(["cost"]), .value(.word("cost")), "The cost.")])
  }

  func goal(_ settings: [String: Setting]) -> Goal { metrics.goals[0].goal }

  func addDefaults(to settings: inout [String: Setting], of file: SearchFileReader) {}
  func rules(_ file: SearchFileRules) -> [SearchFileRules.Rule] { [] }
  func complete(_ values: inout [String: Value]) {}
  func mayEndEarly(_ file: SearchFile) -> Bool { false }
  func mayEnd(_ configuration: Configuration, after history: [Metrics]) -> Bool { false }
}

/// Search files of a trial body other than the embedded core.
@Suite struct TrialFormatTests {
  private func parse(_ text: String) throws(SearchFileError) -> SearchFile {
    try SearchFileParser { _ in FunctionFormat() }.parse(text, file: "search.yaml")
  }

  private static let text = """
    at: { x: { uniform: [0, 2] }, cost: { int: [0, 9] } }
    search: { trials: 9, objective: cost, halving: { min_epochs: 1, factor: 3 } }
    """

  @Test func keysMetricsAndGoalAreThoseOfTheFormat() throws {
    let file = try parse(Self.text)
    #expect(file.rungs == [1, 3, 9, 27] && file.epochs(file.values(trial: 0)) == 27)
    #expect(file.goal == Goal("cost", isMaximized: false) && file.goalTitle == "cost")
    #expect(file.space.parameters.map(\.column) == ["x", "at.cost"], "'cost' is a column of results")
    #expect(file.effective([.real(0.5), .integer(3)]) == [.real(0.5), nil])
    #expect(file.effective([.real(1.5), .integer(3)]) == [.real(1.5), .integer(3)])
  }

  @Test func resultsHaveItsColumns() throws {
    let file = try parse(Self.text)
    let ends = [(0, 2.0), (1, -1.5)].map {
      TrialEnd(trial: $0, status: .done, epochs: 27, metrics: ["cost": $1])
    }
    let results = ends.map { file.result(of: $0, [.real(2), .integer(3)]) }
    #expect(
      ResultTable.csv(Ranking.ranked(results, by: file.goal), of: file).text == """
        rank,trial,x,at.cost,cost,epochs,status,seeds,cost_mean,cost_ci95,tie
        1,1,2,3,-1.5,27,done,1,,,
        2,0,2,3,2,27,done,1,,,

        """)
  }

  @Test(arguments: [
    ("at: { x: -1 }", "search.yaml:1: at.x: needs a number of at least 0, not '-1'"),
    ("train: { lr: 1 }", "search.yaml:1: train: unknown key; allowed here: name, seed, rounds, at, search"),
    (
      "at: { x: 1 }\nsearch: { objective: val_accuracy }",
      "search.yaml:2: search.objective: needs cost, not 'val_accuracy'"
    ),
    (
      "rounds: { int: [1, 9] }\nat: { x: 1 }",
      "search.yaml:1: rounds: cannot be searched; needs a whole number"
    ),
  ])
  func mistakesNameItsKeys(text: String, message: String) {
    let error = #expect(throws: SearchFileError.self) { try parse(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }
}
