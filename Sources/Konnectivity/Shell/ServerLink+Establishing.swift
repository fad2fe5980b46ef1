import Glibc
import Sockets

/// The way to a server: credentials and addresses, TCP, a proxy where one is set, TLS, HTTP/2.
extension ServerLink {
    /// No address of the server's may take more of the time there is for all.
    private static let candidateTimeout = Duration.seconds(5)
    /// After which the kernel asks a silent server whether it is there.
    private static let silence = Duration.seconds(5)

    func received(_ result: Result<TunnelCredentials, TunnelError>) {
        guard case .preparing = phase else { return }
        switch result {
        case .success(let value): credentials = value
        case .failure(let error): return end(error)
        }
        connectNext()
    }

    func received(addresses: [IPAddress]) {
        guard case .preparing = phase else { return }
        let peer = configuration.proxy ?? server
        guard !addresses.isEmpty else {
            return end(TunnelError(.unresolvedHost, "\(peer): the name has no address"))
        }
        candidates = addresses.map { Endpoint($0, peer.port) }
        connectNext()
    }

    func connectNext() {
        guard credentials != nil, candidates != nil else { return }
        closeSocket()
        guard let next = candidates?.isEmpty == false ? candidates?.removeFirst() : nil else {
            return end(lastConnectError ?? TunnelError(.connectFailed, "\(server): no address answers"))
        }
        phase = .connecting
        candidateDeadline = now + Self.candidateTimeout
        do throws(SystemCallError) {
            let (socket, state) = try SocketCalls.connect(to: next)
            descriptor = socket
            SocketCalls.prepareForServer(
                socket, silence: Self.silence, timeout: configuration.keepaliveTimeout)
            token = poller.add(socket, self)
            lastConnectError = TunnelError(.timedOut, "\(server): no answer from \(next)")
            if case .done = state { connected() }
        } catch {
            lastConnectError = TunnelError(.connectFailed, "\(server): \(next): \(error.message)")
            connectNext()
        }
    }

    func connected() {
        let code = SocketCalls.outcome(descriptor)
        guard code == 0 else {
            lastConnectError = TunnelError(.connectFailed, "\(server): \(SocketCalls.message(code))")
            return connectNext()
        }
        candidateDeadline = nil
        guard configuration.proxy != nil else { return beginTLS() }
        phase = .askingProxy
        let request = Array(ProxyAnswer.request(for: server).utf8)
        // A socket that was just connected has room for a hundred bytes.
        _ = request.withUnsafeBytes { SocketCalls.send(descriptor, $0) }
    }

    func readProxyAnswer() {
        // Byte by byte: what follows the head belongs to TLS.
        while canRead, case .askingProxy = phase {
            var byte: UInt8 = 0
            switch withUnsafeMutableBytes(of: &byte, { SocketCalls.receive(descriptor, into: $0) }) {
            case .moved: proxyAnswer.append(byte)
            case .wouldBlock: canRead = false
            case .ended, .failed: return end(TunnelError(.connectFailed, "\(server): the proxy closed the connection"))
            }
            switch ProxyAnswer.read(proxyAnswer) {
            case .incomplete: continue
            case .accepted: beginTLS()
            case .refused(let text): end(TunnelError(.connectFailed, "\(server): the proxy refused: \(text)"))
            }
        }
    }

    private func beginTLS() {
        guard let credentials else { return }
        phase = .handshaking
        do throws(SocketFailure) {
            tls = try TLSSession(
                descriptor: descriptor, host: configuration.serverName ?? server.host,
                material: TLSMaterial(
                    certificateAuthorities: credentials.certificateAuthorities,
                    clientCertificate: credentials.clientCertificate, clientKey: credentials.clientKey),
                protocols: ["h2"])
        } catch {
            return end(TunnelError(TunnelError(error).code, "\(server): \(error.message)"))
        }
        handshake()
    }

    func handshake() {
        do throws(SocketFailure) {
            guard case .done(let chosen) = try tls?.handshake() else { return }
            guard chosen == "h2" else {
                return end(
                    TunnelError(
                        .tlsFailed, "\(server): the server does not speak HTTP/2: it did not take the offer of h2"))
            }
        } catch {
            return end(TunnelError(TunnelError(error).code, "\(server): \(error.message)"))
        }
        do throws(TunnelError) {
            try introduce()
        } catch {
            end(TunnelError(error.code, "\(server): \(error.message)"))
        }
    }

    private func introduce() throws(TunnelError) {
        let identity = "\(configuration.agentName)-\(engine.identity)-\(number)"
        let token = credentials?.token?.split(whereSeparator: \.isWhitespace).joined()
        if let token, !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw TunnelError(.credentials, "the token holds bytes that no token has")
        }
        http = try HTTP2Session(
            HTTP2Session.Request(
                authority: server.description, path: "/AgentService/Connect",
                headers: [("agentid", identity), ("agentidentifiers", configuration.identifiers.query)],
                authorization: token.map { "Bearer \($0)" }))
        presentedToken = credentials?.token
        credentials = nil
        phase = .introducing
        // Edges that came during the handshake were for it; what is left must be looked at without one.
        canRead = true
        canWrite = true
    }
}
