/// The search space: the searched parameters, in the order of the file.
package struct SearchSpace: Hashable, Sendable {
  /// One searched hyperparameter.
  package struct Parameter: Hashable, Sendable {
    /// The path of its key, such as `train.lr`; elements of a list are numbered: `model.hidden.0`.
    package let path: String
    /// The name of its column: the last part of the path if that is unique, otherwise the whole path.
    package let column: String
    /// The distribution of its values.
    package let distribution: Distribution

    /// The path of the field: that of the list for an element.
    package var field: String {
      let parts = path.split(separator: ".")
      return (parts.last.flatMap { Int($0) } == nil ? parts[...] : parts.dropLast()).joined(separator: ".")
    }
  }

  /// The parameters; the values of a configuration are in the same order.
  package let parameters: [Parameter]

  /// A space of parameters with different paths.
  ///
  /// - Parameter reserved: names that no column of a parameter may have.
  package init(_ declared: [(path: String, distribution: Distribution)], reserved: [String] = []) {
    let columns = Self.columns(declared.map(\.path), reserved)
    parameters = zip(declared, columns).map { declaration, column in
      Parameter(
        path: declaration.path, column: column, distribution: declaration.distribution)
    }
  }

  /// Whether there are no searched parameters.
  package var isEmpty: Bool { parameters.isEmpty }

  /// The number of configurations: 1 without parameters, nil if a parameter is continuous, `UInt64.max` if it would
  /// overflow.
  package var gridSize: UInt64? {
    var size: UInt64 = 1
    for parameter in parameters {
      guard let count = parameter.distribution.count else { return nil }
      let product = size.multipliedReportingOverflow(by: count)
      size = product.overflow ? .max : product.partialValue
    }
    return size
  }

  /// Whether untrusted values are a configuration of this space.
  package func contains(_ values: [Value]) -> Bool {
    values.count == parameters.count
      && zip(parameters, values).allSatisfy { $0.distribution.contains($1) }
  }
}

extension SearchSpace {
  private static func columns(_ paths: [String], _ reserved: [String]) -> [String] {
    let short = paths.map { shortName(of: $0, among: paths) }
    return zip(paths, short).map { path, name in
      let isTaken = short.count { $0 == name } > 1 || reserved.contains(name)
      return isTaken ? path : name
    }
  }

  /// The last part of a path; for an element of a list the name of the list, with the index if other elements are
  /// searched too.
  private static func shortName(of path: String, among paths: [String]) -> String {
    let parts = path.split(separator: ".").map(String.init)
    guard parts.count > 1, Int(parts[parts.count - 1]) != nil else { return parts.last ?? path }
    let list = parts.dropLast().joined(separator: ".") + "."
    let isAlone = paths.count { $0.hasPrefix(list) } == 1
    let name = parts[parts.count - 2]
    return isAlone ? name : "\(name).\(parts[parts.count - 1])"
  }
}
