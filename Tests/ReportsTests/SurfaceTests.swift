import Testing

@testable import Reports

struct SurfaceTests {
  @Test func followsTheSamples() throws {
    let samples = (0..<400).map { index in
      let (x, y) = (Double(index % 20) / 19, Double(index / 20) / 19)
      return Surface.Sample(x: x, y: y, height: x + 2 * y)
    }
    let surface = Surface(samples, x: .even, y: .even)
    let middle = try #require(surface.grid.heights[16][16])
    #expect(abs(middle - 1.5) < 0.1)
    let corners = try (#require(surface.grid.heights[0][0]), #require(surface.grid.heights[31][31]))
    #expect(corners.0 < 0.5 && corners.1 > 2.5)
  }

  @Test func isEmptyWhereNoSampleIsNear() {
    let surface = Surface([.init(x: 0, y: 0, height: 1)], x: .even, y: .even)
    #expect(surface.grid.heights[0][0] == 1)
    #expect(surface.grid.heights[31][31] == nil)
    #expect(Surface([], x: .even, y: .even).ends(isMaximized: true) == nil)
    #expect(Surface([.init(x: .nan, y: 0, height: 1)], x: .even, y: .even).grid.heights[0][0] == nil)
  }

  @Test func categoriesDoNotMix() throws {
    let samples = [Surface.Sample(x: 0.25, y: 0.5, height: 0), .init(x: 0.75, y: 0.5, height: 1)]
    let surface = Surface(samples, x: .categories(2), y: .even)
    #expect(surface.grid.columns == [0, 0.5, 0.5, 1])
    #expect(surface.grid.heights[16] == [0, 0, 1, 1])
  }
}
