import Testing

/// `trawl --version`.
@Suite
struct VersionTests {
  @Test func printsTheVersionsOfAllLibraries() async throws {
    let scratch = try Scratch()
    let ending = try await scratch.run("--version")
    #expect(ending.end == .exited(0))
    let lines = ending.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
    for library in ["libzmq", "libsodium", "oneDNN", "SQLite", "libpng", "zlib"] {
      #expect(lines.contains { $0.hasPrefix("\(library) ") && $0.contains(/\ \d+\.\d+/) }, "\(library)")
    }
    #expect(lines.last?.hasPrefix("instructions ") == true)
  }
}
