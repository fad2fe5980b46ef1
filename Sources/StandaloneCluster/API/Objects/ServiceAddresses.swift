import APIMachinery
import KubeObjects

/// Gives Services their addresses and node ports, and keeps what they have. A value is held by a claim in the store,
/// so two Services can never get the same one.
package struct ServiceAddresses: Sendable {
    static let addressSpace = "clusterIP"
    static let portSpace = "nodePort"

    let range: AddressRange
    let nodePorts: ClosedRange<Int>

    /// `cidr` is an IPv4 block; nil when it is none.
    package init?(cidr: String, nodePorts: ClosedRange<Int> = 30000...32767) {
        guard let range = AddressRange(cidr) else { return nil }
        self.range = range
        self.nodePorts = nodePorts
    }

    /// True when the author of `service` chose the address, so that another one is no answer.
    func isFixed(_ service: KubeObject) -> Bool {
        !(service[path: "spec", "clusterIP"]?.string ?? "").isEmpty
            || (service[path: "spec", "ports"]?.array ?? []).contains { ($0["nodePort"]?.integer ?? 0) != 0 }
    }

    func allocate(
        for object: inout KubeObject, old: KubeObject?, resource: APIResource, in store: ObjectStore
    ) async throws(APIStatus) -> Set<Claim> {
        guard resource.type == .services else { return [] }
        let type = object[path: "spec", "type"]?.string ?? "ClusterIP"
        if type == "ExternalName" {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                object[path: "spec", field] = nil
            }
            return []
        }
        var claims: Set<Claim> = []
        var address = object[path: "spec", "clusterIP"]?.string ?? ""
        if address.isEmpty { address = object[path: "spec", "clusterIPs"]?[0]?.string ?? "" }
        if address.isEmpty { address = try await freeAddress(store) }
        if address != "None" {
            guard let number = AddressRange.number(address), range.contains(number) else {
                throw .invalid(
                    .services, object.name,
                    [
                        .invalid(
                            "spec.clusterIPs", JSON([address]),
                            "failed to allocate IP \(address): the provided IP (\(address)) is not in the valid range. "
                                + "The range of valid IPs is \(range)")
                    ])
            }
            claims.insert(Claim(space: Self.addressSpace, value: address))
        }
        object[path: "spec", "clusterIP"] = .string(address)
        object[path: "spec", "clusterIPs"] = JSON([address])
        object.json.setDefault("spec", "ipFamilies", to: ["IPv4"])
        object.json.setDefault("spec", "ipFamilyPolicy", to: "SingleStack")
        if object[path: "spec", "ipFamilyPolicy"] != "SingleStack" {
            object[path: "spec", "ipFamilies"] = ["IPv4"]
        }
        return claims.union(try await allocatePorts(for: &object, type: type, old: old, store))
    }

    func reallocate(
        for object: inout KubeObject, old: KubeObject, resource: APIResource, in store: ObjectStore
    ) async throws(APIStatus) -> Set<Claim>? {
        guard resource.type == .services else { return nil }
        let stays = object[path: "spec", "type"] != "ExternalName" && old[path: "spec", "type"] != "ExternalName"
        if stays {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where (object[path: "spec", field] ?? "") == "" { object[path: "spec", field] = old[path: "spec", field] }
        }
        // What was given stays given: an author who leaves the number out does not ask for a new one.
        let before = old[path: "spec", "ports"]?.array ?? []
        let type = object[path: "spec", "type"]
        if type == "NodePort" || type == "LoadBalancer" {
            object.json.changeEach("spec", "ports") { port in
                guard (port["nodePort"]?.integer ?? 0) == 0 else { return }
                let same = before.first { $0["port"] == port["port"] && $0["protocol"] == port["protocol"] }
                port["nodePort"] = same?["nodePort"]
            }
        }
        return try await allocate(for: &object, old: old, resource: resource, in: store)
    }

    private func allocatePorts(
        for object: inout KubeObject, type: String, old: KubeObject?, _ store: ObjectStore
    ) async throws(APIStatus) -> Set<Claim> {
        let wantsPorts =
            type == "NodePort"
            || type == "LoadBalancer" && object[path: "spec", "allocateLoadBalancerNodePorts"]?.bool != false
        var ports = object[path: "spec", "ports"]?.array ?? []
        var held: Set<Int> = []
        var claims: Set<Claim> = []
        for index in ports.indices {
            var number = Int(ports[index]["nodePort"]?.integer ?? 0)
            if !wantsPorts {
                // Left over from another type, unless the author asks for it.
                if type == "ClusterIP" { ports[index]["nodePort"] = nil }
                continue
            }
            if number == 0 {
                if held.isEmpty { held = Set(try await claimed(Self.portSpace, store).compactMap { Int($0) }) }
                guard let free = nodePorts.shuffledStart(where: { !held.contains($0) }) else {
                    throw .internalError("failed to allocate a nodePort: range is full")
                }
                number = free
            } else if !nodePorts.contains(number) {
                throw .invalid(
                    .services, object.name,
                    [
                        .invalid(
                            ("spec.ports" as FieldPath).index(index).child("nodePort"), JSON(number),
                            "provided port is not in the valid range. The range of valid ports is "
                                + "\(nodePorts.lowerBound)-\(nodePorts.upperBound)")
                    ])
            }
            held.insert(number)
            ports[index]["nodePort"] = JSON(number)
            claims.insert(Claim(space: Self.portSpace, value: String(number)))
        }
        if !ports.isEmpty { object[path: "spec", "ports"] = .array(ports) }
        return claims
    }

    private func freeAddress(_ store: ObjectStore) async throws(APIStatus) -> String {
        let held = Set(try await claimed(Self.addressSpace, store).compactMap(AddressRange.number))
        guard let free = range.usable.shuffledStart(where: { !held.contains($0) }) else {
            throw .internalError("failed to allocate a serviceIP: range is full")
        }
        return AddressRange.text(free)
    }

    private func claimed(_ space: String, _ store: ObjectStore) async throws(APIStatus) -> [String] {
        do throws(StorageError) {
            return try await store.claimedValues(of: space)
        } catch {
            throw APIStatus(error, .services, "")
        }
    }
}

