import ArgumentParser
import Foundation
import Messaging
import Platform
import RunFiles

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Create, show, move and revoke the keys of a cluster.",
    discussion: """
      With the keys of a cluster, workers can start before any search and serve many searches:
        trawl keys new DIR --endpoint tcp://HOST:5555   creates DIR/join.json
        trawl worker --join DIR/join.json --keep        on each machine
        trawl search FILE --keys DIR                    on HOST, for each search
      Many workers can share a key. To revoke some workers only, give them a separate key:
        trawl keys new NAME --in DIR                    creates DIR/join-NAME.json
        trawl keys revoke NAME --in DIR                 takes effect within a second
      When the coordinator moves to another host:
        trawl keys move tcp://HOST:5555 --in DIR        updates the join files
      A search without --keys creates its own in RUN/keys; 'trawl keys' shows, adds and revokes those too.
      """,
    subcommands: [New.self, Show.self, Move.self, Revoke.self])

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create the keys of a cluster, or add a worker key.")

    @Argument(help: "The folder for a cluster's keys, or with --in the name of the worker key to add.")
    var name: String

    @Option(help: "The address of the cluster's coordinator, such as tcp://HOST:5555.")
    var endpoint: String?

    @Option(
      name: .customLong("in"), help: "Add a worker key to the keys in this folder.", completion: .directory)
    var folder: String?

    func run() throws {
      let path = try UserError.wrapping { try makeKeys() }
      print("give this file to the workers only: \(path)")
    }

    /// Returns the path of the new join file.
    private func makeKeys() throws -> String {
      switch (endpoint, folder) {
      case (let endpoint?, nil):
        let keys = try ClusterKeys.create(in: name, endpoint: Endpoint(endpoint))
        StandardError.say("workers will connect to the coordinator at \(keys.endpoint)")
        return keys.joinFile(of: ClusterKeys.defaultWorker)
      case (nil, let folder?):
        var keys = try ClusterKeys.load(from: folder)
        return try keys.addWorker(named: name)
      default:
        throw UserError(
          "give --endpoint tcp://HOST:PORT to create the keys of a cluster, or --in DIR to add a worker key")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the endpoint of a cluster and the fingerprints of its keys.",
      discussion: "Prints no secret. The coordinator's log names keys by the same fingerprints.")

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
      abstract: "Change the address of a cluster's coordinator and keep its keys.",
      discussion: """
        Give the new join files to the workers; those that read them in this folder notice the change. A running search \
        keeps its port until it is stopped and resumed.
        """)

    @Argument(help: "The new address of the coordinator, such as tcp://HOST:5555.")
    var endpoint: String

    @Option(name: .customLong("in"), help: "The folder with the keys.", completion: .directory)
    var folder: String

    func run() throws {
      guard !FileManager.default.fileExists(atPath: RunDirectory(path: "\(folder)/..").study) else {
        throw UserError(
          "\(folder) holds the keys of one search: stop it, and resume it with --resume --advertise HOST")
      }
      let paths = try UserError.wrapping {
        var keys = try ClusterKeys.load(from: folder)
        let before = keys.endpoint
        let paths = try keys.move(to: Endpoint(endpoint))
        StandardError.say("moved from \(before) to \(keys.endpoint)")
        return paths
      }
      for path in paths { print("give this new file to its workers: \(path)") }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a worker key permanently.",
      discussion: """
        Within a second, a running coordinator disconnects the workers with this key and reassigns their trials. Results \
        that they reported before are kept; attempts.csv lists them.
        """)

    @Argument(help: "The name of the worker key; 'trawl keys show' lists them.")
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
