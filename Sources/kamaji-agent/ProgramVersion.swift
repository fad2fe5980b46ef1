/// What `--version` says. Raised by hand with each release; between two of them it names the one to come.
enum ProgramVersion {
    static let number = "0.1.0"
    static let text = "kamaji-agent \(number)"
}
