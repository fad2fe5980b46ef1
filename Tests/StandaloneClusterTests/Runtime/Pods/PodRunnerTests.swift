import APIMachinery
import FoundationEssentials
import Glibc
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite(.timeLimit(.minutes(5))) struct PodRunnerTests {
    @Test func `a pod becomes ready, is restarted when it ends, and is gone with its process after its deletion`()
        async throws
    {
        let fixture = try await PodFixture()
        try await fixture.running {
            let script = """
                echo $$$$ > /data/pid; echo hello
                if [ -e /data/again ]; then exec sleep 1000; fi
                touch /data/again; exit 3
                """
            try await fixture.createPod(
                "one", [shell(script, mounts: [["name": "data", "mountPath": "/data"]])],
                volumes: [["name": "data", "emptyDir": [:]]])
            let pod = try await fixture.pod("one") { $0.isReady && $0.container("main")["restartCount"] == 1 }
            #expect(pod[path: "spec", "nodeName"] == "standalone")
            #expect(pod[path: "status", "phase"] == "Running")
            let range = try #require(CIDR(fixture.settings.podRange))
            #expect(pod[path: "status", "podIP"]?.string == range.address(at: 1)?.description)
            #expect(pod.condition("PodScheduled") == "True")
            #expect(pod.container("main")[path: "lastState", "terminated", "exitCode"] == 3)
            #expect(pod.container("main")["started"] == true)

            let text = try #require(fixture.file(pod, volume: 0, "pid"))
            let pid = try #require(pid_t(text.filter { !$0.isWhitespace }))
            #expect(kill(pid, 0) == 0)
            #expect(fixture.log("one", "main")?.hasPrefix("hello") ?? false)

            _ = try await fixture.api.delete(.pods, pod.key)
            try await fixture.gone("one")
            #expect(kill(pid, 0) != 0)
            #expect(fixture.file(pod, volume: 0, "pid") == nil)
            #expect(fixture.log("one", "main") == nil)
        }
    }

    @Test func `a process that does not end when asked is killed after the grace`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let script = "trap '' TERM; echo $$$$ > /data/pid; while :; do sleep 1; done"
            try await fixture.createPod(
                "deaf", [shell(script, mounts: [["name": "data", "mountPath": "/data"]], more: fileProbe)],
                volumes: [["name": "data", "emptyDir": [:]]])
            let pod = try await fixture.pod("deaf", when: \.isReady)
            let text = try #require(fixture.file(pod, volume: 0, "pid"))
            let pid = try #require(pid_t(text.filter { !$0.isWhitespace }))
            _ = try await fixture.api.delete(.pods, pod.key)
            try await fixture.gone("deaf")
            #expect(kill(pid, 0) != 0)
        }
    }

    /// Ready when the container has written its pid.
    private var fileProbe: JSON {
        [
            "startupProbe": [
                "exec": ["command": ["test", "-s", "/data/pid"]], "periodSeconds": 1, "failureThreshold": 30,
            ]
        ]
    }

    @Test func `a pod waits for its Secret, says so, and follows what it holds`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            var secret = ResourceType.secrets.object(ObjectKey(namespace: "default", name: "key"))
            secret["data"] = ["user": .string(Base64.encode(Array("root".utf8)))]
            try await fixture.createPod(
                "waits",
                [
                    shell(
                        "test \"$NAME\" = root && cat /s/nested/user && exec sleep 1000",
                        mounts: [["name": "s", "mountPath": "/s"]],
                        more: [
                            "env": [
                                ["name": "NAME", "valueFrom": ["secretKeyRef": ["name": "key", "key": "user"]]]
                            ]
                        ])
                ],
                volumes: [
                    [
                        "name": "s",
                        "secret": ["secretName": "key", "items": [["key": "user", "path": "nested/user"]]],
                    ]
                ])
            let waiting = try await fixture.pod("waits") {
                $0.container("main")[path: "state", "waiting", "reason"] == "CreateContainerConfigError"
            }
            #expect(
                waiting.container("main")[path: "state", "waiting", "message"]
                    == "volume \"s\": secret \"key\" not found")
            #expect(waiting.condition("Ready") == "False")
            try await fixture.create(.secrets, secret)
            let pod = try await fixture.pod("waits", when: \.isReady)
            #expect(fixture.file(pod, volume: 0, "nested/user") == "root")
            var facts = stat()
            let path = "\(fixture.settings.directory)/v/\(VolumeStore.shortName(pod.uid))/0/nested/user"
            #expect(stat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `init containers run in order before the others, and a pod that is done has succeeded`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let mounts: [JSON] = [["name": "d", "mountPath": "/d"]]
            try await fixture.createPod(
                "job", [shell("test -e /d/2 && echo done > /d/3", mounts: mounts)],
                volumes: [["name": "d", "emptyDir": ["medium": "Memory"]]],
                initContainers: [
                    shell("touch /d/1", name: "first", mounts: mounts),
                    shell("test -e /d/1 && touch /d/2", name: "second", mounts: mounts),
                ], restartPolicy: "Never")
            let pod = try await fixture.pod("job") { $0[path: "status", "phase"] == "Succeeded" }
            #expect(pod.container("second")[path: "state", "terminated", "exitCode"] == 0)
            #expect(pod.condition("Initialized") == "True")
            #expect(pod.condition("Ready") == "False")
            #expect(fixture.file(pod, volume: 0, "3") == "done\n")
        }
    }

    @Test func `a program that is not on this machine is named, and the other containers run`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let missing: JSON = ["name": "kine", "image": "none", "command": ["/bin/no-such-kine"]]
            try await fixture.createPod("half", [missing, shell("exec sleep 1000")])
            let pod = try await fixture.pod("half") {
                $0.container("main")["ready"] == true
                    && $0.container("kine")[path: "state", "waiting", "reason"] == "ProgramNotFound"
            }
            let message = pod.container("kine")[path: "state", "waiting", "message"]?.string ?? ""
            #expect(message.contains("\"no-such-kine\"") && message.contains("/usr/bin"))
            #expect(!pod.isReady)
            #expect(pod[path: "status", "phase"] == "Running")
        }
    }

    @Test func `a runner that ends takes its processes along, and the next one starts the pods again in place`()
        async throws
    {
        let fixture = try await PodFixture()
        let main = shell(
            "echo $$$$ > /data/pid; exec sleep 1000", mounts: [["name": "d", "mountPath": "/data"]], more: fileProbe)
        let pod = try await fixture.running {
            try await fixture.createPod("stays", [main], volumes: [["name": "d", "emptyDir": ["medium": "Memory"]]])
            return try await fixture.pod("stays", when: \.isReady)
        }
        let text = try #require(fixture.file(pod, volume: 0, "pid"))
        #expect(kill(try #require(pid_t(text.filter { !$0.isWhitespace })), 0) != 0)
        try await fixture.running {
            let again = try await fixture.pod("stays") { now in
                let pid = fixture.file(now, volume: 0, "pid")
                return now.isReady && pid != nil && pid != text
            }
            #expect(again.uid == pod.uid)
            #expect(again[path: "status", "podIP"] == pod[path: "status", "podIP"])
            #expect(again.container("main")["restartCount"] == 0)
        }
    }

    @Test func `a tenant on SQLite is the engine with its controllers, and what cannot be started says why`()
        async throws
    {
        let fixture = try await PodFixture()
        // Stands where the manager's own executable does: ready as long as it is called as that would be.
        let engine = fixture.settings.embeddedEngine
        let tenant: [JSON] = [
            [
                "name": "kube-apiserver", "image": "none", "command": ["kube-apiserver"],
                "args": ["--sqlite-path=/nowhere/a.sqlite"],
            ],
            ["name": "kube-scheduler", "image": "none", "command": ["kube-scheduler"]],
        ]
        try await fixture.running {
            try await fixture.createPod("acme", tenant)
            let pod = try await fixture.pod("acme") {
                $0.container("kube-apiserver")[path: "state", "waiting", "reason"] == "CrashLoopBackOff"
            }
            let message = pod.container("kube-apiserver")[path: "state", "waiting", "message"]?.string ?? ""
            #expect(message.contains("\(engine) is no file that can be run"))
            #expect(pod.container("kube-scheduler")["ready"] == false)

            let script =
                "#!/bin/sh\ntest \"$1 $2\" = 'embedded-apiserver --sqlite-path=/nowhere/a.sqlite' && exec sleep 1000\n"
            try Files.write(Array(script.utf8), to: engine)
            try #require(chmod(engine, 0o700) == 0)
            try await fixture.createPod("zeta", tenant)
            let zeta = try await fixture.pod("zeta", when: \.isReady)
            for name in ["kube-apiserver", "kube-scheduler"] {
                #expect(zeta.container(name)["imageID"] == "embedded engine")
                #expect(zeta.container(name)[path: "state", "running"] != nil)
            }
        }
    }

    @Test func `the machine is a node that is ready`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let node = try await fixture.object(.nodes, ObjectKey(namespace: nil, name: "standalone")) {
                $0.condition("Ready") == "True"
            }
            #expect(node.labels["kubernetes.io/os"] == "linux")
            #expect(node.labels["kubernetes.io/hostname"] == "standalone")
            #expect(node[path: "status", "capacity", "cpu"] != nil)
        }
    }
}
