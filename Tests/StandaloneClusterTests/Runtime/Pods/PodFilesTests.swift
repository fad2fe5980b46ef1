import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct PodFilesTests {
    let scratch: ScratchDirectory
    let thread: RuntimeThread

    init() throws {
        scratch = try ScratchDirectory()
        thread = try RuntimeThread()
    }

    private func pod(_ uid: String, volumes: [JSON] = []) -> KubeObject {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "a", name: "b"))
        pod[path: "metadata", "uid"] = .string(uid)
        pod["spec"] = ["volumes": .array(volumes), "containers": [["name": "c"]]]
        return pod
    }

    private func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a pod's logs go with it, and never with another pod of its name`() async throws {
        let logs = PodLogs(ContainerLogs(directory: scratch.path), thread: thread)
        let (old, new) = (pod("1"), pod("2"))
        let file = "\(logs.path(old))/c.log"
        try await logs.claim(old)
        try Files.write(Array("old".utf8), to: file)
        try await logs.claim(old)
        #expect(read(file) == "old")
        try await logs.claim(new)
        #expect(read(file) == nil)
        try Files.write(Array("new".utf8), to: file)
        await logs.remove(old)
        await logs.removeAll(except: ["2"])
        #expect(read(file) == "new")
        await logs.removeAll(except: ["1"])
        #expect(read(file) == nil)
    }

    @Test func `a volume holds what its sources hold, and no longer what they held`() async throws {
        let store = VolumeStore(directory: scratch.path, thread: thread)
        let pod = pod(
            "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
            volumes: [
                ["name": "c", "configMap": ["name": "c"]],
                ["name": "m", "emptyDir": ["medium": "Memory"]],
                ["name": "h", "hostPath": ["path": .string(scratch.file("host")), "type": "DirectoryOrCreate"]],
            ])
        var config = configMap("c", in: "a", ["x": "1", "y": "2"])
        config["binaryData"] = ["z": .string(Base64.encode([0, 255]))]
        let places = try await store.materialise(
            pod, podIP: "127.112.0.1", ContentSources(configMaps: ["c": config]), isBeginning: true)
        let place = try #require(places["c"])
        #expect(place == scratch.file("v/0a1b2c3d4e5f/0"))
        #expect(read("\(place)/x") == "1" && read("\(place)/y") == "2")
        #expect(FileManager.default.contents(atPath: "\(place)/z").map(Array.init) == [0, 255])
        #expect(places["h"] == scratch.file("host"))
        let socket = try #require(places["m"]) + "/socket"
        try Files.write([], to: socket)

        config["data"] = ["x": "3"]
        config["binaryData"] = nil
        for isBeginning in [false, true] {
            _ = try await store.materialise(
                pod, podIP: "127.112.0.1", ContentSources(configMaps: ["c": config]), isBeginning: isBeginning)
            #expect(read("\(place)/x") == "3")
            #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["x"])
            // What a socket's program left would keep the next one from listening.
            #expect((read(socket) == nil) == isBeginning)
        }
        await store.removeAll(except: [pod.uid])
        #expect(read("\(place)/x") == "3")
        await store.remove(pod.uid)
        #expect(read("\(place)/x") == nil)
        #expect(FileManager.default.fileExists(atPath: scratch.file("host")))
    }

    @Test(
        arguments: [
            (["secret": ["secretName": "none"]], "volume \"v\": secret \"none\" not found"),
            (
                ["configMap": ["name": "there", "items": [["key": "k", "path": "p"]]]],
                "volume \"v\": configmap \"there\" has no key \"k\""
            ),
            (
                ["configMap": ["name": "there", "items": [["key": "x", "path": "../p"]]]],
                "volume \"v\": an item needs a key and a path below the volume"
            ),
            (
                ["nfs": ["server": "s"]],
                "volume \"v\" is of a kind that is not known here: use secret, configMap, projected, emptyDir or hostPath"
            ),
        ] as [(JSON, String)])
    func `what a volume lacks is said`(source: JSON, message: String) {
        var volume = source
        volume["name"] = "v"
        let sources = ContentSources(configMaps: ["there": configMap("there", in: "a", ["x": "1"])])
        #expect(throws: MissingContent(message: message)) { try VolumeContent(volume, sources) }
    }

    @Test func `what is optional may be missing`() throws {
        let content = try VolumeContent(
            [
                "name": "v",
                "projected": [
                    "sources": [
                        ["secret": ["name": "none", "optional": true]],
                        [
                            "configMap": [
                                "name": "there", "optional": true,
                                "items": [["key": "x", "path": "a/x"], ["key": "no", "path": "no"]],
                            ]
                        ],
                    ]
                ],
            ], ContentSources(configMaps: ["there": configMap("there", in: "a", ["x": "1"])]))
        #expect(content == .files(["a/x": Array("1".utf8)]))
    }
}
