/// Times as ISO 8601 texts in UTC.
package enum UTCTime {
  /// The text of a time in UTC, to milliseconds: `2026-11-28T02:15:31.250Z`.
  ///
  /// - Parameter time: in seconds since 1970; years outside 0...9999 are cut off.
  package static func text(of time: Double) -> String {
    let limits = (-62_167_219_200_000.0, 253_402_300_799_999.0)
    let milliseconds = Int(time.isNaN ? 0 : min(max((time * 1000).rounded(), limits.0), limits.1))
    let day = Int((Double(milliseconds) / 86_400_000).rounded(.down))
    let rest = milliseconds - day * 86_400_000
    // Years that begin in March end with the leap day. Source: Hinnant, "chrono-compatible low-level date algorithms".
    let days = day + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    var text: [UInt8] = []
    func add(_ number: Int, _ digits: Int, _ end: Unicode.Scalar) {
      var (power, rest) = (digits == 4 ? 1000 : digits == 3 ? 100 : 10, number)
      while power > 0 {
        text.append(UInt8(ascii: "0") + UInt8(rest / power))
        (rest, power) = (rest % power, power / 10)
      }
      text.append(UInt8(ascii: end))
    }
    add(year, 4, "-")
    add(month, 2, "-")
    add(dayOfYear - (153 * shifted + 2) / 5 + 1, 2, "T")
    add(rest / 3_600_000, 2, ":")
    add(rest / 60_000 % 60, 2, ":")
    add(rest / 1000 % 60, 2, ".")
    add(rest % 1000, 3, "Z")
    return String(decoding: text, as: UTF8.self)
  }

  /// The time of a text such as 2026-11-28T02:15:31.25Z in seconds since 1970; nil if it is none.
  package static func seconds(since1970 text: String) -> Double? {
    let parts = text.split { "-T:Z".contains($0) }
    let numbers = parts.prefix(5).compactMap { Int($0) }
    guard parts.count == 6, numbers.count == 5, let second = Double(parts[5]), (0..<61).contains(second),
      zip([1...9999, 1...12, 1...31, 0...23, 0...59], numbers).allSatisfy({ $0.contains($1) })
    else { return nil }
    // Years that begin in March end with the leap day. Source: Hinnant, "chrono-compatible low-level date algorithms".
    let year = numbers[1] > 2 ? numbers[0] : numbers[0] - 1
    let month = (numbers[1] + 9) % 12
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + numbers[2] - 719_469
    return Double(days * 86400 + numbers[3] * 3600 + numbers[4] * 60) + second
  }
}
