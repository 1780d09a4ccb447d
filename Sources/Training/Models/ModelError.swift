/// The reason why a model or a checkpoint cannot be read, written or used.
package struct ModelError: Error, Equatable, CustomStringConvertible {
  package enum Problem: Sendable, Equatable {
    /// The system's error message.
    case unreadable(String)
    /// A violation of the safetensors format.
    case notSafetensors(String)
    /// A safetensors file that this program did not write.
    case notTrawl(String)
    /// The model does not match the dataset.
    case doesNotFit(String)
  }

  /// The file, or the source of the bytes.
  package let subject: String
  package let problem: Problem

  init(_ subject: String, _ problem: Problem) {
    self.subject = subject
    self.problem = problem
  }

  init(_ error: SystemError) {
    self.init(error.path, .unreadable(error.reason))
  }

  /// One line that begins with the subject.
  package var description: String {
    switch problem {
    case .unreadable(let reason): "\(subject): \(reason)"
    case .notSafetensors(let reason): "\(subject): not a safetensors file, or damaged: \(reason)"
    case .notTrawl(let reason): "\(subject): not a model of trawl: \(reason)"
    case .doesNotFit(let reason): "\(subject): does not fit the model: \(reason)"
    }
  }
}
