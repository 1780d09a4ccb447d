/// Values that a trial body measured, by the name of the metric.
package struct Metrics: Hashable, Sendable {
  /// One of them.
  package struct Metric: Hashable, Sendable {
    package var name: String
    package var value: Double
  }

  /// The metrics, in the order of the measurement.
  package private(set) var all: [Metric]

  /// The metrics with these names and values.
  package init(_ metrics: some Sequence<(name: String, value: Double)>) {
    all = metrics.map { Metric(name: $0.name, value: $0.value) }
  }

  /// The value of a metric; nil if it was not measured.
  package subscript(_ name: String) -> Double? {
    get { all.first { $0.name == name }?.value }
    set {
      let index = all.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): all[index].value = value
      case (let index?, nil): all.remove(at: index)
      case (nil, let value?): all.append(Metric(name: name, value: value))
      case (nil, nil): break
      }
    }
  }
}

extension Metrics: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral metrics: (String, Double)...) {
    self.init(metrics.map { (name: $0, value: $1) })
  }
}

/// The metrics of a trial at a step of its budget.
package struct TrialMeasurement: Hashable, Sendable {
  /// The budget so far, in the unit of the trial body, for example epochs; a fraction within the first.
  package var step: Double
  package var metrics: Metrics

  /// A measurement at a step.
  package init(step: Double, _ metrics: Metrics) {
    (self.step, self.metrics) = (step, metrics)
  }
}
