/// Samples the points of the grid in order.
enum GridSampler {
  static func values(trial: Int, in space: SearchSpace) -> [Value] {
    space.gridPoint(UInt64(trial))
  }
}

extension SearchSpace {
  /// The grid point with this number in mixed-radix order: the last parameter changes fastest.
  func gridPoint(_ index: UInt64) -> [Value] {
    var rest = index
    var values: [Value] = []
    for parameter in parameters.reversed() {
      guard let count = parameter.distribution.count else {
        preconditionFailure("\(parameter.path) is continuous, so there is no grid")
      }
      values.append(parameter.distribution.point(rest % count))
      rest /= count
    }
    precondition(rest == 0, "grid point \(index) of \(gridSize ?? 0)")
    return values.reversed()
  }
}
