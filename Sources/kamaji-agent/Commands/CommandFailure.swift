import NodeIdentity

/// Why a command that was well asked could not do its work, and what to do about it. Unlike a `ValidationError` it is
/// printed without the command's usage, which would not help.
struct CommandFailure: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What is wrong with the way in which a command was asked, where that shows only after its words were parsed: in a file
/// that an option names, or in what was joined before. The program ends as after a `ValidationError`, without the usage.
struct WrongUsage: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Whether an error is the user's word; what is wrong with that of a join is found by those who read it.
    static func isCause(of error: any Error) -> Bool { error is WrongUsage || error is JoinInputError }
}
