import FoundationEssentials
import Glibc
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Systemd

/// Finds out what the checks judge. Every blocking look goes through the `WorkThread`.
package struct HostFactsGathering: Sendable {
    package var files: HostFiles
    package var thread: WorkThread
    package var transport: any HTTPTransport
    package var units: (any UnitControl)?
    package var programs: HostPrograms
    package var proxies: ProxyRules
    package var now: @Sendable () -> Date
    /// Where the kubelet's port is; another one in tests.
    package var kubeletPort: UInt16 = 10_250
    /// Where the kernel's /proc and /sys are: the same for every root; other ones in tests.
    package var kernel = HostFiles()

    package init(
        files: HostFiles, thread: WorkThread, transport: any HTTPTransport, units: (any UnitControl)?,
        programs: HostPrograms, proxies: ProxyRules, now: @escaping @Sendable () -> Date
    ) {
        self.files = files
        self.thread = thread
        self.transport = transport
        self.units = units
        self.programs = programs
        self.proxies = proxies
        self.now = now
    }

    /// What is to be looked at, apart from the machine itself.
    package struct Subject: Sendable {
        package var nodeName: String
        package var criSocket: String?
        package var endpoint: JoinEndpoint?
        /// Files that the join would write.
        package var writes: [String]
        /// Those that the journal has as ours.
        package var ours: Set<String>
        package var isJoined: Bool

        package init(
            nodeName: String, criSocket: String? = nil, endpoint: JoinEndpoint? = nil, writes: [String] = [],
            ours: Set<String> = [], isJoined: Bool = false
        ) {
            self.nodeName = nodeName
            self.criSocket = criSocket
            self.endpoint = endpoint
            self.writes = writes
            self.ours = ours
            self.isJoined = isJoined
        }
    }

    package func gather(_ subject: Subject) async throws -> HostFacts {
        var facts = try await thread.run { [self] in lookAround(subject) }
        facts.now = now()
        if subject.criSocket == nil, facts.runtime.choiceFailure != nil {
            // Which one to ask is for the user to say.
        } else {
            facts.runtime = await runtime(subject.criSocket ?? facts.runtime.socket)
        }
        if let kubelet = facts.programs["kubelet"] ?? nil {
            facts.kubeletVersionOutput = await programs.output(kubelet, ["--version"])
        }
        facts.hasSystemd = units != nil
        facts.kubeletUnit = try? await units?.state(of: "kubelet.service")
        if let endpoint = subject.endpoint {
            facts.endpointHost = endpoint.host
            facts.endpointAddress = endpoint.address
            facts.proxy = proxies.proxy(for: endpoint.url)
        }
        return facts
    }

    // MARK: Blocking looks

    private func lookAround(_ subject: Subject) -> HostFacts {
        var facts = HostFacts()
        facts.effectiveUser = geteuid()
        facts.hostName = HostNetwork.hostName
        facts.nodeName = subject.nodeName
        facts.isJoined = subject.isJoined
        if case .failure = HostNetwork.resolve(subject.nodeName) {
            facts.hostNameResolves = false
        } else {
            facts.hostNameResolves = true
        }
        facts.foreignFiles = Set(subject.writes.filter { files.exists($0) && !subject.ours.contains($0) })
        facts.otherCluster = otherCluster(facts.foreignFiles)
        facts.runtime = chooseRuntime()
        facts.swapDevices = max(0, lines("/proc/swaps").count - 1)
        for name in ["losetup", "mount", "cp", "kubelet"] { facts.programs[name] = .some(programs.find(name)) }
        lookAtKernel(&facts)
        facts.kubeletPortError = HostNetwork.listeningError(port: kubeletPort)
        facts.forwardsIPv4 = text("/proc/sys/net/ipv4/ip_forward")?.first
        facts.forwardsIPv6 = text("/proc/sys/net/ipv6/conf/default/forwarding")?.first
        facts.bridgeFilters = text("/proc/sys/net/bridge/bridge-nf-call-iptables")?.first
        facts.inotifyInstances = text("/proc/sys/fs/inotify/max_user_instances").flatMap {
            Int($0.trimmingASCIISpace())
        }
        facts.machineID = text("/etc/machine-id")?.trimmingASCIISpace()
        lookAtNetwork(&facts, subject)
        lookAtClock(&facts)
        facts.disks = ["/var/lib/kubelet", "/var/lib/containerd", AgentFiles.directory].compactMap { disk($0) }
            .reduce(into: []) { disks, disk in
                // One file system is told of once.
                let isKnown = disks.contains {
                    $0.totalBytes == disk.totalBytes && $0.freeBytes == disk.freeBytes
                        && $0.totalInodes == disk.totalInodes
                }
                if !isKnown { disks.append(disk) }
            }
        facts.leftovers = leftovers(subject)
        lookAtKubelet(&facts)
        return facts
    }

    private func text(_ path: String) -> String? { (try? files.text(path)) ?? nil }
    /// Of the kernel.
    private func lines(_ path: String) -> [Substring] {
        ((try? kernel.text(path)) ?? nil ?? "").split(separator: "\n")
    }

    /// What it was told at a join, if there was one.
    private func lookAtKubelet(_ facts: inout HostFacts) {
        let configuration = (try? YAML.parse(text(KubeletFiles.configurationPath) ?? ""))?.first
        facts.kubeletCgroupDriver = configuration?["cgroupDriver"]?.string
        facts.refusesCgroupV1 = CgroupVersionCheck.isRefusalAsked(
            configuration, flags: text(KubeletFiles.flagsPath) ?? "")
    }

    /// What keeps a kubelet from starting with the files that lie here now, as far as cgroups do; nil when they do not, or
    /// when nobody knows which kubelet it is.
    func cgroupRefusal() async throws -> CheckResult? {
        var facts = try await thread.run { [self] () -> HostFacts in
            var facts = HostFacts()
            lookAtCgroups(&facts)
            lookAtKubelet(&facts)
            facts.programs["kubelet"] = .some(programs.find("kubelet"))
            return facts
        }
        guard facts.cgroups.version == 1, let kubelet = facts.programs["kubelet"] ?? nil else { return nil }
        facts.kubeletVersionOutput = await programs.output(kubelet, ["--version"])
        return CgroupVersionCheck.result(facts).flatMap { $0.verdict == .error ? $0 : nil }
    }

    private func otherCluster(_ foreign: Set<String>) -> String? {
        guard foreign.contains(KubeletFiles.kubeconfigPath), let text = text(KubeletFiles.kubeconfigPath),
            let kubeconfig = try? Kubeconfig(yaml: text),
            let context = kubeconfig.currentContext.flatMap({ kubeconfig.context($0) }),
            let cluster = kubeconfig.cluster(context.cluster)
        else { return nil }
        return cluster.server
    }

    private func chooseRuntime() -> HostFacts.RuntimeFacts {
        var facts = HostFacts.RuntimeFacts()
        let reachable = RuntimeSocket.candidates.filter {
            HostNetwork.answers(unixSocket: files.place(RuntimeSocket.path(of: $0)))
        }
        do {
            facts.socket = try RuntimeSocket.choose(reachable: reachable)
        } catch {
            facts.choiceFailure = "\(error)"
        }
        return facts
    }

    private func lookAtKernel(_ facts: inout HostFacts) {
        var name = utsname()
        if uname(&name) == 0 {
            facts.systemName = Self.text(of: name.sysname)
            facts.kernelRelease = Self.text(of: name.release)
        }
        let release = facts.kernelRelease
        let places = [
            "/boot/config-\(release)", "/usr/src/linux-\(release)/.config", "/usr/lib/modules/\(release)/config",
            "/lib/modules/\(release)/build/.config", "/usr/lib/kernel/config-\(release)",
            "/usr/src/linux-headers-\(release)/.config",
        ]
        // Its own word comes first.
        let own = HostFiles().unpackedText("/proc/config.gz")
        facts.kernelConfiguration = (own ?? places.lazy.compactMap { text($0) }.first).map(Self.configuration)
        lookAtCgroups(&facts)
    }

    private func lookAtCgroups(_ facts: inout HostFacts) {
        // Processes see the machine's cgroups, whatever root the files have.
        for line in lines("/proc/mounts") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[1] == "/sys/fs/cgroup" else { continue }
            facts.cgroups.version = fields[2] == "cgroup2" ? 2 : 1
        }
        switch facts.cgroups.version {
        case 2:
            let listed = lines("/sys/fs/cgroup/cgroup.controllers").first?.split(separator: " ").map(String.init) ?? []
            // Both are part of every unified hierarchy and not listed.
            facts.cgroups.controllers = Set(listed + ["devices", "freezer"])
        case 1:
            facts.cgroups.controllers = Set(
                lines("/proc/cgroups").dropFirst().compactMap { line in
                    let fields = line.split(separator: "\t")
                    return fields.count > 3 && fields[3] != "0" ? String(fields[0]) : nil
                })
        default: break
        }
    }

    private static func text<Tuple>(of tuple: Tuple) -> String {
        withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static func configuration(_ text: String) -> [String: Character] {
        var configuration: [String: Character] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
            let parts = line.dropFirst("CONFIG_".count).split(separator: "=", maxSplits: 1)
            if parts.count == 2, let value = parts[1].first, ["y", "m", "n"].contains(parts[1]) {
                configuration[String(parts[0])] = value
            }
        }
        return configuration
    }

    private func lookAtNetwork(_ facts: inout HostFacts, _ subject: Subject) {
        facts.interfaceMTU = HostNetwork.defaultInterfaceMTU(HostFiles())
        guard let endpoint = subject.endpoint else { return }
        var address = endpoint.address
        if address == nil {
            let start = ContinuousClock.now
            switch HostNetwork.resolve(endpoint.host) {
            case .success(let found):
                facts.resolutionFailure = ""
                address = found.first
            case .failure(let failure): facts.resolutionFailure = failure.description
            }
            facts.resolutionSeconds = (ContinuousClock.now - start) / .seconds(1)
        }
        if let address, !address.isLoopback {
            facts.pathMTU = HostNetwork.pathMTU(to: address, port: UInt16(clamping: endpoint.port))
        }
    }

    private func lookAtClock(_ facts: inout HostFacts) {
        // Other daemons leave no such mark, and then nothing is said about it.
        if HostFiles().exists("/run/systemd/timesync/synchronized") { facts.isClockSynchronized = true }
        var proof: [Date] = []
        if let pem = (try? files.read(AgentFiles.certificate)) ?? nil, let certificate = try? Certificate(pem: pem) {
            facts.certificates["agent"] = certificate
            proof.append(certificate.notBefore)
        }
        if let pem = (try? files.read(KubeletFiles.clientCertificatePath)) ?? nil,
            let certificate = try? Certificate(pem: pem)
        {
            facts.certificates["kubelet-client"] = certificate
            proof.append(certificate.notBefore)
        }
        if let pem = (try? files.read(AgentFiles.authorities)) ?? nil,
            let authority = (try? Certificate.chain(pem: pem))?.max(by: { $0.notAfter < $1.notAfter })
        {
            facts.certificates["tenant-ca"] = authority
        }
        facts.clockFloor = proof.max()
    }

    private func disk(_ path: String) -> HostFacts.DiskFacts? {
        var at = path
        while at != "/", !files.exists(at) { at = HostFiles.folder(of: at) }
        var status = statvfs()
        guard statvfs(files.place(at), &status) == 0 else { return nil }
        let unit = UInt64(status.f_frsize)
        return HostFacts.DiskFacts(
            path: path, freeBytes: UInt64(status.f_bavail) &* unit, totalBytes: UInt64(status.f_blocks) &* unit,
            freeInodes: UInt64(status.f_favail), totalInodes: UInt64(status.f_files))
    }

    private func leftovers(_ subject: Subject) -> [String] {
        guard !subject.isJoined else { return [] }
        var found: [String] = []
        for folder in [
            "/var/lib/kubelet/pki", "/var/lib/kubelet/pods", "/etc/kubernetes/manifests", "/etc/cni/net.d",
            "/var/lib/etcd",
        ] {
            let names = (try? files.names(in: folder)) ?? []
            found += names.map { "\(folder)/\($0)" }.filter { !subject.ours.contains($0) }
        }
        return found
    }
}
