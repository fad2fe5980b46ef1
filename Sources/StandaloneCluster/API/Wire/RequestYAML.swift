import APIMachinery
import KubeObjects

/// Bodies in YAML: one document; JSON is YAML too, and quicker read as what it is.
enum RequestYAML {
    static func parse(_ body: [UInt8], _ type: ResourceType) throws(APIStatus) -> JSON {
        if let json = try? JSON(parsing: body) { return json }
        let documents: [JSON]
        do throws(YAMLError) {
            documents = try YAML.parse(String(decoding: body, as: UTF8.self))
        } catch {
            throw .undecodable(type, "error converting YAML to JSON: yaml: line \(error.line): \(error.reason)")
        }
        guard documents.count == 1, let document = documents.first else {
            throw .undecodable(type, "the body holds \(documents.count) YAML documents, expected one")
        }
        return document
    }
}
