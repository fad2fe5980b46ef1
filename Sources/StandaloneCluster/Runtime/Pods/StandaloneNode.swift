import APIMachinery
import FoundationEssentials
import Glibc
import KubeObjects
import Logging

/// The Node object of this machine: there, true and Ready for as long as the runtime runs.
struct StandaloneNode: Sendable {
    let api: ClusterAPI
    let name: String
    let log: Logger

    func run() async {
        await register()
        let selection = Selection(fields: try? FieldSelector(parsing: "metadata.name=\(name)"))
        await ControlLoop(api: api, log: log).run(.nodes, selection) { change, node throws(APIStatus) in
            if change == .deleted, node.name == name { await register() }
        }
    }

    /// Makes the Node, or brings it up to date.
    func register() async {
        let facts = MachineFacts()
        let key = ObjectKey(namespace: nil, name: name)
        let now = api.now()
        do throws(APIStatus) {
            let nodes = try api.resource(.nodes)
            var node = Modification(key: key) { old throws(APIStatus) in
                var object = old ?? ResourceType.nodes.object(key)
                object.labels.merge(Self.labels(name, facts)) { _, ours in ours }
                return object
            }
            node.createsMissing = true
            _ = try await api.modify(nodes, node, PodMachinery.options)
            var status = Modification(key: key) { old throws(APIStatus) in
                guard var object = old else { throw .notFound(.nodes, name) }
                object["status"] = Self.status(name, facts, previous: object["status"], now: now)
                return object
            }
            status.subresource = "status"
            _ = try await api.modify(nodes, status, PodMachinery.options)
        } catch {
            log.warning("could not register the node", metadata: ["node": "\(name)", "error": "\(error)"])
        }
    }

    static func labels(_ name: String, _ facts: MachineFacts) -> [String: String] {
        [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": facts.architecture,
            "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": facts.architecture,
        ]
    }

    static func status(_ name: String, _ facts: MachineFacts, previous: JSON?, now: Date) -> JSON {
        var status = previous ?? [:]
        let resources: JSON = [
            "cpu": .string("\(facts.processors)"), "memory": .string("\(facts.memoryKiB)Ki"), "pods": "1000",
        ]
        status["capacity"] = resources
        status["allocatable"] = resources
        status["addresses"] = [
            ["type": "InternalIP", "address": .string(PodStatus.hostIP)],
            ["type": "Hostname", "address": .string(name)],
        ]
        status["nodeInfo"] = [
            "architecture": .string(facts.architecture), "operatingSystem": "linux",
            "kernelVersion": .string(facts.kernel), "osImage": .string(facts.system),
            "bootID": .string(facts.bootIdentifier), "machineID": .string(facts.machineIdentifier),
            "systemUUID": .string(facts.machineIdentifier), "kubeletVersion": "v1.36.0", "kubeProxyVersion": "",
            "containerRuntimeVersion": "local-processes://1",
        ]
        let ready = PodStatus.Condition(
            "Ready", true, "KubeletReady", "this machine runs the containers of pods as local processes")
        status["conditions"] = .array(
            PodStatus.Condition.merge([ready], into: previous?["conditions"]?.array ?? [], now: now).map { condition in
                var condition = condition
                if condition["type"] == "Ready" { condition["lastHeartbeatTime"] = .string(Timestamp.format(now)) }
                return condition
            })
        return status
    }
}

/// What a Node object says of its machine.
struct MachineFacts: Sendable, Equatable {
    /// As Go names it.
    var architecture: String
    var kernel: String
    var system: String
    var processors: Int
    var memoryKiB: Int
    var bootIdentifier: String
    var machineIdentifier: String

    /// Asks this machine.
    init() {
        #if arch(x86_64)
            architecture = "amd64"
        #elseif arch(arm64)
            architecture = "arm64"
        #else
            architecture = "unknown"
        #endif
        func line(_ path: String) -> String {
            let data = FileManager.default.contents(atPath: path)
            let text = data.map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        }
        kernel = line("/proc/sys/kernel/osrelease")
        let release = FileManager.default.contents(atPath: "/etc/os-release")
        let pretty = release.map { String(decoding: $0, as: UTF8.self) }?.split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("PRETTY_NAME=") }
        system = pretty.map { String($0.dropFirst("PRETTY_NAME=".count)).filter { $0 != "\"" } } ?? "Linux"
        processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        memoryKiB = max(0, Int(sysconf(Int32(_SC_PHYS_PAGES)))) * (max(0, Int(sysconf(Int32(_SC_PAGESIZE)))) / 1024)
        bootIdentifier = line("/proc/sys/kernel/random/boot_id")
        machineIdentifier = line("/etc/machine-id")
    }
}
