import HTTPTransport
import KubeObjects
import Logging

extension Call {
    /// The server ends a watch after about this many seconds; proxies on the way cut idle ones at five minutes.
    private static let watchTimeout = 280

    static func watch(
        _ type: ResourceType, since version: String, namespace: String? = nil, labelSelector: LabelSelector,
        fieldSelector: FieldSelector = FieldSelector(), metadataOnly: Bool
    ) -> Call {
        var call = Call(method: "GET", path: type.path(namespace: namespace))
        call.query =
            KubeClient.selection(labelSelector, fieldSelector) + [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                ("timeoutSeconds", "\(watchTimeout)"),
            ]
        call.accept = KubeClient.accept(metadataOnly: metadataOnly, isList: false)
        call.timeout = .seconds(watchTimeout + 15)
        return call
    }
}

extension KubeClient {
    /// Lists and watches for as long as the task lives, through dropped connections, restarts and forgotten versions.
    /// `receive` is told in order, one event at a time, and the server waits for it. Ends by cancellation only.
    /// - Parameters:
    ///   - reduced: what is kept of each object of a list.
    ///   - heard: told whenever the server gives a sign of life, also where nothing changed.
    ///   - failed: told why a list or watch was interrupted; it is tried again all the same.
    ///   - lost: told why everything is about to be listed again.
    package func watch(
        _ type: ResourceType, namespace: String? = nil, labelSelector: LabelSelector = LabelSelector(),
        fieldSelector: FieldSelector = FieldSelector(), metadataOnly: Bool = false,
        reduced: (KubeObject) -> KubeObject = { $0 }, heard: () -> Void = {}, failed: (KubeError) -> Void = { _ in },
        lost: (RelistReason) -> Void = { _ in }, receive: (WatchEvent) async throws -> Void
    ) async throws {
        var machine = WatchMachine()
        while true {
            try Task.checkCancellation()
            do {
                switch machine.next(jitter: Double.random(in: 0..<1)) {
                case .list(let delay):
                    if delay > .zero { try await sleep(delay) }
                    let list = try await list(
                        type, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector,
                        metadataOnly: metadataOnly, reduced: reduced)
                    machine.listed(resourceVersion: list.resourceVersion)
                    try await receive(.relisted(list.items, resourceVersion: list.resourceVersion))
                case .watch(let version, let delay):
                    if delay > .zero { try await sleep(delay) }
                    let call = Call.watch(
                        type, since: version, namespace: namespace, labelSelector: labelSelector,
                        fieldSelector: fieldSelector, metadataOnly: metadataOnly)
                    try await stream(call, type, &machine, heard, receive)
                    machine.ended()
                }
            } catch {
                let failure = try await interruption(error, of: type)
                if let reason = machine.failed(failure) { lost(reason) }
                failed(failure)
            }
        }
    }

    /// What interrupts a watch without ending it, noted; what ends it is thrown on.
    func interruption(_ error: any Error, of type: ResourceType) async throws -> KubeError {
        let failure: KubeError
        switch error {
        case let error as KubeError: failure = error
        case let error as HTTPTransportError where error.code != .cancelled:
            failure = KubeError(.transport(error), error.message)
        // The transport's own word for it: whoever watches waits for the end of the task, and for no failure.
        case is HTTPTransportError: throw CancellationError()
        default: throw error
        }
        // Refusals do not pass by themselves, and nothing is reconciled before every kind is seen.
        log.log(
            level: failure.isForbidden || failure.isNotFound ? .warning : .debug, "watch interrupted",
            metadata: ["resource": "\(type)", "error": "\(failure)"])
        if failure.isUnauthorized { await credentials.invalidate() }
        return failure
    }

    /// A line of a watch. One that cannot be read must not end the stream: the next list brings what it held.
    func watchLine(_ line: [UInt8], of type: ResourceType) -> JSON? {
        do {
            return try JSON(parsing: line)
        } catch {
            log.warning("unreadable watch event", metadata: ["resource": "\(type)", "error": "\(error)"])
            return nil
        }
    }

    private func stream(
        _ call: Call, _ type: ResourceType, _ machine: inout WatchMachine, _ heard: () -> Void,
        _ receive: (WatchEvent) async throws -> Void
    ) async throws {
        let response = try await transport.stream(try await request(call))
        guard response.status == 200 else {
            var body: [UInt8] = []
            for try await chunk in response.body where body.count < 1 << 16 { body += chunk }
            throw KubeError(
                HTTPResponse(status: response.status, headers: response.headers, body: body), request: call.summary)
        }
        heard()
        var splitter = LineSplitter()
        for try await chunk in response.body {
            heard()
            guard let lines = splitter.append(chunk) else {
                throw KubeError(.malformed, "\(call.summary): a line of the watch is too long")
            }
            for line in lines {
                guard let json = watchLine(line, of: type) else { continue }
                if let event = try machine.received(json, type: type) { try await receive(event) }
            }
        }
    }
}
