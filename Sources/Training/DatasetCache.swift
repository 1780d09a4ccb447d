import Glibc

/// The folder in which datasets lie unpacked, so that all processes of a machine map one copy. Files in it
/// appear whole and never change; any number of processes may use it at once.
struct DatasetCache: Sendable {
  /// Nil: nothing is kept.
  let folder: String?

  /// The bytes of a file, piece by piece; nil after the last.
  typealias Pieces = () throws(DatasetError) -> [UInt8]?

  /// A copy of an IDX file, or of that inside a gzip file. It is made once, as long as the file does not
  /// change; where the folder cannot be written, into nameless memory each time.
  func contents(of path: String, _ kind: IDXHeader.Kind) throws(DatasetError) -> MappedFile {
    let name = try DatasetError.from(try keptName(of: path))
    return try file("unpacked/\(name)", kind) { () throws(DatasetError) in
      try checkedPieces(of: path, kind)
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
    // In memory, or on the disk where a container has little of that.
    if let mapped = try? mapped(File.unnamed(in: "/dev/shm"), contents()) { return mapped }
    return try mapped(DatasetError.from(try File.unnamed(in: "/tmp")), contents())
  }

  /// The file with the pieces in it.
  private func mapped(_ file: File, _ pieces: Pieces) throws(DatasetError) -> MappedFile {
    while let piece = try pieces() { try DatasetError.from(try file.write(piece)) }
    return try DatasetError.from(try MappedFile(file))
  }

  /// A name that changes with the file's path, size and date.
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
    removeAbandonedFiles(in: folder, before: file)
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

/// The pieces of an IDX file, plain or packed, as far as its header promises; more or less is an error.
private func checkedPieces(
  of path: String, _ kind: IDXHeader.Kind
) throws(DatasetError) -> DatasetCache.Pieces {
  let file = try DatasetError.from(try File.open(path))
  _ = try DatasetError.from(try file.status())
  let next = try path.hasSuffix(".gz") ? unpackedPieces(file) : plainPieces(file)
  var header: IDXHeader?
  var size = 0
  return { () throws(DatasetError) in
    guard let piece = try next() else {
      guard let header else { throw DatasetError(path, .truncated) }
      try header.check(size: size, path: path)
      return nil
    }
    // The first piece holds the whole header, unless the file is shorter than that.
    if header == nil { header = try IDXHeader(piece, kind, path: path) }
    size += piece.count
    if let header, size > header.fileSize { throw DatasetError(path, .trailingBytes) }
    return piece
  }
}

private func unpackedPieces(_ file: File) throws(DatasetError) -> DatasetCache.Pieces {
  let gunzip = try Gunzip(file)
  return { () throws(DatasetError) in try gunzip.next().map { Array($0) } }
}

/// Throws at the end if the file was written to meanwhile.
private func plainPieces(_ file: File) throws(DatasetError) -> DatasetCache.Pieces {
  let before = try DatasetError.from(try file.status())
  return { () throws(DatasetError) in
    let piece = try DatasetError.from(try file.read(atMost: 1 << 18))
    guard piece.isEmpty else { return piece }
    guard try DatasetError.from(try file.status()) == before else {
      throw DatasetError(file.path, .unreadable("it was changed while it was read"))
    }
    return nil
  }
}
