import Foundation
import Randomness
import Testing

@testable import Training

@Suite struct AugmentationTests {
  /// Images of random pixels.
  private func images(rows: Int, columns: Int, count: Int = 3) throws -> ImageSet {
    let folder = try TemporaryFolder()
    var generator = Philox(seed: 6, stream: UInt64(rows * 100 + columns))
    let pixels = (0..<count * rows * columns).map { _ in UInt8(generator.below(256)) }
    return try ImageSet(
      in: folder, images: IDXHeader(sides: [count, rows, columns]).bytes + pixels,
      labels: IDXHeader(sides: [count]).bytes + Array(repeating: 0, count: count))
  }

  /// The pixels of an image as an augmenter reads it, row by row.
  private func read(_ augmenter: Augmenter, _ image: Int, of images: ImageSet) -> [Float] {
    let buffer = FloatBuffer(count: images.pixels)
    let matrix = buffer.matrix(at: 0, rows: 1, columns: images.pixels, stride: images.pixels)
    augmenter.scale(image, into: matrix.row(0))
    return Array(matrix.row(0))
  }

  /// The pixels of an image after a change.
  private func changed(_ change: ImageChange, _ image: Int, of images: ImageSet) -> [Float] {
    let augmenter = Augmenter(Augmentation(), seed: 0, images: images)
    let buffer = FloatBuffer(count: images.pixels)
    let matrix = buffer.matrix(at: 0, rows: 1, columns: images.pixels, stride: images.pixels)
    augmenter.scale(image, changedBy: change, into: matrix.row(0))
    return Array(matrix.row(0))
  }

  private func plain(_ image: Int, of images: ImageSet) -> [Float] {
    images.image(image).map { Float($0) * (1 / Float(255)) }
  }

  private static let sizes = [
    (1, 1), (2, 3), (5, 5), (9, 15), (7, 16), (7, 17), (28, 28), (31, 64), (3, 65), (40, 33),
    // Around the widths whose rows fit a register.
    (1, 16), (50, 16), (12, 29), (33, 30), (2, 30), (30, 31),
  ]

  @Test(arguments: sizes) func noChangeLeavesEveryBit(rows: Int, columns: Int) throws {
    let images = try images(rows: rows, columns: columns)
    for image in 0..<3 {
      #expect(changed(ImageChange(), image, of: images) == plain(image, of: images))
    }
  }

  @Test func shiftMovesPixelsAndFillsWithBlack() throws {
    let images = try images(rows: 4, columns: 5)
    let pixels = plain(1, of: images)
    let moved = changed(ImageChange(right: 0.4, down: -0.25), 1, of: images)
    for (row, column) in (0..<4).flatMap({ row in (0..<5).map { (row, $0) } }) {
      let isInside = column >= 2 && row < 3
      #expect(moved[row * 5 + column] == (isInside ? pixels[(row + 1) * 5 + column - 2] : 0))
    }
  }

  @Test func quarterTurnIsClockwise() throws {
    let images = try images(rows: 6, columns: 6)
    let pixels = plain(0, of: images)
    let turned = changed(ImageChange(angle: .pi / 2), 0, of: images)
    for (row, column) in (0..<6).flatMap({ row in (0..<6).map { (row, $0) } }) {
      #expect(turned[column * 6 + (5 - row)] == pixels[row * 6 + column])
    }
  }

  @Test func doubleSizeShowsTheMiddle() throws {
    let images = try images(rows: 5, columns: 5)
    let pixels = plain(0, of: images)
    let larger = changed(ImageChange(size: 2), 0, of: images)
    for (row, column) in (0..<3).flatMap({ row in (0..<3).map { (row, $0) } }) {
      #expect(larger[2 * row * 5 + 2 * column] == pixels[(row + 1) * 5 + column + 1])
    }
  }

  @Test(arguments: sizes) func changesAreBilinear(rows: Int, columns: Int) throws {
    let images = try images(rows: rows, columns: columns)
    var generator = Philox(seed: 7, stream: 0)
    for _ in 0..<30 {
      let change = ImageChange(
        angle: (2 * generator.uniform() - 1) * .pi, right: generator.uniform() - 0.5,
        down: generator.uniform() - 0.5, size: 0.5 + generator.uniform())
      let pixels = plain(2, of: images).map(Double.init)
      let found = changed(change, 2, of: images)
      for place in found.indices {
        let expected = bilinear(
          pixels, rows: rows, columns: columns, change, x: place % columns, y: place / columns)
        // Fractions have 8 bits, and steps are rounded to 2⁻¹⁷ of a pixel.
        #expect(abs(Double(found[place]) - expected) < 0.012, "\(change) at \(place)")
      }
    }
  }

