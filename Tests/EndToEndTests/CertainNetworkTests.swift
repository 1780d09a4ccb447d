import Foundation
import Testing

/// Searches whose networks reach a validation loss of zero, or one that rounds to zero, end normally.
@Suite struct CertainNetworkTests {
  private let scratch: Scratch
  private let run: Run

  init() throws {
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  /// A dataset of images of 1 x `classes` pixels. The position of the white pixel is the class.
  private func writeDataset(classes: Int) throws {
    let width = max(classes, 2)
    for (name, count) in [("train", 64), ("t10k", 8)] {
      let labels = (0..<count).map { UInt8($0 % classes) }
      let pixels = labels.flatMap { label in (0..<width).map { UInt8($0 == Int(label) ? 255 : 0) } }
      try scratch.write("data/\(name)-images-idx3-ubyte", Data(header([count, 1, width]) + pixels))
      try scratch.write("data/\(name)-labels-idx1-ubyte", Data(header([count]) + labels))
    }
  }

  private func header(_ sides: [Int]) -> [UInt8] {
    [0, 0, 8, UInt8(sides.count)] + sides.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
  }

  private func text(
    search: String = "trials: 1", epochs: Int = 1, validation: String = "", lr: String = "100"
  ) -> String {
    """
    name: certain
    dataset: { idx: data\(validation) }
    model: { hidden: [] }
    train: { epochs: \(epochs), lr: \(lr), batch: 8 }
    search: { \(search) }
    """
  }

  /// Runs a search and returns its results.
  private func rows(_ text: String, workers: Int) async throws -> [[String: String]] {
    try scratch.write("search.yaml", text)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "\(workers)")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    return try run.results()
  }

  private func isDone(_ row: [String: String]) -> Bool {
    row["status"] == "done" && Double(row["val_loss"] ?? "").map { $0 >= 0 } == true
  }

  @Test(arguments: [1, 2, 3], [1, 4])
  func endsWithALossOfZero(classes: Int, workers: Int) async throws {
    try writeDataset(classes: classes)
    let rows = try await rows(text(lr: "10000"), workers: workers)
    #expect(rows.count == 1 && rows.allSatisfy(isDone), "\(rows)")
    #expect(rows.first?["val_loss"] == "0.0" || rows.first?["val_loss"] == "0", "\(rows)")
  }

  @Test(arguments: [
    "trials: 6, halving: { min_epochs: 1, factor: 2 }", "trials: 6, sampler: tpe",
    "trials: 6, confirm: { top: 2, seeds: 2 }",
  ])
  func endsWithEveryKindOfSearch(search: String) async throws {
    try writeDataset(classes: 2)
    let text = text(search: search, epochs: 3, lr: "{ uniform: [1000, 2000] }")
    let rows = try await rows(text, workers: 2)
    #expect(rows.count == 6)
    #expect(rows.allSatisfy { isDone($0) || $0["status"] == "stopped" }, "\(rows)")
  }

  @Test func endsWithOneValidationImageAndManyEpochs() async throws {
    try writeDataset(classes: 2)
    let rows = try await rows(text(epochs: 15, validation: ", validation: 1"), workers: 1)
    #expect(rows.count == 1 && rows.allSatisfy(isDone), "\(rows)")
  }
}
