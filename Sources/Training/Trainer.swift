/// Trains one network by a recipe. Used by one thread, and on that thread alone: every call confines
/// oneDNN to the thread it comes from.
///
/// With the same recipe and data the weights are the same to the last bit after every step, whatever else
/// runs beside, whenever it was evaluated, and however often it was stopped and resumed.
package final class Trainer {
  package let recipe: Recipe
  package let data: TrainingData
  /// Mini-batches in an epoch; the last one is smaller if the images do not divide evenly.
  package let stepsPerEpoch: Int
  /// How far training has come.
  package private(set) var progress: TrainingProgress

  let network: Network
  private let forward: ForwardPass
  private let backward: BackwardPass
  private let evaluator: Evaluator
  private let augmenter: Augmenter?
  private let optimizer: Optimizer
  private var order: (epoch: Int, images: [Int32])?
  private var hasDiverged = false
  /// The network after the best epoch so far, where the recipe asks for it.
  private var best: Model?

  /// A network with fresh weights. Throws if the recipe cannot be trained on this data.
  package convenience init(_ recipe: Recipe, data: TrainingData) throws(RecipeError) {
    let network = try Network(recipe, data: data)
    self.init(recipe, data, network, TrainingProgress())
    network.initialize(recipe.model.initialization, seed: recipe.seed)
  }

  /// Goes on where the checkpoint was taken. Throws if it was taken under another recipe; only the number
  /// of epochs may differ.
  package convenience init(
    resuming checkpoint: Checkpoint, recipe: Recipe, data: TrainingData
  ) throws(RecipeError) {
    let network = try Network(recipe, data: data)
    try checkpoint.check(recipe)
    guard checkpoint.model.architecture == network.architecture else {
      throw RecipeError(field: "model", problem: "the checkpoint holds a network of another shape")
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

  /// Epochs completed.
  package var epoch: Int { progress.history.count }

  /// Steps taken in all.
  package var step: Int { epoch * stepsPerEpoch + progress.stepInEpoch }

  /// The steps in a part of an epoch: whole ones, rounded up.
  package func steps(in part: Double) -> Int {
    max(1, Int((min(part, 1) * Double(stepsPerEpoch)).rounded(.up)))
  }

  /// Trains the epoch, or what is left of it, and evaluates on the validation images.
  ///
  /// - Parameter observe: called after every step with the number of steps taken in all; false stops.
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

  /// Whether nothing is left to train: all epochs are over, or the validation accuracy has not got better
  /// for as many as the recipe has patience.
  package var isComplete: Bool {
    if epoch >= recipe.training.epochs { return true }
    guard let patience = recipe.training.patience, let best = progress.best else { return false }
    return epoch - best.epoch >= patience
  }

  /// Trains until so many steps have been taken in all, or training is complete, and says how well the
  /// network does on the validation images then. Epochs that end on the way are completed, with their
  /// validation; a part of an epoch at the end is left under way.
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

  /// Does what the recipe asks for at the end of the last epoch. False if that has no finite result.
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

  /// How well the network does on the validation images now.
  package func validate() -> Evaluation {
    evaluator.evaluate(data.validationImages, at: data.validation)
  }

  /// The network as it is now.
  package func model() -> Model {
    Model(network, dataset: data.dataset.name)
  }

  /// The network that training results in: as it is now, or after the best epoch, as the recipe asks.
  package func result() -> Model {
    best ?? model()
  }

  /// The epoch after which `result` was; 0 before the first.
  package var resultEpoch: Int {
    recipe.training.keep == .best ? progress.best?.epoch ?? 0 : epoch
  }

  /// Everything needed to go on from here, now or in another process.
  package func checkpoint() -> Checkpoint {
    Checkpoint(
      model: model(), recipe: recipe, progress: progress, optimizerState: optimizer.state,
      best: best)
  }

  /// Takes the next step. False if the loss is not finite; then the weights are left as they were.
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

  /// The training images in the order of the current epoch, a function of the seed and the epoch alone;
  /// complements stand for changed ones.
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
  /// The optimizer that a recipe asks for.
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
  /// The network of a recipe, its parameters 0.
  fileprivate convenience init(_ recipe: Recipe, data: TrainingData) throws(RecipeError) {
    try recipe.validate()
    try recipe.training.precision.check()
    let architecture = try recipe.architecture(for: data.dataset.shape, trainingImages: data.train.count)
    // Convolutions read images as they are, changed images have pixels elsewhere, and the last layer that is fitted
    // anew may be the first.
    let isPlain =
      architecture.stack == nil && recipe.augmentation == nil && recipe.training.finetune == .none
    self.init(architecture, isPlain ? data.layout : nil)
  }
}
