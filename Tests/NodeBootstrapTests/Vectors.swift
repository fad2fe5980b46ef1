import Foundation
import KubeObjects

/// The contract's test vectors, as they were handed down.
enum Vectors {
    static func all() throws -> JSON {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/agent-vectors.json")
        return try JSON(parsing: Array(try Data(contentsOf: file)))
    }

    static func list(_ path: String...) throws -> [JSON] { try all()[path: path]?.array ?? [] }
}
