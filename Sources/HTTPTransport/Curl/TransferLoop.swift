import CLibCurl
import Sockets
import Synchronization

/// The thread that drives all transfers of one transport. Everything of libcurl happens on it, but for the wake-up.
final class TransferLoop: Sendable {
    fileprivate enum Command: Sendable {
        case begin(Exchange)
        case cancel(Exchange)
        case resume(Exchange)
    }

    fileprivate struct State {
        var commands: [Command] = []
        var isStopping = false
        /// The multi handle while the thread runs: waking it up later would touch freed memory.
        var multi: MultiHandle?
    }

    /// libcurl allows `curl_multi_wakeup` from any thread, as long as the handle lives; `State` sees to that.
    fileprivate struct MultiHandle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let state = Mutex(State())
    private let maxConnectionsPerHost: Int
    private let keptConnections: Int?

    init(maxConnectionsPerHost: Int, keptConnections: Int?) {
        self.maxConnectionsPerHost = maxConnectionsPerHost
        self.keptConnections = keptConnections
    }

    func start() {
        let code = SystemThread.start { self.run() }
        if code != 0 { stop(.init(.shutDown, "cannot start the transfer thread: error \(code)")) }
    }

    func begin(_ exchange: Exchange) {
        if !send(.begin(exchange)) { exchange.finish(.failure(Self.stopped)) }
    }

    func cancel(_ exchange: Exchange) { _ = send(.cancel(exchange)) }

    func resume(_ exchange: Exchange) { _ = send(.resume(exchange)) }

    func shutdown() {
        state.withLock { state in
            state.isStopping = true
            state.wakeUp()
        }
    }

    private static let stopped = HTTPTransportError(.shutDown, "the transport was shut down")

    /// False once the loop was told to stop.
    private func send(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.commands.append(command)
            state.wakeUp()
            return true
        }
    }

    // MARK: The thread

    private func run() {
        guard let multi = curl_multi_init() else {
            stop(HTTPTransportError(.shutDown, "libcurl has no memory for its handle"))
            return
        }
        _ = kmj_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        if let keptConnections { _ = kmj_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, keptConnections) }
        state.withLock { $0.multi = MultiHandle(pointer: multi) }
        var transfers = TransferTable()

        while true {
            let (commands, isStopping) = state.withLock { state in
                defer { state.commands = [] }
                return (state.commands, state.isStopping)
            }
            if isStopping {
                for case .begin(let exchange) in commands { exchange.finish(.failure(Self.stopped)) }
                break
            }
            for command in commands { carryOut(command, multi, &transfers) }
            var running: Int32 = 0
            _ = curl_multi_perform(multi, &running)
            collect(multi, &transfers)
            // Longer than libcurl's own timers it never sleeps; the wake-up ends it for commands.
            _ = curl_multi_poll(multi, nil, 0, 60_000, nil)
        }

        state.withLock { $0.multi = nil }
        for transfer in transfers.all {
            transfer.detach(from: multi)
            transfer.exchange.finish(.failure(Self.stopped))
        }
        transfers = TransferTable()
        curl_multi_cleanup(multi)
    }

    private func carryOut(_ command: Command, _ multi: OpaquePointer, _ transfers: inout TransferTable) {
        switch command {
        case .begin(let exchange):
            do {
                let transfer = try Transfer(exchange)
                try transfer.attach(to: multi)
                transfers.insert(transfer)
                adjustConnections(multi, transfers)
            } catch {
                exchange.finish(.failure(error))
            }
        case .cancel(let exchange):
            if let transfer = transfers[exchange] {
                transfers.remove(transfer)
                transfer.detach(from: multi)
                adjustConnections(multi, transfers)
            }
            exchange.finish(.failure(HTTPTransportError(.cancelled, "the request was cancelled")))
        case .resume(let exchange):
            transfers[exchange]?.resume()
        }
    }

    /// A watch may hold its connection for minutes, and must not take a place from requests that come and go. The limit
    /// is one for all hosts: that of the host with the most watches.
    private func adjustConnections(_ multi: OpaquePointer, _ transfers: TransferTable) {
        let limit = maxConnectionsPerHost + transfers.mostStreams
        _ = kmj_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limit)
    }

    private func collect(_ multi: OpaquePointer, _ transfers: inout TransferTable) {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let result = message.pointee.data.result
            guard let handle = message.pointee.easy_handle, let transfer = transfers[handle] else { continue }
            transfers.remove(transfer)
            transfer.detach(from: multi)
            if transfer.isTurnedAway(result), let second = try? Transfer(transfer.exchange, apart: true),
                (try? second.attach(to: multi)) != nil
            {
                transfers.insert(second)
                continue
            }
            transfer.finish(result)
            adjustConnections(multi, transfers)
        }
    }

    private func stop(_ error: HTTPTransportError) {
        let commands = state.withLock { state in
            state.isStopping = true
            defer { state.commands = [] }
            return state.commands
        }
        for case .begin(let exchange) in commands { exchange.finish(.failure(error)) }
    }
}

extension TransferLoop.State {
    fileprivate func wakeUp() {
        if let multi { curl_multi_wakeup(multi.pointer) }
    }
}
