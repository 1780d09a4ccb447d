import Glibc

/// The folder in which datasets lie unpacked, so that all processes of a machine map one copy. Files in it
/// appear whole and never change; any number of processes may use it at once.
struct DatasetCache: Sendable {
  /// Nil: nothing is kept.
  let folder: String?

  /// The bytes of a file, piece by piece; nil after the last.
  typealias Pieces = () throws(DatasetError) -> [UInt8]?

  /// The IDX file inside a gzip file. It is unpacked once, as long as the packed file does not change;
  /// where the folder cannot be written, into nameless memory each time.
  func unpacked(_ path: String, _ kind: IDXHeader.Kind) throws(DatasetError) -> MappedFile {
    let name = try DatasetError.from(try keptName(of: path))
    return try file("unpacked/\(name)", kind) { () throws(DatasetError) in
      try unpackedPieces(path, kind)
    }
  }

  /// The IDX file of this name in the cache, written there if it is not yet.
  func file(
    _ name: String, _ kind: IDXHeader.Kind, contents: () throws(DatasetError) -> Pieces
  ) throws(DatasetError) -> MappedFile {
    if let folder {
      let path = "\(folder)/\(name)"
      if let kept = kept(path, kind) { return kept }
      if let stored = try store(path, contents()) { return stored }
    }
    let file = try DatasetError.from(try File.unnamed())
    let pieces = try contents()
    while let piece = try pieces() {
      try DatasetError.from(try file.write(piece))
    }
    return try DatasetError.from(try MappedFile(file))
  }

  /// A name that changes with the packed file's path, size and date.
  private func keptName(of path: String) throws(SystemError) -> String {
    let status = try File.open(path).status()
    let resolved = realpath(path, nil)
    defer { free(resolved) }
    let whole = resolved.map { String(cString: $0) } ?? path
    let key = SHA256.hexadecimal(Array("\(whole)|\(status.size)|\(status.changed)".utf8))
    let file = whole.split(separator: "/").last ?? ""
    return "\(key.prefix(16))-\(file.hasSuffix(".gz") ? file.dropLast(3) : file)"
  }

  /// A file that is in the cache already, if it is whole.
  private func kept(_ path: String, _ kind: IDXHeader.Kind) -> MappedFile? {
    guard
      let file = try? File.open(path), let mapped = try? MappedFile(file),
      (try? mapped.header(kind, path: path)) != nil
    else { return nil }
    return mapped
  }

  /// Writes a file of the cache and maps it; nil if the cache cannot be written.
  private func store(_ path: String, _ pieces: Pieces) throws(DatasetError) -> MappedFile? {
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    guard (try? makeFolder(folder)) != nil, let file = try? File.temporary(in: folder) else {
      return nil
    }
    do throws(DatasetError) {
      var writable = true
      while writable, let piece = try pieces() {
        writable = (try? file.write(piece)) != nil
      }
      if writable, (try? publish(file, as: path)) != nil, let mapped = try? MappedFile(file) {
        return mapped
      }
      unlink(file.path)
      return nil
    } catch {
      unlink(file.path)
      throw error
    }
  }
}

/// The pieces of an unpacked IDX file, as far as its header promises; more or less is an error.
private func unpackedPieces(
  _ path: String, _ kind: IDXHeader.Kind
) throws(DatasetError) -> DatasetCache.Pieces {
  let file = try DatasetError.from(try File.open(path))
  let gunzip = try Gunzip(file)
  var header: IDXHeader?
  var size = 0
  return { () throws(DatasetError) in
    guard let piece = try gunzip.next() else {
      guard let header else { throw DatasetError(path, .truncated) }
      try header.check(size: size, path: path)
      return nil
    }
    // The first piece holds the whole header, unless the file is shorter than that.
    if header == nil { header = try IDXHeader(piece, kind, path: path) }
    size += piece.count
    if let header, size > header.fileSize { throw DatasetError(path, .trailingBytes) }
    return Array(piece)
  }
}
