import Search

/// How long an epoch takes lately.
struct Pace: Sendable {
  /// The seconds of the last ones, oldest first.
  private var recent: [Double] = []

  private static let most = 64
  /// Fewer tell nothing.
  private static let fewest = 8

  mutating func note(_ duration: Duration) {
    if recent.count == Self.most { recent.removeFirst() }
    recent.append(duration / .seconds(1))
  }

  /// The median; nil before some have been seen.
  var typical: Duration? {
    recent.count < Self.fewest ? nil : recent.median.map { .seconds($0) }
  }
}
