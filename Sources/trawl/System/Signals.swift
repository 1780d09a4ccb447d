import Foundation
import Synchronization

/// Turns SIGINT, SIGTERM and SIGCHLD into calls on a thread of its own, where anything may be done.
///
/// To be made first thing, since threads made before would still be interrupted by them.
enum Signals {
  static let caught = [SIGINT, SIGTERM, SIGCHLD]

  static func listen(_ handle: @escaping @Sendable (Int32) -> Void) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in caught { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let thread = Thread {
      var set = sigset_t()
      sigemptyset(&set)
      for signal in caught { sigaddset(&set, signal) }
      while true {
        var signal: Int32 = 0
        if sigwait(&set, &signal) == 0 { handle(signal) }
      }
    }
    thread.name = "signals"
    thread.start()
  }
}

/// A word that one thread sets and another looks at.
final class Latch: Sendable {
  private let value = Atomic<Bool>(false)

  func raise() { value.store(true, ordering: .releasing) }

  var isRaised: Bool { value.load(ordering: .acquiring) }
}
