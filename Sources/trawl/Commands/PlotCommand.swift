import ArgumentParser
import Charts
import Foundation
import Reports
import Search

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw pictures of a search or of a trained model.",
    discussion: """
      Of a search, running or ended: \(SearchPictures.Kind.allCases.map(\.rawValue).joined(separator: ", ")).
      Without a kind, all that apply are drawn. Writes SVG files, and PNG files of weights.
      """)

  @Argument(
    help: .init("A run directory and, after it, the kinds to draw.", valueName: "run"), completion: .directory
  )
  var words: [String]

  @Option(
    name: [.short, .long], help: "The folder for the pictures (default: RUN/plots).", completion: .directory)
  var output: String?

  @Flag(help: "Draw contours of all pairs of parameters, not only of the two most important.")
  var allPairs = false

  func validate() throws {
    if words.isEmpty { throw ValidationError("name a run directory or a model") }
  }

  func run() throws {
    let run = RunDirectory(path: words[0])
    let kinds = try words.dropFirst().map { word in
      guard let kind = SearchPictures.Kind(rawValue: word) else {
        let kinds = SearchPictures.Kind.allCases.map(\.rawValue)
        throw Complaint("there is no kind of picture '\(word)'; there are \(kinds.joined(separator: ", "))")
      }
      return kind
    }
    let pictures = SearchPictures(try Complaint.asking { try run.record() })
    let folder = PictureFolder(path: output ?? "\(run.path)/plots")
    for kind in kinds.isEmpty ? SearchPictures.Kind.allCases : kinds {
      let drawn = pictures.pictures(kind, allPairs: allPairs)
      for picture in drawn { print(try folder.write(picture)) }
      if drawn.isEmpty { StandardError.write("no \(kind.rawValue): \(pictures.reason(kind))\n") }
    }
  }
}
