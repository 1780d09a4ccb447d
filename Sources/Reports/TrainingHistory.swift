import Charts
import Training

/// The learning curves of one training run.
package struct TrainingHistory: Sendable {
  /// The name of the run in the legend; "" if it is the only one.
  package var name: String
  /// The completed epochs, in their order.
  package var epochs: [EpochMetrics]
  /// The name of the evaluated images: "validation", or "test" if a network is validated on the test images.
  package var validationName: String

  package init(_ epochs: [EpochMetrics], name: String = "", validationName: String = "validation") {
    (self.name, self.epochs, self.validationName) = (name, epochs, validationName)
  }

  /// The pictures "loss" and "accuracy" of one run or several: solid for the training, dashed for the validation
  /// images, a colour for each run. None if no run has a completed epoch.
  package static func pictures(of runs: [TrainingHistory]) -> [NamedPicture] {
    let runs = runs.filter { !$0.epochs.isEmpty }
    guard !runs.isEmpty else { return [] }
    return Quantity.allCases.map { quantity in
      NamedPicture(quantity.rawValue.lowercased(), quantity.chart(of: runs).picture())
    }
  }
}

/// The quantity of a picture of learning curves.
private enum Quantity: String, CaseIterable {
  case loss = "Loss"
  case accuracy = "Accuracy"

  private func values(of epoch: EpochMetrics) -> (train: Double, validation: Double) {
    switch self {
    case .loss: (epoch.trainLoss, epoch.validationLoss)
    case .accuracy: (epoch.trainAccuracy, epoch.validationAccuracy)
    }
  }

  func chart(of runs: [TrainingHistory]) -> LineChart {
    let lines = runs.enumerated().flatMap { self.lines(of: $1, $0, among: runs.count) }
    let epochs = runs.flatMap { $0.epochs.map { Double($0.epoch) } }
    let scale = CurveScale(lines.map(\.points))
    let title =
      runs.count == 1 && !runs[0].name.isEmpty ? "\(runs[0].name): \(rawValue.lowercased())" : rawValue
    let axis = self == .loss ? Axis("cross-entropy", unit: "nats", scale.axis) : Axis("accuracy", scale.axis)
    var notes = scale.note(on: lines)
    if runs.count > Theme.seriesCount {
      notes.append("The colours repeat after \(Theme.seriesCount) runs, in the order of the legend.")
    }
    return LineChart(
      Heading(title, notes: notes),
      x: Axis("epoch", .whole(epochs.min() ?? 0, epochs.max() ?? 1)),
      y: axis, series: lines)
  }

  private func lines(of run: TrainingHistory, _ index: Int, among count: Int) -> [LineChart.Series] {
    func line(_ part: String, isDashed: Bool, _ value: (EpochMetrics) -> Double) -> LineChart.Series {
      LineChart.Series(
        count == 1 ? part : "\(run.name) \(part)", run.epochs.map { Point(Double($0.epoch), value($0)) },
        colour: count == 1 && isDashed ? 1 : index, isDashed: isDashed)
    }
    return [
      line("training", isDashed: false) { values(of: $0).train },
      line(run.validationName, isDashed: true) { values(of: $0).validation },
    ]
  }
}

/// The y axis of learning curves: without the first epoch, where that would flatten the others.
struct CurveScale {
  let axis: Scale
  /// Whether points of first epochs may lie outside of the axis.
  let leavesOutFirst: Bool

  /// The others are flattened if they would take less than this part of the axis.
  private static let leastShare = 1.0 / 3

  init(_ curves: [[Point]]) {
    let first = curves.joined().map(\.x).min() ?? 0
    let all = curves.joined().map(\.y).filter(\.isFinite)
    let later = curves.joined().filter { $0.x > first }.map(\.y).filter(\.isFinite)
    func range(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
    // Two later epochs are not yet a curve.
    let epochCount = Set(curves.joined().map(\.x)).count
    leavesOutFirst = epochCount > 3 && range(later) > 0 && range(later) < Self.leastShare * range(all)
    axis = .linear(around: leavesOutFirst ? later : all)
  }

  /// Says which values have been left out, if any.
  func note(on lines: [LineChart.Series]) -> [String] {
    guard leavesOutFirst else { return [] }
    let outside = lines.compactMap { line -> (name: String, point: Point)? in
      guard let point = line.points.first, point.y.isFinite else { return nil }
      let share = axis.position(of: point.y)
      return (0...1).contains(share) ? nil : (line.name, point)
    }
    guard let first = outside.first else { return [] }
    let epoch = "Outside of the scale: epoch \(first.point.x.label())"
    if outside.count <= 4 {
      return ["\(epoch), \(outside.map { "\($0.name) \($0.point.y.label())" }.joined(separator: ", "))."]
    }
    let values = outside.map(\.point.y)
    let ends = ((values.min() ?? 0).label(), (values.max() ?? 0).label())
    return ["\(epoch) of \(outside.count) lines, \(ends.0) to \(ends.1)."]
  }
}
