internal import Yams

// Converts the errors of the YAML parser to messages that name the line and the fix.

/// The line and description of a YAML error.
func explanation(of error: any Error, in text: String) -> (line: Int?, problem: String) {
  switch error as? YamlError {
  case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
    .composer(_, let problem, let mark, _):
    let lines = lines(of: text)
    // The library reports an unexpected end of file after the last line.
    let line = max(1, min(mark.line, lines.count))
    return explanation(of: problem, line: line, in: lines)
  case .duplicatedKeysInMapping(let keys, let context):
    let key = keys.first ?? ""
    return (secondLine(of: key, from: context.mark.line, in: text), "duplicate key \(quoted(key))")
  case .reader(let problem, let offset, _, _):
    let before = offset.map { text.prefix($0).utf8.count { $0 == UInt8(ascii: "\n") } }
    return (before.map { $0 + 1 }, "not valid YAML: \(problem)")
  default:
    return (nil, "not valid YAML")
  }
}

private func explanation(
  of problem: String, line: Int, in lines: [Substring]
) -> (line: Int?, problem: String) {
  if lines[line - 1].contains("\t") {
    return (line, "not valid YAML; indent with spaces, not with a tab")
  }
  if problem.hasPrefix("Maximum nesting level") {
    return (line, "sections are nested too deeply")
  }
  // A colon without a space after it is part of a word, so that the parser fails at a later colon.
  if problem.contains("':'") || problem.hasPrefix("mapping values") || problem.contains("',' or"),
    let tight = (0..<line).last(where: { lines[$0].hasTightColon })
  {
    return (tight + 1, "not valid YAML; write a space after each colon, as in 'epochs: 2'")
  }
  if problem.hasPrefix("did not find expected key") || problem.hasPrefix("mapping values")
    || problem.contains("'-' indicator") || problem.hasPrefix("could not find expected ':'")
  {
    return (line, "not valid YAML; keys of the same section need the same indentation, and each key a colon")
  }
  if problem.contains("',' or") {
    return (line, "not valid YAML; a comma or a closing bracket is missing")
  }
  return (line, "not valid YAML: \(printable(problem))")
}

extension Substring {
  /// Whether a word is followed by a colon and directly by a value, outside of quotes and comments.
  fileprivate var hasTightColon: Bool {
    var before: Character = " "
    var isInWord = false
    for character in self {
      if character == "#" || character == "\"" || character == "'" { return false }
      if before == ":", isInWord, !character.isWhitespace, character != "/" { return true }
      if character != ":" { isInWord = character.isLetter || character.isNumber || character == "_" }
      before = character
    }
    return false
  }

  /// Whether an invisible character is where YAML needs a space: in the indentation or after a colon.
  fileprivate var hasOddSpace: Bool {
    var before: Character = " "
    for character in self {
      if character == "#" { return false }
      let isOdd =
        character.isWhitespace && character != " " && character != "\t" && character != "\r"
        && character != "\r\n"
      if isOdd, before == " " || before == ":" || before == "-" { return true }
      before = character
    }
    return false
  }
}

/// A problem that the parser does not report, or reports with an unclear message.
func suspiciousText(_ text: String) -> (line: Int, problem: String)? {
  let lines = lines(of: text)
  if let line = lines.firstIndex(where: \.hasOddSpace) {
    return (line + 1, "has a no-break or other special space; replace it with a plain space")
  }
  guard let line = lineOfAlias(in: text, after: mostAliases) else { return nil }
  return (line, "has more than \(mostAliases) aliases ('*name'); write the values out")
}

private func lines(of text: String) -> [Substring] {
  text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

/// The line of the second `key:` from the given line on; that line if there is only one.
private func secondLine(of key: String, from first: Int, in text: String) -> Int {
  let lines = lines(of: text)
  let found = (max(0, first - 1)..<max(0, lines.count)).filter { index in
    let line = lines[index].drop { $0 == " " || $0 == "\"" || $0 == "'" }
    guard line.hasPrefix(key) else { return false }
    return line.dropFirst(key.count).drop { $0 == "\"" || $0 == "'" || $0 == " " }.first == ":"
  }
  let indents = found.map { lines[$0].prefix { $0 == " " }.count }
  let second = zip(found, indents).dropFirst().first { $0.1 == indents[0] }
  return second.map { $0.0 + 1 } ?? first
}

/// The maximum number of aliases in a file.
///
/// The library expands aliases while it parses, so nested ones take exponential time: n aliases expand to at most
/// e^(n/e) copies of a value.
private let mostAliases = 16

/// The line of the first alias after a number of them; nil unless the text has an anchor. The check runs on the text
/// before parsing and also counts what looks like an alias in comments.
private func lineOfAlias(in text: String, after count: Int) -> Int? {
  guard linesOfSigil(UInt8(ascii: "&"), in: text).first != nil else { return nil }
  return linesOfSigil(UInt8(ascii: "*"), in: text).dropFirst(count).first
}

/// The lines where a sigil is directly before a word and not directly after one, one for each sigil.
private func linesOfSigil(_ sigil: UInt8, in text: String) -> [Int] {
  var lines: [Int] = []
  var line = 1
  var before: UInt8 = 0
  var secondLast: UInt8 = 0
  for byte in text.utf8 {
    if before == sigil, isWordByte(byte), !isWordByte(secondLast) { lines.append(line) }
    if byte == UInt8(ascii: "\n") { line += 1 }
    (secondLast, before) = (before, byte)
  }
  return lines
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}
