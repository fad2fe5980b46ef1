import Testing

@testable import HTTPTransport

@Suite("The table of transfers")
struct TransferTableTests {
    private func transfer(_ url: String, _ delivery: Exchange.Delivery) throws -> Transfer {
        try Transfer(Exchange(HTTPRequest("GET", url), delivery: delivery))
    }

    @Test("It finds a transfer by its exchange and by its handle until it is removed")
    func finding() throws {
        var table = TransferTable()
        let (one, other) = (try transfer("https://a:1/x", .whole), try transfer("https://a:1/y", .stream))
        table.insert(one)
        table.insert(other)
        #expect(table[one.exchange] === one && table[other.handle] === other)
        table.remove(one)
        table.remove(one)
        #expect(table[one.exchange] == nil && table[one.handle] == nil)
        #expect(table.all.map(\.handle) == [other.handle])
    }

    @Test("It knows the most streams of one origin, as they come and go")
    func streams() throws {
        var table = TransferTable()
        let a = try (1...3).map { try transfer("https://a:1/\($0)", .stream) }
        let b = try (1...2).map { try transfer("https://user:secret@b:1/\($0)?q", .stream) }
        var seen: [Int] = []
        for one in a + b + [try transfer("https://a:1/whole", .whole)] {
            table.insert(one)
            seen.append(table.mostStreams)
        }
        for one in [a[0], b[0], a[1], a[1], a[2], b[1]] {
            table.remove(one)
            seen.append(table.mostStreams)
        }
        #expect(seen == [1, 2, 3, 3, 3, 3, 2, 2, 1, 1, 1, 0])
    }
}
