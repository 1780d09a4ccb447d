import Foundation
import Platform
import Search

extension Insight {
  /// Prints the diagnostics on standard error, after flushing standard output.
  func print() throws {
    try StandardOutput.flush()
    for line in lines { StandardError.say(line) }
  }

  /// The lines of the terminal output.
  var lines: [String] {
    [importance.map(text)].compactMap(\.self) + edges.map(\.text) + rungs.map(\.text)
  }

  private func text(_ importance: Importance) -> String {
    let when = epochs.map { " after \($0.inEpochs)" } ?? ""
    guard importance.isReliable else {
      return "parameter importance\(when): \(importance.trials) trials are too few to estimate it"
    }
    let shares = zip(parameters, importance.shares).sorted { $0.1 > $1.1 }.filter { $0.1 >= 0.005 }
    var parts = shares.map { parameter, share in
      "\(parameter.column)\(conditional.contains(parameter.column) ? " (where it has an effect)" : "") \(share.percent)"
    }
    if shares.count < parameters.count { parts.append("others less than 1 %") }
    parts.append("interactions and noise \(importance.interactions.percent)")
    let worst = divergedCount == 0 ? "" : ", \(divergedCount) diverged counted as worst"
    let quality = String(format: "R² %.2f out of bag", importance.rSquared)
    return "parameter importance\(when): \(parts.joined(separator: ", ")) "
      + "(fANOVA, \(importance.trials) trials\(worst); \(quality))"
  }
}

extension EdgeWarning {
  fileprivate var text: String {
    let name = parameter.column
    let what = holdsBest ? "the best value \(best.shown) is" : "\(count) of the top \(few) are"
    return "\(name): \(what) at the \(end) edge of \(range); try a wider range"
  }

  private var range: String {
    parameter.distribution.ends.map { "\($0.low)...\($0.high)" } ?? ""
  }
}

extension RungAgreement {
  fileprivate var text: String {
    "rung \(epochs.inEpochs) -> \(nextEpochs.inEpochs): "
      + "rank correlation tau \(String(format: "%.2f", tau)) over \(trials) trials"
      + (tau < 0.2 ? "; good trials may have been stopped: raise min_epochs" : "")
  }
}

extension Double {
  fileprivate var inEpochs: String { "\(shortText) epoch\(self == 1 ? "" : "s")" }
  fileprivate var percent: String { "\(Int((self * 100).rounded())) %" }
}

extension Value {
  /// With three significant digits.
  var shown: String {
    if case .real(let number) = self { String(format: "%.3g", number) } else { "\(self)" }
  }
}
