import Foundation
import Platform
import Testing

@testable import CoordinatorService

/// Local workers that are shell scripts.
@Suite struct LocalWorkersTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func workers(_ count: Int, _ script: String) throws -> LocalWorkers {
    let path = "\(folder.path)/program"
    try AtomicFile.write("#!/bin/sh\n\(script)\n", to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return LocalWorkers(count: count, joinFile: "join.json", endpoint: "tcp://127.0.0.1:5555", program: path)
  }

  /// Waits until the processes have ended, without reaping them.
  private func waitForEnd(of pids: [pid_t]) {
    for pid in pids {
      var info = siginfo_t()
      while waitid(P_PID, UInt32(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }
  }

  @Test func eachProcessGetsTheJoinFileAndOneSlot() throws {
    var workers = try workers(2, "echo \"$@\" >'\(folder.path)/'$$")
    let pids = try workers.start(at: .seconds(1))
    #expect(pids.count == 2 && workers.count == 2)
    let more = try workers.start(at: .seconds(2))
    #expect(more.isEmpty, "none is missing")
    waitForEnd(of: pids)
    for pid in pids {
      let words = try String(contentsOfFile: "\(folder.path)/\(pid)", encoding: .utf8)
      #expect(words == "worker --join join.json --slots 1 --local-endpoint tcp://127.0.0.1:5555\n")
    }
    let ended = workers.reap()
    #expect(Set(ended.map(\.pid)) == Set(pids))
    #expect(workers.count == 0)
  }

  @Test func processesThatRefuseAreNotReplacedForever() throws {
    var workers = try workers(1, "exit 2")
    var now = Duration.seconds(1)
    for _ in 0..<3 {
      now += .seconds(60)
      let pids = try workers.start(at: now)
      #expect(pids.count == 1 && !workers.hasFailed)
      waitForEnd(of: pids)
      let ended = workers.reap()
      #expect(ended.count == 1)
    }
    let more = try workers.start(at: now + .seconds(60))
    #expect(more.isEmpty && workers.hasFailed)
  }

  @Test func crashedProcessIsReplacedAfterAWhile() throws {
    var workers = try workers(2, "exit 70")
    let pids = try workers.start(at: .seconds(1))
    waitForEnd(of: pids)
    for ended in workers.reap() {
      guard case .crashed = ended.end else {
        Issue.record("\(ended.end)")
        continue
      }
    }
    let early = try workers.start(at: .seconds(1) + .milliseconds(100))
    #expect(early.isEmpty)
    let next = try workers.start(at: .seconds(10))
    #expect(next.count == 1, "one at a time after a failure")
    waitForEnd(of: next)
    _ = workers.reap()
    workers.resetFailures()
    let both = try workers.start(at: .seconds(10))
    #expect(both.count == 2)
    waitForEnd(of: both)
    _ = workers.reap()
  }

  @Test func killedProcessDoesNotCountAsCrashed() throws {
    var workers = try workers(2, "exec sleep 600")
    let pids = try workers.start(at: .seconds(1))
    workers.kill(pids[0])
    waitForEnd(of: [pids[0]])
    let ended = workers.reap()
    #expect(ended.map(\.pid) == [pids[0]])
    guard case .killed? = ended.first?.end else { throw UserError("\(ended)") }
    let replacement = try workers.start(at: .seconds(1))
    #expect(replacement.count == 1, "it is replaced at once")
    workers.terminateAll()
    waitForEnd(of: [pids[1]] + replacement)
    let last = workers.reap()
    #expect(last.count == 2 && workers.count == 0)
  }

  @Test func programThatCannotStartIsAnError() {
    #expect(throws: UserError.self) {
      var workers = LocalWorkers(count: 1, joinFile: "", endpoint: "", program: "/nowhere/trawl")
      _ = try workers.start(at: .seconds(1))
    }
  }
}
