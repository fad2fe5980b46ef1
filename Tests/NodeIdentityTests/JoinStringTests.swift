import KubeObjects
import NodeIdentity
import Testing

@Suite struct JoinStringTests {
    private static let pin = "fa247fbf0daff833e66484f161ce114ea91401488281a97a3caf24d3c55a43c4"

    private static func sample() throws -> JoinString {
        try JoinString(
            endpoint: JoinEndpoint("api.example.com:6443"), pins: [AuthorityPin("sha256:\(pin)")],
            token: BootstrapToken(parsing: "07401b.f395accd246ae52d"), tunnel: JoinEndpoint("[fd00::1]:8132"))
    }

    @Test func `what was written is read again`() throws {
        let sample = try Self.sample()
        #expect(try JoinString("  \(sample.text)\n") == sample)
        #expect(sample.text.hasPrefix("kamaji1:"))
        #expect(sample.text.dropFirst(8).allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
    }

    @Test func `its bytes are part of the contract`() throws {
        let json = "{\"e\":\"a:1\",\"p\":[\"\(Self.pin)\"],\"t\":\"07401b.f395accd246ae52d\"}"
        let text = try JoinString(
            endpoint: JoinEndpoint("a:1"), pins: [AuthorityPin("sha256:\(Self.pin)")],
            token: BootstrapToken(parsing: "07401b.f395accd246ae52d"), tunnel: nil
        ).text
        let bytes = try #require(Base64.decodeURL(String(text.dropFirst(8))))
        #expect(String(decoding: bytes.dropLast(4), as: UTF8.self) == json)
    }

    @Test func `every cut and every changed letter is found out`() throws {
        let text = try Self.sample().text
        for length in 0..<text.utf8.count {
            #expect(throws: JoinInputError.self) { try JoinString(String(text.prefix(length))) }
        }
        for place in 8..<text.utf8.count {
            var letters = Array(text.utf8)
            letters[place] = letters[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let changed = String(decoding: letters, as: UTF8.self)
            #expect(throws: JoinInputError.self) { try JoinString(changed) }
        }
    }

    @Test func `one that was cut is told from one with another letter`() throws {
        func message(_ text: some StringProtocol) -> String? {
            #expect(throws: JoinInputError.self) { try JoinString(String(text)) }?.message
        }
        let text = try Self.sample().text
        // Of its object and its checksum: whole groups of four letters, which are base64url still.
        for count in stride(from: 12, to: text.utf8.count - 8, by: 4) {
            #expect(message(text.prefix(count))?.contains("part of it is missing") == true, "\(count)")
        }
        for place in [20, 60, text.utf8.count - 3] {
            var letters = Array(text.utf8)
            letters[place] = letters[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let changed = String(decoding: letters, as: UTF8.self)
            #expect(message(changed)?.contains("some character of it is another") == true, "\(place)")
        }
        #expect(message("kamaji2:abc")?.contains("::") == false)
    }

    @Test func `another version is told from nonsense`() {
        let newer = #expect(throws: JoinInputError.self) { try JoinString("kamaji2:abc") }
        #expect(newer?.message.contains("another version") == true)
        let nonsense = #expect(throws: JoinInputError.self) { try JoinString("10.0.0.1:6443") }
        #expect(nonsense?.message.contains("begins with kamaji1:") == true)
    }

    @Test func `its secret does not show`() throws {
        let sample = try Self.sample()
        var dumped = ""
        dump(sample, to: &dumped)
        for text in ["\(sample)", String(reflecting: sample), dumped] { #expect(!text.contains("f395accd246ae52d")) }
    }
}

@Suite struct ReenrolmentTests {
    @Test func `a node's own tokens follow from its name`() throws {
        let ids = try #require(NodeName("edge-1")).reenrolmentTokenIDs
        #expect(ids.count == 4 && Set(ids).count == 4)
        #expect(ids.allSatisfy(BootstrapToken.isID))
        #expect(try #require(NodeName("edge-2")).reenrolmentTokenIDs != ids)
    }

    @Test(arguments: ["", "A", "AAA=", "A+/A", "AB", "AAAB AAA"])
    func `what is no base64url without padding is none`(text: String) {
        #expect((Base64.decodeURL(text) == nil) == (text != ""))
    }

    @Test func `base64url goes there and back`() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
        }
    }
}
