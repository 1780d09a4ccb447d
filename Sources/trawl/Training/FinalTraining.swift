import Foundation
import Platform
import Search
import Trials

/// Trains the configuration of rank 1 again at the end of a search, for the model in `best/` (`search.final`).
struct FinalTraining {
  private let run: TrainingRun

  /// - Parameter path: the recipe of rank 1.
  init(_ final: SearchFile.Final, recipe path: String, into folder: String, isQuiet: Bool) throws {
    let images = final.trainsOnAll ? [SearchFile.Override(key: "dataset.validation", value: "test")] : []
    let file = try SearchFileSource.read(path).parse(overrides: images)
    run = try TrainingRun(
      file, into: folder, isQuiet: isQuiet, testImages: final.isTested ? .reported : .unused)
  }

  func callAsFunction(stop: Latch) throws {
    let report = try run.run(.resumedWhereItFits, stop: stop)
    if let accuracy = report.testAccuracy { print("test accuracy: \(accuracy)") }
  }
}
