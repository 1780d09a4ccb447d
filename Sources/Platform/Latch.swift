import Synchronization

/// A flag that one thread raises and another reads.
package final class Latch: Sendable {
  private let value = Atomic<Bool>(false)

  package init() {}

  package func raise() { value.store(true, ordering: .releasing) }

  package var isRaised: Bool { value.load(ordering: .acquiring) }
}
