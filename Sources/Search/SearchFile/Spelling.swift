/// The allowed word with the smallest edit distance, for "did you mean"; nil if none is close enough.
package func nearest(to word: String, among allowed: [String]) -> String? {
  guard word.count <= 40 else { return nil }
  let ranked = allowed.map { (word: $0, edits: edits(from: word, to: $0)) }
  guard let best = ranked.min(by: { $0.edits < $1.edits }) else { return nil }
  return best.edits <= max(1, min(best.word.count, 6) / 2) ? best.word : nil
}

/// The Levenshtein distance between two words.
private func edits(from word: String, to other: String) -> Int {
  let other = Array(other)
  var previous = Array(0...other.count)
  for (row, letter) in word.enumerated() {
    var current = [row + 1]
    for (column, candidate) in other.enumerated() {
      let replaced = previous[column] + (letter == candidate ? 0 : 1)
      current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[other.count]
}
