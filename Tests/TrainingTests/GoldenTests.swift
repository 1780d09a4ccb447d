import Foundation
import Testing

@testable import Training

/// Twenty steps computed by PyTorch (`Golden/make_golden.py`).
@Suite struct GoldenTests {
  private static let cases = 0..<17

  @Test func everyCaseAndEveryOptimizerIsTested() throws {
    let cases = try Golden.load().cases
    #expect(cases.indices == Self.cases)
    #expect(Set(cases.map(\.optimizerName)) == Set(OptimizerRule.Name.allCases))
  }

  @Test(arguments: cases) func trainsAsPyTorchDoes(index: Int) throws {
    let golden = try Golden.load()
    let trajectory = golden.cases[index]
    let images = try golden.images()
    let network = try Network(trajectory.architecture(golden))
    try network.load(trajectory.model(trajectory.start, golden))
    let forward = ForwardPass(network, capacity: 16, trains: true)
    let backward = BackwardPass(forward)
    let optimizer = trajectory.optimizer(network)
    for (step, batch) in golden.batches.enumerated() {
      forward.gather(images, at: batch[...])
      forward.run(rows: batch.count)
      let loss = forward.score(rows: batch.count).loss / Double(batch.count)
      #expect(near(loss, trajectory.losses[step]), "loss of step \(step)")
      backward.run(rows: batch.count, optimizer, step: step)
    }
    let end = Model(network, dataset: "", labels: LabelSet(count: network.architecture.classes)).layers
    for (layer, expected) in zip(end, trajectory.end) {
      #expect(zip(layer.weights, expected.weights).allSatisfy { near(Double($0), Double($1)) })
      #expect(zip(layer.bias, expected.bias).allSatisfy { near(Double($0), Double($1)) })
    }
  }

  private func near(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-4 * max(abs(a), abs(b)) + 1e-6
  }
}

private struct Golden: Decodable {
  struct Layer: Decodable {
    let weights: [Float]
    let bias: [Float]
  }

  /// A number or a list.
  struct Strengths: Decodable {
    let values: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      values = try (try? [container.decode(Double.self)]) ?? container.decode([Double].self)
    }
  }

  struct Case: Decodable {
    let hidden: [Int]
    let activation: String
    let lr: Double
    let l2: Strengths
    let optimizer: String?
    let momentum: Double?
    let schedule: String?
    let convolutions: [[Int]]?
    let start: [Layer]
    let losses: [Double]
    let end: [Layer]

    func architecture(_ golden: Golden) throws -> Architecture {
      let stages = convolutions?.map {
        Convolution(channels: $0[0], kernel: $0[1], stride: $0[2], padding: $0[3], pool: $0[4])
      }
      return Architecture(
        inputs: golden.side * golden.side, hidden: hidden,
        activation: Activation(rawValue: activation)!, classes: golden.classes,
        stack: try stages.map {
          try ConvolutionStack(rows: golden.side, columns: golden.side, $0)
        })
    }

    var optimizerName: OptimizerRule.Name { OptimizerRule.Name(rawValue: optimizer ?? "sgd")! }

    func optimizer(_ network: Network) -> Optimizer {
      let rule = optimizerName.rule(momentum: momentum ?? 0)
      let schedule: Schedule =
        switch schedule {
        case "step": .step(every: 2, gamma: 0.5)
        case "milestones": .milestones(at: [1, 3], gamma: 0.3)
        case "exponential": .exponential(gamma: 0.8)
        case "cosine": .cosine(warmup: 1)
        default: .constant
        }
      let rate = LearningRate(base: lr, schedule: schedule, stepsPerEpoch: 5, epochs: 4)
      let penalty = Penalty(
        l2.values, rule == .adamW ? .decoupled : .coupled,
        layers: network.kernels.count + network.layers.count)
      return Optimizer(network, rule, penalty, rate)
    }

    func model(_ layers: [Layer], _ golden: Golden) throws -> Model {
      Model(
        architecture: try architecture(golden), dataset: "",
        labels: LabelSet(count: try architecture(golden).classes),
        layers: layers.map { .init(weights: $0.weights, bias: $0.bias) })
    }
  }

  let side: Int
  let classes: Int
  let pixels: [UInt8]
  let labels: [UInt8]
  let batches: [[Int32]]
  let cases: [Case]

  static func load() throws -> Golden {
    let file = try #require(
      Bundle.module.url(forResource: "trajectories", withExtension: "json", subdirectory: "Golden"))
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  func images() throws -> ImageSet {
    let folder = try TemporaryFolder()
    return try ImageSet(
      in: folder, images: IDXHeader(sides: [labels.count, side, side]).bytes + pixels,
      labels: IDXHeader(sides: [labels.count]).bytes + labels)
  }
}
