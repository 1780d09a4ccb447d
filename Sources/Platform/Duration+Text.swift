extension Duration {
  package var seconds: Double { self / .seconds(1) }

  /// A readable text: `0.4 s`, `12 s`, `3 min 20 s`, `5 h 10 min`.
  package var text: String {
    let total = Int(seconds.rounded())
    return switch seconds {
    case ..<9.95: "\((seconds * 10).rounded() / 10) s"
    case ..<120: "\(total) s"
    case ..<7200: "\(total / 60) min \(total % 60) s"
    default: "\(total / 3600) h \(total % 3600 / 60) min"
    }
  }
}
