import Randomness

/// A kernel density estimate over the positions of a space: the mean of one kernel per point and one uniform kernel as
/// the prior.
///
/// A kernel is the product of one factor per parameter. For ordered values the factor is a truncated normal density.
/// Its bandwidth follows Scott's rule, with a minimum that shrinks as points are added ("magic clipping"). For a
/// choice, the point's own value has an extra share, and the rest is uniform over all values (Aitchison and Aitken).
/// Where a point has no position, because the parameter has no effect, its factor is uniform.
///
/// Sources: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for hyper-parameter optimization", NeurIPS 2011; Falkner,
/// Klein, Hutter, "BOHB", ICML 2018 (products of kernels); Watanabe, arXiv:2304.11127 (the effect of each component).
struct ParzenEstimator {
  /// The factor for one parameter, the same in all kernels.
  fileprivate enum Factor {
    case normal(width: Double)
    /// A share of the samples takes the point's own value, the others any value.
    case choice(ownShare: Double, values: Double)
  }

  private let factors: [Factor]
  /// The positions of the points, by parameter.
  private let centres: [[Double?]]
  /// The logarithm of each kernel's maximum, relative to the uniform density.
  private let peaks: [Double]

  /// The estimate from points with one position per parameter, nil without an effect; there may be no points.
  init(_ points: [[Double?]], in space: SearchSpace) {
    centres = space.parameters.indices.map { parameter in points.map { $0[parameter] } }
    factors = zip(space.parameters, centres).map { parameter, centres in
      Self.factor(of: parameter.distribution, centres.compactMap(\.self), dimensions: space.parameters.count)
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

  /// The logarithm of the density at a point, relative to the uniform density, over the parameters with a position.
  func logDensity(at point: [Double?]) -> Double {
    var exponents = peaks
    for (parameter, factor) in factors.enumerated() {
      let centres = centres[parameter]
      guard let position = point[parameter] else {
        for (kernel, centre) in centres.enumerated() { exponents[kernel] -= factor.logPeak(at: centre) }
        continue
      }
      switch factor {
      case .normal(let width):
        let scale = 0.5 / (width * width)
        for (kernel, centre) in centres.enumerated() {
          guard let centre else { continue }
          exponents[kernel] -= (position - centre) * (position - centre) * scale
        }
      case .choice:
        let drop = factor.logDrop
        for (kernel, centre) in centres.enumerated() where centre != nil && centre != position {
          exponents[kernel] -= drop
        }
      }
    }
    // The uniform kernel.
    exponents.append(0)
    return logMean(exponents)
  }

  /// A point sampled from the density; every position is in 0...1.
  func sample(with random: inout Philox) -> [Double] {
    let kernel = Int(random.below(UInt64(peaks.count + 1)))
    return factors.indices.map { parameter in
      guard kernel < peaks.count, let centre = centres[parameter][kernel] else { return random.uniform() }
      return factors[parameter].sample(around: centre, with: &random)
    }
  }
}

extension ParzenEstimator.Factor {
  /// The logarithm of the maximum, for a point at a position; 0 for one without.
  fileprivate func logPeak(at centre: Double?) -> Double {
    guard let centre else { return 0 }
    switch self {
    case .normal(let width):
      let share = normalShare(below: (1 - centre) / width) - normalShare(below: -centre / width)
      return -portableLog(width * 2.5066282746310002 * share)
    case .choice(let ownShare, let values):
      return portableLog(ownShare * values + (1 - ownShare))
    }
  }

  /// The difference in logarithm between the point's own value of a choice and any other value.
  fileprivate var logDrop: Double {
    guard case .choice(let ownShare, let values) = self else { preconditionFailure("\(self)") }
    return portableLog(ownShare * values + (1 - ownShare)) - portableLog(1 - ownShare)
  }

  fileprivate func sample(around centre: Double, with random: inout Philox) -> Double {
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

/// The logarithm of the mean of numbers given by their logarithms.
private func logMean(_ logarithms: [Double]) -> Double {
  let greatest = logarithms.max() ?? 0
  let sum = logarithms.reduce(0.0) { sum, logarithm in
    // Terms smaller by a factor of e⁴⁰ make no difference.
    logarithm < greatest - 40 ? sum : sum + portableExp(logarithm - greatest)
  }
  return greatest + portableLog(sum / Double(logarithms.count))
}

/// The cumulative normal distribution, to within 10⁻⁷.
///
/// Source: Abramowitz, Stegun, "Handbook of mathematical functions", 1964, 26.2.17.
private func normalShare(below deviations: Double) -> Double {
  let t = 1 / (1 + 0.2316419 * abs(deviations))
  let series =
    t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  let tail = 0.3989422804014327 * portableExp(-deviations * deviations / 2) * series
  return deviations < 0 ? tail : 1 - tail
}
