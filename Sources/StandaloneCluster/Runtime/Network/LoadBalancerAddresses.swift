import KubeObjects

/// Which address each Service of type LoadBalancer has, out of one block of loopback.
package struct LoadBalancerAddresses {
    /// Never on a network card, so nobody else can have one of them.
    package static let block = "127.104.0.0/16"

    private let usable: ClosedRange<Int>
    private(set) var holders: [String: ObjectKey] = [:]
    private(set) var held: [ObjectKey: String] = [:]

    init(range: AddressRange) { usable = range.usable }

    /// This block's addresses; nil only if `block` were none.
    init?() {
        guard let range = AddressRange(Self.block) else { return nil }
        self.init(range: range)
    }

    /// True for Services that get an address here: another class belongs to another implementation.
    static func isWanted(by service: KubeObject) -> Bool {
        service[path: "spec", "type"] == "LoadBalancer"
            && (service[path: "spec", "loadBalancerClass"]?.string ?? "").isEmpty && !service.isBeingDeleted
    }

    static func current(of service: KubeObject) -> String? {
        service[path: "status", "loadBalancer", "ingress"]?[0]?["ip"]?.string
    }

    /// Forgets everything, and learns again who has what. Of two that say the same, the older one is right.
    mutating func learn(_ services: [KubeObject]) {
        (holders, held) = ([:], [:])
        let inOrder = services.filter(Self.isWanted).sorted {
            ($0.creationTimestamp ?? "", $0.key) < ($1.creationTimestamp ?? "", $1.key)
        }
        for service in inOrder {
            guard let address = Self.current(of: service), isUsable(address), holders[address] == nil else { continue }
            hold(address, service.key)
        }
    }

    mutating func release(_ key: ObjectKey) {
        guard let address = held.removeValue(forKey: key) else { return }
        holders[address] = nil
    }

    /// The address of `service` from now on: the one it asks for if that is free, else the one it has, else a new one.
    /// Nil when the block is full.
    mutating func assign(_ service: KubeObject) -> String? {
        let key = service.key
        if let wish = service[path: "spec", "loadBalancerIP"]?.string, isUsable(wish),
            holders[wish, default: key] == key
        {
            hold(wish, key)
            return wish
        }
        if let address = held[key] { return address }
        if let address = Self.current(of: service), isUsable(address), holders[address] == nil {
            hold(address, key)
            return address
        }
        // From a place of its name's own, so that a Service that comes again mostly has its address back, and the
        // address of one that went is not the next one's.
        let start = key.description.utf8.reduce(5381) { ($0 &* 33 &+ Int($1)) & 0xFFFF_FFFF } % usable.count
        for step in 0..<usable.count {
            let address = AddressRange.text(usable.lowerBound + (start + step) % usable.count)
            if holders[address] == nil {
                hold(address, key)
                return address
            }
        }
        return nil
    }

    private func isUsable(_ address: String) -> Bool { AddressRange.number(address).map(usable.contains) ?? false }

    private mutating func hold(_ address: String, _ key: ObjectKey) {
        release(key)
        holders[address] = key
        held[key] = address
    }
}
