import ServiceLifecycle

/// Says that the cluster ends as soon as somebody asked for it: its processes take a moment.
struct Farewell: Service {
    let say: @Sendable (String) -> Void

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // It ends for another reason, which is told as an error.
            return
        }
        say("\nStopping: the tenants' processes end, their state stays.\n")
    }
}
