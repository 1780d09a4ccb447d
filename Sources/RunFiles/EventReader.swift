import Foundation

/// Reads `events.jsonl`, and later what was appended since, while a search writes it or after its end.
package struct EventReader {
  /// Consecutive events.
  package struct Batch: Sendable {
    /// Whether the file is read from its start: for the first time, or because it was replaced. What earlier batches
    /// held is then void.
    package let isFromStart: Bool
    package let events: [SearchEvent]
  }

  private let path: String
  /// The offset of the first byte that was not read.
  private var offset = 0
  /// The bytes before the offset: the last line that was read. If others are there, the file was replaced.
  private var lastLine: [UInt8] = []
  /// The number of the last event that was read.
  private var last = 0

  /// The bytes of a batch, unless a line is longer.
  private let piece: Int
  /// A longer line is damage.
  private static let longestLine = 64 << 20

  /// Reads nothing yet.
  package init(_ path: String, piece: Int = 1 << 20) { (self.path, self.piece) = (path, piece) }

  /// The next events; nil if there are no others yet. An incomplete last line is left for later.
  ///
  /// Throws if the file cannot be read or if the next line is damaged; the events before that line come first.
  package mutating func next() throws(RunFileError) -> Batch? {
    var bytes = try newBytes()
    let isReplaced = bytes == nil
    if isReplaced {
      self = EventReader(path, piece: piece)
      bytes = try newBytes()
    }
    let isFromStart = offset == 0
    let events = try events(bytes ?? [])
    return events.isEmpty && !isReplaced ? nil : Batch(isFromStart: isFromStart, events: events)
  }

  /// The events in whole lines of these bytes, up to a damaged one.
  private mutating func events(_ bytes: ArraySlice<UInt8>) throws(RunFileError) -> [SearchEvent] {
    var events: [SearchEvent] = []
    var (rest, line) = (bytes, bytes[..<bytes.startIndex])
    while let end = rest.firstIndex(of: Self.feed) {
      do throws(RunFileError) {
        let event = try SearchEvent(line: rest[..<end])
        guard event.number == last + 1 else { throw RunFileError("it has the number \(event.number)") }
        events.append(event)
      } catch {
        guard events.isEmpty else { break }
        throw RunFileError(
          "\(path): line \(last + 1) is damaged: \(error); delete the file and resume the search")
      }
      last += 1
      line = rest[...end]
      rest = rest[(end + 1)...]
    }
    if !line.isEmpty { lastLine = Array(line) }
    offset += bytes.count - rest.count
    return events
  }

  /// The bytes from the offset on, with a whole line if there is one; nil if other bytes are where the last line was.
  private func newBytes() throws(RunFileError) -> ArraySlice<UInt8>? {
    var count = piece
    while true {
      let start = offset - lastLine.count
      let bytes = Array(try RegularFile.contents(of: path, from: start, count: lastLine.count + count))
      guard bytes.starts(with: lastLine) else { return nil }
      let new = bytes[lastLine.count...]
      guard new.count == count, !new.contains(Self.feed) else { return new }
      guard count < Self.longestLine else { throw RunFileError("\(path): line \(last + 1) is too long") }
      count *= 2
    }
  }

  private static let feed = UInt8(ascii: "\n")
}
