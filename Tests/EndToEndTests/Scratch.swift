import Foundation

/// A temporary folder for a test and its programs. On deinit it ends the programs and removes the folder.
final class Scratch {
  let path: String
  private var programs: [Program] = []

  init() throws {
    path = NSTemporaryDirectory() + "trawl-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    programs.removeAll()
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Starts a program in this folder.
  func start(_ words: [String], environment changes: [String: String] = [:]) throws -> Program {
    var environment = ProcessInfo.processInfo.environment
    environment["TRAWL_DATA_PATH"] = nil
    environment["XDG_STATE_HOME"] = "\(path)/state"
    environment.merge(changes) { $1 }
    let program = try Program(words, in: path, environment: environment)
    programs.append(program)
    return program
  }

  /// Starts `trawl` in this folder.
  func trawl(_ words: String..., environment: [String: String] = [:]) throws -> Program {
    try start(["trawl"] + words, environment: environment)
  }

  /// Runs `trawl` in this folder to its end.
  func run(_ words: String..., environment: [String: String] = [:]) async throws -> Program.Ending {
    try await start(["trawl"] + words, environment: environment).ending()
  }

  /// Writes a file, creates its folder if needed, and returns its absolute path.
  @discardableResult
  func write(_ name: String, _ content: some DataProtocol) throws -> String {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(content).write(to: url)
    return name
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Data(text.utf8))
  }

  func data(_ name: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else {
      throw Failure("\(name) is missing")
    }
    return data
  }

  func text(_ name: String) throws -> String {
    String(decoding: try data(name), as: UTF8.self)
  }

  func object(_ name: String) throws -> [String: JSONValue] {
    try parsedObject(text(name))
  }

  func setMode(_ name: String, _ mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(path)/\(name)")
  }

  /// All files with their content, except the output of the programs.
  var content: [String: Data] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let kept = names.filter { !$0.hasPrefix(".output-") && !$0.hasPrefix(".errors-") }
    return Dictionary(
      uniqueKeysWithValues: kept.map { ($0, FileManager.default.contents(atPath: "\(path)/\($0)") ?? Data()) }
    )
  }
}
