extension Field.Kind {
  /// Reads the value of a node.
  func value(_ node: Node, at path: String) throws(Fault) -> Value {
    if case .integers(let range, let most) = self {
      return try list(node, of: .integer(range), atMost: most, at: path)
    }
    if case .realOrReals(_, let most) = self {
      return try reals(node, atMost: most, at: path)
    }
    if case .parameter = self { return try parameter(node, at: path) }
    if case .texts(let most) = self { return try texts(node, atMost: most, at: path) }
    guard case .scalar(let text, let isQuoted) = node.content else {
      throw mistake(node, at: path)
    }
    guard let value = isQuoted ? word(text) : word(text) ?? number(text) else {
      throw mistake(node, at: path)
    }
    return value
  }

  /// The kind of an element if this is a list, otherwise this kind.
  var element: Field.Kind {
    switch self {
    case .integers(let range, _): .integer(range)
    case .realOrReals(let range, _): .real(range)
    default: self
    }
  }

  private func number(_ text: String) -> Value? {
    switch self {
    case .integer(let range), .trials(let range):
      return Number.integer(text).flatMap { range.contains($0) ? .integer($0) : nil }
    case .real(let range):
      return Number.real(text).flatMap { range.contains($0) ? .real($0) : nil }
    case .shareOrCount:
      // 1 is a count, 1.0 a share.
      if !text.contains("."), let count = Number.integer(text), count >= 1 { return .integer(count) }
      return Number.real(text).flatMap { 0 < $0 && $0 < 1 ? .real($0) : nil }
    case .duration: return Self.quantity(text, units: Self.durations, atMost: 1e9).map(Value.real)
    case .word, .name, .folder, .integers, .realOrReals, .entries, .parameter, .text, .texts:
      return nil
    }
  }

  /// The units of a duration, in seconds.
  private static let durations = ["s": 1.0, "min": 60, "h": 3600, "d": 86400]

  /// A positive number with a unit, in the unit of which the others are multiples.
  private static func quantity(_ text: String, units: [String: Double], atMost most: Double) -> Double? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }
    guard let factor = units[String(unit)], let count = Number.real(String(number)) else { return nil }
    let quantity = count * factor
    return 0 < quantity && quantity <= most ? quantity : nil
  }

  private func word(_ text: String) -> Value? {
    switch self {
    case .word(let words): words.contains(text) ? .word(text) : nil
    case .name: isName(text) ? .word(text) : nil
    case .folder: isFolder(text) ? .word(text) : nil
    case .shareOrCount(let word): text == word ? .word(text) : nil
    case .trials: text == SearchFile.untilStopped ? .word(text) : nil
    case .text: isText(text, multiline: true) ? .word(text) : nil
    case .integer, .real, .integers, .realOrReals, .entries, .parameter, .texts, .duration: nil
    }
  }

  private func list(
    _ node: Node, of kind: Field.Kind, atMost most: Int, at path: String
  ) throws(Fault) -> Value {
    guard case .list(let nodes) = node.content else {
      return .integers([try integer(node, kind, at: path)])
    }
    guard nodes.count <= most else {
      throw Fault(node.location, path, "needs \(self), not \(nodes.count)")
    }
    var numbers: [Int] = []
    for (index, element) in nodes.enumerated() {
      numbers.append(try integer(element, kind, at: "\(path).\(index)"))
    }
    return .integers(numbers)
  }

  private func reals(_ node: Node, atMost most: Int, at path: String) throws(Fault) -> Value {
    guard case .list(let nodes) = node.content else { return try element.value(node, at: path) }
    guard (1...most).contains(nodes.count) else {
      throw Fault(node.location, path, "needs \(self), not \(nodes.count)")
    }
    var numbers: [Double] = []
    for (index, node) in nodes.enumerated() {
      guard case .real(let number) = try element.value(node, at: "\(path).\(index)") else {
        throw mistake(node, at: path)
      }
      numbers.append(number)
    }
    return .reals(numbers)
  }

  private func parameter(_ node: Node, at path: String) throws(Fault) -> Value {
    switch node.content {
    case .scalar(let text, let isQuoted):
      guard isText(text) else { throw mistake(node, at: path) }
      if isQuoted { return .word(text) }
      if let flag = Bool(text) { return .flag(flag) }
      // 1.0 stays a real number.
      return Int(text).map(Value.integer) ?? Number.real(text).map(Value.real) ?? .word(text)
    case .list(let nodes):
      var values: [Value] = []
      for (index, node) in nodes.enumerated() { values.append(try value(node, at: "\(path).\(index)")) }
      return .list(values)
    case .map: throw mistake(node, at: path)
    }
  }

  private func texts(_ node: Node, atMost most: Int, at path: String) throws(Fault) -> Value {
    guard case .list(let nodes) = node.content, (1...most).contains(nodes.count) else {
      throw mistake(node, at: path)
    }
    var texts: [Value] = []
    for node in nodes { texts.append(try Field.Kind.text.value(node, at: path)) }
    return .list(texts)
  }

  private func integer(_ node: Node, _ kind: Field.Kind, at path: String) throws(Fault) -> Int {
    guard case .integer(let number) = try kind.value(node, at: path) else {
      throw kind.mistake(node, at: path)
    }
    return number
  }

  /// The error for an invalid value: what is needed and what was found.
  func mistake(_ node: Node, at path: String) -> Fault {
    if case .name(let form?) = self, case .scalar(let text, _) = node.content,
      text.contains(where: "/~".contains)
    {
      let advice = form.replacing("%", with: printable(text))
      return Fault(node.location, path, "needs a name; for a folder, write \(advice)")
    }
    guard case .scalar(let text, _) = node.content, case .word(let words) = self else {
      return Fault(node.location, path, "needs \(self), not \(node.shown)")
    }
    let guess = nearest(to: text, among: words).map { "; did you mean '\($0)'?" } ?? ""
    return Fault(node.location, path, "needs \(self), not \(node.shown)\(guess)")
  }
}

/// Whether a text is a portable file name that is not hidden and does not look like an option.
func isName(_ text: String) -> Bool {
  guard (1...100).contains(text.utf8.count), text.first != ".", text.first != "-" else {
    return false
  }
  return text.utf8.allSatisfy(isNameByte)
}

func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}

/// Whether a text has no control characters, but for line ends if it may have several lines.
private func isText(_ text: String, multiline: Bool = false) -> Bool {
  let line = multiline ? text.replacing("\n", with: "") : text
  return text.utf8.count <= 16_384 && printable(line, limit: .max) == line
}

private func isFolder(_ text: String) -> Bool {
  (1...4096).contains(text.utf8.count) && printable(text, limit: .max) == text
}
