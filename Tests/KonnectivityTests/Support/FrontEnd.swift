/// What an API server does: asks a konnectivity server for a connection, with HTTP CONNECT over its unix socket.
struct FrontEnd: Sendable {
    let path: String

    /// - Throws: with the server's status line and what follows it, where it refuses.
    func dial(_ address: String) async throws -> BlockingSocket {
        let path = path
        return try await onThread {
            let socket = try BlockingSocket.unix(path)
            try socket.write("CONNECT \(address) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
                let byte = try socket.read(1)
                guard !byte.isEmpty else {
                    throw Failure("the server closed: \(String(decoding: head, as: UTF8.self))")
                }
                head += byte
            }
            let text = String(decoding: head, as: UTF8.self)
            guard text.split(separator: " ").dropFirst().first == "200" else {
                let rest = (try? socket.readToEnd()) ?? []
                throw Failure(text + String(decoding: rest, as: UTF8.self))
            }
            return socket
        }
    }

    /// Dials an echo, sends `bytes`, and gives what came back.
    func echo(_ bytes: [UInt8], at address: String) async throws -> [UInt8] {
        let socket = try await dial(address)
        async let answer = onThread { try socket.readExactly(bytes.count) }
        try await onThread { try socket.write(bytes) }
        return try await answer
    }
}
