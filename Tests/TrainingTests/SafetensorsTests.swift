import Foundation
import Testing

@testable import Training

@Suite struct SafetensorsTests {
  private let sample = Safetensors(
    metadata: ["name": "a \"quoted\" \\ word\n", "empty": ""],
    tensors: [
      .init(name: "w", shape: [2, 3], values: [1, 2, 3, -4, 5.5, .infinity]),
      .init(name: "b", shape: [2], values: [0, -0.0]),
      .init(name: "none", shape: [0, 4], values: []),
    ])

  private func refusal(_ bytes: [UInt8]) -> ModelError? {
    do throws(ModelError) {
      _ = try Safetensors(decoding: bytes, name: "x")
      return nil
    } catch {
      #expect(!error.description.contains("\n"))
      #expect(error.description.hasPrefix("x: not a safetensors file"))
      return error
    }
  }

  /// A file with this header and the given number of data bytes.
  private func file(_ header: String, data: Int) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    return length + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  @Test func writtenFileReadsBack() throws {
    let bytes = sample.encoded()
    let header = Int(bytes[0]) | Int(bytes[1]) << 8
    #expect(header % 8 == 0)
    let read = try Safetensors(decoding: bytes, name: "x")
    #expect(read.metadata == sample.metadata)
    #expect(Set(read.tensors.map(\.name)) == ["w", "b", "none"])
    for tensor in sample.tensors {
      #expect(read.values(tensor.name, shape: tensor.shape) == tensor.values)
    }
  }

  @Test func truncatedFileIsRejected() {
    let bytes = sample.encoded()
    for length in bytes.indices {
      #expect(refusal(Array(bytes[..<length])) != nil, "at \(length)")
    }
    #expect(refusal(bytes + [0]) != nil)
  }

  @Test(arguments: [
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8),
    (#"{}"#, 0),
  ])
  func plainHeadersAreAccepted(header: String, data: Int) {
    #expect(refusal(file(header, data: data)) == nil)
  }

  @Test(arguments: [
    (#"{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,10]}}"#, 10),
    (#"{"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12),
    (#"{"w":{"dtype":"F32","shape":[2]}}"#, 8),
    (#"{"w":7}"#, 0),
    (#"{"__metadata__":{"a":1}}"#, 0),
    (#"{"__metadata__":7}"#, 0),
    (#"[]"#, 0), (#"{"#, 0), (#"nonsense"#, 0), ("", 0), ("\u{0}", 0),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12
    ),
  ])
  func contradictionsAreRejected(header: String, data: Int) {
    #expect(refusal(file(header, data: data)) != nil)
  }

  @Test func absurdHeaderLengthIsRejected() {
    for length in [UInt64.max, 1 << 63, 1 << 32, 57] {
      let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) }
      #expect(refusal(bytes + [UInt8](repeating: 32, count: 56)) != nil)
    }
  }
}
