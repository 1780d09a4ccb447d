/// Trains one network by a recipe. Use it from one thread only: every call limits oneDNN to the calling thread.
///
/// With the same recipe and data, the weights after every step are bitwise equal, independent of other load, of
/// evaluations, and of interruptions and resumes.
package final class Trainer {
  package let recipe: Recipe
  package let data: TrainingData
  /// Mini-batches per epoch; the last one is smaller if the division leaves a remainder.
  package let stepsPerEpoch: Int
  /// The progress of training.
  package private(set) var progress: TrainingProgress

  let network: Network
  private let forward: ForwardPass
  private let backward: BackwardPass
  private let evaluator: Evaluator
  private let augmenter: Augmenter?
  private let optimizer: Optimizer
  private var order: (epoch: Int, images: [Int32])?
  private var hasDiverged = false
  /// The network after the best epoch so far, if the recipe keeps it.
  private var best: Model?

  /// Creates a network with initial weights. Throws if the recipe cannot be trained on this data.
  package convenience init(_ recipe: Recipe, data: TrainingData) throws(RecipeError) {
    let network = try Network(recipe, data: data)
    self.init(recipe, data, network, TrainingProgress())
    network.initialize(recipe.model.initialization, seed: recipe.seed)
  }

  /// Resumes from a checkpoint. Throws if the checkpoint has another recipe; only the number of epochs may differ.
  package convenience init(
    resuming checkpoint: Checkpoint, recipe: Recipe, data: TrainingData
  ) throws(RecipeError) {
    let network = try Network(recipe, data: data)
    try checkpoint.check(recipe)
    guard checkpoint.model.architecture == network.architecture else {
      throw RecipeError(field: "model", problem: "the checkpoint holds a network of another shape")
    }
    guard checkpoint.model.labels == data.dataset.labels else {
      throw RecipeError(field: "dataset", problem: "the checkpoint is from images with other labels")
    }
    self.init(recipe, data, network, checkpoint.progress)
    let examples = min(progress.stepInEpoch * forward.capacity, recipe.imagesPerEpoch(data.train.count))
    guard progress.stepInEpoch <= stepsPerEpoch, progress.score.examples == examples else {
      throw RecipeError(field: "dataset", problem: "the checkpoint is from other images")
    }
    guard optimizer.accepts(checkpoint.optimizerState) else {
      throw RecipeError(field: "train.optimizer", problem: "the checkpoint's state does not fit")
    }
    guard recipe.training.keep == .last || (checkpoint.best != nil) == (epoch > 0) else {
      throw RecipeError(field: "train.keep", problem: "the checkpoint lacks the best weights")
    }
    best = checkpoint.best
    network.load(checkpoint.model)
    optimizer.state = checkpoint.optimizerState
  }

  private init(
    _ recipe: Recipe, _ data: TrainingData, _ network: Network, _ progress: TrainingProgress
  ) {
    useOneThread()
    let imagesPerEpoch = recipe.imagesPerEpoch(data.train.count)
    let batch = recipe.training.batch
    self.recipe = recipe
    self.data = data
    self.network = network
    self.progress = progress
    stepsPerEpoch = (imagesPerEpoch + batch - 1) / batch
    augmenter = recipe.augmentation.map {
      Augmenter($0, seed: recipe.seed, images: data.dataset.train)
    }
    let dropout =
      recipe.model.dropout > 0
      ? Dropout(
        network, capacity: batch, probability: recipe.model.dropout, seed: recipe.seed) : nil
    forward = ForwardPass(
      network, capacity: batch, trains: true, dropout: dropout, precision: recipe.training.precision)
    backward = BackwardPass(forward)
    evaluator = Evaluator(network, recipe.training.precision)
    optimizer = Optimizer(
      network, recipe.training, stepsPerEpoch: stepsPerEpoch, rounded: forward.rounded)
  }

  /// Completed epochs.
  package var epoch: Int { progress.history.count }

  /// Total number of steps.
  package var step: Int { epoch * stepsPerEpoch + progress.stepInEpoch }

  /// The steps in a part of an epoch, rounded up.
  package func steps(in part: Double) -> Int {
    max(1, Int((min(part, 1) * Double(stepsPerEpoch)).rounded(.up)))
  }

  /// Trains the epoch, or the rest of it, and evaluates on the validation images.
  ///
  /// - Parameter observe: called after every step with the total number of steps; false stops training.
  package func trainEpoch(observe: (_ step: Int) -> Bool = { _ in true }) -> EpochOutcome {
    useOneThread()
    let images = imagesOfEpoch()
    while !hasDiverged, progress.stepInEpoch < stepsPerEpoch {
      hasDiverged = !train(images)
      if !hasDiverged, !observe(step) { return .stopped }
    }
    if !hasDiverged { hasDiverged = !finetune() }
    let validation = hasDiverged ? nil : validate()
    guard let validation, validation.loss.isFinite else {
      hasDiverged = true
      return .diverged(progress.history.last)
    }
    let metrics = EpochMetrics(
      epoch: epoch + 1, train: Evaluation(progress.score), validation: validation)
    progress.complete(metrics)
    if recipe.training.keep == .best, progress.best == metrics { best = model() }
    return .completed(metrics)
  }

  /// Whether training is complete: all epochs are done, or the validation accuracy has not improved for `patience`
  /// epochs.
  package var isComplete: Bool {
    if epoch >= recipe.training.epochs { return true }
    guard let patience = recipe.training.patience, let best = progress.best else { return false }
    return epoch - best.epoch >= patience
  }

  /// Trains up to the given total number of steps or until training is complete, and returns the current validation
  /// metrics. Epochs that end before that are completed, with their validation; a last partial epoch stays open.
  ///
  /// - Parameter observe: as for `trainEpoch`.
  package func train(
    untilStep target: Int, observe: (_ step: Int) -> Bool = { _ in true }
  ) -> BudgetOutcome {
    while !isComplete, step < target {
      var wantsMore = true
      let outcome = trainEpoch { step in
        wantsMore = observe(step)
        return wantsMore && (step < target || step % stepsPerEpoch == 0)
      }
      if case .diverged(let metrics) = outcome { return .diverged(metrics) }
      if !wantsMore { return .stopped }
    }
    if progress.stepInEpoch == 0, let last = progress.history.last {
      return .reached(Evaluation(loss: last.validationLoss, accuracy: last.validationAccuracy))
    }
    return .reached(validate())
  }

  /// Performs the recipe's step after the last epoch. False if it has no finite result.
  private func finetune() -> Bool {
    guard recipe.training.finetune == .leastSquares, epoch + 1 == recipe.training.epochs else {
      return true
    }
    let layer = network.layers[network.layers.count - 1]
    guard let fit = evaluator.fitLastLayer(data.dataset.train, at: data.train) else { return false }
    for input in 0...layer.inputs {
      let row = input < layer.inputs ? network.weights(layer).row(input) : network.bias(layer).row(0)
      for output in 0..<layer.outputs { row[output] = Float(fit[input * layer.outputs + output]) }
    }
    return true
  }

  /// The current metrics on the validation images.
  package func validate() -> Evaluation {
    evaluator.evaluate(data.validationImages, at: data.validation)
  }

  /// The current network.
  package func model() -> Model {
    Model(network, dataset: data.dataset.name, labels: data.dataset.labels)
  }

  /// The resulting network: the current one or that of the best epoch, as the recipe says.
  package func result() -> Model {
    best ?? model()
  }

  /// The epoch of `result`; 0 before the first.
  package var resultEpoch: Int {
    recipe.training.keep == .best ? progress.best?.epoch ?? 0 : epoch
  }

  /// The state to resume from, in this or another process.
  package func checkpoint() -> Checkpoint {
    Checkpoint(
      model: model(), recipe: recipe, progress: progress, optimizerState: optimizer.state,
      best: best)
  }

  /// Takes the next step. False if the loss is not finite; the weights are then unchanged.
  private func train(_ images: [Int32]) -> Bool {
    let start = progress.stepInEpoch * forward.capacity
    let batch = images[start..<min(start + forward.capacity, images.count)]
    forward.gather(data.dataset.train, at: batch, changedBy: augmenter)
    forward.run(rows: batch.count, step: step)
    let score = forward.score(rows: batch.count)
    guard score.loss.isFinite else { return false }
    backward.run(rows: batch.count, optimizer, step: step)
    progress.advance(score)
    return true
  }

  /// The training images in the order of the current epoch, a function of the seed and the epoch only. The
  /// complement `~index` stands for an augmented image.
  private func imagesOfEpoch() -> [Int32] {
    augmenter?.epoch = epoch
    if let order, order.epoch == epoch { return order.images }
    var images = recipe.augmentation?.epochImages(data.train) ?? data.train
    var generator = RandomStream.order(epoch: epoch).generator(seed: recipe.seed)
    generator.shuffle(&images)
    order = (epoch, images)
    return images
  }
}

extension Optimizer {
  /// The optimizer of a recipe.
  fileprivate convenience init(
    _ network: Network, _ recipe: TrainingRecipe, stepsPerEpoch: Int, rounded: RoundedProducts?
  ) {
    self.init(
      network, recipe.optimizer,
      Penalty(recipe.l2, recipe.decay, layers: network.kernels.count + network.layers.count),
      LearningRate(
        base: recipe.learningRate, schedule: recipe.schedule, stepsPerEpoch: stepsPerEpoch,
        epochs: recipe.epochs), rounded)
  }
}

extension Network {
  /// The network of a recipe with all parameters 0.
  fileprivate convenience init(_ recipe: Recipe, data: TrainingData) throws(RecipeError) {
    try recipe.validate()
    try recipe.training.precision.check()
    let architecture = try recipe.architecture(for: data.dataset.shape, trainingImages: data.train.count)
    // Plain layout: convolutions read images in plain order, augmented images have other nonzero pixels, and the last
    // layer, which a refit may change, may also be the first.
    let isPlain =
      architecture.stack == nil && recipe.augmentation == nil && recipe.training.finetune == .none
    self.init(architecture, isPlain ? data.layout : nil)
  }
}
