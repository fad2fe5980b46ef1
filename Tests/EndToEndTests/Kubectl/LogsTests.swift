import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// What kubectl does with a pod beside reading and writing it.
    @Suite struct LogsTests {
        private static func pod(_ name: String, _ script: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 1
              containers:
              - {name: main, image: none, command: [sh, -c, '\(script)']}
              - {name: other, image: none, command: [sh, -c, 'echo beside']}
            """
        }

        @Test(arguments: Kubectl.all) func `logs prints what a container wrote`(kubectl: Kubectl) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must(
                "apply -f FILE", file: Self.pod("spoken", "echo one; echo two; echo three"))
            try await session.must("wait pod/spoken --for=jsonpath={.status.phase}=Succeeded --timeout=60s")
            #expect(try await session.must("logs spoken -c main") == "one\ntwo\nthree\n")
            #expect(try await session.must("logs spoken -c other") == "beside\n")
            #expect(try await session.must("logs spoken -c main --tail=2") == "two\nthree\n")
            #expect(try await session.must("logs spoken -c main --limit-bytes=5") == "one\nt")
            #expect(try await session.must("logs -f spoken -c main") == "one\ntwo\nthree\n")
            let unnamed = try await session("get --raw /api/v1/namespaces/\(session.namespace)/pods/spoken/log")
            #expect(!unnamed.isSuccess && unnamed.errors.contains("choose one of: [main other]"), "\(unnamed)")
            for (options, answer) in [
                ("-c main --timestamps", "timestamps is not supported"), ("-c main --previous", "previous is not"),
                ("-c main --since=1h", "sinceSeconds is not supported"), ("-c nobody", "container nobody is not valid"),
            ] {
                let refused = try await session("logs spoken \(options)")
                #expect(refused.code == 1 && refused.errors.contains(answer), "\(options): \(refused)")
                #expect(refused.output.isEmpty, "\(refused)")
            }
        }

        @Test func `logs follows a container until it ends`() async throws {
            let session = try await StandaloneFixture.current.session()
            let gate = session.scratch.file("gate-\(session.namespace)")
            try #require(mkfifo(gate, 0o600) == 0)
            // The container waits for a line, so the reader is there before the second word is written.
            try await session.must(
                "apply -f FILE", file: Self.pod("speaking", "echo first; read line < \(gate); echo got $line"))
            try await session.must(
                "wait pod/speaking --for=jsonpath={.status.containerStatuses[0].started}=true --timeout=60s")
            let (_, ending) = try await RunningProgram.run(
                session.kubectl.path, ["-n", session.namespace, "logs", "-f", "speaking", "-c", "main"],
                environment: session.environment
            ) { reader in
                _ = try await reader.output.line(containing: "first")
                let written = try await Programs.run("sh", ["-c", "echo word > \(gate)"])
                #expect(written.isSuccess)
                _ = try await reader.output.line(containing: "got word")
                // By itself: what was written is all there is.
                await reader.output.end()
            }
            #expect(ending.output == "first\ngot word\n", "\(ending)")
        }

        @Test(arguments: Kubectl.all) func `exec, attach and port-forward say that they are not served`(
            kubectl: Kubectl
        ) async throws {
            let session = try await StandaloneFixture.current.session(kubectl)
            try await session.must("apply -f FILE", file: Self.pod("closed", "sleep 300"))
            try await session.must(
                "wait pod/closed --for=jsonpath={.status.containerStatuses[0].started}=true --timeout=60s")
            for (command, subresource) in [
                ("exec closed -c main -- true", "pods/exec"), ("attach closed -c main", "pods/attach"),
                ("port-forward pod/closed :80", "pods/portforward"),
            ] {
                let refused = try await session(command)
                #expect(refused.code == 1, "\(command): \(refused)")
                #expect(refused.errors.contains("\(subresource) is not served here"), "\(command): \(refused)")
            }
            let path = "/api/v1/namespaces/\(session.namespace)/pods/closed"
            let unknown = try await session("get --raw \(path)/nonsense")
            #expect(unknown.code == 1 && unknown.errors.contains("(NotFound)"), "\(unknown)")
            let wrong = try await session("get --raw \(path)/binding")
            #expect(wrong.code == 1 && wrong.errors.contains("(MethodNotAllowed)"), "\(wrong)")
            try await session.must("delete pod closed --wait --timeout=60s")
        }
    }
}
