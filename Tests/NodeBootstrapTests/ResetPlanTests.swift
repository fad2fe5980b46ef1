import Foundation
import Testing

@testable import NodeBootstrap

@Suite struct ResetPlanTests {
    @Test func `what was there before stays, what came since goes, deepest first`() {
        var facts = ResetPlan.Facts()
        let prior = FileRecord.Prior(backup: "/b", mode: 0o600, uid: 0, gid: 0)
        facts.files = [
            FileRecord(path: "/etc/kubernetes/new", sha256: "", mode: 0, prior: nil),
            FileRecord(path: "/etc/kubernetes/old", sha256: "", mode: 0, prior: prior),
        ]
        facts.folders = ["/etc/kubernetes/made", "/etc/kubernetes/made/in"]
        facts.territories = [("/etc/kubernetes", true), ("/var/lib/kubelet", false)]
        facts.bystanders = ["/etc/kubernetes/mine"]
        facts.present = [
            ("/etc/kubernetes/mine", false), ("/etc/kubernetes/new", false), ("/etc/kubernetes/old", false),
            ("/etc/kubernetes/kubelet.conf", false), ("/var/lib/kubelet/pods/f", false),
            ("/var/lib/kubelet/pods/v/data", false), ("/var/lib/kubelet/pods/v", true),
            ("/var/lib/kubelet/pods", true), ("/var/lib/kubelet/pki/kubelet-client-current.pem", false),
            ("/var/lib/kubelet/pki", true), ("/var/lib/kubelet/cpu_manager_state", false),
        ]
        facts.mounts = ["/var/lib/kubelet/pods/v", "/var/lib/kubelet/pods/v/w"]
        facts.units = [UnitRecord(name: "kubelet.service", wasEnabled: false, wasRunning: true)]
        facts.hasUnits = true
        facts.sandboxes = [("id", "pod")]
        #expect(
            ResetPlan(facts).steps == [
                .stopUnit("kubelet.service"), .removeSandbox(id: "id", pod: "pod"),
                .unmount("/var/lib/kubelet/pods/v/w"), .unmount("/var/lib/kubelet/pods/v"),
                .removeFile("/etc/kubernetes/kubelet.conf"), .removeFile("/var/lib/kubelet/pods/f"),
                .removeFile("/var/lib/kubelet/pki/kubelet-client-current.pem"),
                .removeFile("/var/lib/kubelet/cpu_manager_state"),
                .removeFile("/etc/kubernetes/new"), .restoreFile("/etc/kubernetes/old", prior),
                .removeFolder("/var/lib/kubelet/pods/v"), .removeFolder("/etc/kubernetes/made/in"),
                .removeFolder("/var/lib/kubelet/pods"), .removeFolder("/var/lib/kubelet/pki"),
                .removeFolder("/etc/kubernetes/made"), .removeFolder("/var/lib/kubelet"),
                .reloadUnits, .disableUnit("kubelet.service"), .startUnit("kubelet.service"), .forgetIdentity,
            ])
    }

    @Test func `what neither the join nor the kubelet made is left alone and named`() {
        var facts = ResetPlan.Facts()
        facts.territories = [
            ("/etc/kubernetes", false), ("/usr/libexec/kubernetes", false), ("/var/lib/kubelet", true),
        ]
        facts.folders = ["/etc/kubernetes/manifests"]
        let driver = "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/acme~nfs"
        facts.present = [
            ("/etc/kubernetes/manifests/mine.yaml", false), ("/etc/kubernetes/manifests", true),
            ("/etc/kubernetes/cni/net.d/10-mine.conf", false), ("/etc/kubernetes/cni/net.d", true),
            ("/etc/kubernetes/cni", true), ("\(driver)/nfs", false), (driver, true),
            ("/usr/libexec/kubernetes/kubelet-plugins/volume/exec", true),
            ("/usr/libexec/kubernetes/kubelet-plugins/volume", true), ("/usr/libexec/kubernetes/kubelet-plugins", true),
            ("/var/lib/kubelet/seccomp/profile.json", false), ("/var/lib/kubelet/seccomp", true),
            ("/var/lib/kubelet/pki/theirs.crt", false), ("/var/lib/kubelet/pki", true),
        ]
        // A disk of the administrator's, and one that was there before the join.
        facts.mounts = ["/var/lib/kubelet/seccomp", "/var/lib/kubelet/pods"]
        facts.bystanders = ["/var/lib/kubelet/pods"]
        let plan = ResetPlan(facts)
        #expect(plan.steps == [.forgetIdentity])
        #expect(
            plan.leftAlone == [
                "/etc/kubernetes/cni", "/etc/kubernetes/manifests/mine.yaml", driver,
                "/var/lib/kubelet/pki/theirs.crt", "/var/lib/kubelet/seccomp",
            ])
    }

    @Test func `the agent's daemon is stopped first and started again last`() {
        var facts = ResetPlan.Facts()
        facts.hasUnits = true
        facts.agentRuns = true
        facts.units = [UnitRecord(name: "kubelet.service", wasEnabled: true, wasRunning: false)]
        let agent = ResetPlan.agentUnit
        #expect(
            ResetPlan(facts).steps == [
                .stopUnit(agent), .stopUnit("kubelet.service"), .reloadUnits, .forgetIdentity, .startUnit(agent),
            ])
    }

    @Test func `a link that took a folder's place leads nowhere`() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "reset-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        let files = HostFiles(root: root)
        for folder in ["/kubelet/pods/volume", "/etc"] {
            try FileManager.default.createDirectory(
                atPath: root + folder, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: "\(root)\(folder)/passwd", contents: Data([1])))
        }
        try files.remove("/kubelet/pods/volume/passwd", beneath: "/kubelet")
        #expect(try files.removeFolderIfEmpty("/kubelet/pods/volume", beneath: "/kubelet"))
        try files.remove("/kubelet/pods/volume/passwd", beneath: "/kubelet")
        try files.link("/kubelet/pods/volume", to: "\(root)/etc")
        #expect(throws: HostError.self) { try files.remove("/kubelet/pods/volume/passwd", beneath: "/kubelet") }
        #expect(throws: HostError.self) { try files.remove("/etc/passwd", beneath: "/kubelet") }
        #expect(throws: HostError.self) { try files.remove("/kubelet/../etc/passwd", beneath: "/kubelet") }
        #expect(FileManager.default.fileExists(atPath: "\(root)/etc/passwd"))
        try files.remove("/kubelet/pods/volume", beneath: "/kubelet")
        #expect(try files.names(in: "/kubelet/pods").isEmpty)
    }

    @Test func `the kernel's escapes in mount points are read`() {
        #expect(ResetRun.unescape("/a\\040b\\134c") == "/a b\\c")
        #expect(ResetRun.unescape("/a\\04") == "/a\\04")
    }

    @Test func `a runtime's answer that is cut or senseless gives what was read before`() {
        #expect(ProtobufFields([0x0A, 0x03, 0x61, 0x62, 0x63, 0x10, 0x01]).text(1) == "abc")
        #expect(ProtobufFields([0x0A, 0x7F, 0x61]).text(1) == nil)
        #expect(ProtobufFields([0x10] + [UInt8](repeating: 0xFF, count: 20)).number(2) == nil)
        #expect(ProtobufFields([0x10, 0x05, 0x1B]).number(2) == 5)
    }
}
