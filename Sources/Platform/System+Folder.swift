import Foundation

extension System {
  /// Creates a folder and its parents if they do not exist.
  package static func makeFolder(_ path: String) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    var folder = path.hasPrefix("/") ? "" : "."
    for part in parts {
      folder += "/\(part)"
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
        let refusal = UserError.system("cannot make the folder \(path)")
        throw UserError("\(refusal.message); choose another with --output", status: refusal.status)
      }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw UserError("\(path) is not a folder; choose another with --output")
    }
  }
}
