extension Field {
  /// Every field, in the order in which documentation and recipes list them.
  package static let table: [Field] = general + dataset + augment + model + train + search + final

  private static let general = [
    Field(
      "name", .name, .described("the file's name without its ending"), "What the search is called."),
    Field(
      "seed", .integer(0...Int.max), .value(.integer(0)),
      "The seed of everything random in the search."),
    Field(
      "numerics", .word(["native", "portable"]), .value(.word("native")),
      "Whether each worker uses the best instructions it has, or all use those that they have in common."
    ),
  ]

  private static let dataset = [
    Field(
      "dataset.name", .name, .described("one of name and idx must be given"),
      "The dataset: mnist, fashion-mnist, digits (drawn by Trawl), or a folder of that name."),
    Field(
      "dataset.idx", .folder, .described("one of name and idx must be given"),
      "A folder with a dataset in IDX files, on each machine; relative to where trawl was started."),
    Field(
      "dataset.subset", .real(.above(0, atMost: 1)), .value(.real(1)),
      "The share of the training images that is used."),
    Field(
      "dataset.validation", .heldOut, .value(.real(0.2)),
      "How much of the training images is held out for validation: a share, or a count of images; test: nothing, and a network trained on its own is measured on the test images."
    ),
    Field(
      "dataset.split", .integer(0...Int.max), .described("the search's seed"),
      "The seed of the shuffle before images are held out."),
    Field(
      "dataset.stratified", .word(["true", "false"]), .value(.word("false")),
      "Whether every class has its share of the subset and of the images held out."),
  ]

  private static let augment = [
    Field(
      "augment.rotate", .real(.atLeast(0, atMost: 180)), .value(.real(0)), unit: "degrees",
      "The largest rotation of a training image about its centre, either way."),
    Field(
      "augment.shift", .real(.atLeast(0, atMost: 0.5)), .value(.real(0)),
      "The largest shift of a training image along each side, either way, as a part of that side."),
    Field(
      "augment.scale", .real(.atLeast(0, atMost: 0.5)), .value(.real(0)),
      "The largest change in size of a training image, either way, as a part of its size."),
    Field(
      "augment.probability", .real(.atLeast(0, atMost: 1)), .value(.real(0.5)),
      "The probability of each of rotation, shift and scaling, for each image."),
    Field(
      "augment.mode", .word(["append", "online"]), .value(.word("append")),
      "Whether one changed copy of each image is added for good, or each is changed anew every epoch."),
  ]

  /// Sections that may stand as null, which is as if they did not stand there.
  static let optionalSections: Set<String> = [
    "augment", "search.stop_after", "search.halving", "search.asha", "search.median_rule", "search.confirm",
    "final",
  ]

  private static let model = [
    Field(
      "model.layers", .word(["mlp", "cnn", "lenet5"]), .value(.word("mlp")),
      "The kind of network: fully connected layers; convolutions before them; or those of LeNet-5, with 6 and 16 channels."
    ),
    Field(
      "model.convolutions.channels", .integers(1...4096, atMost: 16), .described("must be given with cnn"),
      "The channels of each convolution, from the image on."),
    Field(
      "model.convolutions.kernel", .integers(1...255, atMost: 16), .described("must be given with cnn"),
      unit: "pixels", "The sides of the square kernels; one number is for all convolutions."),
    Field(
      "model.convolutions.stride", .integers(1...255, atMost: 16), .described("1"), unit: "pixels",
      "How far a kernel moves; one number is for all."),
    Field(
      "model.convolutions.padding", .integers(0...254, atMost: 16), .described("0"), unit: "pixels",
      "Zeros around each image, fewer than the kernel's side; one number is for all."),
    Field(
      "model.convolutions.pool", .integers(1...255, atMost: 16), .described("1"), unit: "pixels",
      "The sides of the squares of which only the largest number is kept, after the activation; one number is for all."
    ),
    Field(
      "model.hidden", .integers(1...65536, atMost: 64),
      .described("128 and 64 with lenet5, else it must be given"), unit: "neurons",
      "The widths of the hidden dense layers, from the input to the output; none is a linear classifier."),
    Field(
      "model.activation", .word(["relu", "leaky_relu", "tanh", "sigmoid"]), .value(.word("relu")),
      "The function after each hidden layer."),
    Field(
      "model.dropout", .real(.atLeast(0, atMost: 0.99)), .value(.real(0)),
      "The probability with which training drops each number that a hidden dense layer puts out."),
    Field(
      "model.init", .word(["he", "xavier"]),
      .described("he after relu and leaky_relu, else xavier"),
      "How the first weights are drawn; or a section with normal."),
    Field(
      "model.init.normal", .real(.above(0)), .described("not used"),
      "The standard deviation of normally distributed first weights, in place of he or xavier."),
  ]