  /// A pixel of the changed image, computed from the definition.
  private func bilinear(
    _ pixels: [Double], rows: Int, columns: Int, _ change: ImageChange, x: Int, y: Int
  ) -> Double {
    let (centreX, centreY) = (Double(columns - 1) / 2, Double(rows - 1) / 2)
    let right = Double(x) - change.right * Double(columns) - centreX
    let down = Double(y) - change.down * Double(rows) - centreY
    let (sine, cosine) = (sin(change.angle), cos(change.angle))
    let u = centreX + (cosine * right + sine * down) / change.size
    let v = centreY + (-sine * right + cosine * down) / change.size
    func pixel(_ row: Double, _ column: Double) -> Double {
      guard row >= 0, row < Double(rows), column >= 0, column < Double(columns) else { return 0 }
      return pixels[Int(row) * columns + Int(column)]
    }
    let (left, top) = (u.rounded(.down), v.rounded(.down))
    let upper = pixel(top, left) * (left + 1 - u) + pixel(top, left + 1) * (u - left)
    let lower = pixel(top + 1, left) * (left + 1 - u) + pixel(top + 1, left + 1) * (u - left)
    return upper * (top + 1 - v) + lower * (v - top)
  }

  @Test func changesAreTheSameOnEveryMachine() throws {
    let images = try images(rows: 28, columns: 28)
    let augmentation = Augmentation(rotation: 10, shift: 0.1, scale: 0.2, probability: 1, mode: .online)
    let augmenter = Augmenter(augmentation, seed: 2023, images: images)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for epoch in 0..<5 {
      augmenter.epoch = epoch
      for number in read(augmenter, epoch % 3, of: images) {
        hash = (hash ^ UInt64(number.bitPattern)) &* 0x100_0000_01b3
      }
    }
    #expect(hash == 2_813_635_259_225_282_170)
  }

  @Test func changesCoverTheirRanges() {
    let augmentation = Augmentation(
      rotation: 10, shift: 0.1, scale: 0.3, probability: 0.5, mode: .online)
    let changes = (0..<4000).map {
      augmentation.change(of: $0, epoch: 3, seed: 9) ?? ImageChange()
    }
    func check(_ values: [Double], _ most: Double) {
      let drawn = values.filter { $0 != 0 }
      #expect(abs(Double(drawn.count) / 4000 - 0.5) < 0.03)
      #expect(drawn.allSatisfy { abs($0) < most })
      #expect(drawn.max() ?? 0 > 0.98 * most && drawn.min() ?? 0 < -0.98 * most)
      #expect(abs(drawn.reduce(0, +) / Double(drawn.count)) < 0.05 * most)
    }
    check(changes.map(\.angle), 10 * .pi / 180)
    check(changes.map(\.right), 0.1)
    check(changes.map(\.down), 0.1)
    check(changes.map { $0.size - 1 }, 0.3)
    // The three changes are independent: an eighth of the images is unchanged.
    #expect(abs(changes.count { $0 == ImageChange() } - 500) < 80)
  }

  @Test func disabledChangesDoNotHappen() {
    for augmentation in [
      Augmentation(probability: 1), Augmentation(rotation: 10, shift: 0.1, scale: 0.1, probability: 0),
    ] {
      #expect((0..<100).allSatisfy { augmentation.change(of: $0, epoch: 0, seed: 1) == nil })
    }
    let shift = Augmentation(shift: 0.1, probability: 1).change(of: 5, epoch: 0, seed: 1)
    #expect(shift?.angle == 0 && shift?.size == 1 && shift?.right != 0)
  }

  @Test func onlyOnlineChangesDifferBetweenEpochs() {
    var augmentation = Augmentation(rotation: 10, probability: 1, mode: .append)
    func angle(image: Int = 5, epoch: Int = 0, seed: UInt64 = 1) -> Double? {
      augmentation.change(of: image, epoch: epoch, seed: seed)?.angle
    }
    #expect(angle() == angle(epoch: 1))
    #expect(angle() != angle(image: 6))
    #expect(angle() != angle(seed: 2))
    augmentation.mode = .online
    #expect(angle() == angle())
    #expect(angle() != angle(epoch: 1))
    #expect(angle() != angle(image: 6))
    #expect(angle() != angle(seed: 2))
  }

