import Randomness

/// A misclassified test image.
package struct Mistake: Sendable, Equatable {
  /// The index of the image in the dataset's test images.
  package let index: Int
  /// The class of the image.
  package let label: Int
  /// The predicted class.
  package let answer: Int
  /// The probability of the predicted class, 0 to 1.
  package let answerProbability: Double
  /// The probability of the label, 0 to 1.
  package let labelProbability: Double
  /// The cross-entropy of the image in nats, never below 0; NaN if the network's weights are not finite.
  package let loss: Double

  init(index: Int, label: Int, logProbabilities: UnsafeMutableBufferPointer<Float>) {
    let answer = likeliestClass(logProbabilities)
    // oneDNN's log-softmax can be up to 1.43e-6 above 0.
    func logProbability(_ index: Int) -> Double {
      let value = Double(logProbabilities[index])
      return value > 0 ? 0 : value
    }
    func probability(_ index: Int) -> Double {
      let value = logProbability(index)
      return value.isNaN ? .nan : portableExp(value)
    }
    self.index = index
    self.label = label
    self.answer = answer
    answerProbability = probability(answer)
    labelProbability = probability(label)
    loss = 0 - logProbability(label)
  }

  /// Orders by descending loss, then by ascending index. A NaN loss counts as infinite.
  func isWorse(than other: Mistake) -> Bool {
    let (own, others) = (loss.isNaN ? .infinity : loss, other.loss.isNaN ? .infinity : other.loss)
    return own == others ? index < other.index : own > others
  }
}

extension Evaluator {
  /// The misclassified images of a set with the highest losses, in descending order, at most `count`.
  func worstMistakes(_ images: ImageSet, count: Int) -> [Mistake] {
    var mistakes: [Mistake] = []
    var start = 0
    forEachBatch(images, at: (0..<Int32(images.count)).map { $0 }) { rows in
      for row in 0..<rows {
        let mistake = Mistake(
          index: start + row, label: Int(forward.labels[row]),
          logProbabilities: forward.logProbabilities.row(row))
        if mistake.answer != mistake.label { mistakes.append(mistake) }
      }
      start += rows
    }
    return Array(mistakes.sorted { $0.isWorse(than: $1) }.prefix(max(0, count)))
  }
}

extension Model {
  /// The misclassified test images of a dataset with the highest losses, in descending order, at most `count`; ties
  /// are ordered by index. Evaluates on the calling thread. Throws as `test(on:)`.
  package func worstMistakes(on dataset: Dataset, count: Int) throws(ModelError) -> [Mistake] {
    try evaluator(for: dataset).worstMistakes(testImages(of: dataset), count: count)
  }

  /// The initial network of a recipe, from the recipe's seed; nil if the recipe describes a network of another shape.
  package func initial(_ recipe: Recipe) -> Model? {
    let described = recipe.model
    guard
      described.hidden == architecture.hidden, described.activation == architecture.activation,
      described.convolutions == architecture.stack?.convolutions ?? []
    else { return nil }
    let network = Network(architecture)
    network.initialize(described.initialization, seed: recipe.seed)
    return Model(network, dataset: dataset, labels: labels)
  }
}
