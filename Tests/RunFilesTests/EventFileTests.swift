import Foundation
import Fuzzing
import Search
import Testing

@testable import RunFiles

/// Writing and reading `events.jsonl`.
@Suite final class EventFileTests {
  private typealias Content = SearchEvent.Content

  private let folder = NSTemporaryDirectory() + "events-\(UUID().uuidString)"
  private var path: String { "\(folder)/events.jsonl" }

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let attempt = SearchEvent.Attempt(7, of: Replicate(2, of: 4_294_967_295))
  private static let metrics = [
    SearchEvent.Metric("val_loss", 0.1 + 0.2), .init("val_accuracy", .leastNonzeroMagnitude),
    .init("Zeit \"s\"\n", -1e22),
  ]
  /// One event of each type.
  private static let contents: [Content] = [
    .workerJoined(
      .init(
        id: "0f", host: "\u{1b}[2J\u{9b}é😀\u{2028}\"\\\u{7f}", pid: 7, slots: 2, isLocal: true,
        numerics: "avx2", key: "0123")),
    .workerExcluded(worker: "0f", reason: "two\nlines"),
    .attemptStarted(
      attempt, worker: "0f",
      [
        .init("lr", .number(0.1 + 0.2)), .init("epochs", .number(16)),
        .init("a \"key\"", .text("two\nlines")),
      ]),
    .epochsInherited(attempt, from: 3, epochs: 2),
    .epochEnded(attempt, epoch: 3, seconds: 0.125, metrics),
    .rungReached(attempt, rung: 0, metrics),
    .checkpointStored(attempt, epochs: 3, bytes: .max),
    .attemptEnded(attempt, cause: "lost", detail: ""),
    .attemptResumed(attempt),
    .trialEnded(attempt, status: .stopped, epochs: 0.25, []),
    .trialReopened(attempt.trial),
    .dataKnown(digest: "ff00"),
    .trialsComplete(count: 12),
  ]
  private static let time = 1_795_832_131.25

  /// Writes a file with these events.
  @discardableResult
  private func write(_ contents: [Content]) throws -> EventWriter {
    let writer = try EventWriter(replacing: path)
    writer.append(contents, at: Self.time)
    try writer.publish()
    return writer
  }

  private var bytes: [UInt8] {
    get throws { Array(try Data(contentsOf: URL(filePath: path))) }
  }

  private func store(_ bytes: some Sequence<UInt8>) throws {
    try Data(Array(bytes)).write(to: URL(filePath: path))
  }

  /// All events of the file.
  private func events() throws(RunFileError) -> [SearchEvent] {
    var reader = EventReader(path)
    var events: [SearchEvent] = []
    while let batch = try reader.next() { events += batch.events }
    return events
  }

  @Test func eventsAreReadAsTheyWereWritten() throws {
    try write(Self.contents)
    let events = try events()
    #expect(events.map(\.content) == Self.contents)
    #expect(events.map(\.number) == Array(1...Self.contents.count))
    #expect(events.allSatisfy { $0.time == Self.time })
    #expect(Set(events.map(\.content.type)).count == Self.contents.count)
  }

