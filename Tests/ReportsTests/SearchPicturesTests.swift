import Foundation
import PictureChecks
import RunFiles
import Search
import Testing
import Trials

@testable import Charts
@testable import Reports

struct SearchPicturesTests {
  @Test(arguments: [1, 10, 1000])
  func everySizeIsLegible(trials: Int) throws {
    for parameters in [1, 3, 12] {
      let record = try Self.record(trials: trials, parameters: parameters)
      // The importance of a thousand trials takes a minute without optimization.
      let insight = trials > 100 ? Insight(record.file, ranked: [], histories: [:]) : record.insight
      let pictures = SearchPictures(record, insight: insight)
      for kind in SearchPictures.Kind.allCases {
        for picture in pictures.pictures(kind) {
          let svg = picture.picture.svg
          #expect(svg.utf8.count < 300_000, "\(picture.name)")
          #expect(try Structure(svg).layoutProblems == [], "\(picture.name) of \(trials) trials")
        }
      }
    }
  }

  @Test func aLargeSearchHasSmallFiles() throws {
    let record = try Self.record(trials: 20_000, parameters: 2, epochs: 3)
    let pictures = SearchPictures(record, insight: Insight(record.file, ranked: [], histories: [:]))
    for kind in SearchPictures.Kind.allCases {
      for picture in pictures.pictures(kind) { #expect(picture.picture.svg.utf8.count < 1_000_000) }
    }
  }

  @Test func kindsThatDoNotApplySayWhy() throws {
    let pictures = try SearchPictures(Self.record(trials: 1, parameters: 1))
    for kind in SearchPictures.Kind.allCases where pictures.pictures(kind).isEmpty {
      #expect(!pictures.reason(kind).isEmpty)
    }
    #expect(pictures.pictures(.rungs).isEmpty && pictures.pictures(.contour).isEmpty)
    #expect(pictures.pictures(.history).count == 1 && pictures.pictures(.parameter).count == 1)
  }

  @Test func nothingHasHappenedYet() throws {
    let record = try RunRecord(file: Self.file(trials: 3, parameters: 2), results: [])
    let pictures = SearchPictures(record)
    for kind in SearchPictures.Kind.allCases {
      #expect(pictures.pictures(kind).isEmpty)
      #expect(!pictures.reason(kind).isEmpty)
    }
  }

  @Test func scoresAreThoseOfTheRecord() throws {
    let record = try Self.record(trials: 100, parameters: 2)
    let picture = try #require(SearchPictures(record).pictures(.history).first)
    let titles = try Structure(picture.picture.svg).elements.compactMap(\.title)
    for result in record.results {
      let text =
        result.metrics?["val_accuracy"].map { "validation accuracy \($0.shortText)" }
        ?? result.status.rawValue
      #expect(titles.contains("trial \(result.trial): \(text)"))
    }
  }

  @Test func fewBadScoresDoNotFlattenTheScale() throws {
    let range = try #require(
      ScoreRange([0.1, 0.2] + (0..<50).map { 0.9 + Double($0) * 0.001 }, isMaximized: true))
    #expect(range.worst == 0.9 && range.beyond == 2)
    let losses = try #require(ScoreRange([1e6] + (0..<50).map { Double($0) }, isMaximized: false))
    #expect(losses.worst == 49 && losses.best == 0 && losses.beyond == 1)
    let all = try #require(ScoreRange([0.1, 0.9], isMaximized: true))
    #expect(all.worst == 0.1 && all.beyond == 0)
    #expect(ScoreRange([], isMaximized: true) == nil)
  }

  @Test func fileNamesAreSafeAndDifferent() {
    #expect(fileNames(of: ["lr", "../lr", "..\\lr", "lr"]) == ["lr", ".._lr", ".._lr-2", "lr-2"])
  }

  /// A search of as many parameters as asked for, at most 12.
  static func file(trials: Int, parameters: Int) throws -> SearchFile {
    let all = [
      ("train", "lr: { log_uniform: [1e-3, 1] }"), ("model", "hidden: [{ int: [32, 256] }]"),
      ("train", "l2: { log_uniform: [1e-7, 1e-2] }"), ("model", "dropout: { uniform: [0, 0.5] }"),
      ("train", "batch: { log_int: [8, 512] }"),
      ("model", "activation: { choice: [relu, leaky_relu, tanh, sigmoid] }"),
      ("train", "momentum: { uniform: [0, 0.99] }"), ("augment", "rotate: { uniform: [0, 20] }"),
      ("augment", "shift: { uniform: [0, 0.2] }"), ("augment", "scale: { uniform: [0, 0.2] }"),
      ("augment", "probability: { uniform: [0.1, 1] }"), ("model", "init: { choice: [he, xavier] }"),
    ].prefix(parameters)
    var text = "name: a-name-of-sixty-characters-that-has-no-end-in-sight-at-all-60\nseed: 1\n"
    text += "dataset: { name: digits }\nsearch: { trials: \(trials) }\n"
    for section in ["augment", "model", "train"] {
      var lines = all.filter { $0.0 == section }.map(\.1)
      if section == "train" { lines += ["epochs: 5", "optimizer: momentum"] }
      if section == "model", !lines.contains(where: { $0.hasPrefix("hidden") }) {
        lines.append("hidden: [16]")
      }
      if !lines.isEmpty { text += "\(section):\n" + lines.map { "  \($0)\n" }.joined() }
    }
    return try SearchFile.parse(Array(text.utf8), file: "search.yaml")
  }

  /// Trials with made-up scores, some of which diverged or failed.
  static func record(trials: Int, parameters: Int, epochs: Int = 5) throws -> RunRecord {
    let file = try file(trials: trials, parameters: parameters)
    var results: [TrialResult] = []
    var curves: [Int: [TrialMeasurement]] = [:]
    var attempts: [AttemptRecord] = []
    for trial in 0..<trials {
      let bits = UInt64(trial + 1) &* 0x9E37_79B9_7F4A_7C15
      let values = file.space.parameters.enumerated().map { index, parameter in
        parameter.distribution.value(at: bits &* UInt64(2 * index + 1))
      }
      let isLost = trial % 17 == 16
      let score = trial % 29 == 28 ? 0.1 : 0.95 + Double(bits >> 40) / Double(1 << 24) * 0.04
      results.append(
        file.result(
          of: TrialEnd(
            trial: trial, status: isLost ? .diverged : .done, epochs: Double(epochs),
            metrics: isLost ? nil : ["val_accuracy": score, "val_loss": 1 - score]), values))
      curves[trial] = (1...epochs).map {
        let part = Double($0) / Double(epochs)
        return TrialMeasurement(
          step: Double($0),
          [
            "train_loss": 1 - part, "train_accuracy": part, "val_loss": 1.1 - part,
            "val_accuracy": score * part,
          ])
      }
      attempts.append(
        AttemptRecord(
          number: trial, trial: trial, replicate: 0, host: "host-\(trial % 7)", pid: trial % 7,
          numerics: "avx2",
          started: 1_795_824_000 + Double(trial), seconds: 5.5, inherited: 0, epochs: epochs,
          ending: trial % 19 == 18 ? "lost" : "finished", detail: ""))
    }
    return RunRecord(
      file: file, results: Ranking.ranked(results, by: file.goal),
      reevaluations: (0..<min(5, trials)).map {
        ReevaluationRow(
          trial: $0, seeds: 5, mean: 0.9 + 0.01 * Double($0), interval95: 0.004, tie: 1 + $0 / 2)
      }, curves: curves, attempts: attempts)
  }
}
