import Testing

@testable import KubeClient

@Suite("Proxies from the environment")
struct ProxyRulesTests {
    private static func proxy(_ url: String, _ environment: [String: String]) -> String? {
        ProxyRules(environment: environment).proxy(for: url)
    }

    @Test("Each scheme has its own variable, in upper or lower case")
    func variables() {
        let both = ["HTTPS_PROXY": "http://s:1", "http_proxy": "http://p:2"]
        #expect(Self.proxy("https://api.example", both) == "http://s:1")
        #expect(Self.proxy("http://api.example", both) == "http://p:2")
        #expect(Self.proxy("https://api.example", ["HTTP_PROXY": "http://p:2"]) == nil)
        #expect(Self.proxy("https://api.example", ["HTTPS_PROXY": "", "https_proxy": "low"]) == "http://low")
        #expect(Self.proxy("https://api.example", ["HTTPS_PROXY": "up:1", "https_proxy": "low"]) == "http://up:1")
        #expect(Self.proxy("https://api.example", [:]) == nil)
    }

    @Test(
        "Loopback never goes through a proxy",
        arguments: ["https://localhost:6443", "https://127.0.0.1", "https://127.9.9.9:1", "https://[::1]:6443/x"])
    func loopback(url: String) {
        #expect(Self.proxy(url, ["HTTPS_PROXY": "http://s:1"]) == nil)
    }

    @Test(
        "NO_PROXY in all its forms",
        arguments: [
            ("*", "https://anything", true),
            ("example.com", "https://example.com", true),
            ("example.com", "https://api.example.com:6443", true),
            ("example.com", "https://EXAMPLE.com", true),
            ("EXAMPLE.com", "https://example.com", true),
            ("example.com", "https://badexample.com", false),
            ("example.com", "https://example.com.evil", false),
            (".example.com", "https://api.example.com", true),
            (".example.com", "https://example.com", false),
            ("*.example.com", "https://api.example.com", true),
            ("*.example.com", "https://example.com", false),
            ("example.com:6443", "https://example.com:6443", true),
            ("example.com:6443", "https://example.com", false),
            ("example.com:443", "https://example.com", true),
            ("10.0.0.0/8", "https://10.1.2.3:6443", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.0.0.0/8", "https://ten.example", false),
            ("10.1.2.3", "https://10.1.2.3:6443", true),
            ("10.1.2.3:443", "https://10.1.2.3", true),
            ("10.1.2.3:443", "https://10.1.2.3:6443", false),
            ("10.1.2.3", "https://10.1.2.30", false),
            ("fd00::/8", "https://[fd00::1]:6443", true),
            ("fd00::1", "https://[fd00:0::1]", true),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", true),
            ("[fd00::1]:6443", "https://[fd00::1]", false),
            ("a.example , b.example", "https://b.example", true),
            (",,", "https://a.example", false),
            ("", "https://a.example", false),
        ])
    func exempt(rule: String, url: String, isExempt: Bool) {
        let environment = ["HTTPS_PROXY": "http://s:1", "NO_PROXY": rule]
        #expect(Self.proxy(url, environment) == (isExempt ? nil : "http://s:1"))
    }
}
