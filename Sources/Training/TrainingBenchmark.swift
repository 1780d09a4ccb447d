/// Measures training throughput relative to the library's matrix products alone, with exactly the shapes of a
/// training step, in the same process at the same time.
package struct TrainingBenchmark: Sendable, Equatable {
  /// Training images per second, including the evaluation after each epoch.
  package let samplesPerSecond: Double
  /// Floating-point operations in the dense layers' matrix products of training, in 10⁹ per second.
  package let gflops: Double
  /// The time of a step's dense matrix products alone, as a fraction of the time of the whole step.
  package let fractionOfLibrary: Double

  /// Alternates short rounds of products and of training steps and takes medians, so that other load on the machine
  /// affects both equally.
  ///
  /// - Parameter clock: reads a monotonic clock.
  package static func run(
    _ recipe: Recipe, data: TrainingData, rounds: Int = 40, clock: () -> Duration
  ) throws(RecipeError) -> TrainingBenchmark {
    precondition(rounds > 0, "\(rounds) rounds")
    let stepsPerRound = 20
    let trainer = try Trainer(recipe, data: data)
    let products = StepProducts(
      trainer.network, rows: min(recipe.training.batch, data.train.count),
      recipe.training.precision)
    var library: [Double] = []
    var training: [Double] = []
    var ratios: [Double] = []
    for round in 0...rounds {
      let begin = clock()
      for _ in 0..<stepsPerRound { products.run() }
      let middle = clock()
      trainer.train(steps: stepsPerRound)
      let end = clock()
      // The first round is the warm-up.
      guard round > 0 else { continue }
      library.append(seconds(middle - begin) / Double(stepsPerRound))
      training.append(seconds(end - middle) / Double(stepsPerRound))
      ratios.append(library[library.count - 1] / training[training.count - 1])
    }
    let evaluations = (0..<5).map { _ in
      let begin = clock()
      _ = trainer.validate()
      return seconds(clock() - begin)
    }
    let step = median(training)
    let epoch = step * Double(trainer.stepsPerEpoch) + median(evaluations)
    return TrainingBenchmark(
      samplesPerSecond: Double(data.train.count) / epoch,
      gflops: products.operations / step / 1e9, fractionOfLibrary: median(ratios))
  }
}

/// The matrix products of the dense layers in one training step, on separate memory.
private final class StepProducts {
  private let network: Network
  private let forward: ForwardPass
  private let gradients: [(buffer: FloatBuffer, matrix: Matrix)]
  /// Floating-point operations in a run.
  let operations: Double

  init(_ trained: Network, rows: Int, _ precision: Precision) {
    network = Network(trained.architecture, trained.layout)
    network.initialize(.he, seed: 0)
    forward = ForwardPass(network, capacity: rows, precision: precision)
    forward.features.storage.update(repeating: 0.5)
    gradients = network.layers.map { layer in
      let buffer = FloatBuffer(count: rows * layer.stride)
      let matrix = buffer.matrix(
        at: 0, rows: rows, columns: layer.outputs, stride: layer.stride)
      matrix.storage.update(repeating: 1)
      return (buffer, matrix)
    }
    let passes = network.layers.enumerated().map { index, layer in
      (index == 0 ? 2 : 3) * layer.multiplied * layer.outputs
    }
    operations = Double(2 * rows * passes.reduce(0, +))
  }

  func run() {
    useOneThread()
    if let rounded = forward.rounded { run(rounded) } else { runFloat32() }
  }

  private func runFloat32() {
    var input = forward.features
    for (layer, output) in zip(network.layers, forward.outputs) {
      multiply(input, network.factor(layer), into: output)
      input = output
    }
    for index in network.layers.indices.reversed() {
      let weights = network.factor(network.layers[index])
      let gradient = gradients[index].matrix
      if index > 0 {
        multiply(gradient, weights, transposing: .right, into: gradients[index - 1].matrix)
      }
      let input = forward.input(of: index)
      multiply(
        input, gradient, transposing: .left, into: weights, scaledBy: -1e-9, adding: 0.9999999)
    }
  }

  private func run(_ rounded: RoundedProducts) {
    for (index, output) in forward.outputs.enumerated() {
      rounded.multiply(layer: index, into: output)
    }
    for (index, layer) in network.layers.enumerated() {
      if index > 0 { rounded.backpropagate(layer: index, into: gradients[index - 1].matrix) }
      rounded.differentiate(layer: index, into: network.factor(layer))
    }
  }
}

extension Trainer {
  fileprivate func train(steps: Int) {
    var left = steps
    while left > 0 {
      _ = trainEpoch { _ in
        left -= 1
        return left > 0
      }
    }
  }
}

private func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
