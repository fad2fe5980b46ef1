import FoundationEssentials
import HTTPTransport
import KubeObjects
import NodeIdentity
import PKI
import Synchronization

@testable import NodeBootstrap

/// A stand-in for a tenant, as far as a joining machine asks one: it signs what it is asked to sign. It judges nobody;
/// who is let in is tested where that is decided, and with a real API server.
final class StandInTenant: HTTPTransport {
    let authority: CertificateAuthority
    let token: BootstrapToken
    static let server = "https://tenant.example.com:6443"

    struct State {
        var requests: [String: JSON] = [:]
        var nodes: [String: JSON] = [:]
        var isHealthy = false
        var calls: [String] = []
        /// Who asked, each time: what the request proved itself by.
        var callers: [String] = []
        /// Those of them who asked for cluster-info and trusted whatever the system trusts.
        var trustedBySystem: [String] = []
        var denial: String?
        var failures: [HTTPTransportError] = []
        var isSigned = true
        var secondServer: String?
        /// Nil: the true one of each moment.
        var date: String? = "Sun, 06 Nov 1994 08:49:37 GMT"
        var dateOfNow: String { date ?? StandInMachine.httpDate() }
        var credential: BootstrapToken?
        var clusterInfoReads = 0
        /// Requests for tokens of the tunnel, as they came.
        var tokenRequests: [JSON] = []
        /// What the agent's daemon on the machine says of its tunnel, one after the other and the last for ever; with
        /// none it does not run.
        var tunnelStates: [Bool] = []
        /// In the midst of a rotation: who signs, whom the server's own certificate is of, and what cluster-info names.
        var signer: CertificateAuthority?
        var root: Certificate?
        var bundle: [UInt8]?
        /// Of cluster-info.
        var annotations: [String: String] = [:]
        /// Whether nobody may read cluster-info without being somebody.
        var hidesClusterInfo = false
        /// What pods are given to trust.
        var publishedBundle: [UInt8]?
        var version = "v1.36.2"
        /// The one of the machine that asks; without one nobody listens at its socket.
        var runtime: StandInRuntime?
        /// What it has every kubelet told besides, as YAML.
        var kubeletFields = ""
        /// Of its nodes; `StandInTenant+Pods` lists and evicts them.
        var pods: [JSON] = []
        /// How often a budget forbids the eviction of a pod, by its name.
        var forbiddenEvictions: [String: Int] = [:]
        /// What was done to Nodes and pods, in turn.
        var deeds: [String] = []
    }

    let state: Mutex<State>

    init() throws {
        authority = try .selfSigned(
            CertificateProfile(commonName: "kubernetes", isAuthority: true, validity: .seconds(86_400 * 3650)),
            key: .generate(.ecdsaP256), now: Date(timeIntervalSinceNow: -86_400))
        token = try BootstrapToken(parsing: "07401b.f395accd246ae52d")
        state = Mutex(State())
    }

    var pin: AuthorityPin { AuthorityPin(of: authority.certificate) }

    func configuration(_ node: String = "edge-1") throws -> JoinConfiguration {
        var request = JoinRequest()
        request.target = "tenant.example.com:6443"
        request.token = token.text
        request.pins = [pin.description]
        request.nodeName = node
        request.criSocket = "unix:///run/stand-in.sock"
        request.skippedPhases = ["preflight"]
        var reader = JoinConfigurationReader(hostName: node)
        return try reader.read(request)
    }

    private func kubeconfig(_ server: String, _ bundle: [UInt8]?) -> String {
        YAML.write([
            "apiVersion": "v1", "kind": "Config",
            "clusters": [
                [
                    "name": "",
                    "cluster": [
                        "server": .string(server),
                        "certificate-authority-data": .string(Base64.encode(bundle ?? authority.certificate.pem)),
                    ],
                ]
            ],
        ])
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        throw HTTPTransportError(.invalidRequest, "the stand-in streams nothing")
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let path = String(request.url.split(separator: "?")[0])
        if let method = path.split(separator: "/").last, path.contains("/runtime.v1.RuntimeService/") {
            return try state.withLock { state in
                guard state.runtime != nil else { throw HTTPTransportError(.connectFailed, "no such socket") }
                return try state.runtime?.answer(method, request.body ?? []) ?? HTTPResponse(status: 500)
            }
        }
        let body = try request.body.map { try JSON(parsing: $0) }
        return try state.withLock { state in
            state.calls.append("\(request.method) \(path)")
            let certificate = try request.tls.clientCertificate.map { try Certificate(pem: $0).commonName }
            let caller = request.headers["Authorization"] ?? certificate ?? "anybody"
            state.callers.append(caller)
            if request.tls == .system, path.hasSuffix("/cluster-info") { state.trustedBySystem.append(caller) }
            if !state.failures.isEmpty { throw state.failures.removeFirst() }
            if path.hasPrefix("http://127.0.0.1") { return HTTPResponse(status: state.isHealthy ? 200 : 500) }
            if request.unixSocket != nil, let isConnected = state.tunnelStates.first {
                if state.tunnelStates.count > 1 { state.tunnelStates.removeFirst() }
                let standing: JSON = ["tunnel": ["connected": .bool(isConnected)]]
                return HTTPResponse(status: 200, body: standing.encoded())
            }
            guard path.hasPrefix(Self.server) else { throw HTTPTransportError(.unresolvedHost, path) }
            if let root = state.root, let trusted = request.tls.certificateAuthorities,
                try !Certificate.chain(pem: trusted).contains(root)
            {
                throw HTTPTransportError(.tlsFailed, "unable to get local issuer certificate")
            }
            if let answer = Self.answerAboutPods(
                request.method, String(path.dropFirst(Self.server.count)), body, &state)
            {
                return answer
            }
            if state.hidesClusterInfo, path.hasSuffix("/cluster-info") {
                return HTTPResponse(status: 403, headers: ["Date": state.dateOfNow])
            }
            let json = try answer(request, String(path.dropFirst(Self.server.count)), body, &state)
            guard let json else {
                let status: JSON = ["kind": "Status", "code": 404, "reason": "NotFound", "message": .string(path)]
                return HTTPResponse(status: 404, body: status.encoded())
            }
            return HTTPResponse(status: 200, headers: ["Date": state.dateOfNow], body: json.encoded())
        }
    }

