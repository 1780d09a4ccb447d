import Testing

@testable import Messaging

struct EndpointTests {
  @Test(arguments: [
    "tcp://*:5555", "tcp://127.0.0.1:0", "tcp://node-3.cluster_a.example:65535", "tcp://[::1]:80",
    "tcp://[fe80::1%eth0]:5555", "tcp://eth0:1",
  ])
  func goodOnesReadBack(_ text: String) throws {
    #expect(try Endpoint(text).description == text)
  }

  @Test(arguments: [
    "", "5555", "localhost:5555", "ipc:///tmp/x", "inproc://x", "tcp://", "tcp://host",
    "tcp://host:", "tcp://host:65536", "tcp://host:-1", "tcp://host:+1", "tcp://host:http",
    "tcp://:5555",
    "tcp://ho st:1", "tcp://a;b:1", "tcp://::1:80", "tcp://[]:80", "tcp://host:1/x", "tcp://*.x:1",
    "tcp://hôst:1",
  ])
  func badOnesAreOneLine(_ text: String) {
    let error = #expect(throws: MessagingError.self) { try Endpoint(text) }
    #expect(error?.description.hasPrefix("'\(text)' is not an endpoint: ") == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func advertisesAnotherHost() throws {
    let everywhere = try Endpoint("tcp://*:5555")
    #expect(everywhere.isWildcard && !everywhere.isConnectable)
    #expect(try everywhere.at(host: "head").description == "tcp://head:5555")
    #expect(try everywhere.at(host: "fe80::2").description == "tcp://[fe80::2]:5555")
    #expect(try everywhere.at(host: "head").isConnectable)
    #expect(everywhere.onThisMachine.description == "tcp://127.0.0.1:5555")
  }
}
