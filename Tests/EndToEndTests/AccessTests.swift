import Foundation
import Testing

/// Addresses, keys and join files as people give them, and the lines about workers.
@Suite struct AccessTests {
  private let scratch: Scratch

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    try scratch.write("search.yaml", SearchText.brief())
  }

  /// Runs a search that a worker in another process joins.
  private func joined(_ options: String...) async throws -> String {
    let search = try scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "0"] + options)
    let worker = try scratch.worker("run/join.json")
    #expect(try await worker.ending().end == .exited(0), "\(search.errors)")
    let ending = try await search.ending()
    #expect(ending.end == .exited(0), "\(ending.errors)")
    return try #require(scratch.object("run/join.json")["endpoint"]?.text)
  }

  @Test func hostNameIsListenedAtAndAdvertised() async throws {
    #expect(try await joined("--listen", "tcp://localhost:0").hasPrefix("tcp://localhost:"))
  }

  @Test func addressOfIPv6IsListenedAtIfItIsAdvertised() async throws {
    guard FileManager.default.contents(atPath: "/proc/net/if_inet6")?.isEmpty == false else { return }
    #expect(try await joined("--listen", "tcp://*:0", "--advertise", "::1").hasPrefix("tcp://[::1]:"))
  }

  @Test func mistakesOfAddressesAndKeysAreNamed() async throws {
    func message(_ words: String...) async throws -> String {
      let ending = try await scratch.start(["trawl"] + words).ending()
      #expect(ending.end == .exited(2), "\(words)")
      return ending.errors
    }
    #expect(
      try await message("search", "search.yaml", "--listen", "tcp://*:0", "--advertise", "node1:5555")
        .contains("--advertise needs a host name or an address without port"))
    #expect(
      try await scratch.run("keys", "new", "cluster", "--endpoint", "tcp://127.0.0.1:5555").end == .exited(0))
    let file = try await message("search", "search.yaml", "--keys", "cluster/join.json")
    #expect(
      file.contains("cluster/join.json is a file") && file.contains("--keys ") && file.contains("/cluster\n"))
    #expect(try await message("search", "search.yaml", "--output", "").contains("--output must not be empty"))
    #expect(try await message("worker", "--join", "search.yaml").contains("search.yaml is not a join file"))
    try scratch.setMode("cluster/join.json", 0o644)
    #expect(try await message("worker", "--join", "cluster/join.json").contains("chmod 600"))
  }

  @Test func missingFolderOfAJoinFileIsNamed() async throws {
    let worker = try scratch.worker("clutser/join.json")
    try await eventually("the folder is named") { worker.errors.contains("there is no folder") }
    worker.send(SIGTERM)
    #expect(try await worker.ending().end == .exited(0))
  }

  @Test func workerOfAnotherMachineLearnsThatTheSearchIsLocal() async throws {
    let search = try await scratch.run("search", "search.yaml", "--output", "run")
    #expect(search.errors.contains("only this machine can join; for others start the search with --listen"))
    // As on another machine: nothing listens at this address, and the search has not ended.
    let join = try scratch.text("run/join.json").split(separator: "\n").filter {
      !$0.contains("ended_search")
    }
    try scratch.write("copy/join.json", join.joined(separator: "\n"))
    try scratch.setMode("copy/join.json", 0o600)
    let worker = try scratch.worker("copy/join.json")
    try await eventually("the worker explains the silence") {
      worker.errors.contains("it runs on another machine; then start it with --listen")
    }
    worker.send(SIGTERM)
    #expect(try await worker.ending().end == .exited(0))
  }

  @Test func keysThatAreGoneAreMadeAgain() async throws {
    let listen = ["--listen", "tcp://127.0.0.1:0"]
    let first = try await scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "1"] + listen
    ).ending()
    #expect(first.end == .exited(0))
    try FileManager.default.removeItem(atPath: "\(scratch.path)/run/keys")
    try FileManager.default.removeItem(atPath: "\(scratch.path)/run/join.json")
    let again = try await scratch.run("search", "--resume", "run", "--trials", "6")
    #expect(again.end == .exited(0), "\(again.errors)")
    #expect(again.errors.contains("the keys of this search are missing"))
    // The keys of a cluster are not replaced.
    #expect(
      try await scratch.run("keys", "new", "cluster", "--endpoint", "tcp://127.0.0.1:\(HeldPort().number)")
        .end == .exited(0))
    let keyed = try await scratch.run(
      "search", "search.yaml", "--output", "keyed", "--workers", "1", "--keys", "cluster")
    #expect(keyed.end == .exited(0), "\(keyed.errors)")
    let forgotten = try await scratch.run("search", "search.yaml", "--output", "keyed", "--resume")
    #expect(forgotten.end == .exited(2) && forgotten.errors.contains("/cluster again"), "\(forgotten.errors)")
    #expect(try await scratch.run("search", "--resume", "keyed", "--trials", "5").end == .exited(0))
  }

  @Test func killedWorkerIsNamedOnTheTerminal() async throws {
    try scratch.write("search.yaml", SearchText.lasting(heartbeat: 0.2, lease: 1))
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.worker("run/join.json", "--pace", "0.5")
    let run = Run(scratch: scratch)
    try await run.waitForResults(1, of: search)
    worker.send(SIGKILL)
    try await eventually("the worker and its absence are named") {
      search.errors.contains("(pid \(worker.pid)) is lost: no heartbeat for")
        && search.errors.contains("warning: no workers connected; ")
    }
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
  }

  @Test func logLinesAreJSONOnRequest() async throws {
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--log-format", "json")
    #expect(ending.end == .exited(0) && ending.errorLines.count > 2)
    for line in try ending.errorLines + scratch.text("run/trawl.log").split(separator: "\n").map(String.init)
    {
      let object = try parsedObject(line)
      #expect(object["message"]?.text != nil && object["level"]?.text != nil && object["time"]?.text != nil)
    }
    let bad = try await scratch.run("search", "none.yaml", "--log-format", "json")
    #expect(try parsedObject(bad.errorLines[0])["level"]?.text == "error")
  }

  @Test func environmentsWithoutHomeOrOutputDoNotStopASearch() async throws {
    // Without a cache coordinator and worker draw the digits one after the other. That takes a debug build 45 s, and
    // many times that beside other tests.
    let home = try await scratch.start(
      ["trawl", "search", "search.yaml", "--output", "a", "--workers", "1"],
      environment: ["HOME": "", "XDG_CACHE_HOME": ""]
    ).ending(within: patience * 4)
    #expect(home.end == .exited(0), "\(home.errors)")
    #expect(!FileManager.default.fileExists(atPath: "/.cache/trawl"))
    let closed = try await scratch.start([
      "sh", "-c", "trawl search search.yaml --output b --quiet >&-",
    ]).ending()
    #expect(closed.end == .exited(0), "\(closed.errors)")
    let full = try await scratch.start([
      "sh", "-c", "trawl search search.yaml --output c --quiet >/dev/full",
    ]).ending()
    #expect(full.end == .exited(1) && full.errors.contains("cannot write the output"), "\(full)")
    #expect(try scratch.text("c/results.csv").split(separator: "\n").count == 5)
  }
}
