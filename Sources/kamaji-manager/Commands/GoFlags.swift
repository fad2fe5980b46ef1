import ArgumentParser

/// The spellings of Go's flag package, which upstream's charts and manifests use.
enum GoFlags {
    /// Switches that upstream takes with and without a value.
    private static let switches: Set<String> = [
        "--leader-elect", "--disable-telemetry", "--zap-devel",
    ]

    /// Gives a bare switch the value it stands for: `--leader-elect` is `--leader-elect=true`.
    static func normalized(_ arguments: [String]) -> [String] {
        arguments.map { switches.contains($0) ? "\($0)=true" : $0 }
    }
}

/// A duration as Go writes it: `1h30m`, `45s`, `250ms`.
struct GoDuration: ExpressibleByArgument, CustomStringConvertible, Sendable, Equatable {
    let duration: Duration
    let description: String

    private static let units: [(name: String, value: Duration)] = [
        ("ms", .milliseconds(1)), ("us", .microseconds(1)), ("ns", .nanoseconds(1)),
        ("h", .seconds(3600)), ("m", .seconds(60)), ("s", .seconds(1)),
    ]

    var defaultValueDescription: String { description }

    init?(argument: String) {
        var rest = argument[...]
        var total = Duration.zero
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits), number < 1e9,
                let unit = Self.units.first(where: { rest.hasPrefix($0.name) })
            else { return nil }
            total += unit.value * number
            rest = rest.dropFirst(unit.name.count)
        }
        duration = total
        description = argument
    }

    init(hours: Int) {
        duration = .seconds(hours * 3600)
        description = "\(hours)h"
    }
}

/// `host:port` to listen on, as Go has it: an empty host is every address, port 0 takes a free one, and `0` as the
/// whole switches it off.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible, Sendable, Equatable {
    let host: String
    let port: Int
    private(set) var isServed = true

    static let off = ListenAddress(argument: "0") ?? ListenAddress(port: 0)

    var description: String { isServed ? "\(host == "0.0.0.0" ? "" : host):\(port)" : "0" }
    var defaultValueDescription: String { description }

    init(host: String = "0.0.0.0", port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        if argument == "0" {
            self.init(port: 0)
            isServed = false
            return
        }
        guard let colon = argument.lastIndex(of: ":"),
            let port = Int(argument[argument.index(after: colon)...]), (0...65535).contains(port)
        else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }
}
