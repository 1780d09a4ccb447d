import ArgumentParser
import Foundation
import Platform
import Training
import Trials

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "List, get, verify and inspect datasets.",
    discussion: """
      A dataset is a folder of the same name with four IDX files, plain or .gz. It is searched for in the folders of \
      TRAWL_DATA_PATH (separated by colons), in the cache ($XDG_CACHE_HOME/trawl, else ~/.cache/trawl) and in \
      /usr/share/datasets. Datasets in use are unpacked into the cache's folder 'unpacked', which may be removed at any \
      time.
      """,
    subcommands: [List.self, Get.self, Verify.self, Inspect.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the datasets known by name and their folders.")

    func run() {
      for dataset in DatasetCatalog(.ofThisMachine).list() {
        let location =
          switch dataset.location {
          case .folder(let path): path
          case .generated: "synthetic, generated on demand"
          case .missing: "missing; 'trawl data get \(dataset.name)' downloads it"
          }
        print("\(dataset.name): \(location)")
      }
    }
  }

  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download a dataset into the cache and check it.",
      discussion: """
        An interrupted download is resumed. The files appear in the cache together, and only if their contents have the \
        published SHA-256 sums.
        """)

    @Argument(help: "mnist or fashion-mnist.")
    var name: String

    @Option(
      help: """
        Download from this address instead, a folder with the four .gz files, even if the dataset is in another \
        folder of this machine; if repeated, the addresses are tried in order.
        """)
    var from: [String] = []

    func run() throws {
      try DatasetDownload(name, from: from).run()
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compare a dataset's files with the published SHA-256 sums of their contents.")

    @Argument(help: "The dataset's name, or its folder.")
    var dataset: String

    func run() throws {
      let source = DatasetSelection.Source(argument: dataset)
      let files = try UserError.wrapping { try DatasetCatalog(.ofThisMachine).verify(source) }
      if files.isEmpty { print("\(dataset) is synthetic; there is no file to verify") }
      for file in files {
        switch file.verdict {
        case .matches: print("\(file.path): as published")
        case .unknown(let sum): print("\(file.path): \(sum), no published sum to compare with")
        case .differs(let found, let expected):
          throw UserError(
            "\(file.path): the SHA-256 sum of its contents is \(found), not the published \(expected)")
        case .unusable(let error): throw UserError(error)
        }
      }
    }
  }

  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the number of images, their size and the classes of a dataset.")

    @Argument(help: "The dataset's name, or its folder.")
    var dataset: String

    func run() throws {
      let source = DatasetSelection.Source(argument: dataset)
      let summary = try UserError.wrapping { try DatasetCatalog(.ofThisMachine).inspect(source) }
      print("\(summary.name): \(summary.folder ?? "synthetic")")
      print("images: \(summary.rows) x \(summary.columns) pixels, \(summary.labels.values.count) classes")
      for (name, part) in [("train", summary.train), ("test", summary.test)] {
        let classes = part.histogram.map(String.init).joined(separator: " ")
        print("\(name): \(part.count) images, by class \(classes)")
      }
      for note in summary.notes { print("note: \(note.asShownText)") }
      print("SHA-256 of the four unpacked files, concatenated: \(summary.digest)")
    }
  }
}

extension DatasetSelection.Source {
  /// The dataset that an argument names: a folder if it contains a slash or is "~", else a name.
  init(argument: String) {
    self = argument.contains("/") || argument == "~" ? .idx(path: argument) : .named(argument)
  }
}
