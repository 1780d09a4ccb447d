/// The condition under which a field has an effect, where that depends on other fields.
struct Effect: Sendable {
  /// The condition in words, after "it acts only".
  let condition: String
  /// The fields that the condition reads.
  let fields: [String]
  /// Whether the field has an effect in a configuration with these values. Monotonic in each number, so the ends of
  /// the ranges decide whether it can hold.
  let holds: @Sendable (_ values: [String: Value]) -> Bool

  init(_ condition: String, _ fields: [String], _ holds: @escaping @Sendable ([String: Value]) -> Bool) {
    (self.condition, self.fields, self.holds) = (condition, fields, holds)
  }

  /// Whether the field has an effect in any configuration with these settings.
  func canHold(_ settings: [String: Setting]) -> Bool { combinations(settings).contains(where: holds) }

  /// Whether the field has no effect in some configuration with these settings.
  func canFail(_ settings: [String: Setting]) -> Bool { !combinations(settings).allSatisfy(holds) }

  /// The combinations of the extremes of the fields.
  private func combinations(_ settings: [String: Setting]) -> [[String: Value]] {
    var combinations: [[String: Value]] = [[:]]
    for field in fields {
      guard let values = settings[field]?.extremes else { continue }
      combinations = combinations.flatMap { combination in
        values.map { $0 == .omitted ? combination : combination.merging([field: $0]) { $1 } }
      }
    }
    return combinations
  }
}

extension Field {
  /// The condition under which the field has an effect; nil if it always has one.
  var effect: Effect? { Self.effects[path] }

  private static let effects: [String: Effect] = {
    var effects = [
      "dataset.split": onSplit, "dataset.stratified": onSplit,
      "augment.probability": onAugmentation, "augment.mode": onAugmentation,
      "augment.rotate": onProbability, "augment.shift": onProbability, "augment.scale": onProbability,
      "model.dropout": Effect("with hidden layers", ["model.hidden"]) { $0["model.hidden"] != .integers([]) },
      "model.activation": onActivation,
      "train.momentum": Effect("with 'optimizer: momentum' or 'nesterov'", ["train.optimizer"]) {
        $0["train.optimizer"] == .word("momentum") || $0["train.optimizer"] == .word("nesterov")
      },
      "train.decay": Effect("with 'l2' above 0", ["train.l2"]) { $0["train.l2"].largest > 0 },
      "train.schedule.exponential": Effect("with at least 2 epochs", ["train.epochs"]) {
        $0["train.epochs"].largest > 1
      },
      "train.patience": onPatience,
    ]
    for key in ["channels", "kernel", "stride", "padding", "pool"] {
      effects["model.convolutions.\(key)"] = Effect("with 'layers: cnn'", ["model.layers"]) {
        $0["model.layers"] == .word("cnn")
      }
    }
    for key in ["every", "gamma"] {
      effects["train.schedule.step.\(key)"] = before("train.schedule.step.every")
    }
    for key in ["at", "gamma"] {
      effects["train.schedule.milestones.\(key)"] = before("train.schedule.milestones.at")
    }
    return effects
  }()

  private static let onSplit = Effect(
    "with validation images or a subset", ["dataset.validation", "dataset.subset"]
  ) { $0["dataset.validation"] != .word("test") || $0["dataset.subset"].largest < 1 }

  private static let onAugmentation = Effect(
    "with 'rotate', 'shift' or 'scale' above 0", ["augment.rotate", "augment.shift", "augment.scale"]
  ) { values in
    ["augment.rotate", "augment.shift", "augment.scale"].contains { values[$0].largest > 0 }
  }

  /// With `mode: append`, images are copied even if the probability is 0.
  private static let onProbability = Effect(
    "with 'probability' above 0", ["augment.probability", "augment.mode"]
  ) { $0["augment.probability"].largest > 0 || $0["augment.mode"] == .word("append") }

  /// The activation also selects the default initialisation.
  private static let onActivation = Effect(
    "with hidden layers or convolutions",
    ["model.hidden", "model.layers", "model.init", "model.init.normal"]
  ) { values in
    values["model.hidden"] != .integers([]) || values["model.layers"] != .word("mlp")
      || (values["model.init"] == nil && values["model.init.normal"] == nil)
  }

