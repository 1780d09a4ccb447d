/// Why a model or a checkpoint cannot be read, written or used.
package struct ModelError: Error, Equatable, CustomStringConvertible {
  package enum Problem: Sendable, Equatable {
    /// The system's words.
    case unreadable(String)
    /// What contradicts the safetensors format.
    case notSafetensors(String)
    /// It is a safetensors file, but not one of this program.
    case notTrawl(String)
    /// The model and the dataset do not belong together.
    case doesNotFit(String)
  }

  /// The file, or whatever the bytes came from.
  package let subject: String
  package let problem: Problem

  init(_ subject: String, _ problem: Problem) {
    self.subject = subject
    self.problem = problem
  }

  init(_ error: SystemError) {
    self.init(error.path, .unreadable(error.reason))
  }

  /// One line, beginning with the subject.
  package var description: String {
    switch problem {
    case .unreadable(let reason): "\(subject): \(reason)"
    case .notSafetensors(let reason): "\(subject): not a safetensors file, or damaged: \(reason)"
    case .notTrawl(let reason): "\(subject): not a model of trawl: \(reason)"
    case .doesNotFit(let reason): "\(subject): does not fit the model: \(reason)"
    }
  }
}
