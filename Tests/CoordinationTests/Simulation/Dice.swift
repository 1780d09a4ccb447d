import Randomness

// Random draws of a simulation.
extension Philox {
  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(below(UInt64(range.count)))
  }

  mutating func seconds(_ range: ClosedRange<Double>) -> Duration {
    let width = range.upperBound - range.lowerBound
    return .microseconds(Int64((range.lowerBound + uniform() * width) * 1e6))
  }

  /// A random element; nil if there are none.
  mutating func element<Element>(of elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[Int(below(UInt64(elements.count)))]
  }
}