  @Test func resultIsIndependentOfEarlierReads() throws {
    let images = try images(rows: 28, columns: 28)
    let augmentation = Augmentation(rotation: 90, scale: 0.5, probability: 1, mode: .online)
    let first = Augmenter(augmentation, seed: 1, images: images)
    let second = Augmenter(augmentation, seed: 1, images: images)
    let inOrder = (0..<3).map { read(first, $0, of: images) }
    let backwards = (0..<3).reversed().map { read(second, $0, of: images) }
    #expect(inOrder == backwards.reversed())
  }
}

/// Augmentation in a trainer.
@Suite struct AugmentedTrainingTests {
  private static let modes = Augmentation.Mode.allCases

  private func recipe(_ mode: Augmentation.Mode, learningRate: Double = 0.1) -> Recipe {
    var recipe = sampleRecipe(learningRate: learningRate, l2: 0)
    recipe.augmentation = Augmentation(
      rotation: 170, shift: 0.3, scale: 0.3, probability: 1, mode: mode)
    return recipe
  }

  @Test func appendedCopiesDoubleTheTrainingImages() throws {
    // 49 images in batches of 16, then 98.
    #expect(try Trainer(sample: recipe(.online)).stepsPerEpoch == 4)
    #expect(try Trainer(sample: recipe(.append)).stepsPerEpoch == 7)
    let images = recipe(.append).augmentation?.epochImages([3, 5])
    #expect(images == [3, 5, ~3, ~5])
  }

  @Test(arguments: modes) func onlyTrainingImagesAreChanged(mode: Augmentation.Mode) throws {
    // The weights do not change, so the losses are those of one network on all images.
    let recipe = recipe(mode, learningRate: 1e-30)
    let trainer = try Trainer(sample: recipe)
    guard case .completed(let metrics) = trainer.trainEpoch() else {
      Issue.record("the epoch was not completed")
      return
    }
    let reference = ReferenceNetwork(trainer.model())
    let set = trainer.data.dataset.train
    func loss(_ entries: [Int32], _ augmenter: Augmenter) -> Double {
      let labels = entries.map { Int(set.label(Int(max($0, ~$0)))) }
      let rows = entries.map { entry -> [Double] in
        guard entry < 0 else { return set.image(Int(entry)).map { Double($0) / 255 } }
        let matrix = FloatBuffer(count: 25)
        let row = matrix.matrix(at: 0, rows: 1, columns: 25, stride: 25).row(0)
        return withExtendedLifetime(matrix) {
          augmenter.scale(Int(~entry), into: row)
          return row.map(Double.init)
        }
      }
      return reference.loss(rows, labels)
    }
    let augmentation = try #require(recipe.augmentation)
    let augmenter = Augmenter(augmentation, seed: recipe.seed, images: set)
    let train = loss(augmentation.epochImages(trainer.data.train), augmenter)
    #expect(abs(metrics.trainLoss - train) < 1e-5)
    #expect(abs(metrics.validationLoss - loss(trainer.data.validation, augmenter)) < 1e-5)
    #expect(abs(train - loss(trainer.data.train, augmenter)) > 1e-3)
  }

  @Test(arguments: modes) func interruptedAugmentedRunResumes(mode: Augmentation.Mode) throws {
    let recipe = recipe(mode)
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 3)
    for step in 1...2 * uncut.stepsPerEpoch {
      let cut = try Trainer(sample: recipe)
      while cut.step < step { _ = cut.trainEpoch { $0 < step } }
      let checkpoint = try Checkpoint(decoding: cut.checkpoint().encoded(), name: "checkpoint")
      let resumed = try Trainer(resuming: checkpoint, recipe: recipe, data: cut.data)
      resumed.train(epochs: 3)
      #expect(resumed.checkpoint() == uncut.checkpoint(), "cut at step \(step)")
    }
  }

  @Test func checkpointWithOtherAugmentationIsRejected() throws {
    let trainer = try Trainer(sample: recipe(.online))
    #expect {
      try Trainer(resuming: trainer.checkpoint(), recipe: recipe(.append), data: trainer.data)
    } throws: { error in
      (error as? RecipeError)?.field == "augment"
    }
  }
}
