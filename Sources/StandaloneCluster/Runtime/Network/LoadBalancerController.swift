import APIMachinery
import KubeObjects
import Logging
import Synchronization

/// Gives every Service of type LoadBalancer an address of its own, for its whole life. What is given out stands in the
/// Services themselves and nowhere else.
package struct LoadBalancerController: Sendable {
    private static let options = WriteOptions(fieldManager: "kube-controller-manager")

    private let api: ClusterAPI
    private let block: String
    private let log: Logger

    package init(api: ClusterAPI, block: String = LoadBalancerAddresses.block, log: Logger) {
        self.api = api
        self.block = block
        self.log = log
    }

    /// Runs until the task is cancelled.
    package func run() async {
        guard let range = AddressRange(block) else {
            log.critical(
                "the block of load balancer addresses is no IPv4 block: give one such as 127.104.0.0/16",
                metadata: ["block": "\(block)"])
            return
        }
        let addresses = LoadBalancerAddresses(range: range)
        let held = HeldAddresses(addresses)
        let dirty = DirtyKeys(log: log)
        let feed = ObjectFeed(api: api, log: log)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await feed.run(.services) { news in
                    switch news {
                    case .listed(let all):
                        held.change { $0.learn(all) }
                        for service in all { dirty.mark(service.key) }
                    case .changed(let service), .gone(let service): dirty.mark(service.key)
                    }
                }
            }
            await dirty.work { key throws(APIStatus) in try await reconcile(key, held) }
            group.cancelAll()
        }
    }

    private func reconcile(_ key: ObjectKey, _ held: HeldAddresses) async throws(APIStatus) -> Duration? {
        guard let service = try await api.find(.services, key) else {
            held.change { $0.release(key) }
            return nil
        }
        guard LoadBalancerAddresses.isWanted(by: service) else {
            held.change { $0.release(key) }
            let isOther = !(service[path: "spec", "loadBalancerClass"]?.string ?? "").isEmpty
            if !isOther, LoadBalancerAddresses.current(of: service) != nil { try await write([:], service) }
            return nil
        }
        guard let address = held.change({ $0.assign(service) }) else {
            log.warning(
                "no load balancer address is free: delete Services of type LoadBalancer that are not needed",
                metadata: ["service": "\(key)", "block": "\(block)"])
            return .seconds(60)
        }
        try await write(["ingress": [["ip": .string(address), "ipMode": "VIP"]]], service)
        return nil
    }

    private func write(_ loadBalancer: JSON, _ service: KubeObject) async throws(APIStatus) {
        var status = service["status"] ?? [:]
        status["loadBalancer"] = loadBalancer
        try await api.writeStatus(status, of: service, .services, Self.options)
    }
}

/// The one place where addresses are given out.
private final class HeldAddresses: Sendable {
    private let state: Mutex<LoadBalancerAddresses>

    init(_ addresses: LoadBalancerAddresses) { state = Mutex(addresses) }

    func change<Result: Sendable>(_ body: (inout LoadBalancerAddresses) -> Result) -> Result {
        state.withLock { body(&$0) }
    }
}
