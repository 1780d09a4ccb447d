import ArgumentParser
import Foundation
import Platform

struct InitCommand: ParsableCommand {
  /// A network to search over.
  enum Network: String, ExpressibleByArgument, CaseIterable {
    case mlp, cnn
  }

  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a commented search file to start from.",
    discussion: "'trawl search search.yaml --dry-run' shows what it will do.")

  @Argument(help: "The network: dense layers (mlp) or convolutions before them (cnn).")
  var network = Network.mlp

  @Option(
    name: [.short, .long], help: "The file to write, which must not exist; - for standard output.",
    completion: .file())
  var output = "search.yaml"

  func run() throws {
    let text = Self.text(of: network)
    guard output != "-" else { return print(text, terminator: "") }
    guard !FileManager.default.fileExists(atPath: output) else {
      throw UserError("\(output) exists; choose another file with --output")
    }
    try AtomicFile.write(text, to: output)
    StandardError.say("wrote \(output); run it: trawl search \(output.asShellWord)")
  }

  /// The search file for a network.
  static func text(of network: Network) -> String {
    """
    # A search file of Trawl. Replace a value with a distribution to search over it:
    #   { uniform: [low, high] }   { log_uniform: [low, high] }   { int: [low, high] }   { log_int: [low, high] }
    #   { choice: [a, b, c] }      A range with 'steps: N' is a grid.
    name: \(network)
    seed: 1                                   # the same seed gives the same results

    dataset:
      name: fashion-mnist                     # mnist, fashion-mnist, digits (generated), or idx: FOLDER
      validation: 0.2                         # the share of the training images that ranks the trials

    \(model(network))

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

  private static func model(_ network: Network) -> String {
    switch network {
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
