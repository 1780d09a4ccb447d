import Randomness
import Testing

@testable import Training

@Suite struct LeastSquaresTests {
  private func fit(_ rows: [[Float]], _ labels: [UInt8], classes: Int) -> [Double]? {
    let buffer = FloatBuffer(count: rows.count * rows[0].count)
    let features = buffer.matrix(at: 0, rows: rows.count, columns: rows[0].count, stride: rows[0].count)
    for (index, row) in rows.enumerated() { _ = features.row(index).update(fromContentsOf: row) }
    let square = FloatBuffer(count: rows[0].count * rows[0].count)
    let product = square.matrix(at: 0, rows: rows[0].count, columns: rows[0].count, stride: rows[0].count)
    multiply(features, features, transposing: .left, into: product)
    var fit = LeastSquares(features: rows[0].count, targets: classes)
    fit.add(features, labels: labels[...], product: product)
    return fit.solution()
  }

  @Test func residualsAreOrthogonalToTheFeatures() throws {
    var generator = Philox(seed: 1, stream: 0)
    let rows = (0..<60).map { _ in (0..<5).map { _ in Float(generator.normal()) } }
    let labels = (0..<60).map { _ in UInt8(generator.below(3)) }
    let weights = try #require(fit(rows, labels, classes: 3))
    for target in 0..<3 {
      var moments = [Double](repeating: 0, count: 6)
      for (row, label) in zip(rows, labels) {
        let values = row.map(Double.init) + [1]
        let answer = (0..<6).reduce(0) { $0 + values[$1] * weights[$1 * 3 + target] }
        let residual = answer - (Int(label) == target ? 1 : 0)
        for place in 0..<6 { moments[place] += residual * values[place] }
      }
      #expect(moments.allSatisfy { abs($0) < 1e-4 })
    }
  }

  @Test func zeroAndDuplicateFeaturesAreHarmless() throws {
    let rows: [[Float]] = [[0, 1, 1], [0, 2, 2], [0, 3, 3], [0, 5, 5]]
    let weights = try #require(fit(rows, [0, 0, 1, 1], classes: 2))
    #expect(weights.allSatisfy { $0.isFinite && abs($0) < 10 })
    #expect(weights[0] == 0 && weights[1] == 0)
  }

  @Test func noFiniteSolutionIsNil() {
    #expect(fit([[.infinity], [1]], [0, 1], classes: 2) == nil)
  }
}
