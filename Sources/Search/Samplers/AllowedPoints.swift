import Synchronization

/// The numbers of the points of a sequence that fulfil the requirements of a search, found as far as they are asked
/// for.
final class AllowedPoints: Sendable {
  private struct Search {
    var found: [Int] = []
    /// The number of points that were looked at.
    var count = 0
  }

  private let search = Mutex(Search())

  /// The number of the point at an index among those that are allowed; nil if the first `limit` points have fewer.
  func number(at index: Int, limit: Int = .max, where isAllowed: (Int) -> Bool) -> Int? {
    search.withLock { search in
      while search.found.count <= index, search.count < limit {
        if isAllowed(search.count) { search.found.append(search.count) }
        search.count += 1
      }
      return index < search.found.count ? search.found[index] : nil
    }
  }
}
