import Testing

@testable import Search

@Suite struct SearchSpaceTests {
  private func columns(_ paths: [String]) throws -> [String] {
    let distribution = try Distribution(.int(low: 1, high: 2))
    return SearchSpace(paths.map { ($0, distribution) }).parameters.map(\.column)
  }

  @Test func aColumnIsNamedByTheShortestTextThatIsUnique() throws {
    #expect(try columns(["train.lr", "model.hidden.0"]) == ["lr", "hidden"])
    #expect(try columns(["model.hidden.0", "model.hidden.2"]) == ["hidden.0", "hidden.2"])
    #expect(try columns(["model.a.x", "train.a.x", "train.y"]) == ["model.a.x", "train.a.x", "y"])
    #expect(
      try columns(["train.epochs", "seeds", "model.tie.0"]) == [
        "train.epochs", "seeds", "model.tie.0",
      ])
  }

  @Test func theSizeOfAGridNeverOverflows() throws {
    let wide = try Distribution(.int(low: 1, high: 1 << 40))
    let endless = try Distribution(.uniform(low: 1, high: 2))
    #expect(SearchSpace([]).gridSize == 1)
    #expect(SearchSpace([("a", wide)]).gridSize == 1 << 40)
    #expect(SearchSpace([("a", wide), ("b", wide), ("c", wide)]).gridSize == .max)
    #expect(SearchSpace([("a", wide), ("b", endless)]).gridSize == nil)
  }

  @Test func theLastParameterOfAGridChangesFastest() throws {
    let space = try SearchSpace([
      ("a", Distribution(.choice([.word("x"), .word("y")]))),
      ("b", Distribution(.int(low: 1, high: 3))),
    ])
    #expect(
      (0..<6).map { space.gridPoint($0).map(\.description).joined() } == [
        "x1", "x2", "x3", "y1", "y2", "y3",
      ])
  }
}
