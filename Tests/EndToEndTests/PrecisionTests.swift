import Foundation
import Testing

/// `precision: bf16` on a processor without bfloat16, simulated by limiting oneDNN's instruction set.
@Suite
struct PrecisionTests {
  private static let older = ["ONEDNN_MAX_CPU_ISA": "AVX2"]

  private let scratch: Scratch

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    try scratch.write(
      "search.yaml", SearchText.brief().replacing("epochs: 2", with: "epochs: 2, precision: bf16"))
  }

  @Test(arguments: [
    ["train", "search.yaml", "--set", "train.lr=0.1", "--output", "model"],
    ["search", "search.yaml", "--output", "run", "--workers", "1"],
  ])
  func isReportedBeforeTheStart(_ command: [String]) async throws {
    let before = scratch.content
    let ending = try await scratch.start(["trawl"] + command, environment: Self.older).ending()
    #expect(ending.end == .exited(2))
    #expect(ending.errorLines.count == 1)
    #expect(ending.errors.contains("train.precision: bf16 needs a processor with AVX-512 BF16 or AMX"))
    #expect(scratch.content == before)
  }

  @Test func workerLeavesTheSearchToOthers() async throws {
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.start(
      ["trawl", "worker", "--join", "run/join.json", "--slots", "1"], environment: Self.older)
    let ending = try await worker.ending()
    #expect(ending.end == .exited(2))
    #expect(ending.errors.contains("train.precision: bf16 needs a processor with AVX-512 BF16 or AMX"))
    search.send(SIGTERM)
    #expect(try await search.ending().end == .exited(130))
    #expect(try Run(scratch: scratch).attempts().allSatisfy { $0.ending != "failed" })
  }
}
