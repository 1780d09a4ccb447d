/// Linear least squares: the weights that minimize the sum of squared errors from features to targets.
///
/// Accumulates the normal equations (XᵀX)·W = XᵀY batch by batch, with a column of ones as a constant feature, and
/// solves them by Cholesky decomposition in double precision.
struct LeastSquares {
  /// Features and the constant.
  let unknowns: Int
  let targets: Int
  /// XᵀX, row by row.
  private var gram: [Double]
  /// XᵀY, row by row.
  private var moments: [Double]

  init(features: Int, targets: Int) {
    unknowns = features + 1
    self.targets = targets
    gram = [Double](repeating: 0, count: unknowns * unknowns)
    moments = [Double](repeating: 0, count: unknowns * targets)
  }

  /// Adds rows of features with one-hot targets. `product` is featuresᵀ·features.
  mutating func add(_ features: Matrix, labels: ArraySlice<UInt8>, product: Matrix) {
    let constant = unknowns - 1
    for row in 0..<constant {
      let products = product.row(row)
      for column in 0..<constant { gram[row * unknowns + column] += Double(products[column]) }
    }
    for (row, label) in labels.enumerated() {
      let values = features.row(row)
      for index in 0..<constant {
        let value = Double(values[index])
        gram[index * unknowns + constant] += value
        gram[constant * unknowns + index] += value
        moments[index * targets + Int(label)] += value
      }
      gram[unknowns * unknowns - 1] += 1
      moments[constant * targets + Int(label)] += 1
    }
  }

  /// The weights, unknowns x targets, with the constants last. A ridge term keeps undetermined weights small, such as
  /// those of features that are always 0. Nil if there is no finite solution.
  func solution() -> [Double]? {
    let mean = (0..<unknowns).reduce(0) { $0 + gram[$1 * unknowns + $1] } / Double(unknowns)
    guard mean > 0, mean.isFinite else { return nil }
    var ridge = 0.0
    while ridge < 1 {
      if let lower = decomposition(ridge: ridge * mean) { return solve(lower) }
      ridge = ridge == 0 ? 1e-8 : ridge * 10
    }
    return nil
  }

  /// The lower triangle L with L·Lᵀ = XᵀX + ridge·1; nil if that is numerically singular.
  private func decomposition(ridge: Double) -> [Double]? {
    var lower = [Double](repeating: 0, count: unknowns * unknowns)
    for row in 0..<unknowns {
      for column in 0...row {
        var sum = gram[row * unknowns + column] + (row == column ? ridge : 0)
        for index in 0..<column {
          sum -= lower[row * unknowns + index] * lower[column * unknowns + index]
        }
        if row > column {
          lower[row * unknowns + column] = sum / lower[column * unknowns + column]
        } else {
          let smallest = max(1e-7 * gram[row * unknowns + row], ridge / 2, .leastNormalMagnitude)
          guard sum > smallest else { return nil }
          lower[row * unknowns + row] = sum.squareRoot()
        }
      }
    }
    return lower
  }

  private func solve(_ lower: [Double]) -> [Double] {
    var result = moments
    for target in 0..<targets {
      for row in 0..<unknowns {
        var sum = result[row * targets + target]
        for index in 0..<row { sum -= lower[row * unknowns + index] * result[index * targets + target] }
        result[row * targets + target] = sum / lower[row * unknowns + row]
      }
      for row in (0..<unknowns).reversed() {
        var sum = result[row * targets + target]
        for index in row + 1..<unknowns {
          sum -= lower[index * unknowns + row] * result[index * targets + target]
        }
        result[row * targets + target] = sum / lower[row * unknowns + row]
      }
    }
    return result
  }
}
