/// Bytes in the order they came, taken from the front. Gives its memory back when it has run empty after a flood.
package struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var head = 0
    /// A queue that has run empty keeps no more than so much.
    private static let keptCapacity = 128 * 1024

    package init() {}

    package var count: Int { storage.count - head }
    package var isEmpty: Bool { head == storage.count }

    package mutating func append(_ bytes: some Sequence<UInt8>) { storage.append(contentsOf: bytes) }

    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { storage.append(contentsOf: bytes) }

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    }

    /// Drops `count` bytes from the front, or all there are.
    package mutating func consume(_ count: Int) {
        head = min(storage.count, head + max(0, count))
        if head == storage.count {
            head = 0
            storage.removeAll(keepingCapacity: storage.capacity <= Self.keptCapacity)
        } else if head > 64 * 1024, head > storage.count / 2 {
            storage.removeFirst(head)
            head = 0
        }
    }

    /// Moves up to `limit` bytes from the front of this queue to the end of another.
    package mutating func move(_ limit: Int, to other: inout ByteQueue) {
        let count = min(limit, self.count)
        withUnsafeBytes { other.storage.append(contentsOf: $0.prefix(count)) }
        consume(count)
    }
}
