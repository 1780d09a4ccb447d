import Foundation

/// A web server with artificial files. The first part of an address selects how it fails.
struct FileServer {
  /// A received request.
  struct Request: Equatable {
    let path: String
    /// The first requested byte; nil: all.
    let start: Int?
  }

  /// The size of each artificial file in bytes.
  static let size = 100_000

  private let program: Program
  private let scratch: Scratch
  private let port: Int

  /// Starts the server, which prefers files of `folder` to artificial ones; nil without Python.
  init?(in scratch: Scratch, folder: String = "nowhere") async throws {
    try scratch.write("server.py", Self.script)
    let program = try scratch.start(["python3", "server.py", folder])
    try await eventually("the server has a port") {
      program.hasEnded || FileManager.default.fileExists(atPath: "\(scratch.path)/port")
    }
    guard let port = (try? scratch.text("port")).flatMap({ Int($0) }) else {
      print("no python3 with http.server on this machine: \(program.errors)")
      return nil
    }
    self.program = program
    self.scratch = scratch
    self.port = port
  }

  /// An address below which every file has a behaviour: good, plain (no ranges), cut (a connection carries 30,000
  /// bytes), first (as cut, but then busy), hang (stops after 30,000 bytes), busy (503), missing (404), garbage,
  /// other (a valid file of the same kind, but not the published one), endless.
  func address(_ behaviour: String) -> String { "http://127.0.0.1:\(port)/\(behaviour)" }

  /// All requests so far, in order.
  var requests: [Request] {
    let lines = (try? scratch.text("requests"))?.split(separator: "\n") ?? []
    return lines.map { line in
      let words = line.split(separator: " ")
      return Request(path: String(words[0]), start: Int(words[1]))
    }
  }

  private static let script = #"""
    import gzip, http.server, os, random, re, sys, threading, time
    PIECE = 30000
    lock = threading.Lock()
    seen = {}

    def content(behaviour, name):
        if behaviour == "other":
            kind = b"\0\0\x08\x03" + b"\0\0\0\1" * 3 if "images" in name else b"\0\0\x08\1\0\0\0\1"
            return gzip.compress(kind + b"\7")
        path = os.path.join(sys.argv[1], name)
        if behaviour != "garbage" and os.path.exists(path):
            return open(path, "rb").read()
        return random.Random(name).randbytes(100000)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            _, behaviour, name = self.path.split("/")
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            with lock:
                seen[self.path] = seen.get(self.path, 0) + 1
                count = seen[self.path]
                with open("requests", "a") as log:
                    log.write(f"{self.path} {asked[1] if asked else 'all'}\n")
            self.close_connection = True
            if behaviour == "missing": return self.send_error(404)
            if behaviour == "busy" or behaviour == "first" and count > 1: return self.send_error(503)
            if behaviour == "endless": return self.endless()
            data = content(behaviour, name)
            start = int(asked[1]) if asked and behaviour != "plain" else 0
            if start and start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206 if start else 200)
            if start: self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            piece = max(PIECE, len(data) // 4)
            if behaviour in ("cut", "first"): data = data[:start + piece]
            if behaviour == "hang":
                self.wfile.write(data[start:start + PIECE])
                time.sleep(300)
            self.wfile.write(data[start:])

        def endless(self):
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"\0" * 65536)
                # As fast as a good network: URLSession passes on what floods in faster ever more slowly.
                time.sleep(0.001)

        def log_message(self, *words): pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *words): pass

    server = Server(("127.0.0.1", 0), Handler)
    with open("port.new", "w") as file: file.write(str(server.server_port))
    os.rename("port.new", "port")
    server.serve_forever()
    """#
}
