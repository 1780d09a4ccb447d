/// Samples the points of the grid in order.
enum GridSampler {
  static func values(trial: Int, in space: SearchSpace) -> [Value] {
    space.gridPoint(UInt64(trial))
  }
}
