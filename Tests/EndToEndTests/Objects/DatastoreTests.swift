import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// DataStores, and the tenants that use them.
    @Suite struct DatastoreTests {
        private func manifest(_ tenant: String, store: String) -> String {
            Manifests.tenant(tenant, more: "  dataStore: \(store)")
        }

        /// A directory for a DataStore, and a name that no other test uses.
        private func storage(_ session: Session) throws -> (name: String, directory: String) {
            let name = "store-\(session.namespace)"
            let directory = session.scratch.file(name)
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            return (name, directory)
        }

        @Test func `a DataStore in use cannot be deleted until its tenants are gone`() async throws {
            let session = try await StandaloneFixture.current.session()
            let (name, directory) = try storage(session)
            try await session.must("apply -f FILE", file: Manifests.datastore(name, in: directory))
            try await session.must("wait datastore/\(name) --for=jsonpath={.status.ready}=true --timeout=120s")
            try await session.must("apply -f FILE", file: manifest("user", store: name))
            try await session.waitForPhase("Sleeping", of: "user")
            try await eventually("its status names who uses it") {
                try await session.value("datastore/\(name)", ".status.usedBy") == "[\"\(session.namespace)/user\"]"
            }

            try await session.must("delete datastore \(name) --wait=false")
            let allowed = #".status.conditions[?(@.type=="kamaji.clastix.io/DataStoreAllowedDeletion")]"#
            try await eventually("the condition says why it stays") {
                try await session.value("datastore/\(name)", "\(allowed).status") == "False"
            }
            #expect(
                try await session.value("datastore/\(name)", "\(allowed).message").contains("\(session.namespace)/user")
            )
            // Its tenants are kept, and others would keep it for ever.
            try await session.must("apply -f FILE", file: manifest("late", store: name))
            try await eventually("a tenant that comes now is not taken") {
                try await session.value("tcp/late", #".status.conditions[?(@.type=="DatastoreReady")].reason"#)
                    == "DataStoreBeingDeleted"
            }
            try await session.must("delete tcp late --wait --timeout=120s")
            try await session.must("annotate secret user-ca certs.kamaji.clastix.io/rotate=true")
            try await eventually("its tenant is looked after, and told what its annotation comes to") {
                try await session.items("events").contains {
                    $0[path: "reason"]?.string == "RotationNotAsked"
                        && $0[path: "involvedObject", "name"]?.string == "user"
                }
            }
            #expect(try await session.value("tcp/user", ".status.kubernetesResources.version.status") == "Sleeping")
            try await session.must("delete tcp user --wait --timeout=120s")
            try await session.must("wait datastore/\(name) --for=delete --timeout=120s")
        }

        @Test func `a missing DataStore shows in the tenant's conditions, and its arrival goes on with it`()
            async throws
        {
            let session = try await StandaloneFixture.current.session()
            let (name, directory) = try storage(session)
            try await session.must("apply -f FILE", file: manifest("early", store: name))
            try await session.must("wait tcp/early --for=condition=DatastoreReady=False --timeout=120s")
            let condition = #".status.conditions[?(@.type=="DatastoreReady")]"#
            #expect(try await session.value("tcp/early", "\(condition).reason") == "DataStoreNotFound")
            #expect(
                try await session.value("tcp/early", "\(condition).message").contains(
                    "\"\(name)\", which does not exist"))
            #expect(try await session.value("tcp/early", #".status.conditions[?(@.type=="Ready")].status"#) == "False")
            try await session.must("apply -f FILE", file: Manifests.datastore(name, in: directory))
            try await session.waitForPhase("Sleeping", of: "early")
            #expect(try await session.value("tcp/early", "\(condition).status") == "True")
        }

        @Test func `a DataStore that cannot work says why`() async throws {
            let session = try await StandaloneFixture.current.session()
            let (name, directory) = try storage(session)
            try await session.must("apply -f FILE", file: Manifests.datastore(name, in: "\(directory)/nowhere"))
            let condition = #".status.conditions[?(@.type=="kamaji.clastix.io/DataStoreValidation")]"#
            try await eventually("its condition says that it is not valid") {
                try await session.value("datastore/\(name)", "\(condition).status") == "False"
            }
            #expect(
                try await session.value("datastore/\(name)", "\(condition).message").contains("\(directory)/nowhere"))
            #expect(try await session.value("datastore/\(name)", ".status.ready") == "false")
            try await session.must("delete datastore \(name) --wait --timeout=120s")
        }

        @Test func `a tenant under deletion takes its data along`() async throws {
            let session = try await StandaloneFixture.current.session()
            let (name, directory) = try storage(session)
            try await session.must("apply -f FILE", file: Manifests.datastore(name, in: directory))
            try await session.must(
                "apply -f FILE", file: Manifests.tenant("owner", more: "  dataStore: \(name)\n  dataStoreSchema: mine"))
            try await session.waitForPhase("Sleeping", of: "owner")
            #expect(try await session.secret("owner-datastore-config")["DB_SCHEMA"] == "mine")
            // What the tenant's API server would have made.
            try Data("data".utf8).write(to: URL(filePath: "\(directory)/mine.sqlite"))
            try Data("other".utf8).write(to: URL(filePath: "\(directory)/other.sqlite"))
            try await session.must("delete tcp owner --wait --timeout=120s")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["other.sqlite"])
        }
    }
}
