import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Testing

extension EndToEnd {
    /// Roots that are exchanged under clients who do not stop.
    @Suite struct RotationTests {
        private static let roots = ["dev-ca", "dev-front-proxy-ca-certificate", "dev-sa-certificate"]
        private static let reason = #".status.conditions[?(@.type=="CertificatesValid")].reason"#

        /// What a tenant's owner looks at to see how far the rotation is.
        private func wait(_ session: Session, for reason: String) async throws {
            try await eventually("CertificatesValid says \(reason)", within: .seconds(240)) {
                try await session.value("tcp/dev", Self.reason) == reason
            }
        }

        private func annotate(_ session: Session, _ annotation: String) async throws {
            for root in Self.roots { try await session.must("annotate --overwrite secret \(root) \(annotation)") }
        }

        @Test(arguments: Engine.all)
        func `authorities and the key of service accounts are exchanged, and no call fails`(
            engine: Engine
        ) async throws {
            try await StandaloneFixture.run(engine.arguments) { cluster in
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
                try await session.waitForPhase("Ready", of: "dev")
                let text = try #require(try await session.secret("dev-admin-kubeconfig")["super-admin.conf"])
                let before = try Kubeconfig(yaml: text)
                let old = try #require(try await session.secret("dev-ca")["ca.crt"])
                let inside = Session(
                    kubectl: session.kubectl, kubeconfig: try session.scratch.write(text), namespace: "work",
                    scratch: session.scratch)
                try await inside.must("create namespace work")
                try await inside.must("create configmap kept --from-literal=a=b")
                try await eventually("the namespace has its service account") {
                    try await inside("get serviceaccount default").isSuccess
                }
                let token = try await inside.must("create token default --duration=2h")
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                var bearer = try ClusterConnection(before)
                bearer.credential = .token(token)
                bearer.tls.clientCertificate = nil
                bearer.tls.clientKey = nil
                try await verify(
                    session, inside, engine, before: before, bearer: bearer, old: old, token: token, text: text)
            }
        }

        private func verify(
            _ session: Session, _ inside: Session, _ engine: Engine, before: Kubeconfig, bearer: ClusterConnection,
            old: String, token: String, text: String
        ) async throws {
            let (unchanged, tokens, fresh) = (CallLoop("old kubeconfig"), CallLoop("old token"), CallLoop("fresh"))
            let connection = try ClusterConnection(before)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await unchanged.run(connection, namespace: "work", repeats: engine == .embedded) }
                group.addTask { await tokens.run(bearer, as: "system:serviceaccount:work:default") }
                group.addTask {
                    await fresh.run { number in
                        let text = try await session.secret("dev-admin-kubeconfig")["super-admin.conf"] ?? ""
                        let now = Session(
                            kubectl: session.kubectl, kubeconfig: try session.scratch.write(text), namespace: "work",
                            scratch: session.scratch)
                        let get = try await now("get configmap kept -o name")
                        guard get.isSuccess else { throw Failure("\(get)") }
                        let create = try await now("create configmap fresh-\(number) --from-literal=a=b")
                        guard create.isSuccess else { throw Failure("\(create)") }
                    }
                }
                try await eventually("all are at work") { [unchanged, tokens, fresh].allSatisfy { $0.calls > 2 } }

                try await annotate(session, "certs.kamaji.clastix.io/rotate=")
                try await session.waitForPhase("CertificateAuthorityRotating", of: "dev")
                try await wait(session, for: "PreviousTrusted")
                let served = (unchanged.calls, tokens.calls)
                try await eventually("the old ones are served under the new roots") {
                    unchanged.calls > served.0 + 5 && tokens.calls > served.1 + 5
                }
                unchanged.end()
                tokens.end()
                #expect(try await session.secret("dev-ca")["ca-previous.crt"] == old)
                try await annotate(session, "certs.kamaji.clastix.io/finish=")
                try await wait(session, for: "Issued")
                try await session.must("rollout status deploy/dev --timeout=300s")
                try await session.waitForPhase("Ready", of: "dev")
                try await eventually("one pod is left") {
                    try await session.items("pods", "-l kamaji.clastix.io/name=dev").count == 1
                }
                let last = fresh.calls
                try await eventually("new ones are served") { fresh.calls > last + 2 }
                fresh.end()
                try await group.waitForAll()
            }
            for loop in [unchanged, tokens, fresh] {
                #expect(loop.failures.isEmpty, "\(loop.name): \(loop.failures)")
                print("rotation: \(loop.name) made \(loop.calls) rounds, \(loop.failures.count) failed")
            }
            try await expectForgotten(session, old: old, token: token, text: text)
        }

        /// Afterwards the old authority is trusted nowhere, and the old key's tokens are refused.
        private func expectForgotten(_ session: Session, old: String, token: String, text: String) async throws {
            let secrets = try await session.items("secrets", "-l kamaji.clastix.io/name=dev")
            for secret in secrets {
                for (key, value) in secret["data"]?.object ?? [:] {
                    let content = String(
                        decoding: value.string.flatMap(Base64.decode) ?? [], as: UTF8.self)
                    #expect(!content.contains(old), "\(secret.name) holds the old authority in \(key)")
                    #expect(
                        !content.contains(Base64.encode(Array(old.utf8))),
                        "\(secret.name) trusts the old authority in \(key)")
                }
            }
            let authority = try await session.secret("dev-ca")
            #expect(authority.keys.sorted() == ["ca.crt", "ca.key", "tls.crt", "tls.key"])
            let now = Session(
                kubectl: session.kubectl,
                kubeconfig: try session.scratch.write(
                    try await session.secret("dev-admin-kubeconfig")["super-admin.conf"] ?? ""),
                namespace: "work", scratch: session.scratch)
            try await eventually("no namespace's root certificates name the old authority") {
                let bundles = try await now.items("configmaps", "-A --field-selector metadata.name=kube-root-ca.crt")
                return !bundles.isEmpty
                    && bundles.allSatisfy { $0[path: "data", "ca.crt"]?.string == authority["ca.crt"] }
            }
            // The server is asked with its new certificate known, so that it is the client who is refused.
            let stale = text.replacingOccurrences(
                of: Base64.encode(Array(old.utf8)), with: Base64.encode(Array((authority["ca.crt"] ?? "").utf8)))
            #expect(stale != text)
            let refused = Session(
                kubectl: session.kubectl, kubeconfig: try session.scratch.write(stale), namespace: "work",
                scratch: session.scratch)
            #expect(try await !refused("get configmap kept").isSuccess)
            let trust = try session.scratch.write(authority["ca.crt"] ?? "", extension: "crt")
            let server = try ClusterConnection(Kubeconfig(yaml: text)).server
            let words = ["--server", server, "--certificate-authority", trust, "--token", token]
            let nobody = Session(
                kubectl: session.kubectl, kubeconfig: try session.scratch.write("{}"), namespace: "work",
                scratch: session.scratch)
            let answer = try await nobody(words: words + ["get", "configmap", "kept"])
            #expect(!answer.isSuccess && answer.errors.contains("nauthorized"), "\(answer)")
        }
    }
}
