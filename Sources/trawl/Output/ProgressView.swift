import CoordinatorService
import Platform

/// The progress of a search as text: lines that fit a terminal, or one line for a log.
struct ProgressView {
  /// A trial of the ranking.
  struct Trial {
    var number: Int
    /// The objective.
    var score: Double
    /// The searched values, such as `lr 0.183, hidden 212`.
    var settings: String
  }

  /// The number of trials, done and in all, or started and ended in an open-ended search: `12/50 trials`.
  var count: String
  /// The completed share of the work, 0...1; nil if the total is unknown.
  var share: Double?
  var running: Int
  var failed: Int
  /// Further counts, such as `3/10 replicates`, the least important last.
  var details: [String] = []
  /// `no workers connected for 65 s`, instead of rate and remaining time; nil if there are workers.
  var absence: String?
  var rate: String?
  var left: String?
  /// The best trials, best first.
  var best: [Trial] = []
  /// The name of the score: `best` or `best loss`.
  var scoreName = "best"

  /// The maximum number of trials shown below the bar.
  static let mostTrials = SearchNews.mostLeaders

  /// One line with all parts: `12/50 trials, 2 running, best 0.9812 (trial 7: lr 0.1), 14.2 trials/min, 2 min 40 s
  /// left`.
  var line: String {
    let best = best.first.map { "\(scoreName) \($0.score.rounded4) (\(Self.named($0)))" }
    return
      ([count, "\(running) running"] + failures + details + [absence, best, rate, left].compactMap(\.self))
      .joined(separator: ", ")
  }

  private var failures: [String] { failed > 0 ? ["\(failed) failed"] : [] }

  private static func named(_ trial: Trial) -> String {
    "trial \(trial.number)" + (trial.settings.isEmpty ? "" : ": \(trial.settings)")
  }

  /// The lines for a terminal: the bar with the counts, the best trial, and below it the next best if there is room.
  func lines(_ style: Terminal.Style) -> [String] {
    let room = style.height >= 16 ? Self.mostTrials : 1
    return [header(style)]
      + best.prefix(room).enumerated().map { row($0.element, isBest: $0.offset == 0, style) }
  }

  /// The bar and as many counts as fit; the remaining time is kept longest.
  private func header(_ style: Terminal.Style) -> String {
    var optional = details
    var rate = rate
    func text() -> String {
      ([count, "\(running) running"] + failures + optional + [absence, rate, left].compactMap(\.self))
        .joined(separator: ", ")
    }
    let bar = 12
    while text().count + bar + 2 > style.width, rate != nil || !optional.isEmpty {
      if rate != nil { rate = nil } else { optional.removeLast() }
    }
    let space = min(30, style.width - text().count - 2)
    guard let share, space >= 8 else { return String(text().prefix(style.width)) }
    let full = Int((share * Double(space)).rounded(.down))
    let (mark, rest) = style.isUnicode ? ("█", "░") : ("#", ".")
    let colour = style.hasColour ? (failed > 0 ? "\u{1b}[33m" : "\u{1b}[32m") : ""
    let end = style.hasColour ? "\u{1b}[0m" : ""
    return colour + String(repeating: mark, count: full) + String(repeating: rest, count: space - full) + end
      + "  " + text()
  }

  private func row(_ trial: Trial, isBest: Bool, _ style: Terminal.Style) -> String {
    let name = isBest ? scoreName : ""
    let label = name + String(repeating: " ", count: scoreName.count - name.count)
    let text = String("\(label) \(Self.digits(trial.score))  \(Self.named(trial))".prefix(style.width))
    return isBest && style.hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text
  }

  /// Four decimals, so that scores are aligned.
  private static func digits(_ score: Double) -> String {
    let text = "\(score.rounded4)"
    guard let point = text.firstIndex(of: "."), !text.contains("e") else { return text }
    return text + String(repeating: "0", count: max(0, 5 - text.distance(from: point, to: text.endIndex)))
  }
}
