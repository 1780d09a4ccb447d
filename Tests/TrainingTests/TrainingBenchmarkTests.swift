import Testing

@testable import Training

@Suite struct TrainingBenchmarkTests {
  @Test func convolutionsAreMeasuredToo() throws {
    let recipe = sampleRecipe(convolutions: sampleConvolutions, optimizer: .momentum(0.9))
    let data = try TrainingData(sampleDataset(), recipe.dataset)
    var reading = Duration.zero
    let result = try TrainingBenchmark.run(recipe, data: data, rounds: 2) {
      reading += .milliseconds(1)
      return reading
    }
    #expect(result.samplesPerSecond > 0 && result.gflops > 0)
  }

  @Test func figuresFollowFromTheClock() throws {
    let recipe = sampleRecipe()
    let data = try TrainingData(sampleDataset(), recipe.dataset)
    var reading = Duration.zero
    var calls = 0
    // Per round: products take 20 ms, steps 40 ms; an evaluation takes 20 or 40 ms.
    let result = try TrainingBenchmark.run(recipe, data: data, rounds: 4) {
      calls += 1
      reading += .milliseconds(calls % 3 == 0 ? 40 : 20)
      return reading
    }
    #expect(abs(result.fractionOfLibrary - 0.5) < 1e-9)
    // One step takes 2 ms: 25·6·2 + 6·3·3 products of 16 rows.
    #expect(abs(result.gflops - 2 * 16 * (300 + 54) / 2e-3 / 1e9) < 1e-9)
    #expect(result.samplesPerSecond > 1000 && result.samplesPerSecond < 2000)
  }
}
