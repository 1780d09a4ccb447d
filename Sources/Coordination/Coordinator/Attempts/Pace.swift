import Search

/// The recent durations of epochs, over all workers.
struct Pace: Sendable {
  /// In seconds, oldest first.
  private var recent: [Double] = []

  private static let capacity = 64
  /// The fewest durations for an estimate.
  private static let minimumCount = 8

  mutating func record(_ duration: Duration) {
    if recent.count == Self.capacity { recent.removeFirst() }
    recent.append(duration / .seconds(1))
  }

  /// The median; nil while there are too few durations.
  var typical: Duration? {
    recent.count < Self.minimumCount ? nil : recent.median.map { .seconds($0) }
  }
}
