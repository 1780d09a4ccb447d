import Foundation
import GRDB
import Search

/// The names of the metrics in a database, by number.
///
/// The columns `metrics` have the metrics of a row in binary: for each the number of its name (1 byte) and its value
/// (8 bytes, little-endian).
struct MetricNames: Sendable {
  private static let size = 9
  private static let most = 256

  private var names: [String] = []

  /// No names.
  init() {}

  /// Loads the names.
  init(_ db: Database) throws {
    names = try String.fetchAll(db, sql: "SELECT name FROM metric ORDER BY number")
  }

  /// The binary form of metrics. New names are added to the database; metrics with more names than it can have are left
  /// out.
  mutating func encode(_ metrics: Metrics, _ db: Database) throws -> Data {
    var data = Data(capacity: metrics.all.count * Self.size)
    for metric in metrics.all {
      if let number = try number(of: metric.name, db) { Self.append(number, metric.value, to: &data) }
    }
    return data
  }

  /// The metrics of a binary form. Throws if it is damaged.
  func decode(_ data: Data) throws -> Metrics {
    guard data.count % Self.size == 0 else { throw Self.damage }
    return try data.withUnsafeBytes { bytes in
      Metrics(
        try stride(from: 0, to: bytes.count, by: Self.size).map { start in
          guard bytes[start] < names.count else { throw Self.damage }
          let bits = bytes.loadUnaligned(fromByteOffset: start + 1, as: UInt64.self)
          return (names[Int(bytes[start])], Double(bitPattern: UInt64(littleEndian: bits)))
        })
    }
  }

  private static let damage = DatabaseError(resultCode: .SQLITE_CORRUPT, message: "damaged metrics")

  private static func append(_ number: UInt8, _ value: Double, to data: inout Data) {
    data.append(number)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  private mutating func number(of name: String, _ db: Database) throws -> UInt8? {
    if let number = names.firstIndex(of: name) { return UInt8(number) }
    guard names.count < Self.most else { return nil }
    try db.execute(
      sql: "INSERT INTO metric (number, name) VALUES (?, ?)", arguments: [names.count, name])
    names.append(name)
    return UInt8(names.count - 1)
  }

  /// The SQL function `packed_metrics(value, …)` of migration 13: the binary form of metrics with the numbers 0, 1, …;
  /// NULL values are left out. NULL if all are.
  static let packed = DatabaseFunction("packed_metrics", pure: true) { values in
    var data = Data()
    for (number, value) in values.enumerated() {
      if let value = Double.fromDatabaseValue(value) { append(UInt8(number), value, to: &data) }
    }
    return data.isEmpty ? nil : data
  }
}
