import ArgumentParser
import Foundation
import Platform
import Reports
import RunFiles

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw pictures of a search, running or ended, or of trained models.",
    discussion: """
      Of a search (RUN, a run directory): \(list(SearchPictures.Kind.self)).
      Of a model (a safetensors file or its folder): \(list(ModelPictures.Kind.self)).
      Of several models: loss and accuracy, all in one picture.

      Without a kind, all that apply are drawn. Pictures are SVG files; those of weights and images are PNG files too. \
      'confusion' and 'worst' show the test images: choose between models by their validation accuracy, not by these.
      """)

  @Argument(
    help: .init("A run directory or models, then the kinds of pictures.", valueName: "run|model|kind"),
    completion: .directory)
  var words: [String] = []

  @Option(
    name: [.short, .long],
    help: "The folder for the pictures (default: RUN/plots; the model's folder; plots for several models).",
    completion: .directory)
  var output: String?

  @Flag(
    help: "Draw contours of all pairs of the most important parameters, not only of the two most important.")
  var allPairs = false

  func validate() throws {
    if output == "" { throw ValidationError("--output needs the name of a folder") }
  }

  func run() throws {
    let names = Set(
      SearchPictures.Kind.allCases.map(\.rawValue) + ModelPictures.Kind.allCases.map(\.rawValue))
    // The first word is a path; a file that is named as a kind is ./kind.
    let paths = words.prefix(1) + words.dropFirst().filter { !names.contains($0) }
    let kinds = words.dropFirst().filter(names.contains)
    guard let path = paths.first else {
      throw UserError("plot needs a run directory or a model; see 'trawl plot --help'")
    }
    let run = RunDirectory(path: path)
    if run.isRun {
      guard paths.count == 1 else { throw Self.wrong(paths[1], after: run) }
      return try plot(run, kinds)
    }
    let models = try paths.map { path in
      guard !RunDirectory(path: path).isRun else {
        throw UserError("\(path) is a search; draw models and a search one after the other")
      }
      return try TrainedModel(at: path)
    }
    if models.count > 1 { try plot(models, kinds) } else { try plot(models[0], kinds) }
  }

  /// The error about a word that is no kind of picture of a search.
  private static func wrong(_ word: String, after run: RunDirectory) -> UserError {
    RunDirectory(path: word).isRun
      ? UserError("draw one search at a time: \(run.path), then \(word)")
      : UserError("'\(word)' is not a kind of picture of a search; kinds: \(list(SearchPictures.Kind.self))")
  }

  private static func list<Kind: CaseIterable & RawRepresentable<String>>(_ kinds: Kind.Type) -> String {
    Kind.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// The chosen kinds; all where none was named.
  private func chosen<Kind: CaseIterable & RawRepresentable<String>>(
    _ names: some Collection<String>, of what: String
  ) throws -> [Kind] {
    guard !names.isEmpty else { return Array(Kind.allCases) }
    return try names.map { name in
      guard let kind = Kind(rawValue: name) else {
        throw UserError("there is no picture '\(name)' of \(what); there are \(Self.list(Kind.self))")
      }
      return kind
    }
  }

  private func plot(_ run: RunDirectory, _ names: [String]) throws {
    let kinds: [SearchPictures.Kind] = try chosen(names, of: "a search")
    let pictures = SearchPictures(try UserError.wrapping { try run.record() })
    let folder = PictureFolder(path: output ?? "\(run.path)/plots")
    try write(kinds, names, to: folder) { kind in
      (pictures.pictures(kind, allPairs: allPairs), pictures.reason(kind))
    }
  }

  private func plot(_ model: TrainedModel, _ names: [String]) throws {
    let kinds: [ModelPictures.Kind] = try chosen(names, of: "a model")
    let pictures = try model.pictures(showsTest: kinds.contains(where: \.needsTest))
    try write(kinds, names, to: PictureFolder(path: output ?? model.folder)) { kind in
      (pictures.pictures(kind), pictures.reason(kind))
    }
  }

  private func plot(_ models: [TrainedModel], _ names: [String]) throws {
    if let wrong = names.first(where: { !["loss", "accuracy"].contains($0) }) {
      throw UserError("there is no picture '\(wrong)' of several models; there are loss, accuracy")
    }
    let histories = try zip(models, TrainedModel.names(of: models)).compactMap { model, name in
      let history = try model.history(named: name)
      if history == nil { StandardError.say("\(name) is left out: it has no history.csv") }
      return history
    }
    let pictures = TrainingHistory.pictures(of: histories)
    guard !pictures.isEmpty else { throw UserError("none of the models has a history.csv with an epoch") }
    let folder = PictureFolder(path: output ?? "plots")
    for picture in pictures where names.isEmpty || names.contains(picture.name) {
      print(try folder.write(picture))
    }
  }

  /// Writes the pictures of each kind and prints their paths. Reports what cannot be drawn; an error if it was
  /// requested by name.
  private func write<Kind: RawRepresentable<String>>(
    _ kinds: [Kind], _ names: [String], to folder: PictureFolder, _ draw: (Kind) -> ([NamedPicture], String)
  ) throws {
    var missing: [String] = []
    for kind in kinds {
      let (pictures, reason) = draw(kind)
      for picture in pictures { print(try folder.write(picture)) }
      if pictures.isEmpty { missing.append("no \(kind.rawValue): \(reason)") }
    }
    guard names.isEmpty || missing.isEmpty else { throw UserError(missing.joined(separator: "; ")) }
    for line in missing { StandardError.say(line) }
  }
}
