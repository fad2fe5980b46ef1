import Foundation
import KubeObjects
import Testing

/// A kubectl of some version.
struct Kubectl: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    let path: String
    let name: String

    var description: String { name }
    var testDescription: String { name }

    /// The system's, and the newest one: where `KUBECTL_NEW` names it or `scripts/prerequisites.sh` has put it.
    static let all: [Kubectl] = {
        let newest = ProcessInfo.processInfo.environment["KUBECTL_NEW"]
        let cached = "\(Programs.repository)/.cache/kubectl/bin/kubectl"
        let found = [
            Programs.find("kubectl").map { Kubectl(path: $0, name: "the system's kubectl") },
            Kubectl(path: newest ?? cached, name: "the newest kubectl"),
        ]
        return found.compactMap { $0 }.filter { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// For tests that are not about kubectl.
    static var any: Kubectl { get throws { try #require(all.last, "no kubectl: run scripts/prerequisites.sh") } }
}

/// A kubectl at work in a namespace of a cluster.
struct Session: Sendable {
    let kubectl: Kubectl
    let kubeconfig: String
    let namespace: String
    let scratch: ScratchDirectory

    /// Runs a command. Words are parted by spaces; `file` becomes a file that FILE among them names.
    func callAsFunction(
        _ command: String, file: String? = nil, environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await callAsFunction(
            words: command.split(separator: " ").map(String.init), file: file, environment: environment)
    }

    func callAsFunction(
        words: [String], file: String? = nil, environment: [String: String] = [:]
    ) async throws -> Outcome {
        let path = try file.map { try scratch.write($0) }
        let words = path.map { path in words.map { $0 == "FILE" ? path : $0 } } ?? words
        return try await Programs.run(
            kubectl.path, ["--namespace", namespace] + words,
            environment: self.environment.merging(environment) { _, new in new })
    }

    /// Without those that would lead kubectl to the user's own clusters and settings.
    var environment: [String: String] {
        ["KUBECONFIG": kubeconfig, "HOME": scratch.path, "KUBECACHEDIR": scratch.file("cache"), "KUBERC": "off"]
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func must(
        _ command: String, file: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let outcome = try await self(command, file: file)
        guard outcome.isSuccess else {
            Issue.record("\(kubectl) \(command): \(outcome)", sourceLocation: sourceLocation)
            throw Failure("\(kubectl) \(command): \(outcome)")
        }
        return outcome.output
    }

    /// What a JSONPath finds in an object: `value("tcp/dev", ".spec.replicas")`.
    func value(_ resource: String, _ path: String) async throws -> String {
        try await must("get \(resource) -o jsonpath={\(path)}")
    }

    func object(_ resource: String, _ options: String = "") async throws -> JSON {
        try JSON(parsing: Array(try await must("get \(resource) \(options) -o json --show-managed-fields").utf8))
    }

    /// The same objects' items, for a list.
    func items(_ resources: String, _ options: String = "") async throws -> [KubeObject] {
        (try await object(resources, options)["items"]?.array ?? []).map { KubeObject($0) }
    }

    /// A Secret's data, decoded.
    func secret(_ name: String) async throws -> [String: String] {
        let data = try await object("secret/\(name)")["data"]?.object ?? [:]
        return data.compactMapValues { $0.string.flatMap(Base64.decode).map { String(decoding: $0, as: UTF8.self) } }
    }

    func waitForPhase(_ phase: String, of tenant: String, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        try await must(
            "wait tcp/\(tenant) --for=jsonpath={.status.kubernetesResources.version.status}=\(phase) --timeout=300s",
            sourceLocation: sourceLocation)
    }
}
