import Foundation
import Testing

@testable import Platform

@Suite struct AtomicFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/file"
  }

  private func mode(of path: String) -> UInt32? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test(arguments: [AtomicFile.Kind.output, .runFile, .privateDurable])
  func contentIsReplacedAndNoTemporaryFileStays(kind: AtomicFile.Kind) throws {
    try AtomicFile.write("one", to: path, as: kind)
    try AtomicFile.write("two", to: path, as: kind)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
    #expect(try names == ["file"])
    #expect(mode(of: path).map { $0 & 0o077 == 0 } == (kind == .privateDurable))
  }

  @Test func outputGoesToTheTargetOfALink() throws {
    try AtomicFile.write("one", to: "\(folder.path)/target")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(folder.path)/target")
    try AtomicFile.write("two", to: path)
    #expect(try String(contentsOfFile: "\(folder.path)/target", encoding: .utf8) == "two")
    try AtomicFile.write("three", to: path, as: .runFile)
    #expect(try String(contentsOfFile: "\(folder.path)/target", encoding: .utf8) == "two")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "three")
  }

  @Test func outputIsWrittenIntoAPipe() throws {
    try #require(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDWR | O_NONBLOCK)
    defer { close(reader) }
    try AtomicFile.write("text", to: path)
    var bytes = [UInt8](repeating: 0, count: 10)
    #expect(read(reader, &bytes, 10) == 4)
    #expect(try names == ["file"])
  }

  @Test func missingFolderIsNamed() throws {
    let error = #expect(throws: UserError.self) { try AtomicFile.write("x", to: "\(path)/in/it") }
    #expect(error?.message == "cannot write \(path)/in/it: No such file or directory")
    #expect(error?.status == .badInput)
  }

  @Test func folderIsNotReplaced() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: UserError.self) { try AtomicFile.write("x", to: path, as: .runFile) }
    #expect(try names == ["file"])
  }
}

@Suite struct FolderTests {
  @Test func parentsAreMade() throws {
    let folder = try TemporaryFolder()
    try System.makeFolder("\(folder.path)/a/b/c")
    try System.makeFolder("\(folder.path)/a/b/c")
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/a/b/c"))
  }

  @Test func fileIsNoFolder() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("x", to: "\(folder.path)/file")
    let error = #expect(throws: UserError.self) { try System.makeFolder("\(folder.path)/file") }
    #expect(error?.message == "\(folder.path)/file is not a folder; choose another with --output")
  }
}
