import Foundation
import Platform

/// The manual page, in the format of man(7), made from the help of all commands.
struct ManualPage {
  private let tool: Tool.Command

  /// - Parameter help: the description of the commands in JSON, as the argument parser dumps it.
  init(help: String) throws {
    tool = try JSONDecoder().decode(Tool.self, from: Data(help.utf8)).command
  }

  var text: String {
    let head = """
      .TH TRAWL 1 "" "trawl \(Versions.program)" "User Commands"
      .SH NAME
      trawl \\- \(Self.roff(tool.abstract ?? ""))
      .SH DESCRIPTION
      .nf
      \(Self.roff(tool.discussion ?? ""))
      .fi
      .SH COMMANDS
      """
    let end = """
      .SH EXIT STATUS
      0 success, 1 system error, 2 bad input, 3 some trials failed, 130 interrupted.
      """
    return ([head] + Self.sections(of: tool, after: []) + [end]).joined(separator: "\n")
  }

  private static func sections(of command: Tool.Command, after parents: [String]) -> [String] {
    let shown = (command.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    let path = parents + [command.commandName]
    return shown.flatMap { sub -> [String] in
      var lines = [
        ".SS \"\((path + [sub.commandName]).joined(separator: " "))\"", roff(sub.abstract ?? ""),
      ]
      if let discussion = sub.discussion { lines += [".PP", roff(discussion)] }
      for argument in sub.arguments ?? [] where argument.shouldDisplay != false {
        lines += [".TP", ".B \(roff(argument.synopsis))", roff(argument.meaning)]
      }
      return lines + sections(of: sub, after: path)
    }
  }

  /// A text in which no character is a command of the format.
  private static func roff(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("-", with: "\\-")
    return escaped.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.isEmpty ? ".PP" : (".'".contains(line.first ?? " ") ? "\\&" : "") + line
    }.joined(separator: "\n")
  }
}

/// The description of the commands, as the argument parser dumps it.
private struct Tool: Decodable {
  struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var arguments: [Argument]?
    var subcommands: [Command]?
  }

  struct Argument: Decodable {
    struct Name: Decodable {
      var kind: String
      var name: String
    }

    var kind: String
    var shouldDisplay: Bool?
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var abstract: String?
    var discussion: String?

    /// `--output <output>`
    var synopsis: String {
      let options = (names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }.joined(separator: ", ")
      let value = kind == "flag" ? "" : "<\(valueName ?? "value")>"
      return [options, value].filter { !$0.isEmpty }.joined(separator: " ")
    }

    var meaning: String {
      let fallback = defaultValue.map { " (default: \($0))" } ?? ""
      return [(abstract ?? "") + fallback, discussion ?? ""].filter { !$0.isEmpty }.joined(separator: "\n")
    }
  }

  var command: Command
}
