/// Why a command that was well asked could not do its work, and what to do about it. Unlike a `ValidationError` it is
/// printed without the command's usage, which would not help.
struct CommandFailure: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
