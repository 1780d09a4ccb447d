import ArgumentParser
import Charts
import Foundation
import Reports
import Search

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Plot a running or finished search, or trained models.",
    discussion: """
      Kinds for a search (a run directory): \(SearchPictures.Kind.allCases.map(\.rawValue).joined(separator: ", ")).
      Kinds for a model (a safetensors file or its folder): \(ModelPictures.kinds.joined(separator: ", ")).
      Kinds for several models: loss, accuracy, all models in one picture.

      Without a kind, draws all that apply. Pictures are SVG files; those of weights and images are PNG files too. \
      'confusion' and 'worst' show the test images: select models by validation accuracy, not by these.
      """)

  @Argument(
    help: .init("A run directory or models, then the kinds of pictures.", valueName: "run|model|kind"),
    completion: .directory)
  var words: [String] = []

  @Option(
    name: [.short, .long],
    help: "The folder for the pictures (default: RUN/plots, the model's folder, plots for several models).",
    completion: .directory)
  var output: String?

  @Flag(help: "Draw contours of all pairs of parameters, not only of the two most important parameters.")
  var allPairs = false

  private static let kinds = SearchPictures.Kind.allCases.map(\.rawValue) + ModelPictures.kinds

  func run() throws {
    let isKind = { Self.kinds.contains($0) && !FileManager.default.fileExists(atPath: $0) }
    let (paths, kinds) = (words.filter { !isKind($0) }, words.filter(isKind))
    guard let path = paths.first else {
      throw UserError("plot needs a run directory or a model; see 'trawl plot --help'")
    }
    let run = RunDirectory(path: path)
    if run.content == .search {
      guard paths.count == 1 else {
        throw UserError("'\(paths[1])' is not a kind of picture of a search; kinds: \(Self.list(of: run))")
      }
      return try plot(run, kinds)
    }
    let models = try paths.map { try TrainedModel(at: $0) }
    if models.count > 1 { try plot(models, kinds) } else { try plot(models[0], kinds) }
  }

  private static func list(of run: RunDirectory) -> String {
    SearchPictures.Kind.allCases.map(\.rawValue).joined(separator: ", ")
  }

  private func plot(_ run: RunDirectory, _ kinds: [String]) throws {
    let chosen = try kinds.map { word in
      guard let kind = SearchPictures.Kind(rawValue: word) else {
        throw UserError("'\(word)' is a kind for models; kinds for a search: \(Self.list(of: run))")
      }
      return kind
    }
    let pictures = SearchPictures(try UserError.wrapping { try run.record() })
    let folder = PictureFolder(path: output ?? "\(run.path)/plots")
    for kind in chosen.isEmpty ? SearchPictures.Kind.allCases : chosen {
      let drawn = pictures.pictures(kind, allPairs: allPairs)
      for picture in drawn { print(try folder.write(picture)) }
      if drawn.isEmpty { StandardError.write("no \(kind.rawValue): \(pictures.reason(kind))\n") }
    }
  }

  private func plot(_ model: TrainedModel, _ kinds: [String]) throws {
    try check(kinds, ModelPictures.kinds, of: "a model")
    let result = try model.draw()
    let folder = PictureFolder(path: output ?? model.folder)
    let chosen = result.pictures.filter { picture in
      kinds.isEmpty || kinds.contains { picture.name == $0 || picture.name.hasPrefix("\($0)-") }
    }
    for picture in chosen { print(try folder.write(picture)) }
    for omission in result.omissions { StandardError.write("\(omission.asShownText)\n") }
  }

  private func plot(_ models: [TrainedModel], _ kinds: [String]) throws {
    try check(kinds, ["loss", "accuracy"], of: "several models")
    let pictures = RunHistory.pictures(of: try models.compactMap { try $0.history(named: $0.name) })
    guard !pictures.isEmpty else { throw UserError("none of the models has a history.csv in its folder") }
    let folder = PictureFolder(path: output ?? "plots")
    for picture in pictures where kinds.isEmpty || kinds.contains(picture.name) {
      print(try folder.write(picture))
    }
  }

  private func check(_ kinds: [String], _ allowed: [String], of what: String) throws {
    guard let wrong = kinds.first(where: { !allowed.contains($0) }) else { return }
    throw UserError("there is no picture '\(wrong)' of \(what); kinds: \(allowed.joined(separator: ", "))")
  }
}
