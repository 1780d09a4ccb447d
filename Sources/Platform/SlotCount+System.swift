import Foundation

extension SlotCount {
  /// The slot count under the current limits of this process.
  ///
  /// - Parameter most: the maximum per worker.
  package static func ofThisProcess(most: Int) -> SlotCount {
    SlotCount(
      Evidence(
        cores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
        environment: ProcessInfo.processInfo.environment,
        read: { FileManager.default.contents(atPath: $0).map { String(decoding: $0, as: UTF8.self) } }),
      most: most)
  }
}
