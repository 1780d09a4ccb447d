import Testing
import Trials

@testable import Search

@Suite struct ReplayTests {
  /// Learning curves of nine configurations and nine epochs, from a function of configuration and epoch.
  private func table(
    parts: Int = 1, _ accuracy: (_ configuration: Int, _ epoch: Double) -> Double?
  ) throws -> LearningCurves {
    let space = SearchSpace([("train.lr", try Distribution(.uniform(low: 0, high: 1)))])
    let curves = (0..<9).map { configuration in
      func score(_ epoch: Double) -> Metrics? {
        accuracy(configuration, epoch).map { ["val_accuracy": $0, "val_loss": 1 - $0] }
      }
      return LearningCurves.Curve(
        values: [.real(Double(configuration) / 10)],
        beginning: parts == 1 ? [] : (1...parts).compactMap { score(Double($0) / Double(parts)) },
        epochs: (1...9).compactMap { score(Double($0)) })
    }
    return LearningCurves(space: space, epochs: 9, goal: .valAccuracy, curves: curves)
  }

  /// Curves that never cross; the last configuration is the best.
  private func honest(parts: Int = 1) throws -> LearningCurves {
    try table(parts: parts) { Double($0) / 10 + $1 / 1000 }
  }

  private func halving(_ bracket: Int? = nil, from minEpochs: Double = 1) -> ReplayMethod {
    ReplayMethod("halving", .random, .halving(minEpochs: minEpochs, factor: 3, bracket: bracket))
  }

  private let methods = [
    ReplayMethod("random", .random, .whole), ReplayMethod("Sobol", .sobol, .whole),
    ReplayMethod("TPE", .tpe, .whole), ReplayMethod("one epoch", .random, .oneEpoch),
    ReplayMethod("median rule", .random, .medianRule(patience: 2)),
    ReplayMethod("ASHA", .random, .asha(minEpochs: 1, factor: 3)),
    ReplayMethod("halving", .random, .halving(minEpochs: 1, factor: 3, bracket: nil)),
    ReplayMethod("halving", .tpe, .halving(minEpochs: 1, factor: 2, bracket: 4)),
  ]

  @Test func everyMethodCompletesEveryConfigurationEventually() throws {
    let curves = try honest()
    for method in methods {
      for slots in [1, 3] {
        let replay = Replay(method, on: curves, seed: 5, slots: slots)
        #expect(replay.finishes.map(\.configuration).sorted() == Array(0..<9))
        #expect(replay.finishes.last?.epochs == 81)
        #expect(replay.success(within: 0)?.configuration == 8)
        #expect(replay.regret(afterEpochs: 81) == 0)
      }
    }
  }

  @Test func fullTrainingsCostAllTheirEpochs() throws {
    let curves = try honest()
    for seed in 0..<5 as Range<UInt64> {
      let replay = Replay(methods[0], on: curves, seed: seed)
      let place = try #require(replay.finishes.firstIndex { $0.configuration == 8 })
      #expect(replay.success(within: 0)?.epochs == Double(9 * (place + 1)))
      #expect(replay.work == 81)
    }
    #expect(Replay(methods[0], on: curves, seed: 1, slots: 2).makespan == 45)
    #expect(Replay(methods[0], on: curves, seed: 1, slots: 3).makespan == 27)
  }

  @Test func halvingFindsTheBestWithinTheEpochsOfItsRungs() throws {
    let replay = Replay(halving(), on: try honest(), seed: 3)
    let success = try #require(replay.success(within: 0))
    #expect(replay.work == 9 + 3 * 2 + 6)
    #expect(success.epochs == 21)
    #expect(success.isOfSearch)
    #expect(replay.regret(afterEpochs: 20) == nil)
    #expect(replay.regret(afterEpochs: 21) == 0)
  }

  @Test func halvingCanHaveRungsWithinTheFirstEpoch() throws {
    // Budgets: a quarter of an epoch, three quarters, then the whole epochs 3, 7 and 9.
    let curves = try honest(parts: 4)
    #expect(curves.budgets(from: 0.25, factor: 3) == [0.25, 0.75, 3, 7, 9])
    let replay = Replay(halving(from: 0.25), on: curves, seed: 3)
    #expect(replay.work == 9 * 0.25 + 3 * 0.5 + 8.25)
    #expect(replay.success(within: 0)?.isOfSearch == true)
  }

  @Test func oneEpochTrainsTheBestOfTheFirstEpoch() throws {
    let replay = Replay(methods[3], on: try honest(), seed: 3)
    #expect(replay.work == 9 + 8)
    #expect(replay.success(within: 0)?.epochs == 17)
  }

  @Test func stoppingTheBestConfigurationCostsEpochs() throws {
    // The last configuration is the worst until the last epoch.
    let curves = try table { $0 == 8 ? ($1 == 9 ? 1 : 0) : Double($0 + 1) / 10 }
    let success = try #require(Replay(halving(), on: curves, seed: 3).success(within: 0))
    #expect(!success.isOfSearch)
    #expect(success.epochs == 81)
    #expect(Replay(halving(), on: curves, seed: 3).success(within: 0.4)?.isOfSearch == true)
  }

  @Test func bestSoFarObjectiveKeepsATrialWithADip() throws {
    // The last configuration is the best after two epochs and at the end, and the worst at the rung.
    let curves = try table { $0 == 8 ? ($1 == 3 ? 0 : 1) : ($1 == 1 ? 0.9 : Double($0) / 10) }
    let scheduling = ReplayMethod.Scheduling.halving(minEpochs: 3, factor: 3, bracket: nil)
    let last = Replay(ReplayMethod("last", .random, scheduling), on: curves, seed: 3)
    let best = Replay(
      ReplayMethod("best", .random, scheduling, selection: .best), on: curves, seed: 3)
    #expect(last.success(within: 0)?.isOfSearch == false)
    #expect(best.success(within: 0)?.isOfSearch == true)
  }

  @Test func divergedTrialCostsTheEpochOfDivergence() throws {
    let curves = try table { $0 == 0 && $1 > 2 ? nil : Double($0) / 10 }
    #expect(curves.objective(of: 0) == nil)
    #expect(Replay(methods[0], on: curves, seed: 1).work == 8 * 9 + 3)
    for method in methods {
      #expect(Replay(method, on: curves, seed: 1).success(within: 0)?.configuration == 8)
    }
  }

  @Test func bracketsRunInOrder() throws {
    let replay = Replay(halving(3), on: try honest(), seed: 3)
    // Three brackets: three trials for one epoch, one of them for two and then six more.
    #expect(replay.work == 3 * 11)
    #expect(replay.finishes.filter(\.isOfSearch).map(\.epochs) == [11, 22, 33])
  }

  @Test func summaryHasMeanIntervalAndQuantiles() throws {
    let curves = try honest()
    let replays = (0..<40).map { Replay(methods[0], on: curves, seed: $0) }
    let summary = ReplaySummary(replays, tolerance: 0)
    let epochs = replays.compactMap { $0.success(within: 0)?.epochs }
    #expect(summary.mean == epochs.reduce(0, +) / 40)
    #expect(summary.margin > 0)
    #expect(summary.quantile(0) == epochs.min())
    #expect(summary.quantile(1) == epochs.max())
    #expect(summary.reached == 1)
  }
}
