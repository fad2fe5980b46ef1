import KubeObjects

/// What Kubernetes writes into pods and pod templates where their author wrote nothing.
enum PodDefaults {
    static func pod(_ object: inout JSON) {
        object.change("spec") { spec in
            PodDefaults.spec(&spec)
            spec.setDefault("enableServiceLinks", to: true)
            for list in ["containers", "initContainers"] { spec.changeEach(list, by: requestsFromLimits) }
        }
        object.setDefault("status", "phase", to: "Pending")
        let quality = qualityOfService(of: object["spec"] ?? .null)
        object.setDefault("status", "qosClass", to: .string(quality))
    }

    static func spec(_ spec: inout JSON) {
        spec.setDefault("restartPolicy", to: "Always")
        spec.setDefault("dnsPolicy", to: "ClusterFirst")
        spec.setDefault("schedulerName", to: "default-scheduler")
        spec.setDefault("terminationGracePeriodSeconds", to: 30)
        spec.setDefault("securityContext", to: [:])
        // The old and the new name of one field; Kubernetes writes both.
        if let account = spec["serviceAccountName"]?.string, !account.isEmpty {
            spec["serviceAccount"] = .string(account)
        } else if let account = spec["serviceAccount"]?.string, !account.isEmpty {
            spec["serviceAccountName"] = .string(account)
        }
        let usesHostNetwork = spec["hostNetwork"]?.bool ?? false
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            spec.changeEach(list) { container in
                PodDefaults.container(&container)
                guard usesHostNetwork else { return }
                container.changeEach("ports") { port in
                    if let number = port["containerPort"] { port.setDefault("hostPort", to: number) }
                }
            }
        }
        spec.changeEach("volumes", by: volume)
    }

    private static func container(_ container: inout JSON) {
        container.setDefault("terminationMessagePath", to: "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", to: "File")
        container.setDefault("resources", to: [:])
        if let image = container["image"]?.string {
            container.setDefault("imagePullPolicy", to: isMovingTag(image) ? "Always" : "IfNotPresent")
        }
        container.changeEach("ports") { $0.setDefault("protocol", to: "TCP") }
        container.changeEach("env") { fieldReference(at: "valueFrom", "fieldRef", in: &$0) }
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] { container.change(name, by: probe) }
        for hook in ["postStart", "preStop"] { container.change("lifecycle", hook, "httpGet", by: httpGet) }
    }

    /// No tag and no digest, or the tag `latest`: what the name means may change at any time.
    private static func isMovingTag(_ image: String) -> Bool {
        if image.contains("@") { return false }
        let last = image.split(separator: "/").last ?? ""
        guard let colon = last.lastIndex(of: ":") else { return true }
        return last[last.index(after: colon)...] == "latest"
    }

    private static func probe(_ probe: inout JSON) {
        probe.setDefault("timeoutSeconds", to: 1)
        probe.setDefault("periodSeconds", to: 10)
        probe.setDefault("successThreshold", to: 1)
        probe.setDefault("failureThreshold", to: 3)
        probe.change("httpGet", by: httpGet)
        probe.change("grpc") { $0.setDefault("service", to: "") }
    }

    private static func httpGet(_ action: inout JSON) {
        action.setDefault("path", to: "/")
        action.setDefault("scheme", to: "HTTP")
    }

    private static func fieldReference(at path: String..., in json: inout JSON) {
        guard var reference = json[path: path] else { return }
        reference.setDefault("apiVersion", to: "v1")
        json[path: path] = reference
    }

    private static func volume(_ volume: inout JSON) {
        for source in ["secret", "configMap", "downwardAPI", "projected"] {
            volume.change(source) { $0.setDefault("defaultMode", to: 420) }
        }
        volume.change("hostPath") { $0.setDefault("type", to: "") }
        volume.change("downwardAPI") { $0.changeEach("items") { fieldReference(at: "fieldRef", in: &$0) } }
        volume.change("projected") { projected in
            projected.changeEach("sources") { source in
                source.change("serviceAccountToken") { $0.setDefault("expirationSeconds", to: 3600) }
                source.change("downwardAPI") { $0.changeEach("items") { fieldReference(at: "fieldRef", in: &$0) } }
            }
        }
        if let fields = volume.object, fields.keys.allSatisfy({ $0 == "name" }) { volume["emptyDir"] = [:] }
    }

    private static func requestsFromLimits(_ container: inout JSON) {
        for (name, quantity) in container[path: "resources", "limits"]?.object ?? [:] {
            container.setDefault("resources", "requests", name, to: quantity)
        }
    }

    /// Guaranteed when every container limits cpu and memory to what it requests, BestEffort when none asks anything.
    private static func qualityOfService(of spec: JSON) -> String {
        let containers = (spec["containers"]?.array ?? []) + (spec["initContainers"]?.array ?? [])
        var asksNothing = true
        var isGuaranteed = true
        for container in containers {
            for name in ["cpu", "memory"] {
                let request = container[path: "resources", "requests", name]
                let limit = container[path: "resources", "limits", name]
                if request != nil || limit != nil { asksNothing = false }
                if limit == nil || request != limit { isGuaranteed = false }
            }
        }
        return asksNothing ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
