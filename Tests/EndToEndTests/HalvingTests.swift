import Foundation
import Testing

/// Halving with real workers leads to what a halving that waits for everyone makes of the whole learning curves.
@Suite(.serialized)
struct HalvingTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.halving())
  }

  @Test func theRankingIsThatOfAHalvingThatWaits() async throws {
    let outcome = try await Prepared.halving.value
    let whole = try await Prepared.search(SearchText.halving(), "--set", "search.halving=null")
    let curves = try whole.history().map(Epoch.init)
    #expect(try outcome.ranking == reference(Dictionary(grouping: curves, by: \.trial)))
  }

  @Test(arguments: [2, 4, 16])
  func anyNumberOfWorkersDecidesTheSame(workers: Int) async throws {
    let ending = try await search(workers: workers).ending()
    #expect(ending.end == .exited(0))
    #expect(try run.outcome() == (await Prepared.halving.value))
    #expect(try run.attempts().contains { $0.ending == "paused" })
  }

  @Test func killedWorkersAndCoordinatorsDecideTheSame() async throws {
    var generator = SeededGenerator(seed: 11)
    for done in [1, 4, 8] {
      let search = try search(workers: 2, "--resume")
      // It may end before it can be hit once more.
      guard (try? await run.waitForResults(done, of: search)) != nil else { break }
      if let victim = search.children.randomElement(using: &generator) { kill(victim, SIGKILL) }
      try await generator.pause(upTo: 200)
      search.send(SIGKILL)
      _ = try await search.ending()
    }
    #expect(try await search(workers: 2, "--resume").ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.halving.value))
  }

  private func search(workers: Int, _ more: String...) throws -> Program {
    try scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "\(workers)"] + more)
  }

  // MARK: The reference

  private struct Epoch {
    let trial: Int
    let accuracy: Double
    let loss: Double

    init(_ row: [String: String]) throws {
      guard let trial = row["trial"].flatMap(Int.init),
        let accuracy = row["val_accuracy"].flatMap(Double.init),
        let loss = row["val_loss"].flatMap(Double.init)
      else { throw Failure("not an epoch: \(row)") }
      (self.trial, self.accuracy, self.loss) = (trial, accuracy, loss)
    }
  }

  /// Trials, best first, and the epochs that each was trained, from the curves of whole trials.
  private func reference(_ curves: [Int: [Epoch]]) -> [[Int]] {
    var ranking: [[Int]] = []
    var (rung, room) = (curves.values.map(\.self), curves.count)
    for budget in SearchText.budgets {
      rung.sort { one, other in
        let (a, b) = (one[budget - 1], other[budget - 1])
        return (b.accuracy, a.loss, a.trial) < (a.accuracy, b.loss, b.trial)
      }
      room = budget == SearchText.budgets.last ? 0 : max(1, room / 3)
      ranking = rung.dropFirst(room).map { [$0[0].trial, budget] } + ranking
      rung = Array(rung.prefix(room))
    }
    return ranking
  }
}

extension Run.Outcome {
  /// Trials, best first, and their epochs.
  fileprivate var ranking: [[Int]] {
    get throws {
      let lines = results.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      guard let columns = lines.first, let trial = columns.firstIndex(of: "trial"),
        let epochs = columns.firstIndex(of: "epochs")
      else { throw Failure("no results") }
      return lines.dropFirst().map { [Int($0[trial]) ?? -1, Int($0[epochs]) ?? -1] }
    }
  }
}
