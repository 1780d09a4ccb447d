import Testing

@testable import Training

/// The update is one product and stores no gradient. So the gradient is derived from the weight change of one step
/// over all training images, and compared with finite differences in double precision.
@Suite struct GradientTests {
  @Test(arguments: Activation.allCases, [[], [7], [7, 5]])
  func stepFollowsTheNumericalGradient(activation: Activation, hidden: [Int]) throws {
    let step = try Step(sampleRecipe(hidden: hidden, activation: activation, batch: 49, l2: 0))
    for layer in step.before.layers.indices {
      for (place, change) in step.changes(layer, \.weights).enumerated() {
        let slope = step.slope { $0.model[layer].weights[place] += $1 }
        #expect(abs(change + step.rate * slope) < 2e-6, "weight \(place) of layer \(layer)")
      }
      for (place, change) in step.changes(layer, \.bias).enumerated() {
        let slope = step.slope { $0.model[layer].bias[place] += $1 }
        #expect(abs(change + step.rate * slope) < 2e-6, "bias \(place) of layer \(layer)")
      }
    }
  }

  @Test(arguments: Activation.allCases)
  func convolutionsFollowTheNumericalGradient(activation: Activation) throws {
    let step = try Step(
      sampleRecipe(
        convolutions: sampleConvolutions, hidden: [5], activation: activation, batch: 49, l2: 0))
    for layer in step.before.layers.indices {
      for (place, change) in step.changes(layer, \.weights).enumerated() {
        let slope = step.slope { $0.model[layer].weights[place] += $1 }
        #expect(abs(change + step.rate * slope) < 2e-6, "weight \(place) of layer \(layer)")
      }
      for (place, change) in step.changes(layer, \.bias).enumerated() {
        let slope = step.slope { $0.model[layer].bias[place] += $1 }
        #expect(abs(change + step.rate * slope) < 2e-6, "bias \(place) of layer \(layer)")
      }
    }
  }

  @Test func penaltyShrinksWeightsButNotBiases() throws {
    let plain = try Step(sampleRecipe(batch: 49, l2: 0))
    let penalised = try Step(sampleRecipe(batch: 49, l2: 0.5))
    for layer in plain.before.layers.indices {
      let start = plain.before.layers[layer].weights.map(Double.init)
      let pairs = zip(plain.changes(layer, \.weights), penalised.changes(layer, \.weights))
      for (weight, (without, with)) in zip(start, pairs) {
        #expect(abs(with - without + plain.rate * 0.5 * weight) < 1e-6)
      }
      #expect(plain.changes(layer, \.bias) == penalised.changes(layer, \.bias))
    }
  }

  @Test(arguments: Decay.allCases, [OptimizerRule.sgd, .momentum(0.9), .nesterov(0.9)])
  func penaltyHasItsGradient(decay: Decay, rule: OptimizerRule) throws {
    let plain = try Step(sampleRecipe(batch: 49, optimizer: rule, l2: 0))
    let penalised = try Step(sampleRecipe(batch: 49, optimizer: rule, l2: 0.5, decay: decay))
    // The first step with Nesterov momentum is (1 + momentum) · gradient.
    let reach = rule == .nesterov(0.9) && decay != .decoupled ? 1.9 : 1
    for layer in plain.before.layers.indices {
      let start = plain.before.layers[layer].weights.map(Double.init)
      let norm = start.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let strength = decay == .norm ? 0.5 / norm : 0.5
      let pairs = zip(plain.changes(layer, \.weights), penalised.changes(layer, \.weights))
      for (weight, (without, with)) in zip(start, pairs) {
        #expect(abs(with - without + reach * plain.rate * strength * weight) < 1e-6)
      }
      #expect(plain.changes(layer, \.bias) == penalised.changes(layer, \.bias))
    }
  }
}

/// The first step of a recipe, over all of its training images.
private struct Step {
  let before: Model
  let after: Model
  let rate: Double
  private let images: [[Double]]
  private let labels: [Int]

  init(_ recipe: Recipe) throws {
    let data = try TrainingData(sampleDataset(), recipe.dataset)
    let trainer = try Trainer(recipe, data: data)
    #expect(trainer.stepsPerEpoch == 1)
    before = trainer.model()
    #expect(trainer.trainEpoch { _ in false } == .stopped)
    after = trainer.model()
    rate = recipe.training.learningRate
    let set = data.dataset.train
    images = data.train.map { set.image(Int($0)).map { Double($0) / 255 } }
    labels = data.train.map { Int(set.label(Int($0))) }
  }

  func changes(
    _ layer: Int, _ part: KeyPath<Model.LayerParameters, [Float]>
  ) -> [Double] {
    zip(before.layers[layer][keyPath: part], after.layers[layer][keyPath: part])
      .map { Double($1) - Double($0) }
  }

  /// The derivative of the loss with respect to the value that the closure shifts.
  func slope(_ shift: (inout ReferenceNetwork, Double) -> Void) -> Double {
    let width = 1e-5
    var (below, above) = (ReferenceNetwork(before), ReferenceNetwork(before))
    shift(&below, -width)
    shift(&above, width)
    return (above.loss(images, labels) - below.loss(images, labels)) / (2 * width)
  }
}
