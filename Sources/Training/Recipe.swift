/// Everything that determines a training run: with the same recipe and the same data, every run gives the
/// same weights to the last bit (on processors with the same instruction set, see `NumericsFingerprint`).
package struct Recipe: Sendable, Equatable {
  package var dataset: DatasetSelection
  /// Nil: the training images are taken as they are.
  package var augmentation: Augmentation?
  package var model: ModelRecipe
  package var training: TrainingRecipe
  /// Initial weights, the order of the examples and their changes come from this number alone.
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

/// Which images to train on and which to keep back for validation.
package struct DatasetSelection: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// A dataset by its name, such as "mnist".
    case named(String)
    /// The folder of four IDX files.
    case idx(path: String)
  }

  /// What a network is validated on: as a rule, some of the selected images, which are kept back.
  package enum Validation: Sendable, Equatable {
    /// A part of the selected images, above 0 and below 1.
    case fraction(Double)
    case count(Int)
    /// The test images; all selected images are trained on.
    case test
  }

  package var source: Source
  /// The part of the training images that is used at all, above 0 and at most 1.
  package var subset: Double
  package var validation: Validation
  /// Whether every class has the same share of the subset, of the training and of the validation images as it
  /// has of the dataset, as nearly as whole images allow.
  package var isStratified: Bool
  /// The seed of the choice of images. It is not the trial's own, because the trials of a search are
  /// compared on the same images.
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

/// The network before it has weights.
package struct ModelRecipe: Sendable, Equatable {
  /// The convolutions that the network begins with; none makes a multilayer perceptron.
  package var convolutions: [Convolution]
  /// The widths of the hidden dense layers; none makes a linear classifier.
  package var hidden: [Int]
  package var activation: Activation
  /// The probability with which training drops each number that a hidden dense layer puts out.
  package var dropout: Double
  package var initialization: Initialization

  /// Without an initialization, the one that suits the activation.
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

/// How the weights are fitted.
package struct TrainingRecipe: Sendable, Equatable {
  /// Passes over the training images.
  package var epochs: Int
  /// Images in a mini-batch. The last batch of an epoch holds what is left over.
  package var batch: Int
  package var optimizer: OptimizerRule
  /// The learning rate, which the schedule multiplies.
  package var learningRate: Double
  package var schedule: Schedule
  /// The strength λ of the penalty on the weights (not on the biases): one for all layers, or one for each
  /// from the image to the classes.
  package var l2: [Double]
  /// How λ acts.
  package var decay: Decay
  /// Training ends early when the validation accuracy has not got better for so many epochs.
  package var patience: Int?
  /// Which weights the result has.
  package var keep: Keep
  /// What is done to the weights at the end of the last epoch.
  package var finetune: Finetune
  package var precision: Precision

  /// Which weights are the result of training.
  package enum Keep: String, Sendable {
    /// Those after the last step.
    case last
    /// Those of the epoch with the best validation accuracy, the first of equal ones.
    case best
  }

  /// What is done to the weights at the end.
  package enum Finetune: String, Sendable {
    case none
    /// The last layer is fitted anew to the one-hot labels of all training images, by least squares.
    case leastSquares = "least_squares"
  }

  /// Without a decay, the one that suits the optimizer.
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
    self.decay = decay ?? (optimizer == .adamW ? .decoupled : .coupled)
  }
}

/// What training, with its validation, rounds the factors of the dense layers' matrix products to. All else is in
/// float32.
package enum Precision: String, Sendable, CaseIterable {
  case f32
  /// bfloat16, where the processor multiplies it: eight bits of precision instead of 24, at twice the speed.
  case bf16
}
