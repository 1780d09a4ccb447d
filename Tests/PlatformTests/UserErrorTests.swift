import Foundation
import Testing

@testable import Platform

private struct Failure: ClassifiedError, CustomStringConvertible {
  let isSystemError: Bool
  var description: String { "it fails" }
}

@Suite struct UserErrorTests {
  @Test(arguments: [(true, Platform.ExitStatus.failed), (false, .badInput)])
  func classificationOfAnErrorDeterminesTheStatus(isSystemError: Bool, status: Platform.ExitStatus) {
    let error = #expect(throws: UserError.self) {
      try UserError.wrapping { throw Failure(isSystemError: isSystemError) }
    }
    #expect(error?.mistakes == ["it fails"] && error?.status == status)
  }

  @Test func userErrorIsNotWrappedAgain() {
    let error = #expect(throws: UserError.self) {
      try UserError.wrapping { throw UserError("no", status: .failedTrials) }
    }
    #expect(error?.message == "no" && error?.status == .failedTrials)
  }

  @Test(arguments: [
    (ENOSPC, Platform.ExitStatus.failed), (EMFILE, .failed), (ENOENT, .badInput), (EACCES, .badInput),
  ])
  func fullDiskIsASystemError(code: Int32, status: Platform.ExitStatus) {
    errno = code
    let error = UserError.system("cannot write x")
    #expect(error.status == status && error.message == "cannot write x: \(String(cString: strerror(code)))")
  }

  @Test func mistakesAreJoinedInOneMessage() {
    #expect(UserError(mistakes: ["one", "two"]).message == "one; two")
  }
}
