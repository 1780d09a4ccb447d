/// Evaluates a network in batches of a fixed size, so that a result does not depend on the training batch size.
final class Evaluator {
  static let batch = 256

  let forward: ForwardPass

  /// - Parameter precision: of the factors in the matrix products of the dense layers.
  init(_ network: Network, _ precision: Precision = .f32) {
    useOneThread()
    forward = ForwardPass(network, capacity: Self.batch, precision: precision)
  }

  /// Loss and accuracy over the images at the indices.
  func evaluate(_ images: ImageSet, at indices: [Int32]) -> Evaluation {
    var score = BatchScore()
    forEachBatch(images, at: indices) { rows in
      score += forward.score(rows: rows)
    }
    return Evaluation(score)
  }

  /// The least-squares fit of the last layer to the labels of the images at the indices; the other layers keep their
  /// weights. Nil if there is no finite solution.
  func fitLastLayer(_ images: ImageSet, at indices: [Int32]) -> [Double]? {
    let network = forward.network
    let last = network.layers.count - 1
    let inputs = forward.input(of: last)
    let buffer = FloatBuffer(count: inputs.columns * inputs.columns)
    let product = buffer.matrix(
      at: 0, rows: inputs.columns, columns: inputs.columns, stride: inputs.columns)
    var fit = LeastSquares(features: inputs.columns, targets: network.architecture.classes)
    forEachBatch(images, at: indices) { rows in
      let features = inputs.prefix(rows)
      multiply(features, features, transposing: .left, into: product)
      fit.add(features, labels: forward.labels[..<rows], product: product)
    }
    return fit.solution()
  }

  /// Loss, accuracy and confusion matrix over all images of a set.
  func report(_ images: ImageSet, classes: Int) -> TestReport {
    var score = BatchScore()
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    forEachBatch(images, at: (0..<Int32(images.count)).map { $0 }) { rows in
      score += forward.score(rows: rows)
      for row in 0..<rows {
        let answer = likeliestClass(forward.logProbabilities.row(row))
        confusion[Int(forward.labels[row])][answer] += 1
      }
    }
    return TestReport(overall: Evaluation(score), confusion: confusion)
  }

  /// Runs the forward pass on the images at the indices batch by batch, and calls the body after each batch.
  func forEachBatch(
    _ images: ImageSet, at indices: [Int32], _ body: (_ rows: Int) -> Void
  ) {
    useOneThread()
    for start in stride(from: 0, to: indices.count, by: Self.batch) {
      let batch = indices[start..<min(start + Self.batch, indices.count)]
      forward.gather(images, at: batch)
      forward.run(rows: batch.count)
      body(batch.count)
    }
  }
}

/// Test results of a network.
package struct TestReport: Sendable, Equatable {
  package let overall: Evaluation
  /// The confusion matrix: number of images by label (first index) and predicted class (second index).
  package let confusion: [[Int]]

  /// The recall of each class; nil for a class without images.
  package var accuracyByClass: [Double?] {
    confusion.enumerated().map { label, answers in
      let images = answers.reduce(0, +)
      return images == 0 ? nil : Double(answers[label]) / Double(images)
    }
  }
}
