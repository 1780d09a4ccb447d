import Search
import Training

/// Search files whose trials train a network with the embedded training core.
package final class EmbeddedFormat: TrialFormat {
  package static let shared = EmbeddedFormat()

  package let metrics = MetricSchema.embedded
  package let keys = KeyTable(fields, objective: [objective], optionalSections: optionalSections)
  package let budgetKey = "train.epochs"
  package let isDeterministic = true
  package let failureLimit: Int? = nil
  package let shortForms = ["dataset": "name"]

  package func goal(_ settings: [String: Setting]) -> Goal {
    guard case .fixed(.word(let name)) = settings["search.objective"],
      let goal = metrics.goals.first(where: { $0.name == name })?.goal
    else { preconditionFailure("search.objective is no goal") }
    return goal
  }

  package func addDefaults(to settings: inout [String: Setting], of file: SearchFileReader) {
    if settings["dataset.split"] == nil { settings["dataset.split"] = settings["seed"] }
    if settings["train.decay"] == nil, case .fixed(let optimizer)? = settings["train.optimizer"] {
      settings["train.decay"] = .fixed(Self.decay(optimizer))
    }
    if file.locations["final"] != nil, settings["final.train_on"] == nil {
      settings["final.train_on"] = .fixed(.word(FinalImages.all.rawValue))
    }
  }

  /// Sets `train.decay`, and `model.init` unless `model.init.normal` is set.
  package func complete(_ values: inout [String: Value]) {
    if values["model.init"] == nil, values["model.init.normal"] == nil {
      let configuration = Configuration(values: values)
      let activation: Activation = configuration.choice("model.activation")
      values["model.init"] = .word(InitializationRule(activation.defaultInitialization).rawValue)
    }
    if values["train.decay"] == nil, let optimizer = values["train.optimizer"] {
      values["train.decay"] = Self.decay(optimizer)
    }
  }

  /// The default of `train.decay` for an optimizer.
  private static func decay(_ optimizer: Value) -> Value {
    guard case .word(let word) = optimizer, let name = OptimizerRule.Name(rawValue: word) else {
      preconditionFailure("\(optimizer) is no optimizer")
    }
    return .word(name.defaultDecay.rawValue)
  }

  package func mayEndEarly(_ file: SearchFile) -> Bool { file.isSet("train.patience") }

  /// Whether the patience of early stopping is exhausted.
  package func mayEnd(_ configuration: Configuration, after history: [Metrics]) -> Bool {
    guard configuration.has("train.patience") else { return false }
    let accuracies = history.map { $0["val_accuracy"] ?? .nan }
    guard let best = accuracies.max(), let first = accuracies.firstIndex(of: best) else { return false }
    return accuracies.count - 1 - first >= configuration.integer("train.patience")
  }
}

/// The values of `model.layers`.
enum NetworkKind: String, CaseIterable {
  case mlp, cnn, lenet5
}

/// The values of `model.init`.
enum InitializationRule: String, CaseIterable {
  case he, xavier
}

/// The values of `train.schedule` that have no keys.
enum PlainSchedule: String, CaseIterable {
  case constant, cosine
}

/// The values of `final.train_on`.
enum FinalImages: String, CaseIterable {
  /// With the validation images.
  case all
  /// Without them.
  case train
}

extension Field.Kind {
  /// The words that are the cases of a type.
  static func words<Words: RawRepresentable<String> & CaseIterable>(_ type: Words.Type) -> Field.Kind {
    .word(type.allCases.map(\.rawValue))
  }
}
