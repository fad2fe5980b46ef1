import KubeObjects
import Probing

/// `/sd`: lists for Prometheus' `http_sd_configs`, the whole list each time.
enum ServiceDiscovery {
    /// - Parameters:
    ///   - address: under which the exporter itself was asked.
    ///   - isTLS: whether it speaks TLS.
    /// - Returns: nil where there is no such list.
    static func list(
        _ name: String, _ picture: FleetPicture, namespace: String?, address: String, isTLS: Bool
    ) -> JSON? {
        let rows = picture.rows.filter { namespace == nil || $0.key.namespace == namespace }
        switch name {
        case "", "probes":
            // Each tenant is a page of the exporter's. They bear their own names, else all were one instance.
            return .array(
                rows.map { row in
                    let place = [
                        "__scheme__": isTLS ? "https" : "http", "__metrics_path__": "/probe",
                        "__param_target": "\(row.key)", "instance": "\(row.key)",
                    ]
                    return entry(address, row.labels.merging(place) { first, _ in first })
                })
        case "apiservers":
            return .array(
                rows.compactMap { row in
                    row.endpoint.map { entry($0, row.labels.merging(["__scheme__": "https"]) { first, _ in first }) }
                })
        case "konnectivity":
            return .array(
                rows.flatMap { row in
                    row.tunnelAddresses.sorted { $0.key < $1.key }.map { pod, address in
                        let host = address.contains(":") ? "[\(address)]" : address
                        return entry(
                            "\(host):\(TunnelProbe.healthPort)",
                            row.labels.merging(["__meta_kamaji_pod_name": pod]) { first, _ in first })
                    }
                })
        case "datastores":
            return .array(
                picture.stores.sorted { $0.name < $1.name }.flatMap { store in
                    store.endpoints.map { endpoint in
                        entry(
                            endpoint,
                            [
                                "__meta_kamaji_datastore": store.name, "__meta_kamaji_datastore_driver": store.driver,
                                "__scheme__": store.wantsTLS ? "https" : "http",
                            ])
                    }
                })
        default: return nil
        }
    }

    private static func entry(_ target: String, _ labels: [String: String]) -> JSON {
        ["targets": [.string(target)], "labels": JSON(labels)]
    }
}

extension FleetRow {
    fileprivate var labels: [String: String] {
        [
            "__meta_kamaji_tcp_namespace": key.namespace ?? "", "__meta_kamaji_tcp_name": key.name,
            "__meta_kamaji_datastore": datastore, "__meta_kamaji_version": version,
        ]
    }
}
