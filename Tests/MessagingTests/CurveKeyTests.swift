import Testing

@testable import Messaging

struct CurveKeyTests {
  @Test func textAndBytesMatchThePublishedKey() throws {
    // A key from the ZeroMQ manual, in both forms.
    let text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    let bytes: [UInt8] = [
      0x54, 0xFC, 0xBA, 0x24, 0xE9, 0x32, 0x49, 0x96, 0x93, 0x16, 0xFB, 0x61, 0x7C, 0x87, 0x2B,
      0xB0, 0xC1, 0xD1, 0xFF, 0x14, 0x80, 0x04, 0x27, 0xC5, 0x94, 0xCB, 0xFA, 0xCF, 0x1B, 0xC2,
      0xD6, 0x52,
    ]
    let key = try #require(CurveKey(z85: text))
    #expect(key == CurveKey(bytes: bytes))
    #expect(key.z85 == text)
    #expect(key.fingerprint == "54fcba24e9324996")
  }

  @Test func generatedKeysReadBack() {
    for _ in 0..<20 {
      let pair = CurveKeyPair.generate()
      #expect(CurveKey(z85: pair.publicKey.z85) == pair.publicKey)
      #expect(CurveSecretKey(z85: pair.secretKey.revealedZ85) == pair.secretKey)
      #expect(CurveKeyPair(publicKey: pair.publicKey, secretKey: pair.secretKey) == pair)
      #expect(pair != .generate())
    }
  }

  @Test func keysOfDifferentPairsDoNotMatch() {
    let other = CurveKeyPair.generate().secretKey
    #expect(CurveKeyPair(publicKey: CurveKeyPair.generate().publicKey, secretKey: other) == nil)
  }

  @Test(arguments: [
    "", "short", String(repeating: "0", count: 39), String(repeating: "0", count: 41),
    String(repeating: "0", count: 39) + "\"", String(repeating: "0", count: 39) + "é",
    String(repeating: "#", count: 40), String(repeating: "0", count: 35) + "%nSc1",
  ])
  func otherTextsAreNotKeys(_ text: String) {
    #expect(CurveKey(z85: text) == nil)
    #expect(CurveSecretKey(z85: text) == nil)
  }

  @Test func largestNumberIsTheLastText() throws {
    let largest = String(repeating: "%nSc0", count: 8)
    #expect(CurveKey(z85: largest) == CurveKey(bytes: [UInt8](repeating: 0xFF, count: 32)))
  }

  @Test func secretKeysNeverShow() throws {
    let pair = CurveKeyPair.generate()
    let secret = pair.secretKey.revealedZ85
    var dumped = ""
    dump(pair, to: &dumped)
    let join = DealerConfiguration(
      JoinFile(
        endpoint: try Endpoint("tcp://a:1"), coordinatorKey: pair.publicKey, workerKeys: pair))
    dump(join, to: &dumped)
    for text in ["\(pair)", String(reflecting: pair), "\(pair.secretKey)", "\(join)", dumped] {
      #expect(!text.contains(secret))
      #expect(!text.contains("SIMD8<UInt32>(\(pair.secretKey.words[0])"))
    }
  }
}
