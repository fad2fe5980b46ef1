import APIMachinery
import KubeObjects

/// Pods and pod templates: what keeps them from ever running.
enum PodRules {
    static func errors(_ spec: JSON?, _ path: FieldPath) -> [FieldError] {
        guard let spec, spec != .null else { return [.required(path.child("containers"))] }
        var errors: [FieldError] = []
        let volumes = spec["volumes"]?.array ?? []
        var volumeNames: Set<String> = []
        for (index, volume) in volumes.enumerated() {
            errors += name(volume, path.child("volumes").index(index), seen: &volumeNames)
        }
        var names: Set<String> = []
        for list in ["initContainers", "containers"] {
            for (index, container) in (spec[list]?.array ?? []).enumerated() {
                let here = path.child(list).index(index)
                errors += name(container, here, seen: &names)
                if (container["image"]?.string ?? "").isEmpty { errors.append(.required(here.child("image"))) }
                errors += mounts(container, here, volumeNames)
                errors += ports(container, here)
                errors += environment(container, here)
            }
        }
        if spec["containers"]?.array?.isEmpty ?? true { errors.append(.required(path.child("containers"))) }
        let policies = ["Always", "OnFailure", "Never"]
        if let policy = spec["restartPolicy"]?.string, !policies.contains(policy) {
            errors.append(.notSupported(path.child("restartPolicy"), .string(policy), supported: policies))
        }
        return errors
    }

    private static func name(_ item: JSON, _ path: FieldPath, seen: inout Set<String>) -> [FieldError] {
        let field = path.child("name")
        guard let name = item["name"]?.string, !name.isEmpty else { return [.required(field)] }
        let problems = NameRules.problems(name, .label).map { FieldError.invalid(field, .string(name), $0) }
        return seen.insert(name).inserted ? problems : problems + [.duplicate(field, .string(name))]
    }

    private static func mounts(_ container: JSON, _ path: FieldPath, _ volumes: Set<String>) -> [FieldError] {
        (container["volumeMounts"]?.array ?? []).enumerated().flatMap { index, mount -> [FieldError] in
            let here = path.child("volumeMounts").index(index)
            var errors: [FieldError] = []
            let name = mount["name"]?.string ?? ""
            if name.isEmpty {
                errors.append(.required(here.child("name")))
            } else if !volumes.contains(name) {
                errors.append(.notFound(here.child("name"), .string(name)))
            }
            if (mount["mountPath"]?.string ?? "").isEmpty { errors.append(.required(here.child("mountPath"))) }
            return errors
        }
    }

    private static func ports(_ container: JSON, _ path: FieldPath) -> [FieldError] {
        (container["ports"]?.array ?? []).enumerated().flatMap { index, port -> [FieldError] in
            let here = path.child("ports").index(index).child("containerPort")
            guard let number = port["containerPort"]?.integer, number != 0 else { return [.required(here)] }
            return (1...65535).contains(number)
                ? [] : [.invalid(here, JSON(number), "must be between 1 and 65535, inclusive")]
        }
    }

    private static func environment(_ container: JSON, _ path: FieldPath) -> [FieldError] {
        (container["env"]?.array ?? []).enumerated().compactMap { index, variable in
            (variable["name"]?.string ?? "").isEmpty
                ? .required(path.child("env").index(index).child("name")) : nil
        }
    }
}
