import Testing

@testable import Search

@Suite struct SearchFileErrorTests {
  /// Invalid keys of `train`, which is on line 3, and their error messages.
  static let trainMistakes = [
    ("lr: { uniform: [0.2, 0.1] }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: [0.1, 0.1] }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: [0.1] }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: 0.1 }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: [a, b] }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: ['0.1', '0.2'] }", "'uniform' needs two numbers, low < high"),
    ("lr: { uniform: [0.1, .inf] }", "'uniform' needs two numbers, low < high"),
    ("lr: { log_uniform: [1, 0.1] }", "'log_uniform' needs two numbers, 0 < low < high"),
    ("lr: { uniform: [-1, 1] }", "each end of 'uniform' needs a number above 0, not '-1'"),
    ("lr: { log_uniform: [0, 1] }", "each end of 'log_uniform' needs a number above 0, not '0'"),
    (
      "lr: { int: [1, 2] }",
      "takes real numbers; use 'uniform' or 'log_uniform' (with 'steps' for a grid), not 'int'"
    ),
    ("lr: { choice: [] }", "'choice' needs a list of 1 to 10000 values"),
    ("lr: { choice: 1 }", "'choice' needs a list of 1 to 10000 values"),
    ("lr: { choice: [1, 1.0] }", "'choice' has the duplicate value '1'"),
    ("lr: { choice: [1, 0] }", "needs a number above 0, not '0'"),
    ("lr: { choice: [1], steps: 3 }", "'choice' takes no 'steps'"),
    (
      "lr: { uniform: [1, 2], steps: 1 }", "'steps' needs a whole number from 2 to 10000"
    ),
    (
      "lr: { uniform: [1, 2], steps: many }",
      "'steps' needs a whole number from 2 to 10000, not 'many'"
    ),
    (
      "lr: { uniform: [1, 2], log_uniform: [1, 2] }",
      "takes one distribution, not 'uniform' and 'log_uniform'"
    ),
    (
      "lr: { uniform: [1, 2], step: 3 }",
      "unknown key 'step' in a distribution; did you mean 'steps'?"
    ),
    (
      "lr: { unifrom: [1, 2] }",
      "needs a number above 0, or a distribution: uniform, log_uniform, int, log_int or choice"
    ),
    ("lr: 0", "needs a number above 0, not '0'"),
    ("lr: 1e999", "needs a number above 0, not '1e999'"),
    ("lr: .inf", "needs a number above 0, not '.inf'"),
    ("lr: nan", "needs a number above 0, not 'nan'"),
    ("lr: '5'", "needs a number above 0, not the quoted text '5'"),
    ("lr: !!str 5", "needs a number above 0, not the quoted text '5'"),
    ("lr: [0.1]", "needs a number above 0, not a list"),
    ("lr:", "needs a number above 0, not nothing"),
    ("lr: 1_000", "needs a number above 0, not '1_000'"),
  ]

  @Test(arguments: trainMistakes)
  func errorNamesFieldAndLine(train: String, message: String) {
    #expect(rejection(file(train: train)) == "search.yaml:3: train.lr: \(message)")
  }

