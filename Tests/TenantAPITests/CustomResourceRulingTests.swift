import APIMachinery
import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct CustomResourceRulingTests {
    private static func schema(of kind: String) throws -> CompiledSchema {
        let crd = try #require(CustomResources.all.first { $0[path: "spec", "names", "kind"]?.string == kind })
        let version = try #require(crd[path: "spec", "versions"]?[0])
        return try CompiledSchema(#require(version[path: "schema", "openAPIV3Schema"]))
    }

    @Test("what the CRDs take and refuse", arguments: Ruling.all)
    func ruling(_ ruling: Ruling) throws {
        let schema = try Self.schema(of: #require(ruling.object["kind"]?.string))
        let object = schema.defaulted(ruling.object)
        #expect(schema.prune(ruling.object).unknownFields.isEmpty)
        if let stored = ruling.stored { #expect(schema.validate(schema.defaulted(stored)).isAccepted) }

        let errors = schema.validate(object, old: ruling.stored.map(schema.defaulted)).errors.map(\.description)
        if let refusal = ruling.refusal {
            #expect(errors.contains { $0.contains(refusal) }, "said: \(errors)")
        } else {
            #expect(errors.isEmpty)
        }
    }

    @Test(arguments: Sample.tenants + Sample.dataStores + Sample.generators)
    func `the CRDs take a sample`(sample: Sample) throws {
        let schema = try Self.schema(of: sample.object.kind)
        #expect(schema.prune(sample.object.json).unknownFields.isEmpty)
        #expect(schema.validate(schema.defaulted(sample.object.json)).errors.map(\.description) == [])
    }

    @Test(arguments: ["TenantControlPlane", "DataStore", "KubeconfigGenerator"])
    func `every rule compiles and no CRD has a problem`(kind: String) throws {
        #expect(try Self.schema(of: kind).ruleProblems(at: "schema").isEmpty)
    }

    @Test(arguments: Ruling.all.filter { $0.refusal == nil })
    func `the views and the CRDs give the same defaults`(ruling: Ruling) throws {
        let kind = try #require(ruling.object["kind"]?.string)
        let spec = try #require(ruling.object["spec"])
        let ours =
            switch kind {
            case "TenantControlPlane": CustomResources.tenantControlPlaneSpec.defaulted(spec)
            case "DataStore": CustomResources.dataStoreSpec.defaulted(spec)
            default: CustomResources.kubeconfigGeneratorSpec.defaulted(spec)
            }
        #expect(try Self.schema(of: kind).defaulted(ruling.object)["spec"] == ours)
    }
}
