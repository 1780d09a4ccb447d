import Search

// The rules between the keys.
extension EmbeddedFormat {
  package func rules(_ file: SearchFileRules) -> [SearchFileRules.Rule] {
    let network = ["model.layers", "model.convolutions", "model.hidden"]
    let rules = EmbeddedRules(file)
    return [
      (["dataset"], rules.checkDataset),
      (["dataset.validation", "train.patience", "train.keep"], rules.checkValidation),
      (["train.schedule"], rules.checkSchedule),
      (["search.halving", "search.asha", "search.median_rule", "train.patience"], rules.checkPatience),
      (["final", "train.patience", "train.keep", "search.objective"], rules.checkFinal),
      (["train.patience", "train.finetune"], rules.checkFinetune),
      (["numerics", "train.precision"], rules.checkPrecision),
      (network, rules.checkModel),
      (network + ["train.l2"], rules.checkStrengths),
    ]
  }
}

private struct EmbeddedRules {
  let file: SearchFileRules

  init(_ file: SearchFileRules) {
    self.file = file
  }

  var read: SearchFileReader { file.read }
  var settings: [String: Setting] { file.settings }

  func missing(_ path: String, _ need: String) -> Fault { file.missing(path, need) }

  /// Checks that a trial ends either by its patience or by the rules of the search.
  func checkPatience() throws(Fault) {
    guard let rule = file.earlyStopping?.rule, settings["train.patience"] != nil else { return }
    throw Fault(
      read.locations["train.patience"] ?? .file, "train.patience",
      "cannot be combined with \(rule), which stops trials itself")
  }

  func checkDataset() throws(Fault) {
    switch (read.settings["dataset.name"], read.settings["dataset.idx"]) {
    case (nil, nil):
      throw missing(
        "dataset", "needs a name (mnist, fashion-mnist, digits, ...) or idx: FOLDER")
    case (.some, .some):
      throw Fault(read.locations["dataset.idx"] ?? .file, "dataset", "takes name or idx, not both")
    default: break
    }
  }

  /// Checks that nothing is selected by the test images.
  func checkValidation() throws(Fault) {
    let path = "dataset.validation"
    guard settings[path]?.words.contains("test") == true else { return }
    if let parameter = read.searched.first {
      throw Fault(
        read.locations[path] ?? .file, path,
        "'test' is for a single training run; \(parameter.path) is searched, which needs validation images")
    }
    for selector in ["train.patience", "train.keep"] where settings[selector] != nil {
      if settings[selector]?.words == ["last"] { continue }
      throw Fault(
        read.locations[selector] ?? .file, selector,
        "selects by validation accuracy, so it cannot be combined with 'dataset.validation: test'")
    }
  }

  /// Checks that nothing selects an epoch if the final training has no validation images.
  func checkFinal() throws(Fault) {
    guard settings["final.train_on"]?.words == ["all"] else { return }
    if settings["final.test"]?.words == ["false"] {
      throw Fault(
        read.locations["final.test"] ?? .file, "final.test",
        "must be true with 'train_on: all', which leaves no validation images")
    }
    let selectors = [
      ("train.patience", settings["train.patience"] != nil),
      ("train.keep: best", settings["train.keep"]?.words.contains("best") == true),
      ("search.objective: best_val_accuracy", settings["search.objective"]?.words == ["best_val_accuracy"]),
    ]
    guard let selector = selectors.first(where: \.1)?.0 else { return }
    throw Fault(
      read.locations["final.train_on"] ?? read.locations["final"] ?? .file, "final.train_on",
      "'all' leaves no validation images, but \(selector) selects an epoch by them; use 'train_on: train'")
  }

  /// Checks that training reaches its last epoch if the last layer is fitted after it.
  func checkFinetune() throws(Fault) {
    guard settings["train.patience"] != nil,
      settings["train.finetune"]?.words.contains("least_squares") == true
    else { return }
    throw Fault(
      read.locations["train.finetune"] ?? .file, "train.finetune",
      "least_squares comes after the last epoch, which may not be reached with patience")
  }

  /// Checks that bf16 is not used with the common instruction set, which does not have it.
  func checkPrecision() throws(Fault) {
    guard settings["numerics"]?.words == ["portable"],
      settings["train.precision"]?.words.contains("bf16") == true
    else { return }
    throw Fault(
      read.locations["train.precision"] ?? .file, "train.precision",
      "bf16 is not available with 'numerics: portable'")
  }

  /// Checks that a schedule has one form with all its keys.
  func checkSchedule() throws(Fault) {
    let section = "train.schedule"
    let forms = (read.keys.sections[section] ?? []).filter { read.locations["\(section).\($0)"] != nil }
    guard let form = forms.first.map({ "\(section).\($0)" }) else { return }
    if forms.count > 1 {
      throw Fault(
        read.locations["\(section).\(forms[1])"] ?? .file, section,
        "takes one form, not \(forms.joined(separator: " and "))")
    }
    let keys = read.keys.sections[form] ?? []
    for key in keys where read.settings["\(form).\(key)"] == nil {
      let path = "\(form).\(key)"
      throw Fault(
        read.locations[form] ?? .file, path,
        "is missing; needs \(read.keys[path].map { "\($0.kind)" } ?? "a value")")
    }
  }

  /// Checks that each network has the keys it needs, and no others.
  func checkModel() throws(Fault) {
    let kinds = settings["model.layers"]?.words ?? []
    let section = "model.convolutions"
    if kinds != ["lenet5"], settings["model.hidden"] == nil {
      throw missing("model.hidden", "needs \(read.keys["model.hidden"].map { "\($0.kind)" } ?? "")")
    }
    guard kinds.contains("cnn") else {
      guard let location = read.locations[section] else { return }
      throw Fault(location, section, "is only valid with 'layers: cnn'")
    }
    for key in ["channels", "kernel"] where settings["\(section).\(key)"] == nil {
      throw Fault(
        read.locations[section] ?? read.locations["model"] ?? .file, "\(section).\(key)",
        "is missing; needs \(read.keys["\(section).\(key)"].map { "\($0.kind)" } ?? "")")
    }
    for count in settings["\(section).channels"]?.counts ?? [] {
      guard count > 0 else {
        throw Fault(read.locations[section] ?? .file, "\(section).channels", "needs at least one number")
      }
      for key in ["kernel", "stride", "padding", "pool"] {
        let path = "\(section).\(key)"
        for given in settings[path]?.counts ?? [] where given != 1 && given != count {
          throw Fault(
            read.locations[path] ?? .file, path,
            "needs one number, or one for each of the \(count) convolutions, not \(given)")
        }
      }
    }
  }

  /// Checks that a list of l2 strengths has one for each layer.
  func checkStrengths() throws(Fault) {
    guard let strengths = settings["train.l2"]?.counts.first else { return }
    for kind in (settings["model.layers"]?.words ?? []).sorted() {
      let convolutions =
        switch kind {
        case "cnn": settings["model.convolutions.channels"]?.counts ?? []
        case "lenet5": [2]
        default: [0]
        }
      for hidden in settings["model.hidden"]?.counts ?? [2] {
        for layers in convolutions.map({ $0 + hidden + 1 }) where strengths != layers {
          throw Fault(
            read.locations["train.l2"] ?? .file, "train.l2",
            "needs one number, or one for each of the \(layers) layers, not \(strengths)")
        }
      }
    }
  }
}
