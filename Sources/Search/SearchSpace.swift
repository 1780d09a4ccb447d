/// What a search may vary: its parameters, in the order in which the file declares them.
package struct SearchSpace: Hashable, Sendable {
  /// One searched hyperparameter.
  package struct Parameter: Hashable, Sendable {
    /// The path of its key, such as `train.lr`; elements of a list are numbered: `model.hidden.0`.
    package let path: String
    /// The name of its column: the last part of the path where that is unique, else the whole path.
    package let column: String
    /// The values it may take.
    package let distribution: Distribution

    /// The path of the field: that of the list for an element.
    package var field: String {
      let parts = path.split(separator: ".")
      return (parts.last.flatMap { Int($0) } == nil ? parts[...] : parts.dropLast()).joined(separator: ".")
    }
  }

  /// The parameters; a configuration's values stand in this order.
  package let parameters: [Parameter]

  /// A space of parameters with different paths.
  package init(_ declared: [(path: String, distribution: Distribution)]) {
    let columns = Self.columns(declared.map(\.path))
    parameters = zip(declared, columns).map { declaration, column in
      Parameter(
        path: declaration.path, column: column, distribution: declaration.distribution)
    }
  }

  /// Whether nothing is searched.
  package var isEmpty: Bool { parameters.isEmpty }

  /// How many configurations there are: 1 when nothing is searched, nil when a parameter has no end
  /// of values, and `UInt64.max` when they are that many or more.
  package var gridSize: UInt64? {
    var size: UInt64 = 1
    for parameter in parameters {
      guard let count = parameter.distribution.count else { return nil }
      let product = size.multipliedReportingOverflow(by: count)
      size = product.overflow ? .max : product.partialValue
    }
    return size
  }

  /// Whether values, which may come from anywhere, are a configuration of this space.
  package func contains(_ values: [Value]) -> Bool {
    values.count == parameters.count
      && zip(parameters, values).allSatisfy { $0.distribution.contains($1) }
  }
}

extension SearchSpace {
  private static func columns(_ paths: [String]) -> [String] {
    let short = paths.map { shortName(of: $0, among: paths) }
    return zip(paths, short).map { path, name in
      let isTaken = short.count { $0 == name } > 1 || Results.fixedColumns.contains(name)
      return isTaken ? path : name
    }
  }

  /// The last part of a path; of a list's element the list's name, with the number when others of
  /// that list are searched too.
  private static func shortName(of path: String, among paths: [String]) -> String {
    let parts = path.split(separator: ".").map(String.init)
    guard parts.count > 1, Int(parts[parts.count - 1]) != nil else { return parts.last ?? path }
    let list = parts.dropLast().joined(separator: ".") + "."
    let isAlone = paths.count { $0.hasPrefix(list) } == 1
    let name = parts[parts.count - 2]
    return isAlone ? name : "\(name).\(parts[parts.count - 1])"
  }
}