  /// Invalid files and their error messages.
  static let files = [
    (
      file(train: "lr: 1, precision: bf16") + "\nnumerics: portable",
      "search.yaml:3: train.precision: bf16 is not available with 'numerics: portable'"
    ),
    (
      file(train: "lr: 1, precision: { choice: [f32, bf16] }") + "\nnumerics: portable",
      "search.yaml:3: train.precision: bf16 is not available with 'numerics: portable'"
    ),
    (
      file(train: "lr: 1, patience: 2") + "\nfinal: { test: true }",
      "search.yaml:5: final.train_on: 'all' leaves no validation images, but train.patience selects an epoch by them; use 'train_on: train'"
    ),
    (
      file(search: "trials: 5, confirm: { seeds: 3 }"),
      "search.yaml:4: search.confirm.top: is missing; needs a whole number of trials"
    ),
    (
      file(search: "trials: 5, confirm: { top: 2, seeds: 1 }"),
      "search.yaml:4: search.confirm.seeds: needs a whole number from 2 to 1000, not '1'"
    ),
    (
      file(train: "lr: 1, epoch: 3"),
      "search.yaml:3: train.epoch: unknown key; did you mean 'epochs'?"
    ),
    (
      file(train: "lr: 1, colour: red"),
      "search.yaml:3: train.colour: unknown key; allowed here: epochs, batch, optimizer, momentum, lr, l2, decay, schedule, patience, keep, finetune, precision"
    ),
    (
      file() + "\ntrain.lr: 3",
      "search.yaml:5: train.lr: unknown key; nest sections instead of joining keys with dots"
    ),
    (
      file(train: "lr: 1, optimizer: adam"),
      "search.yaml:3: train.optimizer: needs sgd, momentum, nesterov or adamw, not 'adam'; did you mean 'adamw'?"
    ),
    (
      file(train: "lr: 1, schedule: { step: { every: 2 } }"),
      "search.yaml:3: train.schedule.step.gamma: is missing; needs a number above 0 and at most 1"
    ),
    (
      file(train: "lr: 1, schedule: { cosine: {} }"),
      "search.yaml:3: train.schedule.cosine.warmup: is missing; needs a number of at least 0 and at most 100000"
    ),
    (
      file(train: "lr: 1, schedule: { exponential: 0.9, cosine: { warmup: 1 } }"),
      "search.yaml:3: train.schedule: takes one form, not exponential and cosine"
    ),
    (
      file(train: "lr: 1, schedule: { exponential: 2 }"),
      "search.yaml:3: train.schedule.exponential: needs a number above 0 and at most 1, not '2'"
    ),
    (
      file(train: "lr: 1, patience: 3, finetune: least_squares"),
      "search.yaml:3: train.finetune: least_squares comes after the last epoch, which may not be reached with patience"
    ),
    (
      file(model: "dropout: 1"),
      "search.yaml:2: model.dropout: needs a number of at least 0 and at most 0.99, not '1'"
    ),
    (
      file(model: "layers: cnn"),
      "search.yaml:2: model.convolutions.channels: is missing; needs a list of at most 16 whole numbers from 1 to 4096"
    ),
    (
      file(model: "layers: cnn, convolutions: { channels: [2, 3] }"),
      "search.yaml:2: model.convolutions.kernel: is missing; needs a list of at most 16 whole numbers from 1 to 255"
    ),
    (
      file(model: "layers: cnn, convolutions: { channels: [2, 3, 4], kernel: 3, pool: [1, 2] }"),
      "search.yaml:2: model.convolutions.pool: needs one number, or one for each of the 3 convolutions, not 2"
    ),
    (
      file(model: "convolutions: { channels: [2, 3], kernel: 3 }"),
      "search.yaml:2: model.convolutions: is only valid with 'layers: cnn'"
    ),
    (
      file(model: "layers: cnn, convolutions: { channels: 2, kernel: 3 }", train: "lr: 1, l2: [0.1, 0.2]"),
      "search.yaml:3: train.l2: needs one number, or one for each of the 3 layers, not 2"
    ),
    (
      file(train: "lr: 1, l2: [0.1, 0.2, 0.3]"),
      "search.yaml:3: train.l2: needs one number, or one for each of the 2 layers, not 3"
    ),
    (
      file(train: "lr: 1, l2: [0.1, { choice: [1, -2] }]"),
      "search.yaml:3: train.l2.1: needs a number of at least 0, not '-2'"
    ),
    (
      file(train: "lr: 1, l2: []"),
      "search.yaml:3: train.l2: needs a number of at least 0, or a list of 1 to 128 such numbers, not 0"
    ),
    (
      file(train: "lr: 1, batch: { uniform: [1, 2] }"),
      "search.yaml:3: train.batch: takes whole numbers; use 'int' or 'log_int', not 'uniform'"
    ),
    (
      file(train: "lr: 1, batch: { int: [1, 9], steps: 10 }"),
      "search.yaml:3: train.batch: 'steps' is 10, but the range has only 9 whole numbers"
    ),
    (
      file(train: "lr: 1, batch: 0"),
      "search.yaml:3: train.batch: needs a whole number from 1 to 65536, not '0'"
    ),
    (
      file(model: "activation: rleu"),
      "search.yaml:2: model.activation: needs relu, leaky_relu, tanh or sigmoid, not 'rleu'; "
        + "did you mean 'relu'?"
    ),
    (
      file(model: "activation: { int: [1, 2] }"),
      "search.yaml:2: model.activation: takes words; use 'choice', not 'int'"
    ),
    (
      file(model: "init: { normal: 0 }"),
      "search.yaml:2: model.init.normal: needs a number above 0, not '0'"
    ),
    (
      file(model: "init: { norm: 1 }"),
      "search.yaml:2: model.init.norm: unknown key; did you mean 'normal'?"
    ),
    (
      file().replacing("[32]", with: "[32, 0]"),
      "search.yaml:2: model.hidden.1: needs a whole number from 1 to 65536, not '0'"
    ),
    (
      file().replacing("[32]", with: "[32, { int: [1, 99999] }]"),
      "search.yaml:2: model.hidden.1: each end of 'int' needs a whole number from 1 to 65536, not '99999'"
    ),
    (
      file().replacing(
        "[32]", with: "[\(Array(repeating: "1", count: 65).joined(separator: ","))]"),
      "search.yaml:2: model.hidden: needs a list of at most 64 whole numbers from 1 to 65536, not 65"
    ),
    (
      file().replacing("epochs: 3, ", with: ""),
      "search.yaml:3: train.epochs: is missing; needs a whole number from 1 to 100000"
    ),
    (
      "model: { hidden: [1] }\ntrain: { epochs: 1, lr: 1 }",
      "search.yaml: dataset: is missing; needs a name (mnist, fashion-mnist, digits, ...) or idx: FOLDER"
    ),
    (
      file().replacing("digits", with: "{ name: a, idx: b }"),
      "search.yaml:1: dataset: takes name or idx, not both"
    ),
    (
      file().replacing("digits", with: "../../etc"),
      "search.yaml:1: dataset.name: needs a name; for a folder, write dataset: { idx: ../../etc }"
    ),
    (
      file().replacing("digits", with: "{ name: a, subset: 2 }"),
      "search.yaml:1: dataset.subset: needs a number above 0 and at most 1, not '2'"
    ),
    (
      file().replacing("digits", with: "{ name: a, validation: 1.5 }"),
      "search.yaml:1: dataset.validation: needs a share between 0 and 1, a count of at least 1, or test, not '1.5'"
    ),
    (
      file(train: "lr: { uniform: [1, 2] }").replacing("digits", with: "{ name: a, validation: test }"),
      "search.yaml:1: dataset.validation: 'test' is for a single training run; train.lr is searched, which needs validation images"
    ),
    (
      file(train: "lr: 1, patience: 2").replacing("digits", with: "{ name: a, validation: test }"),
      "search.yaml:3: train.patience: selects by validation accuracy, so it cannot be combined with 'dataset.validation: test'"
    ),
    (
      file(train: "lr: 1, keep: best").replacing("digits", with: "{ name: a, validation: test }"),
      "search.yaml:3: train.keep: selects by validation accuracy, so it cannot be combined with 'dataset.validation: test'"
    ),
    (
      file().replacing("digits", with: "{ name: a, subset: { uniform: [0.1, 1] } }"),
      "search.yaml:1: dataset.subset: cannot be searched; needs a number above 0 and at most 1"
    ),
    (
      file(search: "trials: { int: [1, 2] }"),
      "search.yaml:4: search.trials: cannot be searched; needs a whole number from 1 to 10000000, or 'until stopped'"
    ),
    (
      file(search: "progress_timeout: 3"),
      "search.yaml:4: search.progress_timeout: must be at least twice the heartbeat of 5 s, not 3 s"
    ),
    (
      file(search: "heartbeat: 20"),
      "search.yaml:4: search.lease: must be at least twice the heartbeat of 20 s, not 30 s"
    ),
    (
      file(train: "lr: { uniform: [1, 2] }", search: "sampler: random"),
      "search.yaml:4: search.trials: is missing; needs a whole number from 1 to 10000000, or 'until stopped'"
    ),
    (
      file(train: "\n  lr: { uniform: [1, 2] }", search: "sampler: grid"),
      "search.yaml:4: train.lr: is continuous; add 'steps: N', or use 'sampler: random'"
    ),
    (
      file(
        model: "activation: { choice: [relu, tanh] }",
        train: "lr: { uniform: [1, 2], steps: 10000 }, l2: { uniform: [1, 2], steps: 10000 }",
        search: "sampler: grid"),
      "search.yaml:4: search.trials: is missing; the grid has 200000000 points, but at most 10000000 can run"
    ),
    (
      file(search: "trials: 5, sampler: tp"),
      "search.yaml:4: search.sampler: needs random, random-grid, grid, sobol or tpe, not 'tp'; did you mean 'tpe'?"
    ),
    (
      file(train: "lr: { uniform: [1, 2] }", search: "trials: 5, lag: 4"),
      "search.yaml:4: search.lag: is only valid with 'sampler: tpe'"
    ),
    (
      file(train: "lr: { uniform: [1, 2] }", search: "trials: 10001, sampler: tpe"),
      "search.yaml:4: search.trials: 'tpe' supports at most 10000 trials, not 10001"
    ),
    (
      file(train: "lr: { uniform: [1, 2] }", search: "sampler: tpe"),
      "search.yaml:4: search.trials: is missing; needs a whole number from 1 to 10000000, or 'until stopped'"
    ),
    (
      "dataset: digits\nmodel: { hidden: ["
        + Array(repeating: "{ int: [8, 64] }", count: 64).joined(separator: ", ")
        + "] }\ntrain: { epochs: 1, lr: { uniform: [1, 2] } }\nsearch: { trials: 5, sampler: sobol }",
      "search.yaml:4: search.sampler: 'sobol' supports at most 64 parameters, not 65"
    ),
    (
      "seed: -1",
      "search.yaml:1: seed: needs a whole number from 0 to 9223372036854775807, not '-1'"
    ),
    (
      "train: 3",
      "search.yaml:1: train: needs a section with epochs, batch, optimizer, momentum, lr, l2, decay, schedule, patience, keep, finetune, precision, not '3'"
    ),
    ("", "search.yaml: the file is empty"),
    ("# nothing\n", "search.yaml: the file is empty"),
    ("---\n", "search.yaml: the file is empty"),
    (
      "- name: x",
      "search.yaml:1: needs keys and values at the top level, such as 'name: ...', not a list"
    ),
    (
      "hello", "search.yaml:1: needs keys and values at the top level, such as 'name: ...', not 'hello'"
    ),
    ("train:\n\tlr: 1", "search.yaml:2: not valid YAML; indent with spaces, not with a tab"),
    ("train: {\n lr: 1", "search.yaml:2: not valid YAML; a comma or a closing bracket is missing"),
    ("a: 1\nb: 'x", "search.yaml:2: not valid YAML: found unexpected end of stream"),
    ("a: 1\n---\nb: 2", "search.yaml:2: not valid YAML: but found another document"),
    ("seed: 1\nname: a\nseed: 2", "search.yaml:3: duplicate key 'seed'"),
    ("? [a, b]\n: 1", "search.yaml:1: a key must be a word, not a list or a section"),
    ("seed: !!python/object 1", "search.yaml:1: tags ('!name') are not supported"),
    (
      "a: &x [1]\nb: *x",
      "search.yaml:1: a: unknown key; allowed here: name, seed, numerics, dataset, augment, model, train, search, final"
    ),
    (
      "seed: \"\\e[31m\\u202e\"",
      "search.yaml:1: seed: needs a whole number from 0 to 9223372036854775807, "
        + "not the quoted text '\\u{1b}[31m\\u{202e}'"
    ),
    (
      "\"\\e]0;x\\a\": 1",
      "search.yaml:1: \\u{1b}]0;x\\u{7}: unknown key; allowed here: name, seed, numerics, dataset, "
        + "augment, model, train, search, final"
    ),
    (
      "seed: \(String(repeating: "9", count: 100))",
      "search.yaml:1: seed: needs a whole number from 0 to 9223372036854775807, "
        + "not '\(String(repeating: "9", count: 40))...'"
    ),
    (String(repeating: "#", count: 40_000), "search.yaml: is larger than 32 KiB"),
  ]

  @Test(arguments: files)
  func invalidFileGivesError(text: String, message: String) {
    #expect(rejection(text).split(separator: "\n").first == message[...])
  }
}
