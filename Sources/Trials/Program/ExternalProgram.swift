import Foundation
import Platform
import Search
import Synchronization

/// A program of the user as a trial body.
package final class ExternalProgram: TrialBody {
  private let executable: String
  /// Guards without a program, one for each slot that has run one.
  private let idle = Mutex<[GuardedProcess]>([])

  /// - Parameter executable: the path of `trawl`, which is also the guard of programs; the default is that of this
  ///   process.
  package init(executable: String = "/proc/self/exe") {
    self.executable = executable
  }

  package func forgetData() {}

  package func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    do {
      let process = try takeGuard()
      let execution = ProgramExecution(work, control, process)
      let outcome = try execution.run()
      if execution.isGuardIntact { idle.withLock { $0.append(process) } }
      return outcome
    } catch let missing as Program.Missing {
      return .unable(missing.message)
    } catch {
      return .unable("\((error as? UserError)?.message ?? "\(error)")")
    }
  }

  private func takeGuard() throws -> GuardedProcess {
    try idle.withLock { $0.popLast() } ?? GuardedProcess(executable)
  }
}
