import Foundation
import Platform
import Search

/// One attempt at a trial with a program: starts it, takes its reports and decides how it ends.
final class ProgramExecution {
  /// Why the program is stopped.
  private enum Stop: Equatable {
    /// By order of the coordinator.
    case ordered(TrialOrder)
    /// It has reported the last epoch of its budget, which is not the last one of the trial.
    case budget
    case diverged
    case failed(String)
    /// It went on after its checkpoint later than where it was stopped.
    case gap
  }

  /// The time between SIGTERM and SIGKILL.
  private static let grace = Duration.seconds(5)
  private static let tick = Duration.milliseconds(100)

  private let work: TrialWork
  private let control: any TrialControl
  private let process: GuardedProcess
  private let program: Program
  /// Whether the guard still runs.
  private(set) var isGuardIntact = true

  /// The number of reported epochs, in this attempt or before.
  private var reported: Int
  /// The metrics of a program that reports once.
  private var only: [String: Double] = [:]
  private var stop: Stop?
  private var errors = OutputTail()
  private var output = OutputTail()
  private var reportLines = LineSplitter()
  private var outputLines = LineSplitter()

  init(_ work: TrialWork, _ control: any TrialControl, _ process: GuardedProcess) {
    (self.work, self.control, self.process) = (work, control, process)
    program = Program(work.configuration)
    reported = work.reported
  }

  /// Runs the program to its end. Throws if it cannot be started on this machine.
  func run() throws -> TrialOutcome {
    let scratch = try ScratchFolder()
    if !work.checkpoint.isEmpty, !FolderArchive.unpack(work.checkpoint, into: scratch.checkpoint) {
      try scratch.clearCheckpoint()
    }
    var end = try runOnce(in: scratch)
    if stop == .gap || skippedReports(end) {
      // It was stopped between its checkpoint and its report of an epoch: a checkpoint is a cache.
      try scratch.clearCheckpoint()
      (stop, reportLines, outputLines) = (nil, LineSplitter(), LineSplitter())
      end = try runOnce(in: scratch)
    }
    return outcome(of: end, scratch)
  }

  /// Whether the program has ended well after its checkpoint, without a report of the epochs that are missing.
  private func skippedReports(_ end: End) -> Bool {
    guard case .status(0) = end, stop == nil else { return false }
    return program.epochs > 1 && !work.checkpoint.isEmpty && reported == work.reported
      && reported < program.epochs
  }

  /// The status of the program as from waitpid, or why it has none.
  private enum End {
    case status(Int32)
    case refused(String)
    case guardEnded
  }

  private func runOnce(in scratch: ScratchFolder) throws -> End {
    process.start(try program.launch(work, in: scratch))
    let begin = monotonicNow()
    var stopped: Duration?
    var isKilled = false
    while true {
      for arrival in process.wait(Self.tick) {
        switch arrival {
        case .report(let bytes): for line in reportLines.append(bytes) { takeReport(line, isPiped: true) }
        case .output(let bytes):
          output.append(bytes)
          for line in outputLines.append(bytes) { takeOutput(line) }
        case .errors(let bytes): errors.append(bytes)
        case .answer(let answer):
          if let refusal = answer.refusal { return .refused(refusal) }
          reportLines.end().map { takeReport($0, isPiped: true) }
          outputLines.end().map(takeOutput)
          return .status(answer.ended ?? 0)
        case .guardEnded:
          isGuardIntact = false
          process.killAdopted()
          return .guardEnded
        }
      }
      // The worker watches the time of the program, so it is not a trial without progress.
      control.advance()
      let now = monotonicNow()
      if stop == nil, control.order != .proceed { stop = .ordered(control.order) }
      if stop == nil, let timeout = program.timeout, now - begin > timeout {
        stop = .failed("it ran longer than program.timeout (\(Int(timeout.seconds)) s)")
      }
      guard stop != nil else { continue }
      if stopped == nil {
        stopped = now
        process.signal(SIGTERM)
      } else if let stopped, !isKilled, now - stopped > Self.grace {
        isKilled = true
        process.signal(SIGKILL)
      }
    }
  }

  // MARK: Reports

  private func takeOutput(_ line: String) {
    if let text = ReportLine.text(inOutput: line) { takeReport(text, isPiped: false) }
  }

