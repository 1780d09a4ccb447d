import Foundation

/// The contents of a safetensors file of 32-bit floats.
///
/// Source: huggingface/safetensors, README, "Format": eight bytes of header length, a JSON header, the
/// numbers, all little-endian.
struct Safetensors: Equatable {
  struct Tensor: Equatable {
    let name: String
    let shape: [Int]
    /// Row-major.
    let values: [Float]
  }

  /// Free text by name.
  var metadata: [String: String]
  /// In the order of their data in the file.
  var tensors: [Tensor]

  /// The tensor of this name and shape; nil if there is none.
  func values(_ name: String, shape: [Int]) -> [Float]? {
    tensors.first { $0.name == name && $0.shape == shape }?.values
  }

  /// The vectors `name.0`, `name.1` and so on.
  func vectors(_ name: String) -> [[Float]] {
    var result: [[Float]] = []
    while let next = tensors.first(where: { $0.name == "\(name).\(result.count)" }) {
      result.append(next.values)
    }
    return result
  }

  /// The encoded file. The same contents always give the same bytes.
  func encoded() -> [UInt8] {
    var header = Array(headerText().utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    let size = tensors.reduce(0) { $0 + $1.values.count * 4 }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + size)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for tensor in tensors {
      tensor.values.withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }

  private func headerText() -> String {
    let words = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    var entries = ["\"__metadata__\":{\(words.joined(separator: ","))}"]
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.values.count * 4
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    return "{\(entries.joined(separator: ","))}"
  }
}

private func quoted(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\0"..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: String(scalar)
    }
  }
  return "\"\(escaped.joined())\""
}

extension Safetensors {
  /// Parses an untrusted file: validates every length, offset and shape against the available bytes. The name is used
  /// only in errors.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(ModelError) {
    func error(_ reason: String) -> ModelError { ModelError(name, .notSafetensors(reason)) }
    guard bytes.count >= 8 else { throw error("it is truncated") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(bytes.count - 8) else { throw error("its header is truncated") }
    let header = bytes[8..<8 + Int(length)]
    let data = UnsafeRawBufferPointer(rebasing: bytes[(8 + Int(length))...])
    guard
      let entries = try? JSONSerialization.jsonObject(with: Data(header)) as? [String: Any]
    else { throw error("its header is not a JSON object") }
    let metadata = entries["__metadata__"] ?? [String: String]()
    guard let metadata = metadata as? [String: String] else {
      throw error("its metadata is not text")
    }
    self.metadata = metadata
    let extents = try entries.filter { $0.key != "__metadata__" }
      .map { name, entry throws(ModelError) in
        guard let extent = Extent(name, entry) else {
          throw error("the entry of '\(name.prefix(80))' is not one of 32-bit floats")
        }
        return extent
      }
      .sorted { ($0.start, $0.end, $0.name) < ($1.start, $1.end, $1.name) }
    tensors = []
    var end = 0
    for extent in extents {
      guard extent.start == end else { throw error("its tensors overlap or leave gaps") }
      guard extent.end <= data.count else { throw error("it is truncated") }
      end = extent.end
      tensors.append(extent.tensor(data))
    }
    guard end == data.count else { throw error("it is longer than its header says") }
  }

  /// The location of a tensor according to the header.
  private struct Extent {
    let name: String
    let shape: [Int]
    let start: Int
    let end: Int

    /// Nil unless it is a float tensor whose shape matches its byte range.
    init?(_ name: String, _ entry: Any) {
      guard
        let entry = entry as? [String: Any], entry["dtype"] as? String == "F32",
        let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int],
        offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1],
        let size = Self.size(shape), size == offsets[1] - offsets[0]
      else { return nil }
      (self.name, self.shape, start, end) = (name, shape, offsets[0], offsets[1])
    }

    /// Size of a tensor in bytes; nil for invalid dimensions.
    private static func size(_ shape: [Int]) -> Int? {
      var size = 4
      for side in shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: side)
        guard side >= 0, !overflow else { return nil }
        size = product
      }
      return size
    }

    func tensor(_ data: UnsafeRawBufferPointer) -> Tensor {
      let values = [Float](unsafeUninitializedCapacity: (end - start) / 4) { target, count in
        UnsafeMutableRawBufferPointer(target).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: data[start..<end]))
        count = (end - start) / 4
      }
      return Tensor(name: name, shape: shape, values: values)
    }
  }
}
