import Platform
import RunFiles
import Search
import Trials

extension RunDirectory {
  /// The search file; throws if its sampler learns from results.
  func fileOfFixedTrials() throws -> SearchFile {
    let file = try SearchFileSource.read(searchFile).parse()
    guard !file.runsProgram else {
      throw UserError("\(path): needs a search over a built-in network, not a program")
    }
    guard !file.sampler.learns else {
      throw UserError("\(path): needs a search whose sampler does not learn, such as random or sobol")
    }
    return file
  }
}
