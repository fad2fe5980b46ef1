import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run the node agent's daemon.")

    @OptionGroup var machine: MachineOptions
}
