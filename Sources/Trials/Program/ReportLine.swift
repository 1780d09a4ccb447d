import Foundation
import Search

/// A report of a program: one JSON object in a line, `{"epoch": 3, "auc": 0.91}`. NaN and Infinity are numbers, as
/// Python writes them.
struct ReportLine: Equatable {
  /// The key of the epoch.
  static let epochKey = "epoch"
  /// The start of a report on standard output.
  private static let mark = "trawl: {"

  /// The epoch; nil if the line has none.
  var epoch: Int?
  /// The metrics, sorted by name. Other values, such as texts, are left out.
  var metrics: [(name: String, value: Double)]

  /// Why a line is no report.
  struct Problem: Error, Equatable {
    let message: String
  }

  /// Whether a name can be that of a metric.
  static func isName(_ name: String) -> Bool {
    (1...MetricSchema.mostNameBytes).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }

  /// The report in a line.
  init(_ line: some StringProtocol) throws(Problem) {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let values: [String: Entry]
    do {
      values = try decoder.decode([String: Entry].self, from: Data(line.utf8))
    } catch {
      throw Problem(message: "a report is no JSON object in one line: \(line.prefix(200))")
    }
    epoch = nil
    if case .some(let value) = values[Self.epochKey] {
      guard let number = value.value, let whole = Int(exactly: number), whole > 0 else {
        throw Problem(message: "a report needs an epoch from 1 on: \(line.prefix(200))")
      }
      epoch = whole
    }
    metrics = values.compactMap { name, number in
      name == Self.epochKey ? nil : number.value.map { (name, $0) }
    }.sorted { $0.name < $1.name }
    guard metrics.count <= MetricSchema.mostMetrics else {
      throw Problem(
        message: "a report has \(metrics.count) metrics; at most \(MetricSchema.mostMetrics) are allowed")
    }
    if let name = metrics.first(where: { !Self.isName($0.name) })?.name {
      throw Problem(message: "a report has the invalid metric name \(name.prefix(100).debugDescription)")
    }
  }

  /// The report in a line of standard output; nil if it has none. A progress bar may stand before it in the same line.
  static func text(inOutput line: some StringProtocol) -> Substring? {
    guard let start = line.range(of: mark, options: .backwards) else { return nil }
    return Substring(line[start.lowerBound...].dropFirst(mark.count - 1))
  }

  static func == (left: Self, right: Self) -> Bool {
    left.epoch == right.epoch && left.metrics.elementsEqual(right.metrics) { $0 == $1 }
  }

  /// A value: a number, or nil for another one.
  private struct Entry: Decodable {
    let value: Double?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      // A truth value is no number.
      value = (try? container.decode(Bool.self)) == nil ? try? container.decode(Double.self) : nil
    }
  }
}
