import Foundation
import KubeObjects
import Testing

/// Rows about where a tenant's data lives.
extension EndToEnd.AcceptanceTests {
    @Test(
        "tcp_datastore_overrides_test: Ready with its events in a second DataStore",
        .enabled(if: Programs.upstream != nil, "upstream's programs are not here"))
    func overrides() async throws {
        let fixture = try AcceptanceFixture.on(.upstream)
        let session = fixture.session
        // Of the same server: what is shown is that a kube-apiserver takes the flag and that both stores know of it.
        var second = KubeObject(try await session.object("datastore/default"))
        for field in ["uid", "resourceVersion", "managedFields", "finalizers", "creationTimestamp", "generation"] {
            second[path: "metadata", field] = nil
        }
        second["status"] = nil
        second[path: "metadata", "name"] = "etcd-secondary"
        try await session.must("create -f FILE", file: String(decoding: second.json.encoded(), as: UTF8.self))
        try await session.must("wait datastore/etcd-secondary --for=jsonpath={.status.ready}=true --timeout=60s")
        try await fixture.ready(
            "split",
            Manifests.tenant(
                "split", replicas: 1,
                more: """
                      dataStore: default
                      dataStoreOverrides: [{resource: /events, dataStore: etcd-secondary}]
                    """))
        let server = (try await fixture.pod("split")["containers"]?.array ?? []).first {
            $0["name"] == "kube-apiserver"
        }
        let flags = (server?["args"]?.strings ?? []).filter {
            $0.hasPrefix("--etcd-servers-overrides=/events#https://")
        }
        #expect(flags.count == 1, "\(server?["args"] ?? [])")
        for store in ["default", "etcd-secondary"] {
            try await eventually("\(store) names its tenant") {
                try await session.value("datastore/\(store)", ".status.usedBy").contains("\(session.namespace)/split")
            }
        }
        let tenant = try await fixture.cluster.enter("split", session)
        try await tenant.must(
            "create -f FILE",
            file: """
                apiVersion: v1
                kind: Event
                metadata: {name: told, namespace: default}
                involvedObject: {kind: Namespace, name: default, namespace: default}
                reason: Told
                """)
        #expect(try await tenant.value("event/told", ".reason") == "Told")
        try await session.must("delete tcp split --wait --timeout=180s")
        try await session.must("delete datastore etcd-secondary --wait --timeout=60s")
    }
}