  /// - Parameter isPiped: whether the program may wait for a confirmation.
  private func takeReport(_ text: some StringProtocol, isPiped: Bool) {
    guard stop == nil, !text.allSatisfy(\.isWhitespace) else { return }
    do throws(ReportLine.Problem) {
      let line = try ReportLine(text)
      if program.epochs == 1 { takeOnly(line) } else { try takeEpoch(line) }
    } catch {
      stop = .failed(error.message)
    }
    if isPiped, stop == nil { process.confirmReport() }
  }

  private func takeOnly(_ line: ReportLine) {
    for (name, value) in line.metrics { only[name] = value }
  }

  private func takeEpoch(_ line: ReportLine) throws(ReportLine.Problem) {
    guard let epoch = line.epoch else {
      throw .init(message: "a report has no epoch, which program.epochs (\(program.epochs)) requires")
    }
    // After a checkpoint, epochs may be repeated.
    guard epoch > reported else { return }
    guard epoch <= program.epochs else {
      throw .init(message: "it reported epoch \(epoch), but program.epochs is \(program.epochs)")
    }
    guard epoch == reported + 1 else {
      if !work.checkpoint.isEmpty, reported == work.reported {
        stop = .gap
        return
      }
      throw .init(
        message: "it reported epoch \(epoch) after epoch \(reported); each epoch must be reported, in order")
    }
    let metrics = line.metrics
    guard let objective = metrics.first(where: { $0.name == program.metric })?.value else {
      throw .init(message: missingObjective(metrics.map(\.name)))
    }
    guard objective.isFinite else {
      stop = .diverged
      return
    }
    reported = epoch
    control.report(TrialMeasurement(step: Double(epoch), Metrics(metrics.filter(\.value.isFinite))))
    if Double(epoch) >= work.budget, epoch < program.epochs { stop = .budget }
  }

  private func missingObjective(_ names: [String]) -> String {
    let reported = names.isEmpty ? "nothing" : names.prefix(10).joined(separator: ", ")
    return "the objective '\(program.metric)' is missing; it reported \(reported)"
  }

  // MARK: The end

  private func outcome(of end: End, _ scratch: ScratchFolder) -> TrialOutcome {
    if case .refused(let message) = end { return .unable(message) }
    switch stop {
    case .ordered(.suspend): return suspended(scratch)
    case .ordered: return .stopped
    case .budget: return suspended(scratch)
    case .diverged: return .diverged
    case .failed(let message): return .failed(message)
    case .gap: return .failed("it did not report the first epochs, although it had no checkpoint")
    case nil: break
    }
    switch end {
    case .guardEnded: return .failed("the process that guards programs was killed")
    case .refused(let message): return .unable(message)
    case .status(0): return done()
    case .status(let status): return .failed(failure(status))
    }
  }

  /// The outcome of a program that has ended with the exit status 0.
  private func done() -> TrialOutcome {
    guard program.epochs == 1 else {
      if reported == program.epochs || (reported > 0 && !program.mustReportAll) { return .done }
      return .failed("it ended after \(reported) of \(program.epochs) epochs")
    }
    guard let objective = only[program.metric] else {
      return .failed("it ended well, but \(missingObjective(only.keys.sorted()))")
    }
    guard objective.isFinite else { return .diverged }
    if work.reported == 0 {
      let metrics = only.filter(\.value.isFinite).sorted { $0.key < $1.key }
      control.report(TrialMeasurement(step: 1, Metrics(metrics.map { (name: $0.key, value: $0.value) })))
    }
    return .done
  }

  private func failure(_ status: Int32) -> String {
    let signal = status & 0x7f
    let end =
      signal == 0
      ? "exit status \((status >> 8) & 0xff)"
      : "ended by signal \(signal)" + (signal == SIGKILL ? " (killed, perhaps because memory ran out)" : "")
    return (errors.lastLine ?? output.lastLine).map { "\(end): \($0)" } ?? end
  }

  private func suspended(_ scratch: ScratchFolder) -> TrialOutcome {
    // Without its checkpoint, the trial starts again.
    let checkpoint = (try? FolderArchive.pack(scratch.checkpoint, of: "\(work.trial) \(work.seed)")) ?? []
    return .suspended(.init(checkpoint: checkpoint, steps: reported))
  }
}
