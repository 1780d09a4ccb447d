import ArgumentParser
import Foundation
import Search
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train one network by a recipe: a search file without distributions.",
    discussion: """
      Writes model.safetensors, recipe.yaml, report.json and history.csv. A search leaves the recipe of its best trial in \
      RUN/best/recipe.yaml; trained by it, the model is the one that the trial was ranked by, bit for bit.
      """)

  @Argument(help: "The recipe.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(help: "Put a value in place of the file's, as train.lr=0.1.")
  var set: [String] = []

  @Option(
    name: [.short, .long], help: "The folder for the model (default: models/NAME).", completion: .directory)
  var output: String?

  @Flag(help: "Go on from the checkpoint in the folder, or begin if there is none.")
  var resume = false

  @Flag(help: "Say only what went wrong.")
  var quiet = false

  func run() throws {
    let stop = Latch()
    Signals.listen { signal in
      guard signal != SIGCHLD else { return }
      if signal == SIGINT, stop.isRaised { _exit(EndOfRun.interrupted.rawValue) }
      stop.raise()
    }
    try TrainingRun(self).run(stop: stop)
  }

  /// The values given by `--set`.
  func overrides() throws -> [SearchFile.Override] {
    try set.map { text in
      guard let sign = text.firstIndex(of: "=") else {
        throw Complaint("--set \(text): needs a key and a value, as --set train.lr=0.1")
      }
      return SearchFile.Override(
        key: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
  }
}
