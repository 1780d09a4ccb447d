import Foundation
import Testing

/// `trawl data get` with a local server.
@Suite
struct DataCommandTests {
  private let scratch: Scratch
  /// The file that is downloaded first.
  private let first = "t10k-images-idx3-ubyte.gz"

  init() throws {
    scratch = try Scratch()
  }

  /// Starts `trawl data get` with an empty cache in the scratch folder.
  private func get(_ name: String = "mnist", from addresses: [String]) throws -> Program {
    try scratch.start(
      ["trawl", "data", "get", name] + addresses.flatMap { ["--from", $0] },
      environment: ["XDG_CACHE_HOME": "\(scratch.path)/caches"])
  }

  private func partial(_ file: String) -> String { "caches/trawl/.partial-mnist/\(file)" }

  /// Expects that the download failed with one error line and created no dataset.
  private func expectFailure(
    _ ending: Program.Ending, _ words: String..., at location: SourceLocation = #_sourceLocation
  ) {
    #expect(ending.end == .exited(2), sourceLocation: location)
    #expect(ending.output.isEmpty, sourceLocation: location)
    let line = ending.errorLines.last ?? ""
    #expect(line.hasPrefix("trawl: cannot download mnist, \(first): "), sourceLocation: location)
    for word in words { #expect(line.contains(word), "\(line)", sourceLocation: location) }
    #expect(ending.errorLines.filter { $0.hasPrefix("trawl:") }.count == 1, sourceLocation: location)
    #expect(
      !FileManager.default.fileExists(atPath: "\(scratch.path)/caches/trawl/mnist"),
      sourceLocation: location)
  }

  @Test func withoutANetworkOneLineNamesMirrorsAndAlternatives() async throws {
    let port = try HeldPort.free()
    let addresses = ["http://127.0.0.1:\(port)/one", "http://no-such-host.invalid/two"]
    let ending = try await get(from: addresses).ending()
    expectFailure(ending, addresses[0] + ": ", addresses[1] + ": ", "TRAWL_DATA_PATH", "mnist/", "--from")
  }

  @Test func mirrorsAreTriedInOrder() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    let mirrors = ["missing", "garbage", "other"].map(server.address)
    let ending = try await get(from: mirrors).ending()
    expectFailure(
      ending, "\(mirrors[0]): the server answers with status 404", "\(mirrors[1]): not the published file",
      "\(mirrors[2]): not the published file")
    // None of them got a second request, and nothing that they sent was kept.
    #expect(server.requests.map(\.path) == ["/missing/\(first)", "/garbage/\(first)", "/other/\(first)"])
    #expect(server.requests.allSatisfy { $0.start == nil })
    #expect(!scratch.content.keys.contains(partial(first)))
  }

  @Test func temporaryServerErrorIsRetried() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    let ending = try await get(from: [server.address("busy")]).ending()
    expectFailure(ending, "the server answers with status 503")
    #expect(server.requests.count == 3)
  }

  @Test func downloadResumesAfterCutConnections() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    // The bytes are artificial, so the complete file is rejected. No byte is requested twice.
    let ending = try await get(from: [server.address("cut")]).ending()
    expectFailure(ending, "not the published file")
    #expect(server.requests.map(\.start) == [nil, 30_000, 60_000, 90_000])
  }

  @Test func serverWithoutRangesSendsAllAgain() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    try scratch.write(partial(first), Data(count: 500))
    let ending = try await get(from: [server.address("plain")]).ending()
    expectFailure(ending, "not the published file")
    #expect(server.requests.first?.start == 500)
    #expect(!scratch.content.keys.contains(partial(first)))
  }

  @Test func invalidPartIsDiscarded() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    try scratch.write(partial(first), Data(count: FileServer.size + 1))
    let ending = try await get(from: [server.address("good")]).ending()
    expectFailure(ending, "not the published file")
    #expect(server.requests.map(\.start).prefix(2) == [FileServer.size + 1, nil])
  }

  @Test func killedDownloadIsResumed() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    let program = try get(from: [server.address("hang")])
    try await eventually("the first bytes are here") { (try? scratch.data(partial(first)))?.count == 30_000 }
    program.send(SIGKILL)
    #expect(try await program.ending().end == .signalled(SIGKILL))
    let ending = try await get(from: [server.address("first")]).ending()
    expectFailure(ending, "status 503", "The same command resumes the download")
    #expect(server.requests.map(\.start).prefix(3) == [nil, 30_000, 60_000])
    #expect(try scratch.data(partial(first)).count == 60_000)
  }

  @Test func endlessAnswerIsCutOff() async throws {
    guard let server = try await FileServer(in: scratch) else { return }
    let ending = try await get(from: [server.address("endless")]).ending()
    expectFailure(ending, "sends more than 64 MiB")
  }

  @Test(arguments: ["ftp://127.0.0.1/x", "nonsense", "http://", ""])
  func invalidAddressesAreRejected(address: String) async throws {
    let ending = try await get(from: [address]).ending()
    #expect(ending.end == .exited(2))
    #expect(ending.errorLines.count == 1 && ending.errors.contains("--from"))
  }

  @Test func twoAtOnceFetchEachFileOnce() async throws {
    let folder = "/usr/share/datasets/fashion-mnist"
    guard FileManager.default.fileExists(atPath: "\(folder)/\(first)") else {
      print("twoAtOnceFetchEachFileOnce: \(folder) is not on this machine")
      return
    }
    guard let server = try await FileServer(in: scratch, folder: folder) else { return }
    // The existing file is damaged.
    try scratch.write("caches/trawl/fashion-mnist/\(first)", "damaged")
    let programs = try (0..<2).map { _ in try get("fashion-mnist", from: [server.address("cut")]) }
    for program in programs {
      let ending = try await program.ending()
      #expect(ending.end == .exited(0), "\(ending.errors)")
      #expect(ending.output == "fashion-mnist: \(scratch.path)/caches/trawl/fashion-mnist\n")
    }
    let requests = server.requests
    #expect(Set(requests.map(\.path)).count == 4)
    #expect(requests.count { $0.start == nil } == 4)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let original = FileManager.default.contents(atPath: "\(folder)/\(file)")
      #expect(try scratch.data("caches/trawl/fashion-mnist/\(file)") == original)
    }
    #expect(scratch.content.keys.filter { $0.contains(".partial") || $0.contains(".old") }.isEmpty)
    let again = try await get("fashion-mnist", from: [server.address("good")]).ending()
    #expect(again.end == .exited(0) && again.output.contains("is already here"))
    #expect(server.requests == requests)
  }
}
