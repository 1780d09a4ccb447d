import Glibc

/// The folder of unpacked datasets, so that all processes of a machine map one copy. Files are created atomically and
/// never change. Any number of processes may use it at the same time.
struct DatasetCache: Sendable {
  /// Nil disables the cache.
  let folder: String?

  /// Returns the next bytes of a file; nil at the end.
  typealias Pieces = () throws(DatasetError) -> [UInt8]?

  /// A copy of an IDX file, unpacked if it is a gzip file. Copied once, until the file changes; if the folder cannot
  /// be written, copied to anonymous memory on each call.
  func contents(of path: String, _ kind: IDXHeader.Kind) throws(DatasetError) -> MappedFile {
    let name = try DatasetError.from(try keptName(of: path))
    return try file("unpacked/\(name)", kind) { () throws(DatasetError) in
      try checkedPieces(of: path, kind)
    }
  }

  /// Removes the copy of a file.
  func removeContents(of path: String) {
    guard let folder, let name = try? keptName(of: path) else { return }
    unlink("\(folder)/unpacked/\(name)")
  }

  /// The IDX file of this name in the cache; created if it is missing.
  func file(
    _ name: String, _ kind: IDXHeader.Kind, contents: () throws(DatasetError) -> Pieces
  ) throws(DatasetError) -> MappedFile {
    if let folder {
      let path = "\(folder)/\(name)"
      if let kept = kept(path, kind) { return kept }
      if let stored = try store(path, contents()) { return stored }
    }
    // In memory, or on disk if a container has little memory.
    if let mapped = try? mapped(File.unnamed(in: "/dev/shm"), contents()) { return mapped }
    return try mapped(DatasetError.from(try File.unnamed(in: "/tmp")), contents())
  }

  /// Writes the pieces to the file.
  private func mapped(_ file: File, _ pieces: Pieces) throws(DatasetError) -> MappedFile {
    while let piece = try pieces() { try DatasetError.from(try file.write(piece)) }
    return try DatasetError.from(try MappedFile(file))
  }

  /// A name derived from the file's path, size and modification time.
  private func keptName(of path: String) throws(SystemError) -> String {
    let status = try File.open(path).status()
    let resolved = realpath(path, nil)
    defer { free(resolved) }
    let whole = resolved.map { String(cString: $0) } ?? path
    let key = SHA256.hexadecimal(Array("\(whole)|\(status.size)|\(status.changed)".utf8))
    let file = whole.split(separator: "/").last ?? ""
    return "\(key.prefix(16))-\(file.hasSuffix(".gz") ? file.dropLast(3) : file)"
  }

  /// A file in the cache, if it exists and is complete.
  private func kept(_ path: String, _ kind: IDXHeader.Kind) -> MappedFile? {
    guard
      let file = try? File.open(path), let mapped = try? MappedFile(file),
      (try? mapped.header(kind, path: path)) != nil
    else { return nil }
    return mapped
  }

  /// Writes a file to the cache and maps it; nil if the cache cannot be written.
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

/// The pieces of an IDX file, plain or packed. Throws if the length differs from the length in its header.
private func checkedPieces(
  of path: String, _ kind: IDXHeader.Kind
) throws(DatasetError) -> DatasetCache.Pieces {
  let file = try DatasetError.from(try File.open(path))
  let stored = try DatasetError.from(try file.status()).size
  let isPacked = try DatasetError.from(try file.starts(with: Gunzip.magic))
  let next = try isPacked ? unpackedPieces(file) : plainPieces(file)
  var header: IDXHeader?
  var size = 0
  return { () throws(DatasetError) in
    guard let piece = try next() else {
      guard let header else { throw DatasetError(path, .truncated) }
      try header.check(size: size, path: path)
      return nil
    }
    // The first piece contains the whole header, unless the file is shorter.
    if header == nil {
      let first = try IDXHeader(piece, kind, path: path)
      // Rejects a false header before its whole content is unpacked.
      guard first.fileSize / (isPacked ? Gunzip.mostExpansion : 1) <= stored else {
        throw DatasetError(path, .truncated)
      }
      header = first
    }
    size += piece.count
    if let header, size > header.fileSize { throw DatasetError(path, .trailingBytes) }
    return piece
  }
}

private func unpackedPieces(_ file: File) throws(DatasetError) -> DatasetCache.Pieces {
  let gunzip = try Gunzip(file)
  return { () throws(DatasetError) in try gunzip.next().map { Array($0) } }
}

/// Throws at the end if the file was modified while it was read.
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
