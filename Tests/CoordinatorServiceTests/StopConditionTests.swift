import Foundation
import Platform
import Testing

@testable import CoordinatorService

@Suite struct StopConditionTests {
  @Test func timeCountsFromTheFirstTrial() {
    var condition = StopCondition(Latch(), hours: 1, since: nil)
    #expect(condition.isReached(at: .seconds(10_000), hasBegun: false) == false)
    #expect(condition.isReached(at: .seconds(20_000), hasBegun: true) == false)
    #expect(condition.isReached(at: .seconds(23_599), hasBegun: true) == false)
    #expect(condition.isReached(at: .seconds(23_600), hasBegun: true) == true)
  }

  @Test func timeOfEarlierStartsCounts() {
    let beginning = Date().timeIntervalSince1970 - 1800
    var condition = StopCondition(Latch(), hours: 1, since: beginning)
    #expect(condition.isReached(at: .zero, hasBegun: true) == false)
    #expect(condition.isReached(at: .seconds(1700), hasBegun: true) == false)
    #expect(condition.isReached(at: .seconds(1801), hasBegun: true) == true)
  }

  @Test func raisedLatchMeetsTheCondition() {
    let latch = Latch()
    var condition = StopCondition(latch, hours: nil, since: nil)
    #expect(condition.isReached(at: .seconds(1_000_000), hasBegun: true) == false)
    latch.raise()
    #expect(condition.isReached(at: .seconds(1_000_000), hasBegun: false) == true)
  }
}
