import FoundationEssentials
import KubeObjects
import PKI
import Systemd

/// What was found out about this machine and its way to the tenant. Values only: checks judge them. Nil is "not looked
/// at" or "could not be found out".
package struct HostFacts: Sendable {
    package var now = Date()
    package var effectiveUser: UInt32 = 0
    package var hostName = ""
    package var nodeName = ""
    package var hostNameResolves: Bool?
    /// Of the files that a join writes, those that are there and are not ours.
    package var foreignFiles: Set<String> = []
    /// Whether this machine has joined, by our journal.
    package var isJoined = false
    package var runtime = RuntimeFacts()
    /// Lines of /proc/swaps after its title.
    package var swapDevices = 0
    /// Where each program was found; nil in here is "nowhere in PATH".
    package var programs: [String: String?] = [:]
    /// What `kubelet --version` printed; nil when it could not be run.
    package var kubeletVersionOutput: String?
    package var serverVersion: KubernetesVersion?
    package var systemName = ""
    package var kernelRelease = ""
    /// `CONFIG_…` without the prefix, to `y`, `m` or `n`; nil when no file of it was found.
    package var kernelConfiguration: [String: Character]?
    package var cgroups = CgroupFacts()
    /// Nil where no systemd runs.
    package var kubeletUnit: UnitState?
    package var hasSystemd = false
    /// errno of listening on port 10250; nil when it could be listened on.
    package var kubeletPortError: Int32?
    /// The first letter of each forwarding switch.
    package var forwardsIPv4: Character?
    package var forwardsIPv6: Character?
    package var bridgeFilters: Character?
    /// The endpoint's host is this literal address, if it is one.
    package var endpointAddress: IPAddress?
    package var endpointHost: String?
    /// Why the name does not resolve; empty when it does.
    package var resolutionFailure: String?
    package var resolutionSeconds: Double?
    package var proxy: String?
    /// How far the server's clock is ahead, in seconds.
    package var serverAhead: TimeInterval?
    /// What the wall clock cannot be before: the newest moment that this machine has proof of.
    package var clockFloor: Date?
    package var isClockSynchronized: Bool?
    /// Of certificates on this machine and of the tenant, by what they are.
    package var certificates: [String: Certificate] = [:]
    /// Of the route to the endpoint, in bytes.
    package var pathMTU: Int?
    package var interfaceMTU: Int?
    package var disks: [DiskFacts] = []
    /// Of another cluster, or of this one before.
    package var leftovers: [String] = []
    /// The one that the kubelet is told, where it is known.
    package var kubeletCgroupDriver: String?
    /// Whether the kubelet is told to end where cgroup v1 is in use; nil where it is told nothing.
    package var refusesCgroupV1: Bool?
    package var inotifyInstances: Int?
    package var machineID: String?
    /// Server and authority of a kubelet.conf that is not ours.
    package var otherCluster: String?

    package init() {}

    package struct RuntimeFacts: Sendable, Hashable {
        package var socket = RuntimeSocket.candidates[0]
        /// Several answer and none was chosen.
        package var choiceFailure: String?
        /// Nil when it answered.
        package var failure: String?
        package var name = ""
        package var version = ""
        package var isReady: Bool?
        package var notReadyReason = ""
        /// `systemd` or `cgroupfs`; nil when the runtime cannot tell, as before containerd 2.
        package var cgroupDriver: String?
        package var tellsCgroupDriver: Bool?

        package init() {}
    }

    package struct CgroupFacts: Sendable, Hashable {
        /// 1, 2, or nil where neither is mounted at /sys/fs/cgroup.
        package var version: Int?
        package var controllers: Set<String> = []

        package init() {}
    }

    package struct DiskFacts: Sendable, Hashable {
        package var path: String
        package var freeBytes: UInt64
        package var totalBytes: UInt64
        package var freeInodes: UInt64
        package var totalInodes: UInt64

        package init(path: String, freeBytes: UInt64, totalBytes: UInt64, freeInodes: UInt64, totalInodes: UInt64) {
            self.path = path
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
            self.freeInodes = freeInodes
            self.totalInodes = totalInodes
        }
    }
}
