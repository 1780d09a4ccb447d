import ArgumentParser
import Foundation
import Platform
import RunFiles
import Training
import Trials

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the training speed on this machine and the cost of search strategies.",
    subcommands: [Train.self, BenchSearchCommand.self, BenchFirstEpochCommand.self])

  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure training on one thread, compared with the library's matrix products alone.",
      discussion: """
        Alternates between training and the library's matrix products of the same shapes, and prints medians: images per \
        second (evaluation included), floating-point operations in matrix products per second, and the time of the matrix \
        products as a share of the time of a training step.
        """)

    @Option(help: "The dataset's name (default: the first available of mnist, fashion-mnist and digits).")
    var dataset: String?

    @Option(help: "The widths of the hidden layers, such as 292 or 128,128.")
    var hidden = "292"

    @Flag(
      help: "Add the convolutions of LeNet-5. The printed share is that of the dense layers only.")
    var lenet5 = false

    @Option(help: "The momentum (heavy ball); 0 is plain SGD.")
    var momentum = 0.0

    @Option(help: "The probability of dropout.")
    var dropout = 0.0

    @Option(help: "The precision of the inputs of the dense layers' matrix products.")
    var precision = Precision.f32

    @Option(help: "Images in a mini-batch.")
    var batch = 128

    @Option(help: "The number of rounds, of 20 training steps each.")
    var rounds = 40

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The output of `--json`.
    struct Report: Encodable {
      var samplesPerSecond: Double
      var gflops: Double
      var fractionOfLibrary: Double
      var numerics: String
    }

    func run() throws {
      let widths = hidden.split(separator: ",").map { Int($0) }
      guard widths.allSatisfy({ $0 != nil }) else {
        throw UserError("--hidden \(hidden): needs whole numbers, such as 292 or 128,128")
      }
      guard (1...10_000).contains(rounds) else {
        throw UserError("--rounds must be a number from 1 to 10000")
      }
      let present = DatasetCatalog(.ofThisMachine).list().first { $0.location != .missing }
      let name = dataset ?? present?.name ?? "digits"
      let recipe = Recipe(
        dataset: DatasetSelection(source: .named(name)),
        model: ModelRecipe(
          convolutions: lenet5 ? Convolution.leNet5 : [], hidden: widths.compactMap(\.self),
          activation: lenet5 ? .leakyReLU : .relu, dropout: dropout),
        training: TrainingRecipe(
          epochs: 1, batch: batch, optimizer: momentum > 0 ? .momentum(momentum) : .sgd,
          learningRate: momentum > 0 ? 0.01 : 0.2475, l2: [2.5e-7], precision: precision),
        seed: 1)
      let result = try UserError.wrapping {
        try recipe.validate()
        let data = try DatasetStore().data(for: recipe.dataset)
        return try TrainingBenchmark.run(recipe, data: data, rounds: rounds, clock: monotonicNow)
      }
      try show(result, of: name)
    }

    private func show(_ result: TrainingBenchmark, of dataset: String) throws {
      let numerics = "\(NumericsFingerprint.current)"
      if json {
        return try JSON.print(
          Report(
            samplesPerSecond: result.samplesPerSecond, gflops: result.gflops,
            fractionOfLibrary: result.fractionOfLibrary, numerics: numerics))
      }
      print("samples/s: \(Int(result.samplesPerSecond))")
      print("GFLOP/s in matrix products: \(result.gflops.rounded1)")
      print(String(format: "fraction of the library's matrix-product rate: %.3f", result.fractionOfLibrary))
      print("\(dataset), \(precision), one thread, \(numerics)")
    }
  }
}

extension Precision: ExpressibleByArgument {}
