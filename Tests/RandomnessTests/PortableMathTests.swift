import Foundation
import Testing

@testable import Randomness

@Suite struct PortableMathTests {
  private func unitsApart(_ a: Double, _ b: Double) -> Double { abs(a - b) / b.ulp }

  @Test func logarithmIsWithinTwoUnitsOfTheLibrarys() {
    var generator = Philox(seed: 3, stream: 1)
    for _ in 0..<50_000 {
      let x = Double(bitPattern: generator.below(0x7ff0_0000_0000_0000 - 1) + 1)
      #expect(unitsApart(portableLog(x), log(x)) <= 2, "log(\(x))")
    }
    #expect(portableLog(1) == 0)
  }

  @Test func exponentialIsWithinTwoUnitsOfTheLibrarys() {
    var generator = Philox(seed: 4, stream: 1)
    for _ in 0..<50_000 {
      let x = generator.uniform() * 1400 - 700
      #expect(unitsApart(portableExp(x), exp(x)) <= 2, "exp(\(x))")
    }
    #expect(portableExp(0) == 1)
    #expect(portableExp(1000) == .infinity)
    #expect(portableExp(-1000) == 0)
    #expect(portableExp(-745) > 0)
  }

  @Test(arguments: [1.0, 7, 1000, 0x1p20])
  func sineAndCosineMatchTheLibrary(largest: Double) {
    var generator = Philox(seed: 5, stream: 1)
    for _ in 0..<20_000 {
      let x = (2 * generator.uniform() - 1) * largest
      #expect(abs(portableSin(x) - sin(x)) <= 0x1p-52, "sin(\(x))")
      #expect(abs(portableCos(x) - cos(x)) <= 0x1p-52, "cos(\(x))")
    }
  }

  @Test func sineAndCosineOfQuarterTurns() {
    #expect(portableSin(0) == 0)
    #expect(portableCos(0) == 1)
    for quarter in -8...8 {
      let x = Double(quarter) * .pi / 2
      #expect(abs(portableSin(x) - [0, 1, 0, -1][(quarter + 8) % 4]) < 1e-15)
      #expect(abs(portableCos(x) - [1, 0, -1, 0][(quarter + 8) % 4]) < 1e-15)
    }
  }

  @Test func logarithmsOfEightAreThoseOfEach() {
    var random = Philox(seed: 1, stream: 2)
    for _ in 0..<2000 {
      let bits = SIMD8<UInt64>((0..<8).map { _ in random.below(0x7FF0_0000_0000_0000 - 1) + 1 })
      let numbers = unsafeBitCast(bits, to: SIMD8<Double>.self)
      let logarithms = portableLog(numbers)
      for lane in numbers.indices { #expect(logarithms[lane] == portableLog(numbers[lane])) }
    }
  }
}
