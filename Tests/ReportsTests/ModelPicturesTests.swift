import Charts
import Testing

@testable import Reports
@testable import Training

struct ModelPicturesTests {
  @Test func trainedNetworkHasAllPictures() throws {
    let run = try SampleRun()
    let test = try TestEvaluation(run.model, on: run.dataset, mistakeCount: 4)
    let history = TrainingHistory(run.history)
    var model = ModelPictures(run.model, name: "sample", recipe: run.recipe, history: history)
    model.test = test
    let pictures = model.all
    let names = [
      "loss", "accuracy", "weights-1", "weights-2", "initial-weights-1", "initial-weights-2", "first-layer",
      "distributions", "confusion", "worst",
    ]
    #expect(pictures.map(\.name) == names && model.missing == [.kernels])
    let rasters = pictures.filter { $0.raster != nil }.map(\.name)
    #expect(rasters == names[2..<7] + ["worst"])
    let svgs = Dictionary(uniqueKeysWithValues: pictures.map { ($0.name, $0.picture.svg) })
    #expect(svgs.values.allSatisfy { $0.contains("sample: ") })
    #expect(svgs["weights-1"]?.contains("36 rows (input pixel) x 7 columns (output neuron)") == true)
    #expect(svgs["weights-2"]?.contains("7 rows (input neuron) x 3 columns (class)") == true)
    #expect(svgs["first-layer"]?.contains("7 images of 6 x 6 pixels") == true)
    #expect(svgs["distributions"]?.contains("at initialisation") == true)
    #expect(svgs["confusion"]?.contains("30 test images, accuracy") == true)
    let mistake = try #require(test.mistakes.first)
    #expect(svgs["worst"]?.contains(">\(mistake.label) taken for \(mistake.answer)<") == true)
  }

  @Test func testPicturesShowLabels() throws {
    let run = try SampleRun(epochs: 1, labelsFrom: 40)
    var model = ModelPictures(run.model, name: "sample")
    model.test = try TestEvaluation(run.model, on: run.dataset)
    let mistake = try #require(model.test?.mistakes.first)
    let svgs = Dictionary(uniqueKeysWithValues: model.all.map { ($0.name, $0.picture.svg) })
    for label in 40...42 { #expect(svgs["confusion"]?.contains(">\(label)<") == true) }
    #expect(svgs["worst"]?.contains(">\(mistake.label + 40) taken for \(mistake.answer + 40)<") == true)
  }

  @Test func convolutionsAreDrawnAsKernels() throws {
    let convolutions = [Convolution(channels: 3, kernel: 3), Convolution(channels: 2, kernel: 2)]
    let run = try SampleRun(convolutions: convolutions)
    let model = ModelPictures(run.model, name: "sample", recipe: run.recipe)
    #expect(model.missing == [.loss, .accuracy, .firstLayer, .confusion, .worst])
    #expect(model.pictures(.kernels).map(\.name) == ["kernels-1", "kernels-2"])
    let kernels = try #require(model.all.first { $0.name == "kernels-2" })
    #expect(kernels.picture.summary == "6 images of 2 x 2 pixels, 2 in a row")
    let weights = try #require(model.all.first { $0.name == "weights-2" })
    #expect(weights.picture.summary.contains("2 rows (output channel) x 12 columns"))
  }

  @Test func omittedPicturesHaveReasons() {
    let model = untrainedModel(Architecture(inputs: 30, hidden: [], activation: .relu, classes: 3))
    let pictures = ModelPictures(model, name: "sample")
    #expect(pictures.all.map(\.name) == ["weights-1", "distributions"])
    #expect(pictures.reason(.loss) == "there is no history of a completed epoch")
    #expect(
      pictures.reason(.firstLayer) == "it is not known how its 30 pixels are divided into rows and columns")
    #expect(pictures.reason(.initialWeights) == "recipe.yaml is missing or has distributions")
    #expect(pictures.reason(.kernels) == "the model has no convolution")
    #expect(pictures.reason(.worst) == "the test images were not evaluated")
    #expect(
      pictures.pictures(.distributions)[0].picture.svg.contains("Without the weights at initialisation"))
  }

  @Test func recipeOfAnotherNetworkIsNotUsed() throws {
    let run = try SampleRun()
    let model = untrainedModel(Architecture(inputs: 36, hidden: [4], activation: .relu, classes: 3))
    let pictures = ModelPictures(model, name: "sample", recipe: run.recipe)
    #expect(pictures.reason(.initialWeights) == "the recipe describes another network")
    #expect(pictures.pictures(.initialWeights).isEmpty && pictures.pictures(.firstLayer).count == 1)
  }

  @Test func everyFileOfALargeNetworkIsBelowOneMegabyte() {
    let model = untrainedModel(
      Architecture(inputs: 784, hidden: [1000, 300], activation: .relu, classes: 200))
    for picture in ModelPictures(model, name: "large").all {
      #expect(picture.picture.svg.utf8.count < 1_000_000 && (picture.raster?.png.count ?? 0) < 1_000_000)
    }
  }

  @Test func manyKernelsAreCappedWithANote() throws {
    let stack = try ConvolutionStack(
      rows: 9, columns: 9, [Convolution(channels: 80, kernel: 3), Convolution(channels: 100, kernel: 3)])
    let model = untrainedModel(
      Architecture(inputs: 81, hidden: [], activation: .relu, classes: 3, stack: stack))
    let kernels = try #require(ModelPictures(model, name: "wide").all.first { $0.name == "kernels-2" })
    #expect(kernels.picture.svg.contains("The first 64 of 100 output and 64 of 80 input channels."))
  }

  @Test func weightsThatAreNotFiniteAreDrawn() {
    let architecture = Architecture(inputs: 4, hidden: [], activation: .relu, classes: 2)
    let layer = Model.LayerParameters(weights: [.nan, .infinity, 1, .nan, .nan, 0, 0, 0], bias: [0, 0])
    let model = Model(architecture: architecture, dataset: "", labels: LabelSet(count: 2), layers: [layer])
    let pictures = ModelPictures(model, name: "broken").all
    #expect(pictures.map(\.name) == ["weights-1", "first-layer", "distributions"])
    #expect(pictures[0].picture.svg.contains("4 of 8 cells are not finite: grey."))
  }

  @Test func captionsShowSmallProbabilities() {
    var logs: [Float] = [-8.2, 0]
    let mistake = logs.withUnsafeMutableBufferPointer { Mistake(index: 0, label: 0, logProbabilities: $0) }
    #expect(mistake.caption(LabelSet(count: 2)) == ["0 taken for 1", "loss 8.2, p 0.0003"])
    logs[0] = -20
    let certain = logs.withUnsafeMutableBufferPointer { Mistake(index: 0, label: 0, logProbabilities: $0) }
    #expect(certain.caption(LabelSet(count: 2))[1] == "loss 20, p 2e-9")
  }
}

