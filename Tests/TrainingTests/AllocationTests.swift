import Foundation
import Testing

@testable import Training

/// Counts the objects (classes, arrays, closures) that the Swift runtime allocates on one thread, through
/// the hook that the runtime keeps for instruments.
@Suite(.serialized) struct AllocationTests {
  @Test func stepsAllocateNothing() throws {
    let trainer = try Trainer(sample: sampleRecipe(hidden: [9, 6], batch: 4))
    #expect(trainer.stepsPerEpoch == 13)
    let counter = try AllocationCounter()
    counter.begin()
    // The first step draws the epoch's order; between the others, nothing may be allocated.
    _ = trainer.trainEpoch { _ in
      counter.mark()
      return true
    }
    let counts = counter.end()
    #expect(counts.count == 13)
    #expect(counts.dropFirst().allSatisfy { $0 == 0 }, "\(counts)")
  }

  @Test func counterCounts() throws {
    let counter = try AllocationCounter()
    counter.begin()
    let arrays = (0..<5).map { Array(repeating: $0, count: 100) }
    counter.mark()
    #expect(counter.end()[0] >= 5)
    #expect(arrays.count == 5)
  }
}
