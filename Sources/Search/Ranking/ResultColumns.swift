/// The columns of results.csv beside those of the searched parameters.
package enum ResultColumns {
  /// Those before the parameters.
  package static let leading = ["rank", "trial"]

  /// Those after the parameters.
  package static func trailing(_ schema: MetricSchema) -> [String] {
    schema.ranked + [
      "epochs", "status", "seeds", "\(schema.estimated)_mean", "\(schema.estimated)_ci95", "tie",
    ]
  }
}
