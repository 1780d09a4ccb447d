import Foundation

/// The regular files of a folder as bytes: the checkpoint of a program.
///
/// After a first line, each file has the length of its path (4 bytes), the path, whether it is executable (1 byte), its size
/// (8 bytes) and its content; numbers are little-endian.
enum FolderArchive {
  private static let mark = "trawl folder 1 "
  /// The maximum size.
  static let mostBytes = 256 << 20
  /// The maximum number of files.
  private static let mostFiles = 100_000

  /// Why a folder cannot be an archive.
  struct Problem: Error {
    let message: String
  }

  /// The archive of a folder, without links, pipes and devices.
  ///
  /// - Parameter owner: makes archives of equal folders different, because checkpoints are known by their digests.
  static func pack(_ folder: String, of owner: String) throws(Problem) -> [UInt8] {
    var archive = Array("\(mark)\(owner)\n".utf8)
    for path in files(in: folder) {
      let name = Array(path.utf8)
      guard let file = FileReader(folder + "/" + path) else { continue }
      guard archive.count + file.size + name.count + 13 <= mostBytes else {
        throw Problem(message: "the checkpoint is larger than \(mostBytes >> 20) MiB")
      }
      guard let content = file.content() else {
        throw Problem(message: "cannot read \(path) of the checkpoint")
      }
      append(UInt32(name.count), to: &archive)
      archive += name
      archive.append(file.isExecutable ? 1 : 0)
      append(UInt64(content.count), to: &archive)
      archive += content
    }
    return archive
  }

  /// Writes the files of an archive into an empty folder; false if it is not an archive or cannot be written.
  static func unpack(_ archive: [UInt8], into folder: String) -> Bool {
    guard archive.starts(with: mark.utf8), let start = archive.firstIndex(of: UInt8(ascii: "\n")) else {
      return false
    }
    var rest = archive[(start + 1)...]
    while !rest.isEmpty {
      guard let length = number(UInt32.self, from: &rest), let name = take(Int(length), from: &rest),
        let path = String(validating: name, as: UTF8.self), isInside(path),
        let executable = take(1, from: &rest)?.first, let size = number(UInt64.self, from: &rest),
        let content = take(Int(clamping: size), from: &rest),
        write(content, to: folder + "/" + path, mode: executable == 1 ? 0o700 : 0o600)
      else { return false }
    }
    return true
  }

  /// The paths of the regular files, sorted.
  private static func files(in folder: String) -> [String] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return Array(paths.sorted().prefix(mostFiles))
  }

  private static func isInside(_ path: String) -> Bool {
    !path.isEmpty
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
        !["", ".", ".."].contains(part) && !part.utf8.contains(0)
      }
  }

  private static func write(_ content: ArraySlice<UInt8>, to path: String, mode: mode_t) -> Bool {
    let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    guard
      (try? FileManager.default.createDirectory(atPath: String(parent), withIntermediateDirectories: true))
        != nil
    else { return false }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { return false }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    return (try? file.write(contentsOf: content)) != nil
  }

  private static func append(_ number: some FixedWidthInteger, to archive: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { archive += $0 }
  }

  private static func number<Number: FixedWidthInteger>(
    _ type: Number.Type, from rest: inout ArraySlice<UInt8>
  ) -> Number? {
    take(Number.bitWidth / 8, from: &rest)?.reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}

/// An open regular file.
private struct FileReader {
  let size: Int
  let isExecutable: Bool
  private let handle: FileHandle

  /// Opens a file without following links or waiting; nil if it is not a regular file.
  init?(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    size = Int(status.st_size)
    isExecutable = status.st_mode & 0o100 != 0
  }

  /// At most as many bytes as the file had when it was opened.
  func content() -> Data? { size == 0 ? Data() : try? handle.read(upToCount: size) }
}
