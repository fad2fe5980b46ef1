import FoundationEssentials
import KubeObjects
import PKI
import Testing

@testable import StandaloneCluster

@Suite(.timeLimit(.minutes(5))) struct PodProbeTests {
    private static let hasOpenSSL = ProgramFinder.isExecutableFile("/usr/bin/openssl")

    @Test(.enabled(if: hasOpenSSL, "needs openssl as a server"))
    func `a server with a certificate of its own is asked over TLS on the pod's address`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let key = try PrivateKey.generate(.ecdsaP256)
            let authority = try CertificateAuthority.selfSigned(
                CertificateProfile(commonName: "server", isAuthority: true, validity: .seconds(3600)), key: key,
                now: Date())
            var secret = ResourceType.secrets.object(ObjectKey(namespace: "default", name: "tls"))
            secret["data"] = [
                "tls.crt": .string(Base64.encode(authority.certificate.pem)),
                "tls.key": .string(Base64.encode(key.pem)),
            ]
            try await fixture.create(.secrets, secret)
            let probe: JSON = [
                "httpGet": ["path": "/", "port": "https", "scheme": "HTTPS"], "periodSeconds": 1, "timeoutSeconds": 5,
                "failureThreshold": 30,
            ]
            let server: JSON = [
                "name": "server", "image": "none", "command": ["/nowhere/openssl"],
                "args": [
                    "s_server", "-accept", "$(POD_IP):18443", "-cert", "/tls/tls.crt", "-key", "/tls/tls.key", "-www",
                ],
                "env": [["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]],
                "ports": [["name": "https", "containerPort": 18443]],
                "volumeMounts": [["name": "tls", "mountPath": "/tls"]], "startupProbe": probe,
                "livenessProbe": ["tcpSocket": ["port": 18443], "periodSeconds": 1], "readinessProbe": probe,
            ]
            try await fixture.createPod(
                "tls", [server],
                volumes: [["name": "tls", "projected": ["sources": [["secret": ["name": "tls"]]]]]])
            let pod = try await fixture.pod("tls", when: \.isReady)
            #expect(pod.container("server")["imageID"] == "/usr/bin/openssl")
            #expect(pod.container("server")["restartCount"] == 0)
        }
    }

    @Test func `a container that fails its liveness probe is run again`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            let script = """
                if [ -e /d/again ]; then rm /d/sick; else touch /d/again /d/sick; fi
                exec sleep 1000
                """
            try await fixture.createPod(
                "sick",
                [
                    shell(
                        script, mounts: [["name": "d", "mountPath": "/d"]],
                        more: [
                            "startupProbe": [
                                "exec": ["command": ["test", "-e", "/d/again"]], "periodSeconds": 1,
                                "failureThreshold": 30,
                            ],
                            "livenessProbe": [
                                "exec": ["command": ["sh", "-c", "test ! -e /d/sick"]], "periodSeconds": 1,
                                "failureThreshold": 2,
                            ],
                        ])
                ], volumes: [["name": "d", "emptyDir": [:]]])
            let pod = try await fixture.pod("sick") { $0.isReady && $0.container("main")["restartCount"] == 1 }
            let last = pod.container("main")[path: "lastState", "terminated"]
            #expect(last?["signal"] == 15)
            #expect(last?["message"] == "the liveness probe failed, so it was ended")
        }
    }

    @Test func `a container that nobody answers for is not ready`() async throws {
        let fixture = try await PodFixture()
        try await fixture.running {
            try await fixture.createPod(
                "mute",
                [
                    shell(
                        "exec sleep 1000", name: "mute",
                        more: ["readinessProbe": ["tcpSocket": ["port": 18444], "periodSeconds": 1]]),
                    shell("exec sleep 1000", name: "other"),
                ])
            let pod = try await fixture.pod("mute") {
                $0.container("other")["ready"] == true && $0.container("mute")["started"] == true
            }
            #expect(pod.container("mute")["ready"] == false)
            #expect(pod.condition("ContainersReady") == "False")
        }
    }
}
