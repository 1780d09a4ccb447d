import Trials

@testable import Search

/// Parses a file with the name search.yaml.
func parse(
  _ text: String, overrides: [SearchFile.Override] = []
) throws(SearchFileError) -> SearchFile {
  try SearchFile.parse(text, file: "search.yaml", overrides: overrides)
}

/// The error message for a text; "accepted" if it is valid.
func rejection(_ text: String, overrides: [SearchFile.Override] = []) -> String {
  do {
    _ = try parse(text, overrides: overrides)
    return "accepted"
  } catch {
    return "\(error)"
  }
}

/// A file with the required keys and the given entries in the sections `model`, `train` and `search`.
func file(model: String = "", train: String = "lr: 0.1", search: String = "trials: 5") -> String {
  """
  dataset: digits
  model: { hidden: [32]\(model.isEmpty ? "" : ", " + model) }
  train: { epochs: 3, \(train) }
  search: { \(search) }
  """
}

/// The search of reference system A, with comments and explicit defaults.
let twoLayer = """
  name: mnist-two-layer
  seed: 2023
  dataset: { name: mnist, validation: 0.2 }  # 48,000 / 12,000
  model:
    layers: mlp
    hidden: [{ int: [200, 299] }]
    activation: relu
    init: he
  train:
    epochs: 50
    batch: 128
    optimizer: sgd
    lr: { uniform: [0.15, 0.25] }
    l2: { log_uniform: [1e-7, 1e-4] }
    decay: coupled
  search:
    sampler: random
    trials: 50
    objective: val_accuracy
  """