    private func answer(
        _ request: HTTPRequest, _ path: String, _ body: JSON?, _ state: inout State
    ) throws -> JSON? {
        switch (request.method, path) {
        case ("GET", "/api/v1/namespaces/kube-public/configmaps/cluster-info"):
            state.clusterInfoReads += 1
            let isSecond = request.tls.certificateAuthorities != nil
            let text = kubeconfig(isSecond ? state.secondServer ?? Self.server : Self.server, state.bundle)
            var data: JSON = ["kubeconfig": .string(text)]
            if state.isSigned {
                data["jws-kubeconfig-\(token.id)"] = .string(
                    ClusterInfoSignature.detached(over: Array(text.utf8), tokenID: token.id, secret: token.secret))
            }
            return ["metadata": ["annotations": JSON(state.annotations)], "data": data]
        case ("GET", "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt"):
            return state.publishedBundle.map { ["data": ["ca.crt": .string(String(decoding: $0, as: UTF8.self))]] }
        case ("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config"):
            return [
                "data": [
                    "ClusterConfiguration":
                        "clusterName: dev\nnetworking: {serviceSubnet: 10.96.0.0/16, dnsDomain: cluster.local}\n"
                ]
            ]
        case ("GET", "/api/v1/namespaces/kube-system/configmaps/kubelet-config"):
            let text = "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n\(state.kubeletFields)"
            return ["data": ["kubelet": .string(text)]]
        case ("GET", "/version"): return ["gitVersion": .string(state.version)]
        case ("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests"):
            return try sign(body ?? .null, &state)
        case ("POST", "/api/v1/namespaces/kube-system/serviceaccounts/konnectivity-agent/token"):
            state.tokenRequests.append(body ?? .null)
            return [
                "spec": ["expirationSeconds": 3600],
                "status": [
                    "token": .string("token \(state.tokenRequests.count)"),
                    "expirationTimestamp": "2036-01-01T00:00:00Z",
                ],
            ]
        default: break
        }
        let name = String(path.split(separator: "/").last ?? "")
        if path.hasPrefix("/apis/certificates.k8s.io/v1/certificatesigningrequests/") { return state.requests[name] }
        if path.hasPrefix("/api/v1/nodes/") { return state.nodes[name] }
        if path.hasPrefix("/api/v1/namespaces/kube-system/secrets/"), let credential = state.credential,
            name == "bootstrap-token-\(credential.id)"
        {
            return [
                "metadata": ["name": .string(name), "annotations": ["kamaji.clastix.io/node": "edge-1"]],
                "data": ["token-secret": .string(Base64.encode(Array(credential.secret.utf8)))],
            ]
        }
        return nil
    }

    private func sign(_ body: JSON, _ state: inout State) throws -> JSON? {
        var object = KubeObject(body)
        if object.name.isEmpty { object[path: "metadata", "name"] = .string("csr-\(state.requests.count)") }
        let request = try CertificateSigningRequest(
            pem: Base64.decode(body[path: "spec", "request"]?.string ?? "") ?? [])
        if let denial = state.denial {
            object[path: "status", "conditions"] = [
                ["type": "Denied", "status": "True", "reason": "AnotherKeyIsEnrolled", "message": .string(denial)]
            ]
        } else {
            let certificate = try (state.signer ?? authority).issue(
                CertificateProfile(
                    commonName: request.commonName, organizations: request.organizations,
                    extendedKeyUsages: [.clientAuth], validity: .seconds(7 * 86_400)), publicKeyOf: request, now: Date()
            )
            object[path: "status", "conditions"] = [["type": "Approved", "status": "True"]]
            object[path: "status", "certificate"] = .string(Base64.encode(certificate.pem))
        }
        state.requests[object.name] = object.json
        return object.json
    }

    func requests(from user: String) -> Int {
        state.withLock { state in
            state.requests.values.filter { object in
                let pem = Base64.decode(object[path: "spec", "request"]?.string ?? "") ?? []
                return (try? CertificateSigningRequest(pem: pem).commonName) == user
            }.count
        }
    }
}
