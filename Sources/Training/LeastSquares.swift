/// The weights that map features to targets with the smallest sum of squared errors.
///
/// Collects the normal equations (XᵀX)·W = XᵀY batch by batch, a column of ones beside the features, and
/// solves them by Cholesky's decomposition in double precision.
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

  /// Adds rows of features whose target is 1 at the label and 0 elsewhere. `product` is featuresᵀ·features.
  mutating func add(_ features: Matrix, labels: ArraySlice<UInt8>, product: Matrix) {
    let constant = unknowns - 1
    for row in 0..<constant {
      let products = product.row(row)
      for column in 0..<constant { gram[row * unknowns + column] += Double(products[column]) }
    }
    for (row, label) in labels.enumerated() {
      let values = features.row(row)
      for place in 0..<constant {
        let value = Double(values[place])
        gram[place * unknowns + constant] += value
        gram[constant * unknowns + place] += value
        moments[place * targets + Int(label)] += value
      }
      gram[unknowns * unknowns - 1] += 1
      moments[constant * targets + Int(label)] += 1
    }
  }

  /// The weights, unknowns x targets, the constants last. What the equations leave open, as of features that
  /// are always 0, is kept small by a ridge. Nil if there is no finite solution.
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

  /// The lower triangle L with L·Lᵀ = XᵀX + ridge·1; nil where that is singular as far as floats can tell.
  private func decomposition(ridge: Double) -> [Double]? {
    var lower = [Double](repeating: 0, count: unknowns * unknowns)
    for row in 0..<unknowns {
      for column in 0...row {
        var sum = gram[row * unknowns + column] + (row == column ? ridge : 0)
        for place in 0..<column {
          sum -= lower[row * unknowns + place] * lower[column * unknowns + place]
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
        for place in 0..<row { sum -= lower[row * unknowns + place] * result[place * targets + target] }
        result[row * targets + target] = sum / lower[row * unknowns + row]
      }
      for row in (0..<unknowns).reversed() {
        var sum = result[row * targets + target]
        for place in row + 1..<unknowns {
          sum -= lower[place * unknowns + row] * result[place * targets + target]
        }
        result[row * targets + target] = sum / lower[row * unknowns + row]
      }
    }
    return result
  }
}
