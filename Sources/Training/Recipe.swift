/// All settings that determine a training run: with the same recipe and data, every run computes bitwise equal
/// weights (on processors with the same instruction set, see `NumericsFingerprint`).
package struct Recipe: Sendable, Equatable {
  package var dataset: DatasetSelection
  /// Nil: no augmentation.
  package var augmentation: Augmentation?
  package var model: ModelRecipe
  package var training: TrainingRecipe
  /// The only seed for initial weights, the order of the examples and their augmentation.
  package var seed: UInt64

  package init(
    dataset: DatasetSelection, augmentation: Augmentation? = nil, model: ModelRecipe,
    training: TrainingRecipe, seed: UInt64
  ) {
    self.dataset = dataset
    self.augmentation = augmentation
    self.model = model
    self.training = training
    self.seed = seed
  }
}

/// The choice of training and validation images.
package struct DatasetSelection: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// A dataset by name, such as "mnist".
    case named(String)
    /// The folder of four IDX files.
    case idx(path: String)
  }

  /// The source of the validation images; by default a held-out part of the selected images.
  package enum Validation: Sendable, Equatable {
    /// The fraction of the selected images, above 0 and below 1: at least one image is left on either side.
    case fraction(Double)
    case count(Int)
    /// The test images; all selected images are used for training.
    case test
  }

  package var source: Source
  /// The fraction of the training images that is used, above 0 and at most 1.
  package var subset: Double
  package var validation: Validation
  /// Whether sampling is stratified: the subset, the training and the validation images have the class proportions of
  /// the dataset, to the nearest image.
  package var isStratified: Bool
  /// The seed of the selection. It differs from the trial's seed, because the trials of a search are compared on the
  /// same images.
  package var split: UInt64

  package init(
    source: Source, subset: Double = 1, validation: Validation = .fraction(0.2),
    isStratified: Bool = false, split: UInt64 = 0
  ) {
    self.source = source
    self.subset = subset
    self.validation = validation
    self.isStratified = isStratified
    self.split = split
  }
}

/// The architecture of the network.
package struct ModelRecipe: Sendable, Equatable {
  /// The convolutions at the start of the network; empty for a multilayer perceptron.
  package var convolutions: [Convolution]
  /// The widths of the hidden dense layers; empty for a linear classifier.
  package var hidden: [Int]
  package var activation: Activation
  /// The dropout probability after hidden dense layers.
  package var dropout: Double
  package var initialization: Initialization

  /// If no initialization is given, uses the default of the activation.
  package init(
    convolutions: [Convolution] = [], hidden: [Int], activation: Activation = .relu,
    dropout: Double = 0, initialization: Initialization? = nil
  ) {
    self.convolutions = convolutions
    self.hidden = hidden
    self.activation = activation
    self.dropout = dropout
    self.initialization = initialization ?? activation.defaultInitialization
  }
}

/// How the network is trained.
package struct TrainingRecipe: Sendable, Equatable {
  /// Passes over the training images.
  package var epochs: Int
  /// Images in a mini-batch. The last batch of an epoch holds the remainder.
  package var batch: Int
  package var optimizer: OptimizerRule
  /// The initial learning rate, which the schedule multiplies.
  package var learningRate: Double
  package var schedule: Schedule
  /// The strength λ of the weight penalty (biases excluded): one for all layers, or one per layer, first to last.
  package var l2: [Double]
  /// The form of the penalty.
  package var decay: Decay
  /// Early stopping: training ends after this number of epochs without a better validation accuracy.
  package var patience: Int?
  /// Which weights are the result.
  package var keep: Keep
  /// The step after the last epoch.
  package var finetune: Finetune
  package var precision: Precision

  /// Which weights are the result of training.
  package enum Keep: String, Sendable, CaseIterable {
    /// The weights after the last step.
    case last
    /// The weights of the epoch with the best validation accuracy, the first in a tie.
    case best
  }

  /// The step after the last epoch.
  package enum Finetune: String, Sendable, CaseIterable {
    case none
    /// Refits the last layer to the one-hot labels of all training images by least squares.
    case leastSquares = "least_squares"
  }

  /// If no decay is given, uses the default of the optimizer.
  package init(
    epochs: Int, batch: Int, optimizer: OptimizerRule = .sgd, learningRate: Double,
    schedule: Schedule = .constant, l2: [Double] = [0], decay: Decay? = nil,
    patience: Int? = nil, keep: Keep = .last, finetune: Finetune = .none,
    precision: Precision = .f32
  ) {
    self.epochs = epochs
    self.batch = batch
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.l2 = l2
    self.patience = patience
    self.keep = keep
    self.finetune = finetune
    self.precision = precision
    self.decay = decay ?? optimizer.name.defaultDecay
  }
}

/// The precision of the factors in the dense layers' matrix products, in training and validation. Everything else
/// uses float32.
package enum Precision: String, Sendable, CaseIterable {
  case f32
  /// bfloat16, if the processor supports it: 8 bits of precision instead of 24, at twice the speed.
  case bf16
}
