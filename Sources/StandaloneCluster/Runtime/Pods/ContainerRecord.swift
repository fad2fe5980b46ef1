import FoundationEssentials
import KubeObjects

/// How a process came to its end.
struct ProcessExit: Equatable, Sendable {
    /// As a shell has it: the exit code, or 128 and the signal.
    var code: Int32
    var signal: Int32?

    init(exited code: Int32) { self.code = code }

    init(signal: Int32) {
        code = 128 + signal
        self.signal = signal
    }
}

/// One run of a container that is over.
struct ContainerTermination: Equatable, Sendable {
    var exit: ProcessExit
    var startedAt: Date
    var finishedAt: Date
    var message = ""

    var json: JSON {
        var json: JSON = [
            "exitCode": JSON(exit.code), "reason": exit.code == 0 ? "Completed" : "Error",
            "startedAt": .string(Timestamp.format(startedAt)), "finishedAt": .string(Timestamp.format(finishedAt)),
        ]
        if let signal = exit.signal { json["signal"] = JSON(signal) }
        if !message.isEmpty { json["message"] = .string(message) }
        return json
    }
}

extension ContainerTermination {
    /// Reads what `json` wrote; nil without an exit code.
    init?(_ json: JSON) {
        guard let code = json["exitCode"]?.integer,
            let startedAt = json["startedAt"]?.string.flatMap(Timestamp.parse),
            let finishedAt = json["finishedAt"]?.string.flatMap(Timestamp.parse)
        else { return nil }
        var exit = ProcessExit(exited: Int32(clamping: code))
        exit.signal = json["signal"]?.integer.map { Int32(clamping: $0) }
        self.init(
            exit: exit, startedAt: startedAt, finishedAt: finishedAt, message: json["message"]?.string ?? "")
    }
}

/// What is known of one container of a pod.
struct ContainerRecord: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case waiting(reason: String, message: String = "")
        case running(since: Date)
        case terminated(ContainerTermination)
        /// The embedded engine stands in for it: it is what the pod's kube-apiserver is.
        case served
    }

    let name: String
    let image: String
    var state: State = .waiting(reason: "PodInitializing")
    var last: ContainerTermination?
    var restartCount = 0
    /// What runs on this machine in the image's place; empty before anything has.
    var program = ""
    /// Its startup probe has succeeded.
    var isStarted = false
    var isReady = false

    init(_ container: JSON) {
        name = container["name"]?.string ?? ""
        image = container["image"]?.string ?? ""
    }

    var isRunning: Bool {
        if case .running = state { return true }
        return false
    }

    /// Goes on from what an earlier run of this program wrote: its restarts count, and how the last of them ended.
    mutating func resume(from status: JSON) {
        restartCount = Int(clamping: status["restartCount"]?.integer ?? 0)
        last = status[path: "lastState", "terminated"].flatMap(ContainerTermination.init)
    }

    /// The program of whoever is served by the embedded engine, or is it.
    static let engineProgram = "embedded engine"

    /// The entry for containerStatuses. `engine` is the record of the pod's kube-apiserver, for containers that are
    /// served by the embedded engine.
    func json(engine: ContainerRecord?) -> JSON {
        var (state, isReady, isStarted, imageID) = (state, isReady, isStarted, program)
        if case .served = state {
            imageID = Self.engineProgram
            if let engine, engine.isReady, case .running(let since) = engine.state {
                (state, isReady, isStarted) = (.running(since: since), true, true)
            } else {
                (state, isReady, isStarted) = (.waiting(reason: "ContainerCreating"), false, false)
            }
        }
        var json: JSON = [
            "name": .string(name), "image": .string(image), "imageID": .string(imageID),
            "ready": .bool(isReady), "started": .bool(isStarted), "restartCount": JSON(restartCount),
            "lastState": last.map { ["terminated": $0.json] } ?? [:],
        ]
        switch state {
        case .waiting(let reason, let message):
            var waiting: JSON = ["reason": .string(reason)]
            if !message.isEmpty { waiting["message"] = .string(message) }
            json["state"] = ["waiting": waiting]
        case .running(let since): json["state"] = ["running": ["startedAt": .string(Timestamp.format(since))]]
        case .terminated(let termination): json["state"] = ["terminated": termination.json]
        case .served: json["state"] = [:]
        }
        return json
    }

    /// Whether the container counts as ready in its pod.
    func counts(engine: ContainerRecord?) -> Bool {
        if case .served = state { return engine?.isReady ?? false }
        return isReady
    }
}

/// How long to wait before a container that has ended is run again: 10 s, doubling to 5 min; a run of 10 min starts
/// anew. As kubelet does it.
struct RestartBackoff: Equatable, Sendable {
    private static let first = 10
    private static let longest = 300
    private static let forgivenAfter = 600

    private var next = 0

    /// Seconds to wait after a run of `seconds`; the first restart comes at once.
    mutating func delay(afterRunOf seconds: Double) -> Int {
        if seconds >= Double(Self.forgivenAfter) { next = 0 }
        let delay = next
        next = next == 0 ? Self.first : min(next * 2, Self.longest)
        return delay
    }
}

/// spec.restartPolicy, and the `restartPolicy` of an init container that is a sidecar.
enum RestartPolicy: String, Sendable {
    case always = "Always"
    case onFailure = "OnFailure"
    case never = "Never"

    /// Whether a container that ended with `code` is run again.
    func restarts(after code: Int32) -> Bool {
        switch self {
        case .always: true
        case .onFailure: code != 0
        case .never: false
        }
    }
}