/// An IPv4 block.
struct AddressRange: Sendable, CustomStringConvertible {
    let base: Int
    let prefix: Int

    init?(_ cidr: String) {
        let parts = cidr.split(separator: "/")
        guard parts.count == 2, let address = Self.number(String(parts[0])), let prefix = Int(parts[1]),
            (8...30).contains(prefix)
        else { return nil }
        self.prefix = prefix
        base = address & ~(0xFFFF_FFFF >> prefix)
    }

    var description: String { "\(Self.text(base))/\(prefix)" }

    /// Without the network's own, the first (the API's Service) and the broadcast address.
    var usable: ClosedRange<Int> { base + 2...base + (1 << (32 - prefix)) - 2 }

    /// The address of the Service `kubernetes`.
    var first: String { Self.text(base + 1) }

    func contains(_ address: Int) -> Bool { address > base && address < base + (1 << (32 - prefix)) - 1 }

    /// An IPv4 address as a number; nil when `text` is none.
    static func number(_ text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(Int?(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | Int(part)
        }
    }

    static func text(_ address: Int) -> String {
        [24, 16, 8, 0].map { String(address >> $0 & 255) }.joined(separator: ".")
    }
}

extension ClosedRange<Int> {
    /// The first element that fits, searched in a circle from a random place: neighbours in time are no neighbours in
    /// number, so a number just given back is not handed out at once.
    fileprivate func shuffledStart(where fits: (Int) -> Bool) -> Int? {
        let start = Int.random(in: self)
        return (start...upperBound).first(where: fits) ?? (lowerBound..<start).first(where: fits)
    }
}
