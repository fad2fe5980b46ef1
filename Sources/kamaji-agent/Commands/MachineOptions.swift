import ArgumentParser

/// Which machine a command works on, and how it tells what it does.
struct MachineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder that stands for the machine's file system.",
            discussion: "Everything that is read and written is beneath it; for images and for trying things out."))
    var root = "/"

    @Flag(help: "Leave systemd alone, as where none runs: services are then yours to start.")
    var noSystemd = false

    @Option(name: [.short, .long], help: "text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard root.hasPrefix("/") else { throw ValidationError("--root is \"\(root)\": give an absolute path") }
    }
}

/// How a command prints what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
