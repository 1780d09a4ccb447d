import Charts
import Mustache
import Training

/// A report as one self-contained HTML page.
package struct ReportPage {
  private let report: SearchReport

  package init(_ report: SearchReport) {
    self.report = report
  }

  /// The number of ranking rows that are always visible; the others are collapsed.
  private static let shownRows = 25

  /// The text of the page. Throws if a template is wrong.
  package func html() throws -> String {
    let template = try MustacheTemplate(string: Self.template)
    return template.render(
      [
        "title": report.title.escaped, "subtitle": report.subtitle.escaped, "policy": Self.policy,
        "style": Self.style, "script": Self.script, "sections": sections,
      ] as [String: Any])
  }

  /// Only this page's own style and script are used, and nothing is fetched.
  private static var policy: String {
    func hash(_ text: String) -> String {
      var hash = SHA256()
      Array(text.utf8).withUnsafeBytes { hash.update($0) }
      return "'sha256-\(base64(hash.bytes()))'"
    }
    return
      "default-src 'none'; img-src data:; style-src \(hash(style)); script-src \(hash(script)); base-uri 'none'; "
      + "form-action 'none'"
  }

  private var sections: [[String: Any]] {
    var sections: [[String: Any]] = []
    func add(_ title: String, _ blocks: [String]) {
      guard !blocks.isEmpty else { return }
      sections.append(["id": "section-\(sections.count + 1)", "title": title, "blocks": blocks])
    }
    add("Summary", [list(report.summary)])
    add("Ranking", ranking)
    add("Best configuration", report.bestTable.map { [table($0, "Values of the best trial")] } ?? [])
    add("Final model", report.finalModel.map { [list($0)] } ?? [])
    add("Train and test", report.commands.isEmpty ? [] : [code(report.commands.joined(separator: "\n"))])
    for (title, kinds) in Self.pictureSections {
      let shown = kinds.flatMap { report.pictures.pictures($0) }.map(figure)
      add(title, shown + (title == "Parameters" ? otherContours : []))
    }
    add("Attempts and trials without a result", report.failures.map { table($0.table, $0.title) })
    add(
      "Environment",
      (report.environment.map { [table($0, "Hosts of the attempts")] } ?? [])
        + [list(["This page was generated with:"]), code(report.context.libraries)])
    add("Search file", [code(report.record.file.text)])
    return sections
  }

  private static let pictureSections: [(String, [SearchPictures.Kind])] = [
    ("Progress", [.history, .curves, .distribution]),
    ("Parameters", [.importance, .parallel, .parameter, .contour]),
    ("Halving", [.rungs]),
    ("New seeds", [.intervals]),
    ("Workers", [.timeline]),
  ]

  /// The contours of the other pairs, collapsed.
  private var otherContours: [String] {
    let shown = Set(report.pictures.pictures(.contour).map(\.name))
    let others = report.pictures.pictures(.contour, allPairs: true).filter { !shown.contains($0.name) }
    guard !others.isEmpty else { return [] }
    return [
      "<details><summary>Contours of \(others.count) other pairs</summary>\(others.map(figure).joined())</details>"
    ]
  }

  private var ranking: [String] {
    let all = report.ranking
    guard !all.rows.isEmpty else { return [] }
    var (first, rest) = (all, all)
    first.rows = Array(all.rows.prefix(Self.shownRows))
    rest.rows = Array(all.rows.dropFirst(Self.shownRows))
    guard !rest.rows.isEmpty else { return [table(all, "Ranking")] }
    first.note = nil
    let title = "Ranks \(first.rows.count + 1) to \(all.rows.count)"
    return [
      table(first, "Ranking"), "<details><summary>\(title)</summary>\(table(rest, title))</details>",
    ]
  }
}

// The parts of a section. Text is escaped here, scalar by scalar: Mustache escapes whole characters only and would
// leave a quotation mark with a combining accent as it is.
extension ReportPage {
  private func list(_ sentences: [String]) -> String {
    "<ul>\(sentences.map { "<li>\($0.escaped)</li>" }.joined())</ul>"
  }

  private func code(_ text: String) -> String {
    let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).escaped }
    return "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Text\"><pre><code>"
      + "\(lines.joined(separator: "\n"))</code></pre></div>"
  }

  private func figure(_ picture: NamedPicture) -> String {
    "<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"\(picture.picture.title.escaped)\">"
      + "\(picture.picture.element)</div></figure>\n"
  }

  private func table(_ table: ReportTable, _ name: String) -> String {
    let head = table.columns.map {
      "<th scope=\"col\"\($0.isNumber ? " class=\"number\"" : "")>\($0.name.escaped)</th>"
    }
    let body = table.rows.map { row in
      let cells = zip(row.cells, table.columns).map { cell, column in
        "<td\(column.isNumber ? " class=\"number\"" : "")>\(cell.escaped)</td>"
      }
      return "<tr\(row.isFailure ? " class=\"failure\"" : "")>\(cells.joined())</tr>\n"
    }
    // The name of the section says it already.
    let caption = name == "Ranking" ? "" : "<caption>\(name.escaped)</caption>"
    let note = table.note.map { "<p class=\"note\">\($0.escaped)</p>" } ?? ""
    return "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"\(name.escaped)\"><table>"
      + "\(caption)<thead><tr>\(head.joined())</tr></thead><tbody>\n\(body.joined())</tbody>"
      + "</table></div>\(note)"
  }
}
