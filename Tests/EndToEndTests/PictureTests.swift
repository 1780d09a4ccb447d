import Foundation
import PictureChecks
import Testing

/// Pictures of searches and of models.
@Suite(.serialized)
struct PictureTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  private func structure(_ name: String) throws -> Structure { try Structure(scratch.text(name)) }

  @Test func searchPicturesShowTheNumbersOfItsFiles() async throws {
    try scratch.write("search.yaml", SearchText.halving())
    let search = try await scratch.run("search", "search.yaml", "--output", "run")
    #expect(search.end == .exited(0), "\(search.errors)")
    let plot = try await scratch.run("plot", "run")
    #expect(plot.end == .exited(0), "\(plot.errors)")
    let files = plot.output.split(separator: "\n").map(String.init)
    for kind in ["history", "curves", "parallel", "parameter-lr", "contour-hidden-lr", "rungs", "timeline"] {
      #expect(files.contains("run/plots/\(kind).svg"), "\(kind)")
    }
    for file in files { #expect(try structure(file).layoutProblems == [], "\(file)") }
    let titles = try structure("run/plots/history.svg").elements.compactMap(\.title)
    for row in try run.results() {
      let (trial, score) = try (#require(row["trial"]), #require(row["val_accuracy"]))
      #expect(titles.contains("trial \(trial): validation accuracy \(score)"))
    }
    let attempts = try structure("run/plots/timeline.svg").elements.compactMap(\.title)
    for attempt in try run.attempts() {
      #expect(attempts.contains { $0.hasPrefix("attempt \(attempt.number), trial \(attempt.trial): ") })
    }
    #expect(plot.errors.contains("no intervals: the search file has no search.confirm"))
  }

  @Test func runningSearchCanBePlotted() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "2")
    try await run.waitForResults(2, of: search)
    #expect(try await scratch.run("plot", "run", "history", "timeline", "--output", "now").end == .exited(0))
    #expect(try structure("now/history.svg").elements.contains { $0.title?.hasPrefix("trial ") == true })
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
  }

  @Test func modelPicturesAreInItsFolder() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 5))
    let training = try await scratch.run("train", "recipe.yaml", "--output", "model")
    #expect(training.end == .exited(0), "\(training.errors)")
    let kinds = [
      "loss", "accuracy", "weights-1", "weights-2", "first-layer", "distributions", "confusion", "worst",
    ]
    let before = try kinds.map { try scratch.data("model/\($0).svg") }
    let png = try scratch.data("model/weights-1.png")
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    for kind in kinds { #expect(try structure("model/\(kind).svg").layoutProblems == [], "\(kind)") }
    let plot = try await scratch.run("plot", "model/model.safetensors")
    #expect(plot.end == .exited(0), "\(plot.errors)")
    #expect(try kinds.map { try scratch.data("model/\($0).svg") } == before)
    // The diagonal of the confusion matrix holds the test accuracy.
    let test = try parsedObject(await scratch.run("test", "model/model.safetensors", "--json").output)
    let accuracy = try #require(test["test_accuracy"]?.number)
    let texts = try structure("model/confusion.svg").elements.map(\.text)
    let shown = try #require(texts.first { $0.contains("test images, accuracy") })
    let percent = try #require(shown.split(separator: " ").dropLast().last.flatMap { Double($0) })
    #expect(abs(percent - accuracy * 100) < 0.01)
  }

  @Test func severalModelsShareOnePicture() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 2))
    for name in ["a", "b"] {
      let training = try await scratch.run("train", "recipe.yaml", "--output", name, "--quiet")
      #expect(training.end == .exited(0), "\(training.errors)")
    }
    let plot = try await scratch.run("plot", "a", "b/model.safetensors")
    #expect(plot.output == "plots/loss.svg\nplots/accuracy.svg\n")
    let texts = try structure("plots/loss.svg").elements.map(\.text)
    for name in ["a training", "a validation", "b training", "b validation"] { #expect(texts.contains(name)) }
  }

  @Test func invalidPlotsAreReportedInOneLine() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 1))
    #expect(try await scratch.run("train", "recipe.yaml", "--output", "model", "--quiet").end == .exited(0))
    try scratch.write(
      "data/history.csv", "epoch,train_loss,train_accuracy,val_loss,val_accuracy\nnan,1,1,1,1\n")
    try scratch.write("data/model.safetensors", scratch.data("model/model.safetensors"))
    for (words, reason) in [
      (["nowhere"], "nowhere: no such file"), (["model", "rungs"], "there is no picture 'rungs' of a model"),
      (["model", "lss"], "lss: no such file"), ([], "needs a run directory or a model"),
      (["model", "kernels"], "no kernels: the model has no convolution"),
      (["data"], "data/history.csv: row 2 is damaged"),
      (["model", "-o", ""], "--output needs the name of a folder"),
    ] {
      let ending = try await scratch.start(["trawl", "plot"] + words).ending()
      #expect(ending.end == .exited(2))
      #expect(ending.errors.contains(reason), "\(ending.errors)")
      #expect(ending.errors.split(separator: "\n").count == 1)
    }
    // A model file without other files: its weights are drawn, and the missing files are named.
    try scratch.write("alone/model.safetensors", scratch.data("model/model.safetensors"))
    let alone = try await scratch.run("plot", "alone")
    #expect(alone.end == .exited(0))
    #expect(alone.output.contains("alone/weights-1.svg") && !alone.output.contains("loss"))
    #expect(alone.errors.contains("there is no history") && alone.errors.contains("recipe.yaml is missing"))
  }

  @Test func aPictureThatCannotBeWrittenFailsNoSearch() async throws {
    try scratch.write("run.yaml", SearchText.brief() + "\nfinal: { train_on: all }\n")
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 1))
    try scratch.write("model/loss.svg/in-the-way", "")
    let training = try await scratch.run("train", "recipe.yaml", "--output", "model")
    #expect(training.end == .exited(0) && training.output.contains("model: model/model.safetensors"))
    #expect(training.errors.contains("no pictures: cannot write model/loss.svg"))
    let set = ["--set", "search.report=true"]
    let search = try await scratch.start(["trawl", "search", "run.yaml", "--output", "run"] + set).ending()
    #expect(search.end == .exited(0), "\(search.errors)")
    #expect(search.errors.contains("report: run/report.html"))
    #expect(try scratch.text("run/report.html").contains("Test accuracy"))
    try FileManager.default.removeItem(atPath: "\(scratch.path)/run/report.html")
    try scratch.write("run/report.html/in-the-way", "")
    let again = try await scratch.start(["trawl", "search", "run.yaml", "--output", "run", "--resume"] + set)
      .ending()
    #expect(again.end == .exited(0) && again.errors.contains("no report: cannot write"))
  }

  @Test func damagedFilesAreNamed() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    #expect(try await scratch.run("search", "search.yaml", "--output", "run").end == .exited(0))
    let results = try scratch.text("run/results.csv")
    for (file, text) in [
      ("results.csv", results.replacing("rank,trial", with: "rank,trail")),
      ("results.csv", results + "1,2\n"), ("history.csv", "trial,epoch\n1,1\n"),
      ("attempts.csv", "attempt,trial\n"), ("results.csv", ""),
    ] {
      let before = try scratch.data("run/\(file)")
      try scratch.write("run/\(file)", text)
      for command in ["plot", "report"] {
        let ending = try await scratch.run(command, "run")
        #expect(ending.end == .exited(2) && ending.errors.contains("run/\(file)"), "\(ending.errors)")
        #expect(ending.errors.split(separator: "\n").count == 1)
      }
      try scratch.write("run/\(file)", before)
    }
  }
}
