import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Synchronization
import Testing

@testable import Reconciliation

struct TunnelProbeTests {
    /// A tenant's API server with these nodes, behind a tunnel through which everybody answers.
    private final class Nodes: HTTPTransport {
        let nodes: [(name: String, address: String)]
        let dialled = Mutex<[String]>([])
        /// Of a dial that no answer comes to.
        let fault: HTTPTransportError?

        init(_ nodes: [(name: String, address: String)], fault: HTTPTransportError? = nil) {
            self.nodes = nodes
            self.fault = fault
        }

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            if let match = request.url.firstMatch(of: /nodes\/([^\/]+)\/proxy/) {
                dialled.withLock { $0.append(String(match.1)) }
                if let fault { throw fault }
                return HTTPResponse(status: 200, headers: [:], body: Array("ok".utf8))
            }
            let items: [JSON] = nodes.map { node in
                [
                    "metadata": ["name": .string(node.name)],
                    "status": [
                        "conditions": [["type": "Ready", "status": "True"]],
                        "addresses": [["type": "InternalIP", "address": .string(node.address)]],
                    ],
                ]
            }
            let list: JSON = [
                "kind": "NodeList", "apiVersion": "v1", "metadata": ["resourceVersion": "1"], "items": .array(items),
            ]
            return HTTPResponse(status: 200, headers: [:], body: list.encoded())
        }

        func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
            throw HTTPTransportError(.invalidRequest, "nothing is watched here")
        }
    }

    private func look(_ nodes: Nodes) async throws -> TunnelState {
        let client = KubeClient(
            connection: ClusterConnection(server: "https://tenant.example:6443"), transport: nodes,
            fieldManager: "tests",
            log: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        return try await TunnelProbe(client: client).look()
    }

    @Test func `an answer from an address of the agent's own machine is not a node's`() async throws {
        let nodes = Nodes([("b", "127.0.0.1"), ("a", "169.254.3.4")])
        #expect(
            try await look(nodes)
                == .undialable(
                    message:
                        "no Ready node has an address under which others reach it: a (169.254.3.4), b (127.0.0.1); "
                        + "start its kubelet with --node-ip"))
        #expect(nodes.dialled.withLock { $0 } == [])
    }

    @Test func `a tunnel in which dials hang is silent, and a server that went away says nothing of it`() async throws {
        let hanging = Nodes([("a", "10.0.0.7")], fault: HTTPTransportError(.timedOut, "nothing came"))
        #expect(
            try await look(hanging)
                == .silent(
                    message: "no answer through konnectivity from Ready nodes: a (nothing within 12 s); look at the "
                        + "konnectivity agents and at the firewall before the tenant's konnectivity port"))
        let gone = Nodes([("a", "10.0.0.7")], fault: HTTPTransportError(.connectionLost, "it was closed"))
        await #expect(throws: HTTPTransportError.self) { try await look(gone) }
    }

    @Test func `one that can be dialled is enough`() async throws {
        let nodes = Nodes([("a", "127.0.0.1"), ("b", "10.0.0.7")])
        #expect(try await look(nodes) == .answered)
        #expect(nodes.dialled.withLock { $0 } == ["b"])
        #expect(try await look(Nodes([])) == .noAgent)
    }
}
