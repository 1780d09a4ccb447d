import Testing

@testable import Messaging

struct PeerLedgerTests {
  private let key = CurveKeyPair.generate().publicKey
  private let other = CurveKeyPair.generate().publicKey

  @Test func silentPeersCount() {
    var ledger = ConnectionCounts(limit: 2)
    for connection: Int32 in 1...3 { ledger.opened(connection) }
    let verdicts = [key, key, key, other].map { ledger.admit($0) }
    #expect(verdicts == [true, true, false, true])
    #expect(ledger.connections == 3)
  }

  @Test func speakingPeersCountOnce() {
    var ledger = ConnectionCounts(limit: 2)
    ledger.opened(1)
    let isAdmitted = ledger.admit(key)
    #expect(isAdmitted)
    for _ in 0..<5 { ledger.heard(key, on: 1) }
    #expect(ledger.peers(of: key) == 1)
    ledger.closed(1)
    #expect(ledger.peers(of: key) == 0)
    #expect(ledger.connections == 0)
  }

  @Test func peersThatLeftWithoutAMessageAreNotCounted() {
    var ledger = ConnectionCounts(limit: 2)
    for _ in 0..<100 {
      ledger.opened(7)
      let isAdmitted = ledger.admit(key)
      #expect(isAdmitted)
      ledger.closed(7)
    }
    #expect(ledger.peers(of: key) == 0)
  }

  @Test func messagesOfClosedConnectionsChangeNothing() {
    var ledger = ConnectionCounts(limit: 2)
    ledger.heard(key, on: 4)
    #expect(ledger.peers(of: key) == 0)
    #expect(ledger.connections == 0)
  }

  @Test func aCloseMayOvertakeItsOpen() {
    var ledger = ConnectionCounts(limit: 2)
    for _ in 0..<3 {
      ledger.closed(4)
      ledger.opened(4)
      #expect(ledger.connections == 0)
    }
    ledger.opened(4)
    #expect(ledger.connections == 1)
    ledger.closed(4)
    #expect(ledger.connections == 0)
  }

  @Test func reusedConnectionsFollowTheSender() {
    var ledger = ConnectionCounts(limit: 5)
    ledger.opened(1)
    let isAdmitted = ledger.admit(key)
    #expect(isAdmitted)
    ledger.heard(key, on: 1)
    ledger.heard(other, on: 1)
    #expect(ledger.peers(of: key) == 0)
    #expect(ledger.peers(of: other) == 1)
    ledger.opened(1)
    #expect(ledger.peers(of: other) == 0)
    #expect(ledger.connections == 1)
  }

  @Test func countsAreCorrectForRandomHistories() {
    var generator = SystemRandomNumberGenerator()
    var ledger = ConnectionCounts(limit: 8)
    var open: [Int32: CurveKey] = [:]
    for _ in 0..<5_000 {
      let connection = Int32.random(in: 0..<16, using: &generator)
      if let owner = open[connection] {
        if Bool.random(using: &generator) {
          ledger.heard(owner, on: connection)
        } else {
          ledger.closed(connection)
          open[connection] = nil
        }
      } else {
        ledger.opened(connection)
        let owner = Bool.random(using: &generator) ? key : other
        if ledger.admit(owner) {
          open[connection] = owner
          ledger.heard(owner, on: connection)
        } else {
          ledger.closed(connection)
        }
      }
      for owner in [key, other] {
        #expect(ledger.peers(of: owner) == open.values.count { $0 == owner })
        #expect(ledger.peers(of: owner) <= 8)
      }
      #expect(ledger.connections == open.count)
    }
  }
}