  private static let train = [
    Field(
      "train.epochs", .integer(1...100_000), .required, unit: "epochs",
      "How many times the training images are gone through."),
    Field(
      "train.batch", .integer(1...65536), .value(.integer(128)), unit: "images",
      "How many images make one step."),
    Field(
      "train.optimizer", .word(["sgd", "momentum", "nesterov", "adamw"]), .value(.word("sgd")),
      "How a gradient becomes a step: plainly, with momentum (heavy ball), with Nesterov's, or by AdamW."),
    Field(
      "train.momentum", .real(.atLeast(0, atMost: 1)), .value(.real(0.9)),
      "The momentum of the optimizers that have one; sgd does not."),
    Field("train.lr", .real(.above(0)), .required, "The learning rate."),
    Field(
      "train.l2", .realOrReals(.atLeast(0), atMost: 128), .value(.real(0)),
      "The strength of the penalty 0.5·l2·ΣW² on the weights; a list gives one for each layer."),
    Field(
      "train.decay", .word(["coupled", "decoupled", "norm"]),
      .described("decoupled with adamw, else coupled"),
      "How l2 acts: through the gradient, by shrinking the weights beside the step, or as the penalty l2·‖W‖."
    ),
    Field(
      "train.schedule", .word(["constant", "cosine"]), .described("constant"),
      "How the learning rate changes, laid out over all epochs; or a section with one of the forms below."),
    Field(
      "train.schedule.step.every", .integer(1...100_000), .described("not used"), unit: "epochs",
      "After every so many epochs the rate is multiplied by gamma."),
    Field(
      "train.schedule.step.gamma", .real(.above(0, atMost: 1)), .described("not used"),
      "What it is multiplied by."),
    Field(
      "train.schedule.milestones.at", .integers(1...100_000, atMost: 64), .described("not used"),
      unit: "epochs", "After each of these epochs, ascending, the rate is multiplied by gamma."),
    Field(
      "train.schedule.milestones.gamma", .real(.above(0, atMost: 1)), .described("not used"),
      "What it is multiplied by."),
    Field(
      "train.schedule.exponential", .real(.above(0, atMost: 1)), .described("not used"),
      "What the rate is multiplied by after every epoch."),
    Field(
      "train.schedule.cosine.warmup", .real(.atLeast(0, atMost: 100_000)), .described("not used"),
      unit: "epochs", "How long the rate rises before it falls as half a cosine to 0."),
    Field(
      "train.patience", .integer(1...100_000), .described("not used"), unit: "epochs",
      "Training ends early when the validation accuracy has not got better for so many epochs."),
    Field(
      "train.keep", .word(["last", "best"]), .described("best with patience, else last"),
      "Whether the model of 'trawl train' has the weights of the last epoch or of the one with the best validation accuracy."
    ),
    Field(
      "train.finetune", .word(["none", "least_squares"]), .value(.word("none")),
      "What the last epoch ends with: least_squares fits the last layer anew to the one-hot labels of the training images."
    ),
    Field(
      "train.precision", .word(["f32", "bf16"]), .value(.word("f32")),
      "What training rounds the factors of the dense layers' products to: bf16 is about twice as fast where the processor has it."
    ),
  ]

