import Testing

@testable import Coordination

struct RecentSetTests {
  @Test func dropsTheOldestOfItsElements() {
    var set = RecentSet<Int>(capacity: 2)
    for element in [1, 2, 1, 3] { set.insert(element) }
    #expect([1, 2, 3].filter(set.contains) == [2, 3])
  }

  @Test func removedElementThatReturnsIsTheNewest() {
    var set = RecentSet<Int>(capacity: 2)
    for element in [1, 2] { set.insert(element) }
    set.remove(1)
    for element in [1, 3] { set.insert(element) }
    #expect([1, 2, 3].filter(set.contains) == [1, 3])
  }
}
