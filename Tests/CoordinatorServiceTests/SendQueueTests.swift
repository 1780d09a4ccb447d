import Coordination
import Testing

@testable import CoordinatorService

@Suite struct SendQueueTests {
  private let first = ReturnAddress(1)
  private let second = ReturnAddress(2)

  @Test func messagesOfAPeerStayInOrder() {
    var queue = SendQueue()
    for number in 1...4 { queue.append([UInt8(number)], for: first) }
    queue.append([9], for: second)
    var sent: [ReturnAddress: [[UInt8]]] = [:]
    var room = 2
    queue.flush { message, address in
      guard address == second || room > 0 else { return false }
      if address == first { room -= 1 }
      sent[address, default: []].append(message)
      return true
    }
    #expect(sent == [first: [[1], [2]], second: [[9]]])
    #expect(queue.hasMessages(for: first) && !queue.hasMessages(for: second))
    queue.flush { message, address in
      sent[address, default: []].append(message)
      return true
    }
    #expect(sent[first] == [[1], [2], [3], [4]] && queue.isEmpty)
  }

  @Test func messagesAboveALimitAreDropped() {
    var queue = SendQueue(mostMessages: 2, mostBytes: 30)
    for number in 1...3 { queue.append([UInt8](repeating: UInt8(number), count: 10), for: first) }
    for number in 4...5 { queue.append([UInt8](repeating: UInt8(number), count: 10), for: second) }
    var sent: [UInt8] = []
    queue.flush { message, _ in
      sent.append(message[0])
      return true
    }
    #expect(sent.sorted() == [1, 2, 4])
    // What was sent makes room.
    queue.append([6], for: second)
    #expect(queue.hasMessages(for: second))
  }
}
