import Foundation
import Testing

@testable import Training

@Suite struct ScheduleTests {
  private func rates(_ schedule: Schedule, steps: [Int]) -> [Double] {
    let rate = LearningRate(base: 2, schedule: schedule, stepsPerEpoch: 10, epochs: 8)
    return steps.map { rate.rate(step: $0) }
  }

  @Test func constantStays() {
    #expect(rates(.constant, steps: [0, 79]) == [2, 2])
  }

  @Test func stepFallsAtItsInterval() {
    #expect(
      rates(.step(every: 2, gamma: 0.5), steps: [0, 19, 20, 39, 40, 60]) == [2, 2, 1, 1, 0.5, 0.25])
  }

  @Test func milestonesFallAtTheirEpochs() {
    #expect(
      rates(.milestones(at: [1, 4], gamma: 0.5), steps: [9, 10, 39, 40, 79]) == [2, 1, 1, 0.5, 0.5])
  }

  @Test func exponentialFallsEveryEpoch() {
    #expect(rates(.exponential(gamma: 0.5), steps: [9, 10, 29, 30]) == [2, 1, 0.5, 0.25])
  }

  @Test func cosineRisesThenFallsToTheEnd() {
    let all = rates(.cosine(warmup: 1.5), steps: Array(0..<80))
    for step in 0..<15 { #expect(abs(all[step] - 2 * Double(step + 1) / 15) < 1e-12) }
    for step in 15..<80 {
      #expect(abs(all[step] - (1 + cos(.pi * Double(step - 15) / 65))) < 1e-12)
    }
  }

  @Test func warmUpLongerThanTheRunOnlyRises() {
    let all = rates(.cosine(warmup: 100), steps: Array(0..<90))
    #expect(zip(all, all.dropFirst()).allSatisfy { $0 < $1 } && all[89] < 2)
  }

  @Test func stepsBeyondTheScheduleHaveARate() {
    #expect(rates(.cosine(warmup: 0), steps: [80, 1000]).allSatisfy { (0..<1e-12).contains($0) })
  }
}