  private static let search = [
    Field(
      "search.sampler", .word(Sampler.allCases.map(\.rawValue)), .value(.word("random")),
      "How configurations are drawn."),
    Field(
      "search.trials", .trials(1...SearchFile.mostTrials),
      .described("the whole grid for grid and random-grid, else it must be given"), unit: "trials",
      "How many configurations are tried; until stopped: ever new ones, until Ctrl-C or stop_after."),
    Field(
      "search.stop_after.epochs", .real(.above(0, atMost: 1e12)), .described("not used"), unit: "epochs",
      "When trials have trained so many epochs in all, no other begins; those that run train until they are compared, or end."
    ),
    Field(
      "search.stop_after.hours", .real(.above(0, atMost: 100_000)), .described("not used"), unit: "hours",
      "The same, so long after the first trial began."),
    Field(
      "search.lag", .integer(0...10_000), .value(.integer(SearchFile.defaultLag)), unit: "trials",
      "With tpe, each trial learns from the results of all before it but the last so many, which may still run; set it to at least the number of slots less one, or some wait."
    ),
    Field(
      "search.objective", .word(Objective.allCases.map(\.rawValue)), .value(.word("val_accuracy")),
      "What trials are ranked by: accuracy after the last epoch, the best of all epochs, or the loss."
    ),
    Field(
      "search.halving.min_epochs", .real(.atLeast(0.001, atMost: 100_000)), .described("not used"),
      unit: "epochs",
      "After so many epochs trials are compared for the first time, and only the best train on; without halving all train to their end. Below 1: after that part of the first epoch, in whole steps."
    ),
    Field(
      "search.halving.factor", .real(.above(1, atMost: 1000)), .value(.real(3)),
      "Of every so many trials one trains on, for so many times as many epochs."),
    Field(
      "search.halving.bracket", .integer(2...SearchFile.mostTrials), .described("all"), unit: "trials",
      "How many trials, one after the other by number, are compared with each other."),
    Field(
      "search.asha.min_epochs", .real(.atLeast(0.001, atMost: 100_000)), .described("not used"),
      unit: "epochs",
      "As for halving, but nobody waits: whenever a slot is free, a trial goes on that is among the best so far, or else a new one begins; the outcome depends on who comes first."
    ),
    Field(
      "search.asha.factor", .real(.above(1, atMost: 1000)), .value(.real(3)),
      "Of every so many trials one trains on, for so many times as many epochs."),
    Field(
      "search.median_rule.after", .integer(1...1_000_000), .described("not used"), unit: "trials",
      "When so many trials have trained to their end, one ends early if its best score is below the median of their means until then; the outcome depends on who comes first."
    ),
    Field(
      "search.confirm.top", .integer(1...1000), .described("not used"), unit: "trials",
      "The configurations of so many trials, the best ones, are trained again under fresh seeds and ranked by the mean of these."
    ),
    Field(
      "search.confirm.seeds", .integer(2...1000), .value(.integer(5)),
      "Under how many."),
    Field(
      "search.heartbeat", .real(.atLeast(0.01, atMost: 3600)), .value(.real(5)), unit: "seconds",
      "How often a worker says that it lives."),
    Field(
      "search.lease", .real(.atLeast(0.02, atMost: 86400)), .value(.real(30)), unit: "seconds",
      "How long a silent worker keeps its trials, after a restart of the coordinator at least 30 s; at least twice the heartbeat."
    ),
    Field(
      "search.progress_timeout", .real(.atLeast(1, atMost: 1_000_000)), .value(.real(600)), unit: "seconds",
      "How long a trial may go without a training step before it is taken from its worker, which may hang; at least twice the heartbeat."
    ),
    Field(
      "search.report", .word(["true", "false"]), .value(.word("false")),
      "Whether the search writes report.html at its end: ranking, pictures and settings in one page."),
  ]

  private static let final = [
    Field(
      "final.train_on", .word(["all", "train"]), .described("all, where the section stands"),
      "What the configuration of rank 1 is trained on once more when the search has ended, for best/model.safetensors: all images, those held out for validation too, or only those that it was searched with."
    ),
    Field(
      "final.test", .word(["true", "false"]), .value(.word("true")),
      "Whether that network is evaluated on the test images, which nothing else in a search looks at."),
  ]
}