  /// The first epoch is always the best so far, so training can stop after `patience + 1` epochs.
  private static let onPatience = Effect(
    "if it is at most 'epochs' - 2", ["train.patience", "train.epochs"]
  ) { $0["train.patience"].smallest + 1 < $0["train.epochs"].largest }

  /// The effect of a learning rate schedule that changes the rate after epochs.
  private static func before(_ field: String) -> Effect {
    let key = field.split(separator: ".").last ?? ""
    return Effect("if '\(key)' is less than 'epochs'", [field, "train.epochs"]) {
      $0[field].smallest < $0["train.epochs"].largest
    }
  }
}

extension Value? {
  /// The largest number in the value; 0 without one.
  fileprivate var largest: Double { numbers.max() ?? 0 }

  /// The smallest number in the value; infinite without one.
  fileprivate var smallest: Double { numbers.min() ?? .infinity }

  private var numbers: [Double] {
    switch self {
    case .integer(let number): [Double(number)]
    case .real(let number): [number]
    case .integers(let numbers): numbers.map(Double.init)
    case .reals(let numbers): numbers
    case .word, nil: []
    }
  }
}

extension Setting {
  /// The values that decide whether a condition can hold: the words, and the lowest and highest numbers.
  fileprivate var extremes: [Value] {
    switch self {
    case .fixed(let value): [value]
    case .searched(let distribution):
      distribution.ends.map { [$0.low, $0.high] } ?? (distribution.points ?? []).extremes
    case .list(let elements):
      // The lists of all lowest and all highest elements.
      [\[Value].first, \[Value].last].map { end in
        .reals(elements.compactMap { $0.extremes[keyPath: end] }.map { Optional($0).largest })
      }
    }
  }
}

extension [Value] {
  /// All words; of the numbers and lists, only those with the lowest and the highest number, and the empty list. This
  /// limits the number of combinations of several fields.
  fileprivate var extremes: [Value] {
    let words = filter { if case .word = $0 { true } else { false } }
    let others = filter { if case .word = $0 { false } else { true } }
    let ends = [
      others.min { Optional($0).smallest < Optional($1).smallest },
      others.max { Optional($0).largest < Optional($1).largest },
      others.first { $0 == .integers([]) },
    ]
    return words + ends.compactMap(\.self)
  }
}

extension SearchFile {
  /// The values with nil for each parameter that has no effect in the configuration.
  package func effective(_ values: [Value]) -> [Value?] {
    guard !conditional.isEmpty, let configuration = configuration(values: values) else { return values }
    var given = configuration.values
    // The activation selects the default.
    if settings["model.init"] == nil { given["model.init"] = nil }
    var effective = values.map(Optional.some)
    for index in conditional where values[index] != .omitted {
      let effect = Field.named(space.parameters[index].field)?.effect
      if effect?.holds(given) == false { effective[index] = nil }
    }
    return effective
  }

  /// The values, with nil (a parameter without an effect) replaced by any value of its distribution.
  package func completed(_ values: [Value?]) -> [Value] {
    zip(space.parameters, values).map { $1 ?? $0.distribution.value(at: 0) }
  }
}

extension SearchFileRules {
  /// The keys in the file that have no effect in any trial.
  var inertKeys: [Fault] {
    var faults: [Fault] = Field.table.compactMap { field in
      guard let effect = field.effect, let setting = read.settings[field.path], !isReported(field.path),
        !effect.fields.contains(where: isReported), !effect.canHold(settings)
      else { return nil }
      let location = read.locations[field.path] ?? read.locations["\(field.path).0"] ?? .file
      let subject = if case .fixed = setting { "has" } else { "is searched, but has" }
      return Fault(location, field.path, "\(subject) no effect: it acts only \(effect.condition); remove it")
    }
    if case .searched = settings["train.keep"] {
      faults.append(
        Fault(
          read.locations["train.keep"] ?? .file, "train.keep",
          "is searched, but has no effect on the results of trials; set it to one value"))
    }
    return faults
  }

  /// Whether a key has no effect only because the number of epochs was set on the command line, as for a short try.
  func isShortened(_ fault: Fault) -> Bool {
    read.locations["train.epochs"] == .option
      && Field.named(fault.key)?.effect?.fields.contains("train.epochs") == true
  }
}
