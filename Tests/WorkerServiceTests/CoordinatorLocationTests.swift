import Foundation
import Messaging
import Platform
import Testing

@testable import WorkerService

@Suite struct CoordinatorLocationTests {
  private let folder: TemporaryFolder
  private let join: JoinFile

  init() throws {
    folder = try TemporaryFolder()
    join = JoinFile(
      endpoint: try Endpoint("tcp://node:5555"), coordinatorKey: CurveKeyPair.generate().publicKey,
      workerKeys: .generate())
  }

  private var path: String { "\(folder.path)/join.json" }

  private func location(_ path: String, local: Endpoint? = nil) -> CoordinatorLocation {
    CoordinatorLocation(joinFile: path, localEndpoint: local)
  }

  @Test func localEndpointReplacesThatOfTheFile() throws {
    try join.write(to: path)
    #expect(try location(path).load().endpoint == join.endpoint)
    let local = try Endpoint("tcp://127.0.0.1:5555")
    #expect(try location(path, local: local).load().endpoint == local)
  }

  @Test func workerWaitsForTheJoinFile() throws {
    var lines: [String] = []
    let came = location(path).waitForJoinFile(unless: Latch()) { line in
      lines.append(line)
      do { try join.write(to: path) } catch { Issue.record(error) }
    }
    #expect(came)
    #expect(
      lines == ["waiting for \(path), which the coordinator writes when it starts (40 minutes at most)"])
  }

  @Test func stoppedWorkerDoesNotWait() {
    let leaving = Latch()
    leaving.raise()
    var lines: [String] = []
    let missing = "\(folder.path)/no/join.json"
    #expect(!location(missing).waitForJoinFile(unless: leaving) { lines.append($0) })
    #expect(lines.first?.hasSuffix("; there is no folder \(folder.path)/no yet") == true)
  }

  @Test func otherFileIsNamed() throws {
    try AtomicFile.write("{\"name\": 1}", to: path)
    let error = #expect(throws: UserError.self) { try location(path).checkKind() }
    #expect(error?.message.hasPrefix("\(path) is not a join file; ") == true)
    try FileManager.default.removeItem(atPath: path)
    try join.write(to: path)
    try location(path).checkKind()
  }

  @Test func messageAboutSilenceSaysWhatToCheck() throws {
    let loopback = NoAnswerMessage.message(about: try Endpoint("tcp://127.0.0.1:5555"))
    #expect(loopback.contains("it runs on another machine; then start it with --listen"))
    let remote = NoAnswerMessage.message(about: try Endpoint("tcp://192.0.2.1:5555"))
    #expect(remote.contains("that '192.0.2.1' resolves to its machine (--advertise)"))
  }
}
