import KubeClient
import KubeObjects
import PKI
import TenantAPI

/// The DataStore `default` that a standalone cluster brings.
enum DefaultDatastore {
    static let name = "default"
    static let namespace = "kamaji-system"
    private static let secret = "default-datastore-certificates"

    static let namespaceObject = KubeObject([
        "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)],
    ])

    /// Tenants' databases are files in `directory`.
    static func sqlite(directory: String) -> [(KubeObject, ResourceType)] {
        [(object(["driver": "SQLite", "endpoints": [.string(directory)]]), .dataStores)]
    }

    /// Tenants' prefixes are in the etcd at `endpoint`, whose root user `root` proves to be.
    static func etcd(
        endpoint: String, material: ClusterMaterial, root: (certificate: [UInt8], key: [UInt8])
    ) -> [(KubeObject, ResourceType)] {
        var certificates = KubeObject([
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": ["name": .string(secret), "namespace": .string(namespace)],
        ])
        certificates["data"] = [
            "ca.crt": .string(Base64.encode(material.authority.certificate.pem)),
            "ca.key": .string(Base64.encode(material.authority.key.pem)),
            "tls.crt": .string(Base64.encode(root.certificate)),
            "tls.key": .string(Base64.encode(root.key)),
        ]
        let store = object([
            "driver": "etcd", "endpoints": [.string(endpoint)],
            "tlsConfig": [
                "certificateAuthority": ["certificate": reference("ca.crt"), "privateKey": reference("ca.key")],
                "clientCertificate": ["certificate": reference("tls.crt"), "privateKey": reference("tls.key")],
            ],
        ])
        return [(certificates, .secrets), (store, .dataStores)]
    }

    private static func object(_ spec: JSON) -> KubeObject {
        KubeObject([
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "DataStore", "metadata": ["name": .string(name)],
            "spec": spec,
        ])
    }

    private static func reference(_ key: String) -> JSON {
        ["secretReference": ["name": .string(secret), "namespace": .string(namespace), "keyPath": .string(key)]]
    }
}
