/// The search space: the searched parameters, in the order of the file.
package struct SearchSpace: Hashable, Sendable {
  /// One searched hyperparameter.
  package struct Parameter: Hashable, Sendable {
    /// The path of its key, such as `train.lr`; elements of a list are numbered: `model.hidden.0`. With the choice that
    /// brings it and the value: `train.optimizer.adamw.lr`.
    package let path: String
    /// The name of its column: the last part of the path if that is unique; else the value that brings it and the last
    /// part; otherwise the whole path.
    package let column: String
    /// The distribution of its values.
    package let distribution: Distribution
    /// The path of its key: that of the list for an element.
    package let field: String
    /// The choice that brings it; nil if every configuration has it.
    package let condition: Condition?
  }

  /// A value of a choice, which brings parameters of its own.
  package struct Condition: Hashable, Sendable {
    /// The index of the choice, which is lower than those of the parameters that it brings.
    package let parameter: Int
    package let value: Value
  }

  /// A parameter as declared in a file.
  package struct Declaration: Hashable, Sendable {
    package let path: String
    let distribution: Distribution
    let field: String
    let origin: Origin?
  }

  /// The choice that brings a parameter, by its path, and its value.
  package struct Origin: Hashable, Sendable {
    let path: String
    let value: Value
  }

  /// The parameters; the values of a configuration are in the same order.
  package let parameters: [Parameter]
  /// The dimension of each parameter in a sequence of points.
  let dimensions: [Int]

  /// A space of parameters with different paths, none of which is brought by another.
  ///
  /// - Parameter reserved: names that no column of a parameter may have.
  package init(_ declared: [(path: String, distribution: Distribution)], reserved: [String] = []) {
    self.init(
      declared.map { path, distribution in
        let parts = path.split(separator: ".")
        let field = (path.isElement ? parts.dropLast() : parts[...]).joined(separator: ".")
        return Declaration(path: path, distribution: distribution, field: field, origin: nil)
      }, reserved: reserved)
  }

  /// A space of parameters with different paths. A choice is declared before the parameters that it brings.
  init(_ declared: [Declaration], reserved: [String]) {
    let paths = declared.map(\.path)
    let parameters = zip(declared, Self.columns(declared, reserved)).map { declaration, column in
      let condition = declaration.origin.map { origin in
        guard let index = paths.firstIndex(of: origin.path) else { preconditionFailure("no \(origin.path)") }
        return Condition(parameter: index, value: origin.value)
      }
      return Parameter(
        path: declaration.path, column: column, distribution: declaration.distribution,
        field: declaration.field, condition: condition)
    }
    self.parameters = parameters
    dimensions = parameters.dimensions
  }

  /// Whether there are no searched parameters.
  package var isEmpty: Bool { parameters.isEmpty }

  /// Whether untrusted values are a configuration of this space. A parameter that the configuration does not have has
  /// any value of its distribution.
  package func contains(_ values: [Value]) -> Bool {
    values.count == parameters.count
      && zip(parameters, values).allSatisfy { $0.distribution.contains($1) }
  }

  /// Whether the configuration with these values has each parameter: those that are brought, only with their choice.
  package func active(_ values: [Value]) -> [Bool] {
    var active: [Bool] = []
    for parameter in parameters {
      active.append(
        parameter.condition.map { active[$0.parameter] && values[$0.parameter] == $0.value } ?? true)
    }
    return active
  }
}

extension SearchSpace {
  private static func columns(_ declared: [Declaration], _ reserved: [String]) -> [String] {
    let paths = declared.map(\.path)
    let short = paths.map { shortName(of: $0, among: paths) }
    // The value and the key: adamw.lr.
    let brought = declared.map { parameter in
      parameter.origin.map { String(parameter.path.dropFirst($0.path.count + 1)) }
    }
    return paths.indices.map { index in
      // Elements of a list that only one value brings have names that differ from those of the others.
      let isShared = declared.contains {
        $0.field == declared[index].field && $0.origin != declared[index].origin
      }
      if !isShared, !reserved.contains(short[index]), short.count(where: { $0 == short[index] }) == 1 {
        return short[index]
      }
      guard let name = brought[index], brought.count(where: { $0 == name }) == 1 else { return paths[index] }
      return name
    }
  }

  /// The last part of a path; for an element of a list the name of the list, with the index if other elements are
  /// searched too.
  private static func shortName(of path: String, among paths: [String]) -> String {
    let parts = path.split(separator: ".").map(String.init)
    guard parts.count > 1, path.isElement else { return parts.last ?? path }
    let list = parts.dropLast().joined(separator: ".") + "."
    let isAlone = paths.count { $0.hasPrefix(list) } == 1
    let name = parts[parts.count - 2]
    return isAlone ? name : "\(name).\(parts[parts.count - 1])"
  }
}

extension String {
  /// Whether a path is that of an element of a list: its last part is a number.
  var isElement: Bool { split(separator: ".").last.flatMap { Int($0) } != nil }
}
