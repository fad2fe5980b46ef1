import Foundation
import Testing

@testable import NodeBootstrap

@Suite struct ResetPlanTests {
    @Test func `what was there before stays, what came since goes, deepest first`() {
        var facts = ResetPlan.Facts()
        let prior = FileRecord.Prior(backup: "/b", mode: 0o600, uid: 0, gid: 0)
        facts.files = [
            FileRecord(path: "/k/new", sha256: "", mode: 0, prior: nil),
            FileRecord(path: "/k/old", sha256: "", mode: 0, prior: prior),
        ]
        facts.folders = ["/k/made", "/k/made/in"]
        facts.territories = [("/k", true), ("/v", false)]
        facts.bystanders = ["/k/mine"]
        facts.present = [("/k/mine", false), ("/k/new", false), ("/k/old", false), ("/v/d/f", false), ("/v/d", true)]
        facts.mounts = ["/v/d", "/v/d/e"]
        facts.units = [UnitRecord(name: "kubelet.service", wasEnabled: false, wasRunning: true)]
        facts.hasUnits = true
        facts.sandboxes = [("id", "pod")]
        #expect(
            ResetPlan(facts).steps == [
                .stopUnit("kubelet.service"), .removeSandbox(id: "id", pod: "pod"), .unmount("/v/d/e"),
                .unmount("/v/d"),
                .removeFile("/k/new"), .restoreFile("/k/old", prior),
                .removeFolder("/k/made/in"), .removeFolder("/k/made"), .removeFolder("/v/d"), .removeFolder("/v"),
                .reloadUnits, .disableUnit("kubelet.service"), .startUnit("kubelet.service"), .forgetIdentity,
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
