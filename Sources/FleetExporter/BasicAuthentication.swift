import CLibCrypt
import CLibSSL
import KubeObjects
import NIOPosix
import Synchronization

/// Checks `Authorization: Basic` against bcrypt hashes, as the exporter-toolkit does. A hash costs a tenth of a second
/// of CPU: what was right once is remembered, and wrong guesses wait in one line.
final class BasicAuthentication: Sendable {
    private struct State: Sendable {
        /// Digests of user, password and hash that belonged together.
        var known: Set<[UInt8]> = []
        var waiting = 0
    }

    private let state = Mutex(State())
    private let thread = NIOThreadPool(numberOfThreads: 1)

    /// Guesses that may wait; beyond this they are refused unheard.
    private static let line = 32
    /// Of a password that nobody has: an unknown user takes as long as a known one.
    private static let nobody = "$2b$10$abcdefghijklmnopqrstuu9YVuLKFRGiXkj7opYnIvqsGjtSZn9NC"

    init() { thread.start() }

    deinit { thread.shutdownGracefully { _ in } }

    /// - Parameter users: bcrypt by user; nobody is asked where there are none.
    func permits(_ header: String?, users: [String: String]) async -> Bool {
        if users.isEmpty { return true }
        guard let (user, password) = Self.credentials(header) else { return false }
        let hash = users[user] ?? Self.nobody
        let digest = Self.digest([user, password, hash])
        let isKnown = state.withLock { $0.known.contains(digest) }
        if isKnown { return users[user] != nil }
        let mayWait = state.withLock { state in
            guard state.waiting < Self.line else { return false }
            state.waiting += 1
            return true
        }
        guard mayWait else { return false }
        defer { state.withLock { $0.waiting -= 1 } }
        let matches = (try? await thread.runIfActive { kmj_password_matches(password, hash) == 1 }) ?? false
        guard matches, users[user] != nil else { return false }
        state.withLock { state in
            if state.known.count > 1000 { state.known = [] }
            _ = state.known.insert(digest)
        }
        return true
    }

    static func credentials(_ header: String?) -> (user: String, password: String)? {
        guard let header, header.count < 4096, header.lowercased().hasPrefix("basic "),
            let bytes = Base64.decode(String(header.dropFirst(6))), !bytes.contains(0),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return (
            String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        )
    }

    /// SHA-256, so that no password stays in memory.
    private static func digest(_ parts: [String]) -> [UInt8] {
        // Lengths keep apart what concatenation would mix.
        let bytes = parts.flatMap { Array("\($0.utf8.count):\($0)".utf8) }
        var digest = [UInt8](repeating: 0, count: 32)
        _ = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }
}
