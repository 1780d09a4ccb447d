import ArgumentParser
import Foundation
import Messaging

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make, show and revoke the keys of a cluster.",
    discussion: """
      Keys let workers start before any search and serve many:
        trawl keys new DIR --endpoint tcp://HOST:5555   once; DIR/join.json is for the workers
        trawl worker --join DIR/join.json --keep        on each machine
        trawl search FILE --keys DIR                    on HOST, again and again
      Without them a search makes its own.
      """,
    subcommands: [New.self, Show.self, Revoke.self])

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the keys of a cluster, or one more worker key for it.")

    @Argument(help: "The folder for the keys.", completion: .directory)
    var folder: String

    @Option(help: "Where the coordinator will be reached, as tcp://HOST:5555.")
    var endpoint: String?

    @Option(help: "Add a worker key with this name to existing keys.")
    var name: String?

    func run() throws {
      let path = try Complaint.asking { try makeKeys() }
      print("give this file to the workers, and to nobody else: \(path)")
    }

    /// Returns the path of the new join file.
    private func makeKeys() throws -> String {
      switch (endpoint, name) {
      case (let endpoint?, nil):
        return try ClusterKeys.create(in: folder, endpoint: Endpoint(endpoint))
          .joinFile(of: ClusterKeys.defaultWorker)
      case (nil, let name?):
        var keys = try ClusterKeys.load(from: folder)
        return try keys.addWorker(named: name)
      default:
        throw Complaint(
          "give --endpoint tcp://HOST:PORT for new keys, or --name NAME for one more worker key")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the endpoint and the public keys of a cluster.")

    @Argument(help: "The folder with the keys.", completion: .directory)
    var folder: String

    func run() throws {
      let keys = try Complaint.asking { try ClusterKeys.load(from: folder) }
      print("endpoint: \(keys.endpoint)")
      print("coordinator: \(keys.coordinatorKeys.publicKey)")
      for worker in keys.workers {
        print("worker \(worker.name): \(worker.key)")
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a worker key back. A running coordinator must be started anew to notice.")

    @Argument(help: "The folder with the keys.", completion: .directory)
    var folder: String

    @Argument(help: "The name of the worker key, as 'trawl keys show' prints it.")
    var name: String

    func run() throws {
      try Complaint.asking {
        var keys = try ClusterKeys.load(from: folder)
        try keys.revokeWorker(named: name)
      }
      print("revoked \(name)")
    }
  }
}
