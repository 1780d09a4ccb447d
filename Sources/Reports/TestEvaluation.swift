import Training

/// The accuracy of a model on the test images of a dataset, and its worst mistakes.
package struct TestEvaluation: Sendable {
  package let report: TestReport
  /// The worst first.
  package let mistakes: [Mistake]
  /// The pixels of the mistakes' images, row by row, 0 to 255.
  package let images: [[UInt8]]
  /// The height of an image in pixels.
  package let rows: Int
  /// The width of an image in pixels.
  package let columns: Int

  /// Evaluates on the calling thread.
  ///
  /// - Parameter mistakeCount: how many of the worst mistakes are listed at most.
  package init(_ model: Model, on dataset: Dataset, mistakeCount: Int = 25) throws(ModelError) {
    report = try model.test(on: dataset)
    mistakes = try model.worstMistakes(on: dataset, count: mistakeCount)
    images = mistakes.map { dataset.test.image($0.index) }
    (rows, columns) = (dataset.test.rows, dataset.test.columns)
  }
}
