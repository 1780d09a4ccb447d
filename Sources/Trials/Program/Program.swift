import Foundation
import Platform
import Search

/// A program and how to run it, from the configuration of a trial.
struct Program {
  /// The budget of a complete trial, in epochs; 1 for a program that reports once.
  let epochs: Int
  /// Whether it must report all its epochs: trials are compared at rungs.
  let mustReportAll: Bool
  /// How long an attempt may run.
  let timeout: Duration?
  /// The metric that ranks the trials.
  let metric: String
  private let configuration: Configuration

  init(_ configuration: Configuration) {
    self.configuration = configuration
    epochs = configuration.integer("program.epochs")
    mustReportAll = configuration[ProgramFormat.mustReportAll] == .flag(true)
    timeout = configuration.has("program.timeout") ? .seconds(configuration.real("program.timeout")) : nil
    metric = configuration.word(ProgramFormat.metric)
  }

  /// Why a program cannot be started on this machine.
  struct Missing: Error {
    let message: String
  }

  /// How to start an attempt. Writes its parameters into the scratch folder.
  func launch(_ work: TrialWork, in scratch: ScratchFolder) throws -> ProcessGuard.Launch {
    let parameters = ProgramParameters(configuration)
    let seed = Self.seed(work.seed)
    try AtomicFile.write(parameters.json, to: scratch.parameters)
    let values = parameters.texts.merging([
      "params": scratch.parameters, "checkpoint": scratch.checkpoint, "trial": "\(work.trial)", "seed": seed,
      "epochs": "\(epochs)",
    ]) { $1 }
    let usesFlags = configuration.word("program.booleans") == "flag"
    let words = command.arguments(parameters.arguments(usesFlags: usesFlags), values)
    var environment = ProcessInfo.processInfo.environment
    // Python keeps what it prints until its buffer is full.
    if environment["PYTHONUNBUFFERED"] == nil { environment["PYTHONUNBUFFERED"] = "1" }
    for name in configuration.paths(in: "program.env") {
      environment[name] = configuration.word("program.env.\(name)")
    }
    environment.merge([
      "TRAWL_PARAMS": scratch.parameters, "TRAWL_CHECKPOINT": scratch.checkpoint,
      "TRAWL_TRIAL": "\(work.trial)",
      "TRAWL_SEED": seed, "TRAWL_EPOCHS": "\(epochs)", "TRAWL_REPORT": "\(ProcessGuard.Descriptor.report)",
      "TRAWL_TAKEN": "\(ProcessGuard.Descriptor.taken)",
    ]) { $1 }
    return ProcessGuard.Launch(
      path: try Self.path(of: words[0], environment["PATH"] ?? ""),
      arguments: [words[0]] + words.dropFirst().map(Self.absolute), environment: environment,
      directory: directory ?? scratch.work, scratch: scratch.path)
  }

  /// Throws `Missing` if the program cannot be started on this machine.
  func check() throws(Missing) {
    var isFolder: ObjCBool = false
    if let directory {
      guard FileManager.default.fileExists(atPath: directory, isDirectory: &isFolder), isFolder.boolValue
      else {
        throw Missing(message: "program.directory: \(directory) is no folder")
      }
    }
    let first = command.words[0]
    guard CommandTemplate.placeholders(in: first).isEmpty else { return }
    _ = try Self.path(of: first, ProcessInfo.processInfo.environment["PATH"] ?? "")
  }

  private var command: CommandTemplate {
    guard case .list(let words) = configuration["program.command"] else {
      preconditionFailure("program.command is no list")
    }
    return CommandTemplate(words: words.map { "\($0)" })
  }

  private var directory: String? {
    configuration.has("program.directory") ? configuration.word("program.directory").asAbsolutePath : nil
  }

  /// A seed that every language takes: below 2^31.
  private static func seed(_ seed: UInt64) -> String { "\(seed & 0x7fff_ffff)" }

  /// The path of a program, looked for in the folders of `PATH` unless it has a slash.
  private static func path(of program: String, _ folders: String) throws(Missing) -> String {
    let manager = FileManager.default
    if program.contains("/") {
      let path = program.asAbsolutePath
      guard manager.fileExists(atPath: path) else { throw Missing(message: "\(program): no such file") }
      guard access(path, X_OK) == 0 else {
        throw Missing(message: "\(program) is not executable; chmod +x \(program)")
      }
      return path
    }
    for folder in folders.split(separator: ":") where access("\(folder)/\(program)", X_OK) == 0 {
      return "\(folder)/\(program)"
    }
    let hint = manager.fileExists(atPath: program) ? "; for the file in this folder, write ./\(program)" : ""
    throw Missing(message: "\(program): command not found\(hint)")
  }

  /// An argument that is the relative path of a file becomes absolute, because the program runs in another folder.
  private static func absolute(_ argument: String) -> String {
    guard !argument.hasPrefix("-"), !argument.hasPrefix("/") else { return argument }
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) && !isFolder.boolValue
      ? argument.asAbsolutePath : argument
  }
}
