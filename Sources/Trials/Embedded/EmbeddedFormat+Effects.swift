import Search
import Training

// The conditions under which keys have an effect.
extension EmbeddedFormat {
  static let onHidden = Effect("with hidden layers", ["model.hidden"]) { $0["model.hidden"] != .integers([]) }

  static let onConvolutions = Effect("with 'layers: cnn'", ["model.layers"]) {
    $0["model.layers"] == .word(NetworkKind.cnn.rawValue)
  }

  static let onMomentum = Effect("with 'optimizer: momentum' or 'nesterov'", ["train.optimizer"]) { values in
    guard case .word(let word)? = values["train.optimizer"] else { return false }
    return OptimizerRule.Name(rawValue: word)?.hasMomentum == true
  }

  static let onPenalty = Effect("with 'l2' above 0", ["train.l2"]) { $0["train.l2"].largest > 0 }

  static let onSecondEpoch = Effect("with at least 2 epochs", ["train.epochs"]) {
    $0["train.epochs"].largest > 1
  }

  static let onSplit = Effect(
    "with validation images or a subset", ["dataset.validation", "dataset.subset"]
  ) { $0["dataset.validation"] != .word("test") || $0["dataset.subset"].largest < 1 }

  static let onAugmentation = Effect(
    "with 'rotate', 'shift' or 'scale' above 0", ["augment.rotate", "augment.shift", "augment.scale"]
  ) { values in
    ["augment.rotate", "augment.shift", "augment.scale"].contains { values[$0].largest > 0 }
  }

  /// With `mode: append`, images are copied even if the probability is 0.
  static let onProbability = Effect(
    "with 'probability' above 0", ["augment.probability", "augment.mode"]
  ) { $0["augment.probability"].largest > 0 || $0["augment.mode"] == .word("append") }

  /// The activation also selects the default initialisation.
  static let onActivation = Effect(
    "with hidden layers or convolutions",
    ["model.hidden", "model.layers", "model.init", "model.init.normal"]
  ) { values in
    values["model.hidden"] != .integers([]) || values["model.layers"] != .word("mlp")
      || (values["model.init"] == nil && values["model.init.normal"] == nil)
  }

  /// The first epoch is always the best so far, so training can stop after `patience + 1` epochs.
  static let onPatience = Effect(
    "if it is at most 'epochs' - 2", ["train.patience", "train.epochs"]
  ) { $0["train.patience"].smallest + 1 < $0["train.epochs"].largest }

  /// The effect of a learning rate schedule that changes the rate after epochs.
  static func before(_ field: String) -> Effect {
    let key = field.split(separator: ".").last ?? ""
    return Effect("if '\(key)' is less than 'epochs'", [field, "train.epochs"]) {
      $0[field].smallest < $0["train.epochs"].largest
    }
  }
}
