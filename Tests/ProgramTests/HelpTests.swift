import ArgumentParser
import Foundation
import Testing
import Trials

@testable import trawl

/// The help text of every command, at 80 columns, is that of its file in `Golden`. With TRAWL_REWRITE_GOLDEN=1 the
/// files are written.
@Suite struct HelpTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  private static func commands(
    _ command: any ParsableCommand.Type, _ path: [String] = []
  ) -> [(name: String, type: any ParsableCommand.Type)] {
    let path = path + [command._commandName]
    return [(path.joined(separator: "-"), command)]
      + command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
        commands($0, path)
      }
  }

  @Test func helpTextsAreThoseOfTheGoldenFiles() throws {
    let commands = Self.commands(Trawl.self)
    #expect(commands.count > 20)
    for (name, type) in commands {
      let text = Trawl.helpMessage(for: type, columns: 80) + "\n"
      // The parser does not wrap the line with the usage.
      for line in text.split(separator: "\n") where !line.hasPrefix("USAGE") {
        #expect(line.count <= 80, "\(name): \(line)")
      }
      let file = Self.folder.appending(path: "\(name).txt")
      if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] != nil {
        try text.write(to: file, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(files.count == commands.count, "a file without a command")
  }

  @Test func everyOptionHasHelp() throws {
    func check(_ command: [String: Any], _ path: String) throws {
      let name = try #require(command["commandName"] as? String)
      for argument in command["arguments"] as? [[String: Any]] ?? []
      where argument["shouldDisplay"] as? Bool != false {
        #expect((argument["abstract"] as? String)?.isEmpty == false, "\(path) \(name): \(argument)")
      }
      for sub in command["subcommands"] as? [[String: Any]] ?? []
      where sub["commandName"] as? String != "help" {
        try check(sub, "\(path) \(name)")
      }
    }
    let dump = try JSONSerialization.jsonObject(with: Data(Trawl._dumpHelp().utf8)) as? [String: Any]
    try check(try #require(dump?["command"] as? [String: Any]), "")
  }

  @Test func manualHasEveryCommand() throws {
    let manual = try ManualPage(help: Trawl._dumpHelp()).text
    for (_, type) in Self.commands(Trawl.self).dropFirst() {
      #expect(manual.contains(" \(type._commandName)\"\n"), "\(type._commandName)")
    }
    #expect(manual.hasPrefix(".TH TRAWL 1") && !manual.contains("\n'"))
  }
}

@Suite struct StartingFileTests {
  @Test(arguments: InitCommand.Kind.allCases)
  func startingFileIsAValidSearch(kind: InitCommand.Kind) throws {
    let text = InitCommand.text(of: kind)
    let source = SearchFileSource(path: "search.yaml", bytes: Array(text.utf8))
    let file = try source.parse(inertKeys: .rejected)
    #expect(file.name == "\(kind)" && file.notices.isEmpty && file.space.parameters.count > 2)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    let plan = SearchPlan(file)
    #expect(plan.configurations.count == 10 && plan.costs.count == (kind == .program ? 1 : 2))
  }

  @Test func planCountsTheCost() throws {
    func plan(_ search: String, epochs: String = "9") throws -> SearchPlan {
      let text =
        "dataset: digits\nmodel: { hidden: [{ int: [8, 16] }] }\ntrain: { epochs: \(epochs), lr: 0.1 }\nsearch: { \(search) }"
      return SearchPlan(try SearchFileSource(path: "a.yaml", bytes: Array(text.utf8)).parse())
    }
    #expect(try plan("trials: 27").costs.map(\.epochs) == [243])
    #expect(
      try plan("trials: 27, halving: { min_epochs: 1, factor: 3 }").costs.map(\.epochs) == [
        27 + 9 * 2 + 3 * 6
      ])
    #expect(try plan("trials: 4, confirm: { top: 2, seeds: 3 }").costs.map(\.epochs) == [36, 54])
    #expect(try plan("trials: 9, sampler: tpe").costs.map(\.isUpperBound) == [true])
    #expect(try plan("trials: until stopped").costs.isEmpty)
    let searched = try plan("trials: 50", epochs: "{ int: [1, 4] }")
    #expect((50.0...200).contains(searched.costs[0].epochs))
    // TPE samples its first trials without results.
    #expect(try plan("trials: 40, sampler: tpe, lag: 3").configurations.count == 4)
    #expect(try plan("trials: 27").text(width: 80).contains("trials: 243 epochs"))
  }
}
