import KubeObjects
import Sockets
import Testing

@testable import Konnectivity

@Suite struct PolicyTests {
    private let policy = DialPolicy(
        nodeNames: ["Edge-0001"], nodeAddresses: ["10.10.0.21", "fd00::21"].compactMap { IPAddress($0) },
        ranges: ["10.244.0.0/16", "10.96.0.0/12", "100.64.0.0/10", "fd00:10::/32"].compactMap { AddressRange($0) })

    private func decision(_ target: String) throws -> DialPolicy.Decision {
        policy.decide(try #require(HostPort(target), "\(target)"))
    }

    @Test(arguments: [
        ("10.10.0.21:10250", "10.10.0.21"), ("[fd00::21]:10250", "fd00::21"), ("10.10.0.21:9443", "10.10.0.21"),
        ("10.244.255.255:443", "10.244.255.255"), ("10.96.0.10:53", "10.96.0.10"), ("10.111.255.1:1", "10.111.255.1"),
        ("[fd00:10::5]:80", "fd00:10::5"), ("127.0.0.1:10250", "127.0.0.1"), ("[::1]:10250", "::1"),
        ("[::ffff:10.244.0.1]:80", "10.244.0.1"), ("edge-0001:10250", "10.10.0.21"), ("EDGE-0001.:10250", "10.10.0.21"),
    ])
    func `what the rules allow is dialled`(target: String, address: String) throws {
        #expect(try decision(target) == .connect(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        "169.254.169.254:80", "[::ffff:169.254.169.254]:80", "[fe80::1]:80", "[fd00:ec2::254]:80",
        "100.100.100.200:80", "168.63.129.16:80", "192.0.0.192:80", "[64:ff9b::a9fe:a9fe]:80", "[2002:a9fe:a9fe::]:80",
        "[::a9fe:a9fe]:80", "0.0.0.0:10250", "[::]:10250", "224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80",
        "10.10.0.22:10250", "10.245.0.1:80", "10.112.0.1:80", "127.0.0.1:22", "127.1.2.3:2379", "[::1]:6443",
        "192.168.1.1:80", "[fd00:11::1]:80",
    ])
    func `everything else is refused, with a reason`(target: String) throws {
        guard case .refuse(let reason) = try decision(target) else {
            Issue.record("\(target) is dialled")
            return
        }
        #expect(reason.contains("not allowed by the node's policy"))
    }

    @Test func `a range of everything still leaves metadata out`() throws {
        let all = DialPolicy(ranges: ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) })
        for text in ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "::ffff:169.254.1.1"] {
            #expect(all.refusal(of: Endpoint(try #require(IPAddress(text)), 80)) != nil, "\(text)")
        }
        #expect(all.refusal(of: Endpoint(try #require(IPAddress("8.8.8.8")), 80)) == nil)
    }

    @Test func `names that are not the node's are looked up, or refused where that is off`() throws {
        #expect(try decision("metadata.google.internal:80") == .resolve)
        var strict = policy
        strict.resolvesNames = false
        guard case .refuse = strict.decide(try #require(HostPort("other:80"))) else {
            Issue.record("looked up")
            return
        }
    }

    @Test(arguments: [
        "", ":80", "host", "host:", "host:0", "host:65536", "host:+1", "host:08080808", "fd00::1:80", "[fd00::1]",
        "[fd00::1:80", "a b:80", "a\u{7F}b:80", "[]:80", "h[o]st:80",
    ])
    func `what is not host and port is not taken for it`(text: String) { #expect(HostPort(text) == nil) }

    @Test func `ranges hold what lies in them`() throws {
        let odd = try #require(AddressRange("10.1.128.0/17"))
        #expect(odd.contains(try #require(IPAddress("10.1.255.1"))))
        #expect(!odd.contains(try #require(IPAddress("10.1.127.1"))))
        #expect(try #require(AddressRange("::/0")).contains(try #require(IPAddress("fd00::1"))))
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "a/8", "10.0.0.0/8/8"] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
    }

    @Test func `identifiers are read as upstream reads them`() throws {
        for vector in try AgentVectors.section("agentIdentifiers") {
            let input = try #require(vector["input"]?.string)
            guard vector["note"]?.string?.contains("stock agent refuses") != true else {
                let error = #expect(throws: TunnelError.self) { try AgentIdentifiers(parsing: input) }
                #expect(error?.message.contains("zone") == true)
                continue
            }
            let identifiers = try AgentIdentifiers(parsing: input)
            #expect(identifiers.ipv4 == vector["ipv4"]?.strings, "\(input)")
            #expect(identifiers.ipv6 == vector["ipv6"]?.strings, "\(input)")
            #expect(identifiers.hosts == vector["host"]?.strings, "\(input)")
            #expect(identifiers.ranges == vector["cidr"]?.strings, "\(input)")
            #expect(identifiers.isDefaultRoute == (vector["defaultRoute"] == true), "\(input)")
            #expect(try AgentIdentifiers(parsing: identifiers.query) == identifiers, "\(input)")
        }
    }

    @Test func `a broken escape in identifiers is refused`() {
        for text in ["host=%", "host=%2", "host=%zz", "%zz=a", "host=%ff"] {
            #expect(throws: TunnelError.self) { try AgentIdentifiers(parsing: text) }
        }
    }

    @Test func `the host of a dial is cut out as upstream's server does it`() throws {
        for vector in try AgentVectors.section("destHostFromAddress") {
            let input = try #require(vector["input"]?.string)
            #expect(AgentIdentifiers.destinationHost(of: input) == vector["destHost"]?.string)
        }
        let identifiers = AgentIdentifiers(hosts: ["edge-0001"], ipv4: ["10.10.0.21"], ipv6: ["fd00::21"])
        #expect(identifiers.matches(dialOf: "edge-0001:10250") && identifiers.matches(dialOf: "[fd00::21]:10250"))
        #expect(!identifiers.matches(dialOf: "edge-0002:10250") && !identifiers.matches(dialOf: "[fd00:0::21]:10250"))
    }
}
