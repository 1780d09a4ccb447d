import Foundation
import Testing

@testable import Platform

@Suite struct ChildProcessTests {
  private func shell(_ script: String) throws -> ChildProcess {
    try ChildProcess("/bin/sh", ["-c", script])
  }

  /// Waits until the process has ended, without reaping it.
  private func waitForEnd(of child: ChildProcess) {
    var info = siginfo_t()
    while waitid(P_PID, UInt32(child.pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
  }

  @Test func exitStatusIsReported() throws {
    let child = try shell("exit 7")
    waitForEnd(of: child)
    #expect(child.reap() == .exited(7))
  }

  @Test func signalsEndAProcess() throws {
    let (polite, rude) = (try shell("exec sleep 600"), try shell("exec sleep 600"))
    #expect(polite.reap() == nil)
    polite.terminate()
    rude.kill()
    waitForEnd(of: polite)
    waitForEnd(of: rude)
    #expect(polite.reap() == .signalled(SIGTERM))
    #expect(rude.reap() == .signalled(SIGKILL))
  }

  @Test func processHasItsOwnGroup() throws {
    let child = try shell("exec sleep 600")
    #expect(getpgid(child.pid) == child.pid && child.pid != getpgrp())
    child.kill()
    waitForEnd(of: child)
    #expect(child.reap() == .signalled(SIGKILL))
  }

  @Test func blockedSignalsOfThisThreadAreNotBlockedThere() throws {
    var (set, before) = (sigset_t(), sigset_t())
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &set, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let child = try shell("exec sleep 600")
    child.terminate()
    waitForEnd(of: child)
    #expect(child.reap() == .signalled(SIGTERM))
  }

  @Test func standardInputStaysOpenWhileTheProcessRuns() throws {
    let folder = try TemporaryFolder()
    // 'read' would return at once if the pipe were closed or had data.
    let child = try shell("read line; echo over >'\(folder.path)/end'")
    #expect(child.reap() == nil)
    child.terminate()
    waitForEnd(of: child)
    #expect(child.reap() == .signalled(SIGTERM))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/end"))
  }

  @Test func missingProgramIsAnError() {
    let error = #expect(throws: UserError.self) { try ChildProcess("/nowhere/trawl", []) }
    #expect(error?.message == "cannot start /nowhere/trawl: No such file or directory")
  }
}
