import Platform
import Search
import Training

extension SearchFile {
  /// Throws, with the line in the file, if a configuration of the search space cannot be trained on its dataset.
  ///
  /// - Parameter store: nil if nothing is trained on this machine. The dataset may then be missing, and only known
  ///   properties of datasets with published names are checked.
  /// - Returns: what the user should know about the data, one line each.
  @discardableResult
  package func checkTraining(with store: DatasetStore?) throws -> [String] {
    if runsProgram {
      if store != nil { try checkProgram() }
      return []
    }
    var notes: [String] = []
    for configuration in extremes {
      let recipe = Recipe(configuration, seed: seed)
      do {
        try recipe.validate()
        if store != nil { try recipe.training.precision.check() }
        let data = try store?.data(for: recipe.dataset)
        guard let shape = data?.dataset.shape ?? recipe.dataset.source.knownShape else { continue }
        try recipe.validate(on: shape)
        let found = try data?.notes ?? [recipe.validationWarning(images: shape.images)].compactMap(\.self)
        notes += found.filter { !notes.contains($0) }
      } catch let mistake as RecipeError {
        throw UserError(error(at: mistake.field, mistake.problem))
      } catch {
        throw UserError(self.error(at: recipe.dataset.source.field, "\(error)"))
      }
    }
    return notes
  }
}

extension SearchFile {
  /// Throws if the program cannot be started on this machine.
  private func checkProgram() throws {
    for configuration in extremes.prefix(1) {
      do throws(Program.Missing) { try Program(configuration).check() } catch {
        throw UserError(self.error(at: "program.command", error.message))
      }
    }
  }
}

extension DatasetSelection.Source {
  /// The field of the search file that selects the source.
  fileprivate var field: String {
    switch self {
    case .named: "dataset.name"
    case .idx: "dataset.idx"
    }
  }
}
