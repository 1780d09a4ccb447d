import ArgumentParser
import Foundation
import Platform
import Training
import Trials

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train one network from a recipe: a search file without distributions.",
    discussion: """
      Writes model.safetensors, recipe.yaml, report.json and history.csv. A search writes the recipe of its best trial to \
      RUN/best/recipe.yaml, which reproduces the model of that trial bit for bit.
      """)

  @Argument(help: "The recipe.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @OptionGroup var overrides: Overrides

  @Option(
    name: [.short, .long], help: "The folder for the model (default: models/NAME).", completion: .directory)
  var output: String?

  @Flag(help: "Resume from the checkpoint in the folder, or start if there is none.")
  var resume = false

  @Flag(help: "Print only warnings and errors.")
  var quiet = false

  func run() throws {
    let stop = Latch()
    Signals.listen { signal in
      guard signal != SIGCHLD else { return }
      if signal == SIGINT, stop.isRaised { _exit(ExitStatus.interrupted.rawValue) }
      stop.raise()
    }
    let file = try SearchFileSource.read(file).parse(overrides: overrides.values())
    guard !file.runsProgram else {
      throw UserError("\(self.file) runs a program; start it with 'trawl search'")
    }
    let run = try TrainingRun(file, into: output ?? "models/\(file.name)", isQuiet: quiet)
    if !quiet {
      for note in file.inertKeys + run.notes { StandardError.say("note: \(note)") }
    }
    _ = try run.run(resume ? .resumed : .fromStart, stop: stop)
  }
}