extension ModelPictures {
  fileprivate var all: [NamedPicture] { Kind.allCases.flatMap { pictures($0) } }
  fileprivate var missing: [Kind] { Kind.allCases.filter { pictures($0).isEmpty } }
}

struct TrainingHistoryTests {
  private func history(_ losses: [Double], name: String = "") -> TrainingHistory {
    let epochs = losses.enumerated().map { index, loss in
      EpochMetrics(
        epoch: index + 1, train: Evaluation(loss: loss, accuracy: 1 / (1 + loss)),
        validation: Evaluation(loss: loss * 1.1, accuracy: 0.5))
    }
    return TrainingHistory(epochs, name: name)
  }

  @Test func firstEpochThatFlattensTheOthersIsLeftOut() {
    let pictures = TrainingHistory.pictures(of: [history([9, 1, 0.8, 0.7])])
    #expect(pictures.map(\.name) == ["loss", "accuracy"])
    #expect(pictures[0].picture.svg.contains("Outside of the scale: epoch 1, training 9, validation 9.9."))
    let flat = TrainingHistory.pictures(of: [history([1.2, 1, 0.8, 0.7])])
    #expect(!flat[0].picture.svg.contains("Outside"))
  }

  @Test func scaleKeepsTheFirstEpochUnlessTheOthersTakeLittle() {
    func scale(_ values: [Double]) -> CurveScale {
      CurveScale([values.enumerated().map { Point(Double($0 + 1), $1) }])
    }
    #expect(scale([10, 1, 0.9, 0.8]).leavesOutFirst && !scale([1.3, 1, 0.9, 0.8]).leavesOutFirst)
    #expect(!scale([10, 1, 0.9]).leavesOutFirst && !scale([10, 1, 1, 1]).leavesOutFirst)
    #expect(
      !scale([1, 10, 1, 1]).leavesOutFirst && !scale([]).leavesOutFirst && !scale([.nan]).leavesOutFirst)
  }

  @Test func severalRunsShareAPicture() {
    let runs = ["a", "<b>", "c"].map { history([9, 1, 0.8, 0.7], name: $0) } + [history([], name: "empty")]
    let svg = TrainingHistory.pictures(of: runs)[0].picture.svg
    for text in ["a training", "a validation", "&lt;b&gt; training", "epoch 1 of 6 lines, 9 to 9.9."] {
      #expect(svg.contains(text))
    }
    #expect(!svg.contains("empty") && svg.contains("line s2 dashed"))
    #expect(TrainingHistory.pictures(of: [history([])]).isEmpty && TrainingHistory.pictures(of: []).isEmpty)
  }

  @Test func oneEpochAndNumbersThatAreNotFiniteAreDrawn() {
    for losses in [[1], [.nan, .infinity], [1, .nan, 2, 1e300]] {
      #expect(TrainingHistory.pictures(of: [history(losses)]).count == 2)
    }
  }
}
