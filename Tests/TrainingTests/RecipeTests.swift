import Testing

@testable import Training

@Suite struct RecipeTests {
  @Test func defaultInitializationFollowsTheActivation() {
    #expect(ModelRecipe(hidden: [], activation: .relu).initialization == .he)
    #expect(ModelRecipe(hidden: [], activation: .leakyReLU).initialization == .he)
    #expect(ModelRecipe(hidden: [], activation: .tanh).initialization == .xavier)
    #expect(ModelRecipe(hidden: [], activation: .sigmoid).initialization == .xavier)
  }

  private static let same = Convolution(channels: 2, kernel: 1)

  private static let faults: [(field: String, fault: @Sendable (inout Recipe) -> Void)] = [
    ("dataset.subset", { $0.dataset.subset = 0 }),
    ("dataset.subset", { $0.dataset.subset = 1.1 }),
    ("dataset.subset", { $0.dataset.subset = .nan }),
    ("dataset.validation", { $0.dataset.validation = .fraction(1.5) }),
    ("dataset.validation", { $0.dataset.validation = .fraction(.nan) }),
    ("dataset.validation", { $0.dataset.validation = .count(0) }),
    ("augment.rotate", { $0.augmentation = Augmentation(rotation: -1) }),
    ("augment.shift", { $0.augmentation = Augmentation(shift: 0.51) }),
    ("augment.scale", { $0.augmentation = Augmentation(scale: 1) }),
    ("augment.probability", { $0.augmentation = Augmentation(probability: .nan) }),
    ("model.hidden", { $0.model.hidden = [3, 0] }),
    ("model.hidden", { $0.model.hidden = [65537] }),
    ("model.hidden", { $0.model.hidden = [65536, 65536] }),
    ("model.hidden", { $0.model.hidden = Array(repeating: 2, count: 65) }),
    ("model.hidden", { $0.model.hidden = (0..<40).map { $0 % 2 == 0 ? 65536 : 50 } }),
    ("model.convolutions", { $0.model.convolutions = Array(repeating: same, count: 17) }),
    ("model.convolutions.channels", { $0.model.convolutions = [.init(channels: 0, kernel: 3)] }),
    ("model.convolutions.kernel", { $0.model.convolutions = [.init(channels: 2, kernel: 6)] }),
    ("model.convolutions.kernel", { $0.model.convolutions = [.init(channels: 2, kernel: 0)] }),
    (
      "model.convolutions.kernel",
      { $0.model.convolutions = [.init(channels: 2, kernel: 3), .init(channels: 2, kernel: 4)] }
    ),
    (
      "model.convolutions.pool",
      { $0.model.convolutions = [.init(channels: 2, kernel: 3, pool: 4)] }
    ),
    (
      "model.convolutions.padding",
      { $0.model.convolutions = [.init(channels: 2, kernel: 3, padding: 3)] }
    ),
    (
      "model.convolutions.stride",
      { $0.model.convolutions = [.init(channels: 2, kernel: 3, stride: 0)] }
    ),
    ("model.dropout", { $0.model.dropout = 1 }),
    ("model.dropout", { $0.model.dropout = .nan }),
    ("model.init", { $0.model.initialization = .normal(0) }),
    ("model.init", { $0.model.initialization = .normal(.infinity) }),
    ("train.epochs", { $0.training.epochs = 0 }),
    ("train.batch", { $0.training.batch = 0 }),
    ("train.batch", { $0.training.batch = 65537 }),
    ("train.batch", { $0.training.batch = 50 }),
    (
      "train.batch",
      {
        $0.training.batch = 99
        $0.augmentation = Augmentation(shift: 0.1, mode: .append)
      }
    ),
    ("train.lr", { $0.training.learningRate = -1 }),
    ("train.lr", { $0.training.learningRate = .nan }),
    ("train.l2", { $0.training.l2 = [-1e-9] }),
    ("train.l2", { $0.training.l2 = [.infinity] }),
    ("train.l2", { $0.training.l2 = [] }),
    ("train.l2", { $0.training.l2 = [1e-3, 1e-3, 1e-3] }),
    ("train.momentum", { $0.training.optimizer = .momentum(1.5) }),
    ("train.momentum", { $0.training.optimizer = .nesterov(.nan) }),
    ("train.patience", { $0.training.patience = 0 }),
    (
      "train.finetune",
      {
        $0.training.patience = 1
        $0.training.finetune = .leastSquares
      }
    ),
    ("train.schedule.step.every", { $0.training.schedule = .step(every: 0, gamma: 0.5) }),
    ("train.schedule.step.gamma", { $0.training.schedule = .step(every: 1, gamma: 0) }),
    ("train.schedule.milestones.at", { $0.training.schedule = .milestones(at: [-1], gamma: 0.5) }),
    (
      "train.schedule.milestones.at",
      { $0.training.schedule = .milestones(at: [3, 2], gamma: 0.5) }
    ),
    ("train.schedule.milestones.gamma", { $0.training.schedule = .milestones(at: [1], gamma: 2) }),
    ("train.schedule.exponential", { $0.training.schedule = .exponential(gamma: .nan) }),
    ("train.schedule.cosine.warmup", { $0.training.schedule = .cosine(warmup: -1) }),
  ]

