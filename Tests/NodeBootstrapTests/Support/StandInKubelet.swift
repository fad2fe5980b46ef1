import FoundationEssentials
import HTTPTransport
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Systemd

@testable import NodeBootstrap

/// A stand-in for systemd and the kubelet that it starts: a start does TLS bootstrap with what lies on the disk, as the
/// real one does, writes what the real one writes, and registers the Node.
final class StandInKubelet: UnitControl {
    private let tenant: StandInTenant
    private let files: HostFiles
    let unit: Mutex<UnitState>
    let log = Mutex<[String]>([])
    /// A field of its configuration that it ends over.
    let refused = Mutex<String?>(nil)
    /// How stopping it fails.
    let stopFailure = Mutex<SystemdError?>(nil)
    private let heartbeats = Mutex(0)

    init(_ tenant: StandInTenant, _ files: HostFiles) {
        self.tenant = tenant
        self.files = files
        unit = Mutex(UnitState(load: "loaded", file: "disabled"))
    }

    func state(of name: String) async throws -> UnitState {
        name == "kubelet.service" ? unit.withLock { $0 } : UnitState(load: "not-found")
    }

    func start(_ name: String) async throws {
        log.withLock { $0.append("start") }
        let text = try files.text(KubeletFiles.configurationPath) ?? ""
        if let field = refused.withLock({ $0 }), text.contains(field) {
            unit.withLock {
                $0.active = "failed"
                $0.result = "exit-code"
            }
            tenant.state.withLock { $0.isHealthy = false }
            return
        }
        unit.withLock {
            $0.active = "active"
            $0.sub = "running"
            $0.result = "success"
        }
        try await bootstrap()
    }

    func stop(_ name: String) async throws {
        log.withLock { $0.append("stop") }
        if let failure = stopFailure.withLock({ $0 }) { throw failure }
        unit.withLock {
            $0.active = "inactive"
            $0.sub = "dead"
        }
        tenant.state.withLock { $0.isHealthy = false }
    }

    func restart(_ name: String) async throws { try await start(name) }

    func setEnabled(_ isEnabled: Bool, _ name: String) async throws {
        log.withLock { $0.append(isEnabled ? "enable" : "disable") }
        unit.withLock { $0.file = isEnabled ? "enabled" : "disabled" }
    }

    func reload() async throws { log.withLock { $0.append("reload") } }

    private func bootstrap() async throws {
        let pem = try files.read(KubeletFiles.clientCertificatePath)
        let configuration = try YAML.parse(try files.text(KubeletFiles.configurationPath) ?? "").first
        guard configuration?["rotateCertificates"] == true else { return }
        let certificate = pem.flatMap { try? Certificate(pem: $0) }
        var name = certificate.flatMap { $0.isValid(at: Date()) ? $0.commonName : nil }?.split(separator: ":").last
            .map(String.init)
        if name == nil {
            guard let text = try files.text(KubeletFiles.bootstrapKubeconfigPath) else { return }
            let kubeconfig = try Kubeconfig(yaml: text)
            guard let server = kubeconfig.cluster("dev")?.server, let token = kubeconfig.currentUser?.token else {
                return
            }
            let flags = try files.text(KubeletFiles.flagsPath) ?? ""
            let node =
                flags.firstRange(of: "--hostname-override=").map { range in
                    String(flags[range.upperBound...].prefix { $0 != " " && $0 != "\"" })
                } ?? HostNetwork.hostName
            let key = try PrivateKey.generate(.ecdsaP256)
            let request = try CertificateSigningRequest.make(
                commonName: "system:node:\(node)", organizations: ["system:nodes"], key: key)
            let object: JSON = [
                "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
                "spec": [
                    "request": .string(Base64.encode(request.pem)),
                    "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
                ],
            ]
            var call = HTTPRequest(
                "POST", "\(server)/apis/certificates.k8s.io/v1/certificatesigningrequests", body: object.encoded())
            call.headers["Authorization"] = "Bearer \(token)"
            let answer = try JSON(parsing: try await tenant.send(call).body)
            guard let certificate = answer[path: "status", "certificate"]?.string.flatMap(Base64.decode) else { return }
            try files.makeFolder("/var/lib/kubelet/pki", mode: 0o755)
            try files.write(NodeFile(KubeletFiles.clientCertificatePath, mode: 0o600, certificate + key.pem))
            try files.write(
                KubeletFiles.kubeconfig(
                    server: server, authorityPEM: kubeconfig.cluster("dev")?.certificateAuthorityData ?? []))
            name = node
        }
        guard let name else { return }
        let version = try files.text(StandInMachine.kubeletVersionPath) ?? "v1.36.2"
        let heartbeat = heartbeats.withLock { count in
            count += 1
            return "heartbeat \(count)"
        }
        tenant.state.withLock { state in
            state.isHealthy = true
            state.deeds.append("kubelet \(version)")
            state.nodes[name] = [
                "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "uid": "1"],
                "spec": state.nodes[name]?["spec"] ?? [:],
                "status": [
                    "conditions": [
                        ["type": "Ready", "status": "True", "lastHeartbeatTime": .string(heartbeat)]
                    ],
                    "nodeInfo": ["kubeletVersion": .string(version), "machineID": ""],
                ],
            ]
        }
    }
}
