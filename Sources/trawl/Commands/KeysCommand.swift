import ArgumentParser
import Foundation
import Messaging

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make, show, move and revoke the keys of a cluster.",
    discussion: """
      Keys let workers start before any search and serve many:
        trawl keys new DIR --endpoint tcp://HOST:5555   once; DIR/join.json is for the workers
        trawl worker --join DIR/join.json --keep        on each machine
        trawl search FILE --keys DIR                    on HOST, again and again
      One key may serve many workers. What shall be revoked alone needs a key of its own:
        trawl keys new NAME --in DIR                    DIR/join-NAME.json is for these workers
        trawl keys revoke NAME --in DIR                 running searches notice within a second
      When the coordinator moves to another host:
        trawl keys move tcp://HOST:5555 --in DIR        the join files are new, the keys are not
      Without them a search makes its own, in RUN/keys, where they are shown, added and revoked alike.
      """,
    subcommands: [New.self, Show.self, Move.self, Revoke.self])

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the keys of a cluster, or one more worker key for it.")

    @Argument(help: "The folder for a cluster's keys, or with --in the name of one more worker key.")
    var name: String

    @Option(help: "Where the cluster's coordinator will be reached, as tcp://HOST:5555.")
    var endpoint: String?

    @Option(
      name: .customLong("in"), help: "Add a worker key to the keys in this folder.", completion: .directory)
    var folder: String?

    func run() throws {
      let path = try UserError.wrapping { try makeKeys() }
      print("give this file to the workers, and to nobody else: \(path)")
    }

    /// Returns the path of the new join file.
    private func makeKeys() throws -> String {
      switch (endpoint, folder) {
      case (let endpoint?, nil):
        let keys = try ClusterKeys.create(in: name, endpoint: Endpoint(endpoint))
        StandardError.write("workers will look for their coordinator at \(keys.endpoint)\n")
        return keys.joinFile(of: ClusterKeys.defaultWorker)
      case (nil, let folder?):
        var keys = try ClusterKeys.load(from: folder)
        return try keys.addWorker(named: name)
      default:
        throw UserError(
          "give --endpoint tcp://HOST:PORT for the keys of a cluster, or --in DIR for one more worker key")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the endpoint and the keys of a cluster by their fingerprints, never a secret.",
      discussion: "The coordinator's log names keys by the same fingerprints.")

    @Argument(help: "The folder with the keys.", completion: .directory)
    var folder: String

    func run() throws {
      let keys = try UserError.wrapping { try ClusterKeys.load(from: folder) }
      print("endpoint: \(keys.endpoint)")
      print("coordinator  \(keys.coordinatorKeys.publicKey.fingerprint)")
      for worker in keys.workers { print("worker       \(worker.line)") }
      for worker in keys.revoked { print("revoked      \(worker.line)") }
    }
  }

  struct Move: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell where a cluster's coordinator is reached from now on, with the same keys.",
      discussion: """
        Workers need their join files again; those that read them in this folder notice by themselves. A search that runs \
        stays at its port until it is stopped and gone on with.
        """)

    @Argument(help: "Where the coordinator will be reached, as tcp://HOST:5555.")
    var endpoint: String

    @Option(name: .customLong("in"), help: "The folder with the keys.", completion: .directory)
    var folder: String

    func run() throws {
      guard !FileManager.default.fileExists(atPath: RunDirectory(path: "\(folder)/..").study) else {
        throw UserError(
          "\(folder) are the keys of one search: stop it, and go on with --resume --advertise HOST")
      }
      let paths = try UserError.wrapping {
        var keys = try ClusterKeys.load(from: folder)
        let before = keys.endpoint
        let paths = try keys.move(to: Endpoint(endpoint))
        StandardError.write("\(before) became \(keys.endpoint)\n")
        return paths
      }
      for path in paths { print("give this file to its workers anew: \(path)") }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a worker key back, for good.",
      discussion: """
        A running coordinator notices within a second: it hears no more of the workers with this key, and gives their \
        trials to others. Results that they handed in before stay; attempts.csv tells which.
        """)

    @Argument(help: "The name of the worker key, as 'trawl keys show' prints it.")
    var name: String

    @Option(name: .customLong("in"), help: "The folder with the keys.", completion: .directory)
    var folder: String

    func run() throws {
      let key = try UserError.wrapping {
        var keys = try ClusterKeys.load(from: folder)
        return try keys.revokeWorker(named: name)
      }
      print("revoked \(name) (\(key.fingerprint))")
    }
  }
}

extension ClusterKeys.Worker {
  fileprivate var line: String { "\(key.fingerprint)  \(name.asShownText)" }
}
