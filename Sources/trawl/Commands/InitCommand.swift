import ArgumentParser
import Foundation
import Platform

struct InitCommand: ParsableCommand {
  /// What to search over.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case mlp, cnn, program
  }

  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a commented search file to start from.",
    discussion: "'trawl search search.yaml --dry-run' shows what it will do.")

  @Argument(
    help: """
      A network of dense layers (mlp) or with convolutions before them (cnn), or a program of your own (program), with an \
      example in Python, train.py.
      """)
  var kind = Kind.mlp

  @Option(
    name: [.short, .long], help: "The file to write, which must not exist; - for standard output.",
    completion: .file())
  var output = "search.yaml"

  func run() throws {
    guard output != "-" else { return print(Self.text(of: kind), terminator: "") }
    var files = [(output, Self.text(of: kind))]
    if kind == .program { files.append(("train.py", ProgramTemplate.program)) }
    for (path, _) in files where FileManager.default.fileExists(atPath: path) {
      throw UserError("\(path) exists; choose another file with --output, or another folder")
    }
    for (path, text) in files { try AtomicFile.write(text, to: path) }
    StandardError.say(
      "wrote \(files.map(\.0).joined(separator: " and ")); run it: trawl search \(output.asShellWord)")
  }

  /// The search file of a kind.
  static func text(of kind: Kind) -> String {
    kind == .program ? ProgramTemplate.searchFile : text(of: kind, model: model(kind))
  }

  private static func text(of network: Kind, model: String) -> String {
    """
    # A search file of Trawl. Replace a value with a distribution to search over it:
    #   { uniform: [low, high] }   { log_uniform: [low, high] }   { int: [low, high] }   { log_int: [low, high] }
    #   { choice: [a, b, c] }      A range with 'steps: N' is a grid.
    name: \(network)
    seed: 1                                   # the same seed gives the same results

    dataset:
      name: fashion-mnist                     # mnist, fashion-mnist, digits (generated), or idx: FOLDER
      validation: 0.2                         # the share of the training images that ranks the trials

    \(model)

    train:
      epochs: \(network == .mlp ? 10 : 6)
      batch: { choice: [32, 64, 128] }
      optimizer: momentum                     # sgd, momentum, nesterov, adamw
      momentum: 0.9
      lr: { log_uniform: [1e-3, 0.3] }
      l2: { log_uniform: [1e-7, 1e-3] }
      schedule: cosine                        # constant, cosine, or { step: { every: 2, gamma: 0.1 } } and others

    search:
      sampler: random                         # random, random-grid, grid, sobol, tpe
      trials: \(network == .mlp ? 30 : 15)
      objective: val_accuracy                 # val_accuracy, best_val_accuracy, val_loss
      halving: { min_epochs: 1, factor: 3 }   # after 1, 3, ... epochs the best third continues
      confirm: { top: 3, seeds: 3 }           # trains the best three again with three new seeds each

    # final: { train_on: all }                # then trains a model with the best configuration and tests it

    """
  }

  private static func model(_ network: Kind) -> String {
    switch network {
    case .program: ""
    case .mlp:
      """
      model:
        hidden: [{ log_int: [32, 512] }]        # a list: the widths of the hidden layers
        activation: { choice: [relu, tanh] }    # relu, leaky_relu, tanh, sigmoid
        dropout: { uniform: [0, 0.4] }
      """
    case .cnn:
      """
      model:
        layers: cnn
        convolutions:
          channels: [{ choice: [6, 8, 12] }, 16]  # the channels of each convolution
          kernel: { choice: [3, 5] }
          pool: 2
        hidden: [{ log_int: [32, 256] }]        # the dense layers after them
        activation: relu                        # relu, leaky_relu, tanh, sigmoid
        dropout: { uniform: [0, 0.4] }
      """
    }
  }
}
