import Testing
import Trials

@testable import Search

@Suite struct SearchSpaceTests {
  private func columns(_ paths: [String]) throws -> [String] {
    let distribution = try Distribution(.int(low: 1, high: 2))
    let reserved = ResultColumns.leading + ResultColumns.trailing(.embedded)
    return SearchSpace(paths.map { ($0, distribution) }, reserved: reserved).parameters.map(\.column)
  }

  @Test func columnHasTheShortestUniqueName() throws {
    #expect(try columns(["train.lr", "model.hidden.0"]) == ["lr", "hidden"])
    #expect(try columns(["model.hidden.0", "model.hidden.2"]) == ["hidden.0", "hidden.2"])
    #expect(try columns(["model.a.x", "train.a.x", "train.y"]) == ["model.a.x", "train.a.x", "y"])
    #expect(
      try columns(["train.epochs", "seeds", "model.tie.0"]) == [
        "train.epochs", "seeds", "model.tie.0",
      ])
  }

  @Test func elementOfAListHasTheFieldOfTheList() throws {
    let distribution = try Distribution(.int(low: 1, high: 2))
    let space = SearchSpace([("model.hidden.3", distribution), ("train.batch", distribution)])
    #expect(space.parameters.map(\.field) == ["model.hidden", "train.batch"])
  }

  @Test func gridSizeDoesNotOverflow() throws {
    let wide = try Distribution(.int(low: 1, high: 1 << 40))
    let endless = try Distribution(.uniform(low: 1, high: 2))
    #expect(SearchSpace([]).gridSize == 1)
    #expect(SearchSpace([("a", wide)]).gridSize == 1 << 40)
    #expect(SearchSpace([("a", wide), ("b", wide), ("c", wide)]).gridSize == .max)
    #expect(SearchSpace([("a", wide), ("b", endless)]).gridSize == nil)
  }

  @Test func extremesContainAllChoicesAndEndsOfRanges() throws {
    let text = file(
      model: "activation: { choice: [relu, tanh] }",
      train: "lr: { uniform: [1, 2] }, batch: { int: [8, 64] }"
    ).replacing("[32]", with: "[{ log_int: [4, 9] }]")
    let extremes = try parse(text).extremes.map { configuration in
      "\(configuration.integers("model.hidden")) \(configuration.word("model.activation")) "
        + "\(configuration.integer("train.batch")) \(configuration.real("train.lr"))"
    }
    #expect(
      Set(extremes) == [
        "[4] relu 8 1.0", "[4] relu 64 1.0", "[4] tanh 8 1.0", "[4] tanh 64 1.0", "[9] relu 8 1.0",
        "[9] relu 64 1.0", "[9] tanh 8 1.0", "[9] tanh 64 1.0",
      ])
    #expect(extremes.count == 8)
  }

  @Test func extremesOfAHugeSpaceAreTheFirstTrials() throws {
    let widths = Array(repeating: "{ int: [1, 9] }", count: 20).joined(separator: ", ")
    let file = try parse(file().replacing("[32]", with: "[\(widths)]"))
    let sampled = (0..<5).map { file.values(trial: $0) }.compactMap { file.configuration(values: $0) }
    #expect(file.extremes == sampled)
  }

  @Test func lastParameterOfAGridChangesFastest() throws {
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
