/// A scenario of the protocol as text: directives, each with the trace that it must give.
///
/// A directive is a line, and further lines if it takes input; then follow a line `----` and the trace, which ends at
/// an empty line. Lines between directives that begin with `#` are comments.
struct Script {
  struct Step {
    /// The number of its first line, from 1.
    let line: Int
    /// Its first line.
    let directive: String
    let input: [String]
    let expected: [String]
    /// All lines before its trace.
    fileprivate let lines: [String]
  }

  private(set) var steps: [Step] = []
  /// The lines after the last trace.
  private var end: [String] = []

  static let separator = "----"

  init(_ text: String) throws(ScriptError) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    guard lines.popLast() == "", !lines.isEmpty else {
      throw ScriptError(line: max(1, lines.count), "the last line does not end")
    }
    var leading: [String] = []
    while let line = lines.popFirst() {
      leading.append(line)
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let start = lines.startIndex
      guard line != Self.separator else { throw ScriptError(line: start, "'----' without a directive") }
      let input = lines.prefix { !$0.isEmpty && $0 != Self.separator }
      lines = lines.dropFirst(input.count)
      guard lines.popFirst() == Self.separator else {
        throw ScriptError(line: start, "no '----' follows '\(line)'")
      }
      let expected = lines.prefix { !$0.isEmpty }
      lines = lines.dropFirst(expected.count)
      if let index = expected.firstIndex(of: Self.separator) {
        throw ScriptError(line: index + 1, "no empty line between a trace and the next directive")
      }
      steps.append(
        Step(
          line: start, directive: line, input: Array(input), expected: Array(expected),
          lines: leading + input + [Self.separator]))
      leading = []
    }
    end = leading
    guard !steps.isEmpty else { throw ScriptError(line: 1, "no directive") }
  }

  /// The text of the script with these traces.
  func text(with traces: [[String]]) -> String {
    precondition(traces.count == steps.count, "\(traces.count) traces of \(steps.count) directives")
    let lines = zip(steps, traces).flatMap { step, trace in step.lines + trace } + end
    return lines.map { $0 + "\n" }.joined()
  }

  /// Runs all directives.
  ///
  /// - Returns: the trace of each.
  func run() throws(ScriptError) -> [[String]] {
    var runner = ScriptRunner()
    var traces: [[String]] = []
    for step in steps { traces.append(try runner.run(step)) }
    try runner.finish()
    return traces
  }
}

/// A script that is not valid, or whose directive cannot be run.
struct ScriptError: Error, Equatable {
  /// From 1.
  let line: Int
  let detail: String

  init(line: Int, _ detail: String) {
    (self.line, self.detail) = (line, detail)
  }
}

/// The words of a directive: its name, arguments in order, and options in the form `key=value`. None may be left over.
struct ScriptArguments {
  let line: Int
  private var words: [String]
  private var options: [String: String] = [:]

  init(_ step: Script.Step) throws(ScriptError) {
    line = step.line
    words = []
    for word in step.directive.split(separator: " ").map(String.init) {
      guard let sign = word.firstIndex(of: "=") else {
        words.append(word)
        continue
      }
      let key = String(word[..<sign])
      guard options.updateValue(String(word[word.index(after: sign)...]), forKey: key) == nil else {
        throw ScriptError(line: line, "'\(key)' is given twice")
      }
    }
  }

  func error(_ detail: String) -> ScriptError { ScriptError(line: line, detail) }

  /// The next argument; `what` is its name.
  mutating func next(_ what: String) throws(ScriptError) -> String {
    guard !words.isEmpty else { throw error("no \(what)") }
    return words.removeFirst()
  }

  /// The next argument as a number.
  mutating func number<Number: LosslessStringConvertible>(_ what: String) throws(ScriptError) -> Number {
    try number(try next(what), what)
  }

  /// The remaining arguments as one text.
  mutating func rest() -> String {
    defer { words = [] }
    return words.joined(separator: " ")
  }

  /// The value of an option; nil if it is not given.
  mutating func option(_ key: String) -> String? { options.removeValue(forKey: key) }

  /// The value of an option as a number; nil if it is not given.
  mutating func numericOption<Number: LosslessStringConvertible>(
    _ key: String
  ) throws(ScriptError) -> Number? {
    guard let text = option(key) else { return nil }
    return try number(text, key)
  }

  /// Whether the next argument is this word; removes it.
  mutating func flag(_ word: String) -> Bool {
    guard words.first == word else { return false }
    words.removeFirst()
    return true
  }

  /// Throws if an argument or option is left over.
  func finish() throws(ScriptError) {
    if let word = words.first ?? options.keys.min() { throw error("unexpected '\(word)'") }
  }

  private func number<Number: LosslessStringConvertible>(
    _ text: String, _ what: String
  ) throws(ScriptError) -> Number {
    guard let number = Number(text) else { throw error("\(what) '\(text)' is not a number") }
    return number
  }
}
