import KubeObjects
import Synchronization

/// Tenants' own APIs.
extension FleetProber {
    func inspect(_ key: ObjectKey) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if settings.inspects, let target = picture.inspection(key) {
            let isWeighing = state.withLock { state in
                let last = state.weighed[key]
                let isDue = last.map { now() - $0 >= state.settings.usageInterval.inSeconds } ?? true
                if isDue { state.weighed[key] = now() }
                return isDue
            }
            let inspection = await inspector.visit(target, timeout: settings.timeout, measuresStorage: isWeighing)
            if !Task.isCancelled {
                if inspection == nil { health.count([.tenant]) }
                for failure in inspection?.failures ?? [] { health.count(failure, of: .tenant) }
                picture.add(inspection ?? TenantInspection(), of: key)
                failed = inspection?.nodes == nil
                if failed { state.withLock { $0.weighed[key] = nil } }
                health.add(.tenant, duration: (clock.now - start).inSeconds, now: now())
            }
        } else {
            picture.add(nil, of: key)
        }
        state.withLock { $0.inspections.finish(key, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }
}
