import Foundation

/// Counts the objects that the Swift runtime allocates on the calling thread, by the hook that it keeps for
/// instruments (`_swift_allocObject`). One at a time.
final class AllocationCounter {
  struct HookNotFound: Error {}

  private let hook: UnsafeMutablePointer<Allocate>

  init() throws {
    guard let symbol = dlsym(nil, "_swift_allocObject") else { throw HookNotFound() }
    hook = symbol.assumingMemoryBound(to: Allocate.self)
  }

  /// Begins to count.
  func begin() {
    state.pointee = State(original: hook.pointee, thread: pthread_self())
    counts.update(repeating: 0, count: 64)
    hook.pointee = countAndAllocate
  }

  /// Ends a section; at most 64.
  func mark() {
    state.pointee.sections += 1
  }

  /// Ends counting; the allocations of each section that was ended.
  func end() -> [Int] {
    hook.pointee = state.pointee.original
    return (0..<state.pointee.sections).map { counts[$0] }
  }
}

private typealias Allocate =
  @convention(c) (
    UnsafeRawPointer?, Int, Int
  ) -> UnsafeMutableRawPointer?

private struct State {
  let original: Allocate
  let thread: pthread_t
  var sections = 0
}

// Raw memory, because the hook must not allocate.
nonisolated(unsafe) private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
nonisolated(unsafe) private let counts: UnsafeMutablePointer<Int> = {
  let counts = UnsafeMutablePointer<Int>.allocate(capacity: 64)
  counts.initialize(repeating: 0, count: 64)
  return counts
}()

private let countAndAllocate: Allocate = { metadata, size, alignment in
  if pthread_equal(pthread_self(), state.pointee.thread) != 0, state.pointee.sections < 64 {
    counts[state.pointee.sections] += 1
  }
  return state.pointee.original(metadata, size, alignment)
}
