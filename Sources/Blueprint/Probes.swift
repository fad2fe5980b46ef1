import KubeObjects
import TenantAPI

/// The three probes of one container, before the user's numbers.
struct ProbeSet {
    let port: Int
    let startupPath: String
    let livenessPath: String
    let readinessPath: String

    /// A kube-apiserver that needs 1.5 seconds is seen within the second, and one that a busy node starves for minutes
    /// is left to finish: start-up is asked every second, and gives up after this many.
    static let startupPatience = 300

    /// Writes `startupProbe`, `livenessProbe` and `readinessProbe` into the container.
    func write(into container: inout JSON, global: ProbeOverrides, component: ProbeOverrides) {
        func probe(_ path: String, period: Int, failures: Int, _ overrides: [ProbeNumbers?]) -> JSON {
            var probe: JSON = [
                "httpGet": ["path": .string(path), "port": JSON(port), "scheme": "HTTPS"],
                "timeoutSeconds": 1,
                "periodSeconds": JSON(period),
                "successThreshold": 1,
                "failureThreshold": JSON(failures),
            ]
            for case .some(let numbers) in overrides { numbers.write(into: &probe) }
            return probe
        }
        container["startupProbe"] = probe(
            startupPath, period: 1, failures: Self.startupPatience, [global.startup, component.startup])
        container["livenessProbe"] = probe(
            livenessPath, period: 10, failures: 3, [global.liveness, component.liveness])
        container["readinessProbe"] = probe(
            readinessPath, period: 10, failures: 3, [global.readiness, component.readiness])
    }
}

extension ProbeNumbers {
    /// Only these five can be overridden; an initial delay of zero is Kubernetes' default and not written.
    func write(into probe: inout JSON) {
        if let initialDelaySeconds, initialDelaySeconds > 0 { probe["initialDelaySeconds"] = JSON(initialDelaySeconds) }
        if let timeoutSeconds { probe["timeoutSeconds"] = JSON(timeoutSeconds) }
        if let periodSeconds { probe["periodSeconds"] = JSON(periodSeconds) }
        if let successThreshold { probe["successThreshold"] = JSON(successThreshold) }
        if let failureThreshold { probe["failureThreshold"] = JSON(failureThreshold) }
    }
}
