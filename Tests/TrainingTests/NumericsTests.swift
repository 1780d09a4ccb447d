import Testing

@testable import Training

@Suite struct NumericsTests {
  @Test func fingerprintNamesSetAndVersion() {
    let fingerprint = NumericsFingerprint.current
    #expect(fingerprint.libraryVersion.split(separator: ".").count == 3)
    #expect("\(fingerprint)" == "\(fingerprint.instructionSet) oneDNN \(fingerprint.libraryVersion)")
  }

  @Test func limitFailsAfterTheFirstKernel() throws {
    _ = try Trainer(sample: sampleRecipe())
    #expect(!NumericsFingerprint.limitToPortable())
  }
}
