import Blueprint
import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI

/// Decides on the certificate requests of one tenant's nodes, for as long as its task lives. Every step can be repeated:
/// an enrolment is there before its request is approved, and a request that has a decision is not looked at again.
package struct NodeApprover: Sendable {
    private let client: KubeClient
    private let tenant: ObjectKey
    private let reserved: ReservedNames
    private let events: EventRecorder?
    private let log: Logger
    private let now: @Sendable () -> Date
    private let pause: @Sendable (Duration) async throws -> Void
    private let inbox = RequestInbox()

    /// Between two looks at requests that could not be decided.
    static let interval = Duration.seconds(5)

    /// - Parameters:
    ///   - client: of the tenant's API, as its super-administrator.
    ///   - tenant: for the log.
    ///   - reserved: what no node may be called.
    ///   - events: of the tenant; tells its users why a request was denied.
    package init(
        client: KubeClient, tenant: ObjectKey, reserved: ReservedNames, events: EventRecorder? = nil, log: Logger,
        now: @escaping @Sendable () -> Date = { Date() },
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        self.tenant = tenant
        self.reserved = reserved
        self.events = events
        var log = log
        log[metadataKey: "tenant"] = "\(tenant)"
        self.log = log
        self.now = now
        self.pause = pause
    }

    /// Watches the tenant's certificate requests and decides on them. Ends by cancellation only.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.watch(.certificateSigningRequests) { take($0) } }
            group.addTask { try await work() }
            try await group.waitForAll()
        }
    }

    /// Takes note of what somebody's watch of the tenant's certificate requests shows.
    func take(_ event: WatchEvent) {
        switch event {
        case .relisted(let requests, _): inbox.insert(requests)
        case .changed(let request): inbox.insert([request])
        case .deleted(let request): inbox.remove(request.name)
        }
    }

    /// Decides on what was taken note of. Ends by cancellation only.
    func work() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await _ in inbox.arrivals {
                let (requests, again) = inbox.takeAll()
                for request in requests { try await attempt(request) }
                for name in again { try await attempt(name) }
                guard inbox.beginsPause() else { continue }
                group.addTask {
                    try await pause(Self.interval)
                    inbox.endPause()
                }
            }
        }
        try Task.checkCancellation()
    }

    private func attempt(_ name: String) async throws {
        do {
            guard
                let request = try await client.find(.certificateSigningRequests, ObjectKey(namespace: nil, name: name))
            else { return }
            try await review(request)
        } catch {
            try postpone(name, error)
        }
    }

    private func attempt(_ request: KubeObject) async throws {
        do {
            try await review(request)
        } catch {
            try postpone(request.name, error)
        }
    }

    /// One request that could not be reviewed must not end the others.
    private func postpone(_ name: String, _ error: any Error) throws {
        if error is CancellationError || Task.isCancelled { throw error }
        log.warning("certificate request not reviewed yet", metadata: ["request": "\(name)", "error": "\(error)"])
        inbox.postpone(name)
    }

    /// Decides on one request, if it is ours and has no decision. Of one that was granted the certificate is noted.
    package func review(_ object: KubeObject) async throws {
        guard let request = NodeRequest(object) else { return }
        guard !Self.isDecided(object) else { return try await noteIssued(object, request) }
        let known = try await knowledge(of: request)
        let verdict = NodeRequestReview.verdict(on: request, knowing: known, now: now())
        switch verdict {
        case .approve:
            if request.signer == .client { try await enrol(request, known) }
            try await decide(object, "Approved", "KamajiApproved", "It is what a node of this tenant needs.")
            log.info(
                "certificate request approved",
                metadata: ["request": "\(request.name)", "node": "\(request.node?.text ?? "")"])
        case .deny(let reason, let message):
            try await decide(object, "Denied", reason, message)
            log.notice(
                "certificate request denied",
                metadata: ["request": "\(request.name)", "reason": "\(reason)", "message": "\(message)"])
            events?.record(.warning, on: object, reason: reason, action: "Review", note: message)
        case .leave(let why):
            log.debug("certificate request left", metadata: ["request": "\(request.name)", "why": "\(why)"])
        case .wait(let why):
            log.debug("certificate request waits", metadata: ["request": "\(request.name)", "why": "\(why)"])
            inbox.postpone(request.name)
        }
    }

    private func noteIssued(_ object: KubeObject, _ request: NodeRequest) async throws {
        guard request.signer == .client, let node = request.node,
            let pem = object[path: "status", "certificate"]?.string.flatMap(Base64.decode),
            let certificate = try? Certificate(pem: pem)
        else { return }
        try await enrolments.note(certificate, of: node)
    }

    static func isDecided(_ object: KubeObject) -> Bool {
        (object[path: "status", "conditions"]?.array ?? []).contains {
            ["Approved", "Denied", "Failed"].contains($0["type"]?.string ?? "")
        }
    }

    private func knowledge(of request: NodeRequest) async throws -> NodeKnowledge {
        var known = NodeKnowledge(reserved: reserved)
        guard let node = request.node else { return known }
        switch request.signer {
        case .kubeletServing:
            known.addresses = try await client.find(.nodes, ObjectKey(namespace: nil, name: node.text))
                .map(NodeAddress.all)
        case .kubeletClient: known.enrolment = try await enrolments.find(node)
        case .client:
            if let id = request.requester.tokenID, BootstrapToken.isID(id) {
                let secret = try await client.find(.secrets, BootstrapTokenSecret.key(ofID: id))
                known.token = secret.flatMap(BootstrapTokenSecret.init)
                known.tokenEnrolment = secret.flatMap(NodeEnrolment.init)
            }
            known.enrolment = try await enrolments.find(node)
        }
        return known
    }

    private var enrolments: NodeEnrolments { NodeEnrolments(client: client) }

    private func enrol(_ request: NodeRequest, _ known: NodeKnowledge) async throws {
        guard let node = request.node, case .readable(let content) = request.content else { return }
        let renewed =
            request.requester.tokenID == nil || known.tokenEnrolment != nil ? known.enrolment : nil
        try await enrolments.keep(node, keySHA256Hex: content.publicKeySHA256Hex, renewing: renewed, now: now())
    }

    private func decide(_ object: KubeObject, _ type: String, _ reason: String, _ message: String) async throws {
        var decided = object
        let time = JSON.string(Timestamp.format(now()))
        let condition: JSON = [
            "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": time, "lastTransitionTime": time,
        ]
        decided[path: "status", "conditions"] = .array(
            (object[path: "status", "conditions"]?.array ?? []) + [condition])
        do {
            _ = try await client.update(decided, .certificateSigningRequests, subresource: "approval")
        } catch let error as KubeError where error.isNotFound {
            return  // whoever asked has taken the request back
        }
    }
}
