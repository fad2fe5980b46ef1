import Synchronization

/// The settings in force. What is in force stays when the file cannot be read any more.
package final class LiveSettings: Sendable {
    private let state: Mutex<(settings: AgentSettings, reloads: Int)>

    package init(_ settings: AgentSettings = AgentSettings()) { state = Mutex((settings, 0)) }

    package var current: AgentSettings { state.withLock { $0.settings } }
    /// How often they were read so far.
    package var reloads: Int { state.withLock { $0.reloads } }

    /// Reads them anew. Blocks: it is called on a `WorkThread`.
    ///
    /// - Parameter isRequired: a file that is not there is an error, and not the default of everything.
    /// - Returns: what is in force from now on.
    /// - Throws: `AgentSettingsError` or `HostError`; nothing has changed then.
    @discardableResult
    package func reload(_ files: HostFiles, path: String, isRequired: Bool) throws -> AgentSettings {
        let settings: AgentSettings
        if let text = try files.text(path) {
            do throws(AgentSettingsError) {
                settings = try AgentSettings(yaml: text)
            } catch {
                throw AgentSettingsError("\(path): \(error.description)")
            }
        } else {
            guard !isRequired else { throw AgentSettingsError("there is no file \(path) with settings") }
            settings = AgentSettings()
        }
        state.withLock { state in
            state.settings = settings
            state.reloads += 1
        }
        return settings
    }
}
