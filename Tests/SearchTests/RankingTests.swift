import Randomness
import RunFiles
import Testing
import Trials

@testable import Search

@Suite struct RankingTests {
  private func result(
    _ trial: Int, _ objective: Double?, loss: Double? = nil, budget: Double = 1
  ) -> TrialResult {
    TrialResult(
      trial: trial, values: [], status: .done, epochs: 5, budget: budget, objective: objective,
      tieBreaker: loss)
  }

  @Test func ranksByScoreThenBudgetThenObjectiveThenLossThenNumber() {
    let expected = [
      result(7, 0.5), result(8, 0.9, loss: 0.1, budget: 0.5),
      result(2, 0.9, loss: 0.2, budget: 0.5),
      result(9, 0.9, loss: 0.2, budget: 0.5), result(1, 0.9, budget: 0.5),
      result(3, 0.9, loss: .nan, budget: 0.5), result(4, 0.8, loss: 0, budget: 0.5),
      result(6, nil, loss: 0), result(5, .nan), result(0, .infinity, budget: 0.5),
    ]
    #expect(
      Ranking.ranked(expected.reversed(), by: .valAccuracy).map(\.trial) == expected.map(\.trial))
  }

  @Test func smallerLossIsBetter() {
    let ranked = Ranking.ranked([result(0, 0.3), result(1, 0.2), result(2, nil)], by: .valLoss)
    #expect(ranked.map(\.trial) == [1, 0, 2])
  }

  @Test func rankingIsIndependentOfTheOrderOfArrival() {
    var generator = Philox(seed: 1, stream: 1)
    var results = (0..<300).map { trial in
      let objective = generator.below(8) == 0 ? nil : Double(generator.below(5)) / 5
      let loss = generator.below(8) == 0 ? Double.nan : Double(generator.below(3))
      return result(trial, objective, loss: loss, budget: Double(1 + generator.below(3)) / 3)
    }
    for goal in MetricSchema.embedded.goals.map(\.goal) {
      let ranked = Ranking.ranked(results, by: goal)
      for _ in 0..<10 {
        generator.shuffle(&results)
        #expect(Ranking.ranked(results, by: goal).map(\.trial) == ranked.map(\.trial))
      }
      for (one, other) in zip(ranked, ranked.dropFirst()) {
        #expect(Ranking.isBetter(one, other, goal) && !Ranking.isBetter(other, one, goal))
      }
    }
  }
}

@Suite struct GoalTests {
  private let history = [(0.5, 2.0), (0.9, 1.0), (0.9, 0.5), (0.7, 0.25)].map {
    ["val_accuracy": $0, "val_loss": $1] as Metrics
  }

  @Test func scoreIsThatOfTheLastOrBestEpoch() {
    #expect(Goal.valAccuracy.score(history) == 0.7)
    #expect(Goal.bestValAccuracy.score(history) == 0.9)
    #expect(Goal.valLoss.score(history) == 0.25)
    #expect(Goal.bestValAccuracy.decisive(history)?["val_loss"] == 1)
    #expect(MetricSchema.embedded.goals.allSatisfy { $0.goal.score([]) == nil })
  }

  @Test func divergedEpochHasNoScore() {
    let diverged = history + [["val_accuracy": .nan, "val_loss": .infinity]]
    #expect(Goal.valAccuracy.score(diverged) == nil)
    #expect(Goal.valLoss.score(diverged) == nil)
    #expect(Goal.bestValAccuracy.score(diverged) == 0.9)
  }
}

@Suite struct ResultsTests {
  @Test func tableHasTheDocumentedColumns() throws {
    let file = try parse(twoLayer)
    let ranked = [
      TrialResult(
        trial: 3, values: [.integer(292), .real(0.25), .real(2.546591239423651e-07)], status: .done,
        epochs: 50, metrics: ["val_accuracy": 0.98125, "val_loss": 0.0625], goal: .valAccuracy),
      TrialResult(
        trial: 1, values: [.integer(200), .real(0.2), .real(1e-5)], status: .diverged, epochs: 2,
        metrics: ["val_accuracy": .nan], goal: .valAccuracy),
    ]
    #expect(
      ResultTable.csv(ranked, of: file).text == """
        rank,trial,hidden,lr,l2,val_accuracy,val_loss,epochs,status,seeds,val_accuracy_mean,val_accuracy_ci95,tie
        1,3,292,0.25,2.546591239423651e-7,0.98125,0.0625,50,done,1,,,
        2,1,200,0.2,1e-5,,,2,diverged,1,,,

        """)
  }

  @Test func listIsOneCell() throws {
    let file = try parse(file().replacing("[32]", with: "{ choice: [[1, 2], []] }"))
    let ranked = [
      TrialResult(trial: 0, values: [.integers([1, 2])], status: .stopped, epochs: 1)
    ]
    #expect(
      ResultTable.csv(ranked, of: file).text.contains("\n1,0,\"[1, 2]\",,,1,stopped,1,,,\n"))
  }
}

@Suite struct CSVTests {
  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""),
    ("a\r\nb", "\"a\r\nb\""), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"),
    ("\n=1", "\"'\n=1\""), ("＝1+1", "'＝1+1"), ("＠x", "'＠x"),
    ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("=a,b", "\"'=a,b\""), ("a=b", "a=b"), ("ü,", "\"ü,\""),
    ("", ""),
  ])
  func quotesTextAndPreventsFormulas(text: String, cell: String) {
    var csv = CSV(columns: ["a", "b"])
    csv.append([.text(text), .integer(1)])
    #expect(csv.text == "a,b\n\(cell),1\n")
  }

  @Test func writesNumbersAndEmptyCells() {
    var csv = CSV(columns: ["a", "b", "c", "d", "e"])
    csv.append([.integer(-5), .real(-0.1), .real(.nan), .empty, .real(1e22)])
    #expect(csv.text == "a,b,c,d,e\n-5,-0.1,,,1e22\n")
  }

  @Test func drainRemovesTheText() {
    var csv = CSV(columns: ["a"])
    #expect(csv.drain() == Array("a\n".utf8))
    csv.append([.integer(1)])
    #expect(csv.drain() == Array("1\n".utf8))
    #expect(csv.bytes.isEmpty)
  }
}
