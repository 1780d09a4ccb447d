import Foundation
import Randomness
import Testing

@testable import Training

@Suite struct ModelFileTests {
  private let trainer: Trainer

  init() throws {
    trainer = try Trainer(sample: sampleRecipe(hidden: [9, 6], activation: .leakyReLU))
    trainer.train(epochs: 2)
  }

  @Test func modelRoundTripsThroughItsFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/model.safetensors"
    try trainer.model().write(to: path)
    #expect(try Model(contentsOf: path) == trainer.model())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
  }

  @Test func convolutionsRoundTripThroughTheirFile() throws {
    let recipe = sampleRecipe(convolutions: sampleConvolutions)
    let model = try Trainer(sample: recipe).model()
    let file = model.safetensors()
    #expect(
      file.tensors.map(\.shape) == [[3, 1, 2, 2], [3], [4, 3, 3, 3], [4], [6, 16], [6], [3, 6], [3]])
    #expect(try Model(decoding: model.encoded(), name: "m") == model)
    for text in [
      "", "5x5", "5x5 3x9x1x1x2", "4x5 3x2x1x1x2 4x3x2x1x1", "5x5 3x2x1x1x2 4x3x2x1", "5x5 3x2x0x1x2",
    ] {
      var damaged = file
      damaged.metadata["convolutions"] = text
      #expect(throws: ModelError.self) { try Model(decoding: damaged.encoded(), name: "m") }
    }
    let other = try sampleDataset(SampleFiles(side: 4))
    #expect(throws: ModelError.self) { try model.test(on: other) }
  }

  @Test func checkpointRoundTripsThroughItsFileAndIsAModel() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/checkpoint.safetensors"
    _ = trainer.trainEpoch { $0 % 4 != 2 }
    try trainer.checkpoint().write(to: path)
    #expect(try Checkpoint(contentsOf: path) == trainer.checkpoint())
    #expect(try Model(contentsOf: path) == trainer.model())
  }

  @Test func modelIsNotACheckpoint() {
    #expect(throws: ModelError("m", .notTrawl("it is not a checkpoint"))) {
      try Checkpoint(decoding: trainer.model().encoded(), name: "m")
    }
  }

  @Test func missingFileIsAnError() {
    #expect {
      try Model(contentsOf: "/nowhere/model")
    } throws: {
      "\($0)" == "/nowhere/model: No such file or directory"
    }
  }

  @Test(arguments: [
    ("format_version", "2"), ("pixel_scale", "1"), ("activation", "gelu"), ("inputs", "24"),
    ("inputs", "-25"), ("hidden", "9"), ("hidden", "9,x"), ("hidden", "9,6,6"),
    ("hidden", "99999999999999999999"), ("classes", "4"), ("classes", "0"),
  ])
  func inconsistentMetadataIsRejected(key: String, value: String) {
    var file = trainer.model().safetensors()
    file.metadata[key] = value
    #expect(throws: ModelError.self) { try Model(decoding: file.encoded(), name: "m") }
  }

  @Test(arguments: ["history", "step_in_epoch", "loss_sum", "correct", "examples"])
  func checkpointWithoutProgressIsRejected(key: String) throws {
    for value in [nil, "x", "1,2,3", "nan,1,1,1"] {
      var file = try Safetensors(decoding: trainer.checkpoint().encoded(), name: "c")
      file.metadata[key] = value
      #expect(throws: ModelError.self) { try Checkpoint(decoding: file.encoded(), name: "c") }
    }
  }

  @Test func damageNeverCrashes() throws {
    let bytes = trainer.checkpoint().encoded()
    var generator = Philox(seed: 1, stream: 0)
    for _ in 0..<2000 {
      var damaged = bytes
      // Mostly the header, which has more ways to be wrong.
      let reach = generator.below(4) == 0 ? bytes.count : 900
      for _ in 0...generator.below(3) {
        damaged[Int(generator.below(UInt64(reach)))] = UInt8(generator.below(256))
      }
      do throws(ModelError) {
        let checkpoint = try Checkpoint(decoding: damaged, name: "c")
        #expect(checkpoint.model.architecture.classes > 0)
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test func testReportCountsConfusions() throws {
    let report = try trainer.model().test(on: trainer.data.dataset)
    let images = report.confusion.map { $0.reduce(0, +) }
    #expect(images == [7, 7, 6])
    let right = (0..<3).map { report.confusion[$0][$0] }
    #expect(report.overall.accuracy == Double(right.reduce(0, +)) / 20)
    #expect(report.accuracyByClass == zip(right, images).map { Double($0) / Double($1) })
  }

  @Test func classWithoutTestImagesHasNoAccuracy() {
    let report = TestReport(
      overall: Evaluation(loss: 0, accuracy: 0), confusion: [[1, 1], [0, 0]])
    #expect(report.accuracyByClass == [0.5, nil])
  }

  @Test func modelForOtherImagesIsRejected() throws {
    let other = try sampleDataset(SampleFiles(side: 4))
    #expect(throws: ModelError.self) { try trainer.model().test(on: other) }
    let classes = try sampleDataset(SampleFiles(classes: 4))
    #expect(throws: ModelError.self) { try trainer.model().test(on: classes) }
  }

  /// The output of the script, which reads a model with the safetensors package.
  private struct PythonModel: Decodable {
    struct Tensor: Decodable, Equatable {
      var shape: [Int]
      var dtype: String
      var bits: [UInt32]
    }

    let metadata: [String: String]
    let tensors: [String: Tensor]
  }

  @Test func pythonReadsModelsAndCheckpointsToTheLastBit() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/model.safetensors"
    let model = trainer.model()
    for bytes in [model.encoded(), trainer.checkpoint().encoded()] {
      try replaceFile(at: path, with: bytes)
      guard let output = try python("read_model", path) else { return }
      let read = try JSONDecoder().decode(PythonModel.self, from: output)
      #expect(read.metadata["activation"] == "leaky_relu")
      #expect(read.metadata["hidden"] == "9,6")
      var expected: [String: PythonModel.Tensor] = [:]
      for (index, shape) in [[9, 25], [6, 9], [3, 6]].enumerated() {
        expected["layers.\(index).weight"] = .init(
          shape: shape, dtype: "float32", bits: model.layers[index].weights.map(\.bitPattern))
        expected["layers.\(index).bias"] = .init(
          shape: [shape[0]], dtype: "float32", bits: model.layers[index].bias.map(\.bitPattern))
      }
      #expect(read.tensors == expected)
    }
  }

  /// Runs the script; nil, with a message, if there is no Python with the packages it needs. `deploy/test` creates
  /// one and sets TRAWL_TEST_PYTHON.
  private func python(_ script: String, _ argument: String) throws -> Data? {
    let file = try #require(
      Bundle.module.url(forResource: script, withExtension: "py", subdirectory: "Golden"))
    guard let program = ProcessInfo.processInfo.environment["TRAWL_TEST_PYTHON"] else {
      print("pythonReadsModels: skipped, TRAWL_TEST_PYTHON names no Python with numpy and safetensors")
      return nil
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [file.path, argument]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(program) cannot read the model")
    return text
  }
}
