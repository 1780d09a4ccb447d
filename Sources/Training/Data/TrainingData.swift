/// The training and validation images of a recipe.
package struct TrainingData: Sendable {
  package let dataset: Dataset
  /// Indices into `dataset.train`, ascending.
  package let train: [Int32]
  /// The source of `validation`: `dataset.train`, or `dataset.test` if the selection says so.
  package let validationImages: ImageSet
  /// Indices into `validationImages`, ascending; disjoint from `train` if both index the training images.
  package let validation: [Int32]
  /// Puts the pixels that are 0 in all training and validation images last.
  let layout: PixelLayout

  /// What a user should know about the images, one line each.
  package var notes: [String] {
    dataset.notes + [warning(validationImages: validation.count)].compactMap(\.self)
  }

  /// Shuffles the training images by the selection's seed, keeps the first `subset` of them, and of these the first
  /// `validation` for validation; a stratified selection does this per class. Counts are rounded to the nearest
  /// integer.
  package init(_ dataset: Dataset, _ selection: DatasetSelection) throws(RecipeError) {
    let counts = try SplitCounts(selection, of: dataset.train.count)
    var indices = (0..<Int32(dataset.train.count)).map { $0 }
    var generator = RandomStream.split.generator(seed: selection.split)
    generator.shuffle(&indices)
    self.dataset = dataset
    var split = Split(
      held: Array(indices[..<counts.validation]),
      train: Array(indices[counts.validation..<counts.selected]))
    if selection.isStratified {
      split = try Split(indices, counts, dataset, everyClassIsHeld: selection.validation != .test)
    }
    train = split.train.sorted()
    let blank = dataset.train.blankPixels()
    guard selection.validation != .test else {
      layout = PixelLayout(blank: zip(blank, dataset.test.blankPixels()).map { $0 && $1 })
      validationImages = dataset.test
      validation = Array(0..<Int32(dataset.test.count))
      return
    }
    layout = PixelLayout(blank: blank)
    validationImages = dataset.train
    validation = split.held.sorted()
  }
}

/// The held-out images and the training images.
private struct Split {
  var held: [Int32]
  var train: [Int32]
}

extension Split {
  /// Splits shuffled images per class. Throws if a part would have no image of a class.
  init(
    _ indices: [Int32], _ counts: SplitCounts, _ dataset: Dataset, everyClassIsHeld: Bool
  ) throws(RecipeError) {
    let classes = (0..<dataset.classes).map { label in
      indices.filter { Int(dataset.train.label(Int($0))) == label }
    }
    let selected = apportion(counts.selected, by: classes.map(\.count))
    let kept = apportion(counts.validation, by: selected)
    if everyClassIsHeld { try checkBothSides(kept: kept, selected: selected) }
    held = classes.indices.flatMap { classes[$0][..<kept[$0]] }
    train = classes.indices.flatMap { classes[$0][kept[$0]..<selected[$0]] }
  }
}

/// The number of images in a selection.
struct SplitCounts {
  /// For training and validation together.
  let selected: Int
  let validation: Int
  var training: Int { selected - validation }

  init(_ selection: DatasetSelection, of images: Int) throws(RecipeError) {
    try selection.validate()
    selected = Int((selection.subset * Double(images)).rounded())
    guard selected >= 2 else {
      throw RecipeError(
        field: "dataset.subset",
        problem: "\(selection.subset) of \(images) images leaves \(selected); at least 2 are needed")
    }
    validation =
      switch selection.validation {
      case .fraction(let fraction): Int((fraction * Double(selected)).rounded())
      case .count(let count): count
      case .test: 0
      }
    guard selection.validation != .test else { return }
    guard validation > 0 else {
      throw RecipeError(
        field: "dataset.validation",
        problem: "holds out none of \(selected) images; give a larger share, or a number of images")
    }
    guard validation < selected else {
      throw RecipeError(
        field: "dataset.validation",
        problem:
          "holds out \(validation) of \(selected) images and leaves none for training; give a share below 1, "
          + "such as 0.2, or fewer images")
    }
  }
}

extension Recipe {
  /// A warning if so few images are held out for validation that its accuracy is coarse; nil otherwise.
  ///
  /// - Parameter images: training and validation images of the dataset.
  package func validationWarning(images: Int) throws(RecipeError) -> String? {
    let counts = try SplitCounts(dataset, of: images)
    return dataset.validation == .test ? nil : warning(validationImages: counts.validation)
  }
}

private func warning(validationImages count: Int) -> String? {
  guard count < 100 else { return nil }
  let step = (1000 / Double(count)).rounded() / 10
  return "validation accuracy is measured on \(count) image\(count == 1 ? "" : "s"); one image is \(step) %"
}

/// Divides a total in proportion to the weights, whose sum is at least the total: rounds down, then assigns the rest
/// to the largest remainders, the first in a tie. No part exceeds its weight.
///
/// Source: Hamilton's method, see Balinski, Young, "Fair representation", 1982.
func apportion(_ total: Int, by weights: [Int]) -> [Int] {
  let sum = weights.reduce(0, +)
  precondition(total >= 0 && total <= sum, "\(total) of \(sum)")
  guard sum > 0 else { return weights }
  let shares = weights.map { (total * $0).quotientAndRemainder(dividingBy: sum) }
  var parts = shares.map(\.quotient)
  let places = weights.indices.sorted {
    (-shares[$0].remainder, $0) < (-shares[$1].remainder, $1)
  }
  for index in places.prefix(total - parts.reduce(0, +)) { parts[index] += 1 }
  return parts
}

/// Throws if a class of the dataset would be missing from the training or the validation images.
private func checkBothSides(kept: [Int], selected: [Int]) throws(RecipeError) {
  for (label, (kept, selected)) in zip(kept, selected).enumerated() where selected > 0 {
    guard kept > 0, kept < selected else {
      throw RecipeError(
        field: "dataset.validation",
        problem: "\(kept) of the \(selected) images of class \(label); a stratified selection needs"
          + " at least one on either side")
    }
  }
}
