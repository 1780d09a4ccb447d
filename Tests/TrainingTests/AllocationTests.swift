import Foundation
import Testing

@testable import Training

/// Counting allocations needs a library between the program and the C library, so this suite runs its second test in
/// a separate process with `Golden/count_allocations.c` preloaded.
@Suite struct AllocationTests {
  @Test func stepsAllocateNothing() throws {
    let folder = try TemporaryFolder()
    let library = "\(folder.path)/count.so"
    let source = try #require(
      Bundle.module.url(
        forResource: "count_allocations", withExtension: "c", subdirectory: "Golden"))
    let compile = ["cc", "-O1", "-shared", "-fPIC", "-o", library, source.path]
    guard try run("/usr/bin/env", compile).status == 0 else {
      print("stepsAllocateNothing: no C compiler on this machine")
      return
    }
    let arguments = ["--testing-library", "swift-testing", "--filter", "countedSteps"]
    let (status, output) = try run("/proc/self/exe", arguments, ["LD_PRELOAD": library])
    #expect(status == 0, "\(output)")
    #expect(output.contains("countedSteps: 12 steps allocated 0 times"), "\(output)")
  }

  /// One per code path of a step.
  private static var recipes: [Recipe] {
    var cosine = sampleRecipe(hidden: [9, 6], batch: 4, optimizer: .momentum(0.9), decay: .norm)
    cosine.training.schedule = .cosine(warmup: 1)
    var milestones = sampleRecipe(hidden: [9, 6], batch: 4, optimizer: .nesterov(0.9))
    milestones.training.schedule = .milestones(at: [1, 2], gamma: 0.1)
    var dropout = sampleRecipe(hidden: [9, 6], batch: 4)
    dropout.model.dropout = 0.2
    var augmented = sampleRecipe(hidden: [9, 6], batch: 4)
    augmented.augmentation = Augmentation(rotation: 10, shift: 0.1, scale: 0.1, mode: .online)
    let rounded = [dropout, sampleRecipe(hidden: [9, 6], batch: 4, optimizer: .adamW)].map { $0.with(.bf16) }
    return (RoundedProducts.areSupported ? rounded : []) + [
      dropout, augmented,
      sampleRecipe(hidden: [9, 6], batch: 4), cosine, milestones,
      sampleRecipe(hidden: [9, 6], batch: 4, optimizer: .adamW),
      sampleRecipe(convolutions: sampleConvolutions, batch: 4),
    ]
  }

  @Test(.enabled(if: counter != nil)) func countedSteps() throws {
    let counter = try #require(counter)
    let before = counter()
    let array = Array(repeating: before, count: 100)
    #expect(counter() > array[99], "the counter does not count")

    var allocations = 0
    for recipe in Self.recipes {
      let trainer = try Trainer(sample: recipe)
      #expect(trainer.stepsPerEpoch == 13)
      // The first step shuffles the epoch, and oneDNN generates code for new shapes.
      var counts = (first: 0, last: 0)
      _ = trainer.trainEpoch { step in
        if step == 1 { counts.first = counter() }
        if step == 13 { counts.last = counter() }
        return true
      }
      #expect(counts.last == counts.first, "\(recipe)")
      allocations += counts.last - counts.first
    }
    print("countedSteps: 12 steps allocated \(allocations) times")
  }
}

/// The number of allocations on this thread; needs the counting library.
private let counter = dlsym(nil, "trawl_counted_allocations").map {
  unsafeBitCast($0, to: (@convention(c) () -> Int).self)
}

private func run(
  _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
) throws -> (status: Int32, output: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program).resolvingSymlinksInPath()
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  let output = Pipe()
  process.standardOutput = output
  process.standardError = output
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (process.terminationStatus, text)
}
