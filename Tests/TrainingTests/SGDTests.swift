import Testing

@testable import Training

@Suite struct SGDTests {
  @Test(arguments: [1e-8, 2.4e-8, 6.2e-8, 1e-6, 3e-4])
  func smallDecayIsRightOnAverage(decay: Double) {
    let optimizer = SGD(learningRate: 0.5, l2: 2 * decay)
    let steps = 20_000
    let total = (0..<steps).reduce(0.0) { $0 + 1 - Double(optimizer.retention(step: $1)) }
    #expect(abs(total / Double(steps) - decay) < 0.001 * decay + 1e-11)
  }

  @Test func noPenaltyKeepsWeightsAsTheyAre() {
    let optimizer = SGD(learningRate: 0.25, l2: 0)
    #expect((0..<1000).allSatisfy { optimizer.retention(step: $0) == 1 })
  }

  @Test func largeDecayIsTheNearestFloat() {
    #expect(SGD(learningRate: 0.5, l2: 0.5).retention(step: 3) == 0.75)
  }
}
