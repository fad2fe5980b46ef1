import KubeObjects
import Synchronization

/// Konnectivity servers.
extension FleetProber {
    func visitTunnel(_ key: ObjectKey) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let tunnel = picture.tunnel(key) {
            async let knock: Void = knock(key, at: tunnel.endpoint)
            let visit = await TunnelProbe(transport: transport, timeout: settings.timeout).visit(tunnel.addresses)
            await knock
            if !Task.isCancelled {
                picture.add(visit.reports, expected: tunnel.expected, of: key)
                for failure in visit.failures { health.count(failure, of: .konnectivity) }
                failed = !visit.failures.isEmpty && visit.reports.isEmpty
                health.add(.konnectivity, duration: (clock.now - start).inSeconds, now: now())
            }
        }
        state.withLock { $0.tunnels.finish(key, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }

    /// Looks at the certificate that agents are shown, now and then, and each time while it is another than is stored. One
    /// that demands theirs has shown its own by then.
    private func knock(_ key: ObjectKey, at endpoint: String?) async {
        guard let endpoint else { return }
        let showsAnother = picture.showsAgentsAnother(key)
        let isDue = state.withLock { state in
            let interval = state.settings.measuringInterval.inSeconds
            let isDue = showsAnother || state.knocked[key].map { now() - $0 >= interval } ?? true
            if isDue { state.knocked[key] = now() }
            return isDue
        }
        guard isDue else { return }
        // Of no datastore's protocol: TLS from the first byte.
        let found = await SocketDialer().knock(at: endpoint, driver: "", timeout: settings.timeout)
        guard !Task.isCancelled, let certificate = found.served?.certificate else { return }
        picture.add(servedToAgents: certificate, at: endpoint, of: key)
    }
}
