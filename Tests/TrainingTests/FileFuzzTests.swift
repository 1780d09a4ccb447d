import Foundation
import Fuzzing
import Testing

@testable import Training

/// Damaged and malicious files are rejected with a one-line error, or loaded as what they contain.
@Suite struct FileFuzzTests {
  @Test(arguments: [false, true]) func imagesAndLabels(packed: Bool) throws {
    let folder = try TemporaryFolder()
    let files = SampleFiles(train: 12, test: 6, side: 3)
    let sources: [([UInt8], IDXHeader.Kind)] = [(files.trainImages, .images), (files.trainLabels, .labels)]
    for (whole, kind) in sources {
      let corpus = packed ? [gzip(whole), gzip(whole + whole)] : [whole, whole + whole]
      let words = [
        IDXHeader(sides: [1 << 31, 4096, 4096]).bytes, [0, 0, 12, 2, 0, 0, 0, 3, 0, 0, 0, 8],
        [0x1f, 0x8b, 8],
      ]
      try Fuzzing("IDX files, packed: \(packed)", corpus: corpus, words: words).run(400) { bytes, _ in
        let path = try folder.write(bytes, to: packed ? "file.gz" : "file")
        do throws(DatasetError) {
          let file = try DatasetCache(folder: nil).contents(of: path, kind)
          let header = try file.header(kind, path: path)
          #expect(file.withBytes { $0.count } == header.fileSize)
        } catch {
          #expect(!error.description.contains("\n"))
        }
      }
    }
  }

  @Test func modelsAndCheckpoints() throws {
    let recipes = [
      sampleRecipe(hidden: [5, 3], optimizer: .adamW), sampleRecipe(convolutions: sampleConvolutions),
    ]
    let corpus = try recipes.flatMap { recipe in
      let trainer = try Trainer(sample: recipe)
      trainer.train(epochs: 1)
      return [trainer.model().encoded(), trainer.checkpoint().encoded()]
    }
    let texts = [
      "[", "{\"a\":", "9223372036854775807", "-1", "1e400", "\"shape\":[0,9999999999]", "\"hidden\":\"\"",
      "\"classes\":\"256\"", "\\ud800", "\"layers.0.weight\"", "nan", "inf",
    ]
    let words = texts.map { Array($0.utf8) } + [[UInt8](repeating: UInt8(ascii: "["), count: 600)]
    let data = try TrainingData(sampleDataset(), recipes[0].dataset)
    Fuzzing("models and checkpoints", corpus: corpus, words: words).run(1500) { bytes, _ in
      do throws(ModelError) {
        let model = try Model(decoding: bytes, name: "fuzz")
        #expect(model.architecture.parameterCount <= bytes.count)
        let checkpoint = try Checkpoint(decoding: bytes, name: "fuzz")
        _ = try? Trainer(resuming: checkpoint, recipe: recipes[0], data: data)
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }
}
