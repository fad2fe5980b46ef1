import APIMachinery
import KubeObjects

/// v1.Service.
enum ServiceRules {
    private static let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

    static func errors(_ object: KubeObject, old: KubeObject?) -> [FieldError] {
        var errors: [FieldError] = []
        let type = object[path: "spec", "type"]?.string ?? ""
        let ports = object[path: "spec", "ports"]?.array ?? []
        let path: FieldPath = "spec.ports"
        if !types.contains(type) {
            errors.append(.notSupported("spec.type", .string(type), supported: types))
        }
        if type == "ExternalName", (object[path: "spec", "externalName"]?.string ?? "").isEmpty {
            errors.append(.required("spec.externalName"))
        }
        let isHeadless = object[path: "spec", "clusterIP"]?.string == "None"
        if ports.isEmpty, !isHeadless, type != "ExternalName" { errors.append(.required(path)) }
        var names: Set<String> = []
        var numbers: Set<String> = []
        for (index, port) in ports.enumerated() {
            let here = path.index(index)
            let name = port["name"]?.string ?? ""
            if name.isEmpty {
                if ports.count > 1 { errors.append(.required(here.child("name"))) }
            } else if !names.insert(name).inserted {
                errors.append(.duplicate(here.child("name"), .string(name)))
            } else {
                errors += NameRules.problems(name, .label).map { .invalid(here.child("name"), .string(name), $0) }
            }
            errors += range(port["port"], here.child("port"))
            if let target = port["targetPort"], target.integer != nil {
                errors += range(target, here.child("targetPort"))
            }
            let transport = port["protocol"]?.string ?? ""
            if !["TCP", "UDP", "SCTP"].contains(transport) {
                let supported = ["SCTP", "TCP", "UDP"]
                errors.append(.notSupported(here.child("protocol"), .string(transport), supported: supported))
            }
            let key = "\(transport)/\(port["port"]?.integer ?? 0)"
            if !numbers.insert(key).inserted {
                errors.append(.duplicate(here, ["port": port["port"] ?? 0, "protocol": .string(transport)]))
            }
        }
        return errors + update(object, old)
    }

    private static func range(_ value: JSON?, _ path: FieldPath) -> [FieldError] {
        let number = value?.integer ?? 0
        return (1...65535).contains(number)
            ? [] : [.invalid(path, JSON(number), "must be between 1 and 65535, inclusive")]
    }

    private static func update(_ object: KubeObject, _ old: KubeObject?) -> [FieldError] {
        guard let old, let before = old[path: "spec", "clusterIP"]?.string, !before.isEmpty else { return [] }
        let now = object[path: "spec", "clusterIP"]?.string ?? ""
        let stays = [old, object].allSatisfy { $0[path: "spec", "type"] != "ExternalName" }
        guard stays, now != before else { return [] }
        return [
            .invalid("spec.clusterIPs[0]", .string(now), "may not change once set")
        ]
    }
}
