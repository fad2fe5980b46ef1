import KubeObjects

/// Hands out the addresses of one block, each to one pod at a time.
struct PodAddresses: Sendable {
    private let range: CIDR
    private var used: Set<String> = []
    private var last = 0

    /// Nil when `text` is no IPv4 block of loopback addresses.
    init?(_ text: String) {
        guard let range = CIDR(text), range.isIPv4, range.network.isLoopback, range.prefixLength <= 30 else {
            return nil
        }
        self.range = range
    }

    /// A free address: `wanted`, which a pod had before, when nobody else has it, else the next one that is free. An
    /// address that was given back comes again last, so that nothing meant for its former pod reaches another. Nil
    /// when all are taken.
    mutating func allocate(preferring wanted: String?) -> String? {
        if let wanted, let address = IPAddress(wanted), range.contains(address), used.insert(wanted).inserted {
            return wanted
        }
        let size = 1 << (32 - range.prefixLength)
        for offset in 1...size {
            let index = (last + offset) % size
            // Neither the block itself nor its broadcast address.
            guard index > 0, index < size - 1, let address = range.address(at: index)?.description else { continue }
            if used.insert(address).inserted {
                last = index
                return address
            }
        }
        return nil
    }

    mutating func release(_ address: String) { used.remove(address) }
}
