import Randomness

/// The learning rate schedule.
package enum Schedule: Sendable, Equatable {
  case constant
  /// Multiplies by gamma after every given number of epochs.
  case step(every: Int, gamma: Double)
  /// Multiplies by gamma after each of these numbers of epochs, in ascending order.
  case milestones(at: [Int], gamma: Double)
  /// Multiplies by gamma after every epoch.
  case exponential(gamma: Double)
  /// Linear warm-up over a number of epochs, then half a cosine down to 0 at the end of the last epoch. Source:
  /// Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
  case cosine(warmup: Double)
}

/// The learning rate of every step of a training run: a function of the step's number only.
struct LearningRate {
  let base: Double
  let schedule: Schedule
  let stepsPerEpoch: Int
  /// The number of epochs of the whole run.
  let epochs: Int

  /// The learning rate of a step, counted from 0.
  func rate(step: Int) -> Double {
    let epoch = step / stepsPerEpoch
    switch schedule {
    case .constant: return base
    case .step(let every, let gamma): return base * power(gamma, epoch / every)
    case .milestones(let milestones, let gamma):
      var passed = 0
      while passed < milestones.count, milestones[passed] <= epoch { passed += 1 }
      return base * power(gamma, passed)
    case .exponential(let gamma): return base * power(gamma, epoch)
    case .cosine(let warmup): return base * wave(step: step, warmup: warmup)
    }
  }

  private func wave(step: Int, warmup: Double) -> Double {
    let rise = (warmup * Double(stepsPerEpoch)).rounded()
    let total = Double(stepsPerEpoch * epochs)
    guard Double(step) >= rise else { return Double(step + 1) / rise }
    let share = min(1, (Double(step) - rise) / max(1, total - rise))
    return 0.5 * (1 + portableCos(.pi * share))
  }

  /// An integer power, multiplied in the same order on every machine.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, left) = (1.0, base, exponent)
    while left > 0 {
      if left % 2 == 1 { result *= square }
      square *= square
      left /= 2
    }
    return result
  }
}