  @Test(arguments: faults.indices)
  func invalidValueIsRejectedByName(index: Int) throws {
    let (field, fault) = Self.faults[index]
    var recipe = sampleRecipe()
    let data = try TrainingData(sampleDataset(), recipe.dataset)
    fault(&recipe)
    #expect {
      try Trainer(recipe, data: data)
    } throws: { error in
      (error as? RecipeError)?.field == field && !"\(error)".contains("\n")
    }
    #expect {
      try recipe.validate(on: data.dataset.shape)
    } throws: { error in
      (error as? RecipeError)?.field == field
    }
  }

  @Test func oneStepPerEpochIsValid() throws {
    for (batch, augmentation) in [(49, nil), (98, Augmentation(shift: 0.1, mode: .append))] {
      var recipe = sampleRecipe(batch: batch)
      recipe.augmentation = augmentation
      let trainer = try Trainer(sample: recipe)
      try recipe.validate(on: trainer.data.dataset.shape)
      #expect(trainer.stepsPerEpoch == 1)
    }
  }

  @Test func emptySelectionsAreRejectedByShape() throws {
    let shape = DatasetShape(images: 100, rows: 5, columns: 5, classes: 3)
    var recipe = sampleRecipe()
    try recipe.validate(on: shape)
    recipe.dataset.validation = .count(100)
    #expect { try recipe.validate(on: shape) } throws: { ($0 as? RecipeError)?.field == "dataset.validation" }
    recipe.dataset.validation = .test
    try recipe.validate(on: shape)
    recipe.dataset.subset = 0.01
    #expect { try recipe.validate(on: shape) } throws: { ($0 as? RecipeError)?.field == "dataset.subset" }
  }

  @Test func hugeActivationsAreRejectedWithoutAllocation() throws {
    var recipe = sampleRecipe(hidden: [65536], batch: 4096)
    recipe.dataset.validation = .count(1)
    let dataset = try sampleDataset(SampleFiles(train: 5000, test: 1, side: 1, classes: 2))
    let data = try TrainingData(dataset, recipe.dataset)
    #expect(throws: RecipeError.self) { try Trainer(recipe, data: data) }
  }

  @Test(arguments: [Initialization.he, .xavier, .normal(0.3)])
  func weightsHaveTheRequestedDeviation(initialization: Initialization) {
    let network = Network(
      Architecture(inputs: 200, hidden: [100], activation: .relu, classes: 2))
    network.initialize(initialization, seed: 3)
    let weights = Model(network, dataset: "", labels: LabelSet(count: 2)).layers[0].weights.map(Double.init)
    let square = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
    let expected = initialization.deviation(inputs: 200, outputs: 100)
    #expect(abs(square.squareRoot() / expected - 1) < 0.02)
    #expect(abs(weights.reduce(0, +) / Double(weights.count)) < 0.03 * expected)
    #expect(Model(network, dataset: "", labels: LabelSet(count: 2)).layers[0].bias.allSatisfy { $0 == 0 })
  }

  @Test func initialWeightsAreTheSameOnEveryMachine() {
    let network = Network(Architecture(inputs: 3, hidden: [], activation: .relu, classes: 2))
    network.initialize(.he, seed: 42)
    let weights = network.weights(network.layers[0])
    let bits = (0..<3).flatMap { weights.row($0).map(\.bitPattern) }
    #expect(
      bits == [
        3_122_633_807, 1_068_427_548, 3_183_141_492, 3_204_296_792, 3_206_226_045, 3_213_162_932,
      ])
  }
}
