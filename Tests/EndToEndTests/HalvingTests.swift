import Foundation
import Testing

/// Halving with real workers gives the ranking of synchronous halving on the complete learning curves.
@Suite(.serialized)
struct HalvingTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.halving())
  }

  @Test func rankingEqualsSynchronousHalving() async throws {
    let outcome = try await Prepared.halving.value
    let curves = try await Self.curves.value
    #expect(try outcome.ranking == reference(curves, [1, 3, 9]))
  }

  @Test func rankingEqualsSynchronousHalvingWithinTheFirstEpochAndAfterKills() async throws {
    try scratch.write("search.yaml", SearchText.halving(from: 0.25))
    let search = try search(workers: 3)
    if (try? await run.waitForResults(2, of: search)) != nil {
      search.children.first.map { _ = kill($0, SIGKILL) }
      search.send(SIGKILL)
    }
    _ = try await search.ending()
    #expect(try await self.search(workers: 2, "--resume").ending().end == .exited(0))
    let outcome = try run.outcome()
    let curves = try await Self.curves.value
    #expect(try outcome.ranking == reference(curves, [0.25, 0.75, 3, 7, 9]))
    #expect(try run.history().map(Epoch.init).allSatisfy { curves[$0.trial]?[$0.epoch] == $0 })
    let undisturbed = try await Prepared.search(SearchText.halving(from: 0.25))
    #expect(try outcome == undisturbed.outcome())
  }

  /// An epoch has two steps. The first four rungs are within the first epoch, the first two of them in its first step.
  @Test func partsThatEndWithTheSameStepScoreTheSame() async throws {
    let text = SearchText.halving(from: 0.1).replacing("batch: 64", with: "batch: 4000").replacing(
      "factor: 3", with: "factor: 2")
    let one = try await Prepared.search(text)
    let scores = Dictionary(grouping: try one.history().map(Epoch.init), by: \.trial).values.filter {
      $0.count > 3
    }
    #expect(!scores.isEmpty)
    for curve in scores {
      #expect(curve.prefix(4).map(\.epoch) == [0.1, 0.2, 0.4, 0.8])
      #expect(
        curve[0].loss == curve[1].loss && curve[1].loss == curve[2].loss && curve[2].loss != curve[3].loss)
    }
    try scratch.write("search.yaml", text)
    let search = try search(workers: 2)
    try? await run.waitForResults(1, of: search)
    search.send(SIGKILL)
    _ = try await search.ending()
    #expect(try await self.search(workers: 2, "--resume").ending().end == .exited(0))
    #expect(try run.outcome() == one.outcome())
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
      // It may end before the next kill.
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

  private struct Epoch: Equatable {
    let trial: Int
    /// A whole number of epochs, or a part of the first epoch.
    let epoch: Double
    let accuracy: Double
    let loss: Double

    init(_ row: [String: String]) throws {
      let epoch = row["epoch"].flatMap(Double.init) ?? row["part"].flatMap(Double.init).map { $0 / parts }
      guard let trial = row["trial"].flatMap(Int.init), let epoch,
        let accuracy = row["val_accuracy"].flatMap(Double.init),
        let loss = row["val_loss"].flatMap(Double.init)
      else { throw Failure("not an epoch: \(row)") }
      (self.trial, self.epoch, self.accuracy, self.loss) = (trial, epoch, accuracy, loss)
    }
  }

  /// Scores by epochs trained.
  private typealias Curve = [Double: Epoch]

  private static let parts = 4.0

  /// The complete curves of all trials, with some parts of their first epoch.
  private static let curves = Task {
    let whole = try await Prepared.search(SearchText.halving(), "--set", "search.halving=null")
    let ending = try await whole.scratch.run("bench", "first-epoch", "run", "--parts", "\(Int(parts))")
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
    let epochs = try (whole.history() + whole.rows("first-epoch.csv")).map(Epoch.init)
    return Dictionary(grouping: epochs, by: \.trial).mapValues { curve in
      Curve(curve.map { ($0.epoch, $0) }) { whole, _ in whole }
    }
  }

  /// The trials, best first, with the epochs of each, by synchronous halving.
  private func reference(_ curves: [Int: Curve], _ budgets: [Double]) -> [[Double]] {
    var ranking: [[Double]] = []
    var (rung, room) = (Array(curves.values), curves.count)
    for budget in budgets {
      let sorted = rung.sorted { one, other in
        guard let a = one[budget], let b = other[budget] else { return false }
        return (b.accuracy, a.loss, a.trial) < (a.accuracy, b.loss, b.trial)
      }
      room = budget == budgets.last ? 0 : max(1, room / 3)
      ranking = sorted.dropFirst(room).map { [Double($0[budget]?.trial ?? -1), budget] } + ranking
      rung = Array(sorted.prefix(room))
    }
    return ranking
  }
}

extension Run.Outcome {
  /// The trials of the search, best first, with the epochs of each.
  fileprivate var ranking: [[Double]] {
    get throws {
      let lines = results.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      guard let columns = lines.first, let trial = columns.firstIndex(of: "trial"),
        let epochs = columns.firstIndex(of: "epochs")
      else { throw Failure("no results") }
      return lines.dropFirst().map { [Double($0[trial]) ?? -1, Double($0[epochs]) ?? -1] }
    }
  }
}
