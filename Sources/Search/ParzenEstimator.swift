import Randomness

/// A density over the positions of a space, learned from points: the mean of a kernel on each point and of one that is
/// the same everywhere, for what has not been tried.
///
/// A kernel is the product of one factor for each parameter. Where values are ordered, that is a normal density, cut
/// off at the ends and scaled to make up for it, whose width follows from how far the points scatter (Scott's rule) but
/// has a least value that shrinks as points come in ("magic clipping"). For a choice the value of the point has a share
/// of its own, and the rest is spread over all values (Aitchison and Aitken).
///
/// Sources: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for hyper-parameter optimization", NeurIPS 2011; Falkner,
/// Klein, Hutter, "BOHB", ICML 2018 (products of kernels); Watanabe, arXiv:2304.11127 (what matters in practice).
struct ParzenEstimator {
  /// The factor of all kernels for one parameter.
  fileprivate enum Factor {
    case normal(width: Double)
    /// A share of the draws takes the point's own value, the others any value.
    case choice(ownShare: Double, values: Double)
  }

  private let factors: [Factor]
  /// For each parameter the positions of the points.
  private let centres: [[Double]]
  /// The logarithm of each kernel's greatest value, against a density that is the same everywhere.
  private let peaks: [Double]

  /// Learns from points with as many positions as the space has parameters; there may be none.
  init(_ points: [[Double]], in space: SearchSpace) {
    centres = space.parameters.indices.map { parameter in points.map { $0[parameter] } }
    factors = zip(space.parameters, centres).map { parameter, centres in
      Self.factor(of: parameter.distribution, centres, dimensions: space.parameters.count)
    }
    var peaks = Array(repeating: 0.0, count: points.count)
    for (factor, centres) in zip(factors, centres) {
      for (point, centre) in centres.enumerated() { peaks[point] += factor.logPeak(at: centre) }
    }
    self.peaks = peaks
  }

  private static func factor(
    of distribution: Distribution, _ centres: [Double], dimensions: Int
  ) -> Factor {
    let count = Double(centres.count)
    guard distribution.isOrdered else {
      let values = Double(distribution.count ?? 1)
      return .choice(ownShare: count / (count + values), values: values)
    }
    guard count > 0 else { return .normal(width: 1) }
    let mean = centres.reduce(0, +) / count
    let variance = centres.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let shrinkage = portableExp(-portableLog(count) / Double(dimensions + 4))
    let least = max(1 / min(count + 1, 100), distribution.spacing / 2)
    return .normal(width: max(1.06 * variance.squareRoot() * shrinkage, least))
  }

  /// The logarithm of the density at a point, against one that is the same everywhere.
  func logDensity(at point: [Double]) -> Double {
    var exponents = peaks
    for (parameter, factor) in factors.enumerated() {
      let position = point[parameter]
      switch factor {
      case .normal(let width):
        let scale = 0.5 / (width * width)
        for (kernel, centre) in centres[parameter].enumerated() {
          exponents[kernel] -= (position - centre) * (position - centre) * scale
        }
      case .choice:
        let drop = factor.logDrop
        for (kernel, centre) in centres[parameter].enumerated() where centre != position {
          exponents[kernel] -= drop
        }
      }
    }
    // The kernel that is the same everywhere.
    exponents.append(0)
    return logMean(exponents)
  }

  /// A point drawn from the density; every position lies in 0...1.
  func draw(with random: inout Philox) -> [Double] {
    let kernel = Int(random.below(UInt64(peaks.count + 1)))
    return factors.indices.map { parameter in
      guard kernel < peaks.count else { return random.uniform() }
      return factors[parameter].draw(around: centres[parameter][kernel], with: &random)
    }
  }
}

extension ParzenEstimator.Factor {
  /// The logarithm of the greatest value, for a point at a position.
  fileprivate func logPeak(at centre: Double) -> Double {
    switch self {
    case .normal(let width):
      let share = normalShare(below: (1 - centre) / width) - normalShare(below: -centre / width)
      return -portableLog(width * 2.5066282746310002 * share)
    case .choice(let ownShare, let values):
      return portableLog(ownShare * values + (1 - ownShare))
    }
  }

  /// By how much the logarithm is less for any value of a choice that is not the point's.
  fileprivate var logDrop: Double {
    guard case .choice(let ownShare, let values) = self else { preconditionFailure("\(self)") }
    return portableLog(ownShare * values + (1 - ownShare)) - portableLog(1 - ownShare)
  }

  fileprivate func draw(around centre: Double, with random: inout Philox) -> Double {
    switch self {
    case .normal(let width):
      while true {
        let position = centre + width * random.normal()
        if (0...1).contains(position) { return position }
      }
    case .choice(let ownShare, _):
      return random.uniform() < ownShare ? centre : random.uniform()
    }
  }
}

/// The logarithm of the mean of the numbers with these logarithms.
private func logMean(_ logarithms: [Double]) -> Double {
  let greatest = logarithms.max() ?? 0
  let sum = logarithms.reduce(0.0) { sum, logarithm in
    // What is e⁴⁰ times smaller makes no difference.
    logarithm < greatest - 40 ? sum : sum + portableExp(logarithm - greatest)
  }
  return greatest + portableLog(sum / Double(logarithms.count))
}

/// The share of the normal distribution below a number of standard deviations, to within 10⁻⁷.
///
/// Source: Abramowitz, Stegun, "Handbook of mathematical functions", 1964, 26.2.17.
private func normalShare(below deviations: Double) -> Double {
  let t = 1 / (1 + 0.2316419 * abs(deviations))
  let series =
    t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  let tail = 0.3989422804014327 * portableExp(-deviations * deviations / 2) * series
  return deviations < 0 ? tail : 1 - tail
}
