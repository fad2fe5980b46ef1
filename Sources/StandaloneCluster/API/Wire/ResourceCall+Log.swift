import APIMachinery
import FoundationEssentials
import KubeObjects
import NIOPosix

/// pods/log: what a container has written, from the file that the runtime keeps of it.
extension ResourceCall {
    func log() async throws(APIStatus) -> WireResponse {
        let wanted = try LogSelection(request.query)
        let pod = try await api.get(type, key)
        guard case .local(let logs) = runtime else {
            throw .notImplemented(
                "pods/log is not served here: the embedded engine reaches no kubelet, and runs no containers itself")
        }
        let container = try wanted.container(of: pod)
        let path = logs.path(container, of: pod)
        var reader = LogReader(path: path, directory: logs.directory(of: pod), uid: pod.uid)
        // Before anything is read, so that nothing written meanwhile is missed.
        let follower = wanted.follows ? LogFollower(logs, path) : nil
        guard var bytes = await reader.rest() else { throw LogSelection.absence(of: container, pod) }
        if let count = wanted.tailLines { bytes = LogSelection.tail(bytes, lines: count) }
        if let limit = wanted.limitBytes { bytes = Array(bytes.prefix(limit)) }
        guard let follower else { return .text(String(decoding: bytes, as: UTF8.self)) }
        let stream = LogStream(
            reader: reader, follower: follower, first: bytes, budget: wanted.limitBytes.map { $0 - bytes.count })
        return WireResponse(
            status: 200, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .stream(stream))
    }
}

/// What of a pod's logs is asked for: v1 PodLogOptions, as far as logs without times can answer.
struct LogSelection: Equatable, Sendable {
    private let name: String
    let follows: Bool
    /// Of what is there at the beginning.
    var tailLines: Int?
    var limitBytes: Int?

    init(_ query: QueryItems) throws(APIStatus) {
        name = query["container"] ?? ""
        follows = query.flag("follow")
        tailLines = try Self.number(query, "tailLines", least: 0)
        limitBytes = try Self.number(query, "limitBytes", least: 1)
        for field in ["timestamps", "sinceSeconds", "sinceTime"] where query[field] != nil && query.flag(field) {
            throw .badRequest("\(field) is not supported: lines are kept without their times; use tailLines instead")
        }
        if query.flag("previous") {
            throw .badRequest(
                "previous is not supported: a container's log goes on over its restarts, ask for it without previous")
        }
    }

    private static func number(_ query: QueryItems, _ field: String, least: Int) throws(APIStatus) -> Int? {
        guard let text = query[field], !text.isEmpty else { return nil }
        guard let number = Int(text), number >= least else {
            throw .invalid(
                group: "", kind: "PodLogOptions", name: "",
                [.invalid(FieldPath(stringLiteral: field), .string(text), "must be greater than or equal to \(least)")])
        }
        return number
    }

    /// The container that is meant; throws 400 when the pod has several and none is named, or none of that name.
    func container(of pod: KubeObject) throws(APIStatus) -> String {
        let names = PodStatus.allContainers(of: pod).compactMap { $0["name"]?.string }
        if name.isEmpty {
            let main = (pod[path: "spec", "containers"]?.array ?? []).compactMap { $0["name"]?.string }
            guard main.count == 1, let only = main.first else {
                throw .badRequest(
                    "a container name must be specified for pod \(pod.name), choose one of: "
                        + "[\(names.joined(separator: " "))]")
            }
            return only
        }
        guard names.contains(name) else {
            throw .badRequest("container \(name) is not valid for pod \(pod.name)")
        }
        return name
    }

    /// Why a container has no log.
    static func absence(of container: String, _ pod: KubeObject) -> APIStatus {
        if EngineNotice.containers(of: pod).contains(container) {
            return .badRequest(
                "container \"\(container)\" in pod \"\(pod.name)\" has no log: the embedded engine stands in for it, and "
                    + "writes to the log of the pod's kube-apiserver")
        }
        let statuses = ["initContainerStatuses", "containerStatuses"].flatMap {
            pod[path: "status", $0]?.array ?? []
        }
        let status = statuses.first { $0["name"]?.string == container }
        let reason = status?[path: "state", "waiting", "reason"]?.string ?? "ContainerCreating"
        return .badRequest("container \"\(container)\" in pod \"\(pod.name)\" is waiting to start: \(reason)")
    }

    /// The last lines of a text; a last one without its end counts.
    static func tail(_ bytes: [UInt8], lines: Int) -> [UInt8] {
        guard lines > 0 else { return [] }
        let newline = UInt8(ascii: "\n")
        var (start, left) = (bytes.endIndex, lines)
        if bytes.last == newline { start -= 1 }
        while let index = bytes[..<start].lastIndex(of: newline) {
            left -= 1
            if left == 0 { return Array(bytes[(index + 1)...]) }
            start = index
        }
        return bytes
    }
}

/// Reads a log as it grows, also past the moment when its file is set aside for a new one.
struct LogReader: Sendable {
    private let path: String
    private let directory: String
    private let uid: String
    private var handle: LogFile?

    init(path: String, directory: String, uid: String) {
        self.path = path
        self.directory = directory
        self.uid = uid
    }

    /// What was not read yet; nil when the container has no log.
    mutating func rest() async -> [UInt8]? {
        let (path, directory, uid, known) = (path, directory, uid, handle)
        let found = try? await NIOThreadPool.singleton.runIfActive { () -> ([UInt8], LogFile?) in
            var bytes = known?.rest() ?? []
            if let known, known.isCurrent(at: path) { return (bytes, known) }
            guard PodLogs.owner(of: directory) == uid, let fresh = LogFile(path) else { return (bytes, known) }
            bytes += fresh.rest()
            return (bytes, fresh)
        }
        guard let found, let file = found.1 else { return nil }
        handle = file
        return found.0
    }
}

/// Holds its place among those who are told of a log.
final class LogFollower: Sendable {
    let signal: WatchSignal
    private let logs: ContainerLogs
    private let path: String

    init(_ logs: ContainerLogs, _ path: String) {
        self.logs = logs
        self.path = path
        signal = logs.follow(path)
    }

    deinit { logs.forget(signal, path) }

    var isWritten: Bool { logs.isWritten(path) }
}

/// A log as it is written, until its container ends.
struct LogStream: ResponseStream {
    private var reader: LogReader
    private let follower: LogFollower
    private var first: [UInt8]?
    /// How many bytes may still be sent; nil for any number.
    private var budget: Int?

    init(reader: LogReader, follower: LogFollower, first: [UInt8], budget: Int?) {
        self.reader = reader
        self.follower = follower
        self.first = first
        self.budget = budget
    }

    var signal: WatchSignal { follower.signal }
    var timer: WatchTimer? { nil }

    mutating func next() async -> [UInt8]? {
        if let first {
            self.first = nil
            return first
        }
        if let budget, budget <= 0 { return nil }
        while true {
            // Asked first: what an ended container has written is all there.
            let isWritten = follower.isWritten
            guard var bytes = await reader.rest() else { return nil }
            if !bytes.isEmpty {
                if let budget {
                    bytes = Array(bytes.prefix(budget))
                    self.budget = budget - bytes.count
                }
                return bytes
            }
            guard isWritten, await follower.signal.wait() else { return nil }
        }
    }
}
