/// A set of bounded capacity that drops its oldest elements.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
  private var members: Set<Element> = []
  /// Oldest first.
  private var order: [Element] = []
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
  }

  func contains(_ element: Element) -> Bool { members.contains(element) }

  mutating func remove(_ element: Element) {
    guard members.remove(element) != nil else { return }
    order.removeAll { $0 == element }
  }

  mutating func insert(_ element: Element) {
    guard members.insert(element).inserted else { return }
    if order.count == capacity { members.remove(order.removeFirst()) }
    order.append(element)
  }
}
