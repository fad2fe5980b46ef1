/// Command-line flags as Kamaji merges them with the user's (parity sheet, 3.5).
struct Arguments: Sendable, Hashable {
    /// Value by flag, dashes included; an empty value renders the bare flag.
    private(set) var flags: [String: String] = [:]

    init(_ flags: [String: String] = [:]) { self.flags = flags }

    /// Parses `--flag=value` or `--flag`; of a flag that is given twice the last stands.
    init(parsing arguments: [String]) {
        for argument in arguments {
            let (flag, value) = Self.split(argument)
            flags[flag] = value
        }
    }

    static func split(_ argument: String) -> (flag: String, value: String) {
        guard let equals = argument.firstIndex(of: "=") else { return (argument, "") }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }

    subscript(flag: String) -> String? {
        get { flags[flag] }
        set { flags[flag] = newValue }
    }

    /// These flags, with `other`'s in place of those of the same name.
    func overlaid(by other: Arguments) -> Arguments {
        Arguments(flags.merging(other.flags) { _, above in above })
    }

    /// `--flag=value` lines in alphabetical order.
    var sorted: [String] {
        flags.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
    }

    /// The API server's own order: ours sorted, `defaults` among them where the user did not set the flag, then the
    /// user's verbatim and in their order (flags may repeat), less those we do not let anyone set.
    static func apiServer(managed: Arguments, defaults: Arguments, user: [String]) -> [String] {
        let given = Set(user.map { split($0).flag })
        var own = managed
        for (flag, value) in defaults.flags where !given.contains(flag) { own.flags[flag] = own.flags[flag] ?? value }
        return own.sorted + user.filter { managed.flags[split($0).flag] == nil }
    }
}
