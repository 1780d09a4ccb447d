import Foundation

/// Handles SIGINT, SIGTERM, SIGHUP (unless ignored, as by nohup) and SIGCHLD on a separate thread, where any call is
/// safe.
///
/// Call `listen` before other threads start: threads that exist before do not block the signals.
package enum Signals {
  package static func listen(_ handle: @escaping @Sendable (Int32) -> Void) {
    let caught = [SIGINT, SIGTERM, SIGCHLD] + (isIgnored(SIGHUP) ? [] : [SIGHUP])
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

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    return handler == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
