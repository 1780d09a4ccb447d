// The points of a space whose parameters all have finitely many values. A point has the parameters that are not brought,
// and those that its choices bring.
extension SearchSpace {
  /// The number of configurations: 1 without parameters, nil if a parameter is continuous, `UInt64.max` if it would
  /// overflow.
  package var gridSize: UInt64? {
    guard parameters.allSatisfy({ $0.distribution.count != nil }) else { return nil }
    return size(of: brought(by: nil))
  }

  /// The grid point with this number in mixed-radix order: the last parameter changes fastest.
  func gridPoint(_ index: UInt64) -> [Value] {
    var values = parameters.map { $0.distribution.point(0) }
    setPoint(index, of: brought(by: nil), in: &values)
    return values
  }

  /// The parameters that a value of a choice brings, or those that no choice brings.
  private func brought(by condition: Condition?) -> [Int] {
    parameters.indices.filter { parameters[$0].condition == condition }
  }

  private func size(of indices: [Int]) -> UInt64 {
    indices.reduce(1) { product, index in
      let result = product.multipliedReportingOverflow(by: size(of: index))
      return result.overflow ? .max : result.partialValue
    }
  }

  /// The number of values of a parameter, each with the points of the parameters that it brings.
  private func size(of index: Int) -> UInt64 {
    guard let count = parameters[index].distribution.count else {
      preconditionFailure("\(parameters[index].path) is continuous, so there is no grid")
    }
    guard bringsParameters(index) else { return count }
    return (0..<count).reduce(0) { sum, point in
      let result = sum.addingReportingOverflow(size(of: broughtAt(point, of: index)))
      return result.overflow ? .max : result.partialValue
    }
  }

  private func bringsParameters(_ index: Int) -> Bool {
    parameters.contains { $0.condition?.parameter == index }
  }

  /// The parameters that a point of a parameter brings.
  private func broughtAt(_ point: UInt64, of index: Int) -> [Int] {
    brought(by: Condition(parameter: index, value: parameters[index].distribution.point(point)))
  }

  private func setPoint(_ number: UInt64, of indices: [Int], in values: inout [Value]) {
    var rest = number
    for index in indices.reversed() {
      let size = size(of: index)
      setPoint(rest % size, of: index, in: &values)
      rest /= size
    }
    precondition(rest == 0, "grid point \(number) of \(size(of: indices))")
  }

  private func setPoint(_ number: UInt64, of index: Int, in values: inout [Value]) {
    let distribution = parameters[index].distribution
    guard bringsParameters(index) else {
      values[index] = distribution.point(number)
      return
    }
    var (point, rest) = (UInt64(0), number)
    while true {
      let size = size(of: broughtAt(point, of: index))
      if rest < size { break }
      (point, rest) = (point + 1, rest - size)
    }
    values[index] = distribution.point(point)
    setPoint(rest, of: broughtAt(point, of: index), in: &values)
  }
}
