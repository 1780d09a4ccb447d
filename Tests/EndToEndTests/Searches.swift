import Foundation

/// The search files of these tests.
enum SearchText {
  static let trials = 14

  /// A search whose trials last long enough to be killed while they run.
  static func lasting(heartbeat: Double = 0.5, lease: Double = 30) -> String {
    """
    name: lasting
    seed: 7
    dataset: { name: digits }
    model:
      hidden: [{ int: [48, 96] }]
    train:
      epochs: 7
      batch: 64
      lr: { log_uniform: [0.01, 0.5] }
      l2: { log_uniform: [1e-7, 1e-3] }
    search:
      trials: \(trials)
      heartbeat: \(heartbeat)
      lease: \(lease)
    """
  }

  /// The same with twice as many trials.
  static func long() -> String { lasting().replacing("trials: \(trials)", with: "trials: \(2 * trials)") }

  /// A search that stops all trials but one: after 1 and 3 epochs, or at other powers of 3.
  static func halving(from minEpochs: Double = 1) -> String {
    """
    name: halving
    seed: 5
    dataset: { name: digits }
    model: { hidden: [{ int: [16, 64] }] }
    train: { epochs: 9, batch: 64, lr: { log_uniform: [0.01, 2] } }
    search: { trials: 12, heartbeat: 0.5, lease: 5, halving: { min_epochs: \(minEpochs), factor: 3 } }
    """
  }

  /// A search that takes about a second.
  static func brief(seed: Int = 1, lr: String = "{ uniform: [0.05, 0.5] }", trials: Int = 4) -> String {
    """
    seed: \(seed)
    dataset: { name: digits, subset: 0.25 }
    model: { hidden: [16] }
    train: { epochs: 2, lr: \(lr) }
    search: { trials: \(trials), heartbeat: 0.5, lease: 2 }
    """
  }

  /// A recipe: no distributions.
  static func recipe(epochs: Int = 3) -> String {
    """
    seed: 11
    dataset: { name: digits }
    model: { hidden: [32] }
    train: { epochs: \(epochs), batch: 32, lr: 0.1, l2: 1e-5 }
    """
  }
}

/// Slow preparations shared by many tests.
enum Prepared {
  /// Puts the digits dataset into the cache: in a debug build its generation is slow.
  static let digits = Task {
    let scratch = try Scratch()
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 1))
    let ending = try await scratch.run("train", "recipe.yaml")
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
  }

  /// The outcome of `SearchText.lasting` with one undisturbed worker.
  static let outcome = Task { try await search(SearchText.lasting()).outcome() }

  /// The outcome of `SearchText.long` with one undisturbed worker.
  static let long = Task { try await search(SearchText.long()).outcome() }

  /// The outcome of `SearchText.halving` with one undisturbed worker.
  static let halving = Task { try await search(SearchText.halving()).outcome() }

  /// Runs a search with one worker to its end.
  static func search(_ text: String, _ more: String...) async throws -> Run {
    try await digits.value
    let scratch = try Scratch()
    try scratch.write("search.yaml", text)
    let ending = try await scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "1"] + more
    ).ending()
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
    return Run(scratch: scratch)
  }
}
