import KubeObjects
import NodeIdentity
import Testing

@testable import NodeBootstrap

@Suite struct InputVectorTests {
    @Test func `tokens are read as the contract has it, and every bad one says why without its secret`() throws {
        let cases = try Vectors.list("tokens")
        #expect(cases.count >= 12)
        for entry in cases {
            let text = try #require(entry["token"]?.string)
            let why = entry["why"]?.string ?? ""
            if entry["valid"]?.bool == true {
                #expect(try BootstrapToken(parsing: text).text == text, "\(why)")
            } else {
                let error = #expect(throws: JoinInputError.self, "\(why)") { try BootstrapToken(parsing: text) }
                #expect(error?.field == .token)
                if text.utf8.count > 8 { #expect(error?.message.contains(text.suffix(8)) == false) }
            }
        }
    }

    @Test func `malformed tokens have errors of their own`() throws {
        let texts = [
            "", " abcdef.0123456789abcdef", "abcdef:0123456789abcdef", "abcde.0123456789abcdef",
            "abcdef.0123456789abcde", "abcdef.0123456789ABCDEF",
        ]
        let messages = texts.map { text in
            (try? BootstrapToken(parsing: text)).map(\.text) ?? "\(failure { _ = try BootstrapToken(parsing: text) })"
        }
        #expect(Set(messages).count == texts.count)
    }

    @Test func `pins are read as the contract has it`() throws {
        for entry in try Vectors.list("pinParsing") {
            let text = try #require(entry["input"]?.string)
            let why = entry["why"]?.string ?? ""
            if entry["ok"]?.bool == true {
                #expect(try AuthorityPin(text).description == text.lowercased(), "\(why)")
            } else {
                let error = #expect(throws: JoinInputError.self, "\(why)") { try AuthorityPin(text) }
                #expect(error?.field == .pin)
            }
        }
    }

    @Test func `endpoints are read as the contract has it`() throws {
        for entry in try Vectors.list("endpoints") {
            let text = try #require(entry["input"]?.string)
            if entry["ok"]?.bool == true {
                #expect(try JoinEndpoint(text).description == text)
            } else {
                #expect(throws: JoinInputError.self, "\(text)") { try JoinEndpoint(text) }
            }
        }
    }

    @Test(arguments: [
        "a:0", "a:65536", "a:+1", "a:", ":6443", "a b:6443", "[a]:6443", "[fd00::1]6443", "a:6443:1", "a:-1",
    ])
    func `what kubeadm would let pass and could never reach is refused`(text: String) {
        #expect(throws: JoinInputError.self) { try JoinEndpoint(text) }
    }

    @Test func `host names become names of nodes as the contract has it`() throws {
        for entry in try Vectors.list("hostnames") {
            let name = NodeName(ofHost: entry["input"]?.string ?? "")
            #expect(name?.text == entry["nodeName"]?.string)
        }
    }

    @Test func `a container runtime is chosen as the contract has it`() throws {
        for entry in try Vectors.list("criSocket") {
            let reachable = entry["reachable"]?.strings ?? []
            let expected = entry["result"]?.string ?? ""
            if expected.hasPrefix("error") {
                #expect(throws: RuntimeSocketError.self) { try RuntimeSocket.choose(reachable: reachable) }
            } else {
                #expect(try RuntimeSocket.choose(reachable: reachable) == expected)
            }
        }
    }

    @Test func `a kubelet's version is read as the contract has it`() throws {
        for entry in try Vectors.list("kubeletVersionOutput") {
            #expect(KubeletVersion.parse(entry["output"]?.string ?? "") == entry["version"]?.string)
        }
    }

    @Test func `names of patch files are read as the contract has it`() throws {
        for entry in try Vectors.list("patchFileNames") {
            let file = try #require(entry["file"]?.string)
            switch entry["result"]?.string {
            case "ok":
                let form = try #require(KubeletPatch.Form(rawValue: entry["patchType"]?.string ?? ""))
                #expect(
                    try KubeletPatch.parse(fileName: file)
                        == .patch(
                            target: entry["target"]?.string ?? "", suffix: entry["suffix"]?.string ?? "", form: form))
            case "ignored":
                guard case .ignored = try KubeletPatch.parse(fileName: file) else {
                    Issue.record("\(file) is not ignored")
                    continue
                }
            default: #expect(throws: KubeletConfigurationError.self) { try KubeletPatch.parse(fileName: file) }
            }
        }
    }

    private func failure(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }
}