  @Test func linesAreJSON() throws {
    try write(Self.contents + [.epochEnded(Self.attempt, epoch: 1, seconds: 1, [.init("a", .infinity)])])
    let lines = String(decoding: try bytes, as: UTF8.self).split(separator: "\n")
    #expect(
      lines[2]
        == #"{"number":3,"time":"2026-11-28T02:15:31.250Z","type":"attempt_started","trial":4294967295,"#
        + #""replicate":2,"attempt":7,"worker":"0f","parameters":{"lr":0.30000000000000004,"#
        + #""epochs":16,"a \"key\"":"two\u000alines"}}"#)
    #expect(lines.last?.hasSuffix(#""metrics":{"a":null}}"#) == true)
    for line in lines {
      #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
      #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
    let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
    #expect(object?["host"] as? String == "\u{1b}[2J\u{9b}é😀\u{2028}\"\\\u{7f}")
  }

  @Test func anIncompleteLastLineIsReadOnceItIsWhole() throws {
    try write(Self.contents)
    let bytes = try bytes
    let whole = try events()
    for count in 0...bytes.count {
      try store(bytes[..<count])
      var reader = EventReader(path)
      let first = try reader.next()?.events ?? []
      #expect(first.count == bytes[..<count].count { $0 == UInt8(ascii: "\n") })
      #expect(try reader.next() == nil)
      try store(bytes)
      let rest = try reader.next()
      #expect(first + (rest?.events ?? []) == whole)
      #expect(rest.map { $0.isFromStart == first.isEmpty } ?? (first == whole))
    }
  }

  @Test func aWriterContinuesAfterATornLine() throws {
    try write(Self.contents)
    let bytes = try bytes
    for count in 0...bytes.count {
      try store(bytes[..<count])
      let events = bytes[..<count].count { $0 == UInt8(ascii: "\n") }
      #expect(EventWriter(continuing: path, count: nil) == nil)
      #expect(EventWriter(continuing: path, count: events + 1) == nil)
      let writer = try #require(EventWriter(continuing: path, count: events))
      writer.append(Self.contents[events...], at: Self.time)
      writer.flush()
      #expect(writer.isInPlace && writer.error == nil)
      #expect(try self.bytes == bytes)
    }
  }

  @Test func otherFilesAreNotContinued() throws {
    #expect(EventWriter(continuing: path, count: 0) == nil, "no file")
    try store(Array("{\"number\":1}\n".utf8))
    #expect(EventWriter(continuing: path, count: 1) == nil)
    unlink(path)
    try #require(mkfifo(path, 0o644) == 0)
    #expect(EventWriter(continuing: path, count: 0) == nil)
    #expect(throws: RunFileError.self) { try events() }
    try write(Self.contents)
    #expect(try events().count == Self.contents.count, "the pipe is replaced")
  }

  /// Lost, doubled or changed lines are noticed at the start, changes by others also later.
  @Test func changedFilesAreNotContinued() throws {
    try write(Self.contents)
    let bytes = try bytes
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    lines.remove(at: 4)
    try store(lines.joined(separator: [UInt8(ascii: "\n")]))
    #expect(EventWriter(continuing: path, count: Self.contents.count) == nil)
    try store(bytes + bytes)
    #expect(EventWriter(continuing: path, count: Self.contents.count) == nil)
    try store(bytes)
    let writer = try #require(EventWriter(continuing: path, count: Self.contents.count))
    #expect(writer.isInPlace)
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.write(contentsOf: Data("Z".utf8))
    #expect(!writer.isInPlace)
  }

  @Test func damageIsReportedAfterTheEventsBeforeIt() throws {
    try write(Self.contents)
    let feed = UInt8(ascii: "\n")
    var lines = try bytes.split(separator: feed, omittingEmptySubsequences: false).map(Array.init)
    lines[4][20] = 0
    try store(lines.joined(separator: [UInt8(ascii: "\n")]))
    var reader = EventReader(path)
    #expect(try reader.next()?.events.count == 4)
    let error = try #require(throws: RunFileError.self) { try reader.next() }
    #expect(error.description.hasPrefix("\(path): line 5 is damaged: it is not JSON; "))
    lines.remove(at: 4)
    try store(lines.joined(separator: [UInt8(ascii: "\n")]))
    reader = EventReader(path)
    _ = try reader.next()
    let message = "\(path): line 5 is damaged: it has the number 6; delete the file and resume the search"
    #expect(throws: RunFileError(message)) { try reader.next() }
  }

  @Test func readersFollowTheFile() throws {
    let writer = try write([])
    var reader = EventReader(path)
    #expect(try reader.next() == nil)
    writer.append(Self.contents[..<3], at: Self.time)
    writer.flush()
    #expect(try reader.next()?.events.map(\.number) == [1, 2, 3])
    #expect(try reader.next() == nil)
    writer.append(Self.contents[3..<4], at: Self.time + 1)
    writer.flush()
    let batch = try #require(try reader.next())
    #expect(!batch.isFromStart && batch.events.map(\.time) == [Self.time + 1])
    #expect(writer.isInPlace)

    // A new file is read from its start, even if it is longer, or empty.
    try write(Array(Self.contents.reversed()))
    #expect(!writer.isInPlace)
    let replaced = try #require(try reader.next())
    #expect(replaced.isFromStart && replaced.events.count == Self.contents.count)
    try write([])
    #expect(try reader.next()?.events.isEmpty == true)
    unlink(path)
    #expect(throws: RunFileError.self) { try reader.next() }
  }

  @Test func longLinesAreReadInSmallPieces() throws {
    try write(Self.contents)
    var reader = EventReader(path, piece: 16)
    var events: [SearchEvent] = []
    while let batch = try reader.next() { events += batch.events }
    #expect(events.map(\.content) == Self.contents)
  }

  @Test func eventsOfLaterVersionsAreKept() throws {
    let line = #"{"number":1,"time":"2026-11-28T02:15:31Z","type":"new","x":[1,{"y":[]},-2.5e1],"z":true}"#
    try store("\(line)\n".utf8)
    #expect(try events().map(\.content) == [.other(type: "new")])
  }

  /// A flipped bit in the middle is an error or changes a value, but never stops the reader.
  @Test func arbitraryDamageNeverCrashes() throws {
    try write(Self.contents)
    let words = ["\"", "\\u", "\\ud83d", "{", "[[[[[[[[[[[[[[[[[[", "1e999", "null", "\n"]
    let lines = try bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    Fuzzing("events", corpus: lines, words: words.map { Array($0.utf8) }).run(20_000) { bytes, _ in
      if let event = try? SearchEvent(line: bytes[...]) {
        var text = JSONText()
        text.add(event.number, at: UTCTime.text(of: event.time), event.content)
        let again = try? SearchEvent(line: text.bytes.dropLast())
        // Fields of types of later versions are lost.
        #expect(again?.content.type == event.content.type)
      }
    }
  }

  @Test func timesAreISO8601() {
    for (time, text) in [
      (0, "1970-01-01T00:00:00.000Z"), (Self.time, "2026-11-28T02:15:31.250Z"),
      (1_709_251_199.9996, "2024-03-01T00:00:00.000Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
      (951_782_400, "2000-02-29T00:00:00.000Z"), (.infinity, "9999-12-31T23:59:59.999Z"),
    ] { #expect(UTCTime.text(of: time) == text) }
    for day in stride(from: -700_000, to: 2_900_000, by: 97) {
      let time = Double(day) * 86400 + 0.125
      #expect(UTCTime.seconds(since1970: UTCTime.text(of: time)) == time)
    }
  }
}
