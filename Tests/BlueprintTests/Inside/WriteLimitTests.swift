import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct WriteLimitTests {
    private static let policy = "ValidatingAdmissionPolicy kamaji-write-permissions"

    @Test(arguments: [
        ("{blockCreation: true}", ["CREATE"], "creation"), ("{blockUpdate: true}", ["UPDATE"], "updates"),
        ("{blockDeletion: true}", ["DELETE"], "deletion"),
        (
            "{blockCreation: true, blockUpdate: true, blockDeletion: true}", ["CREATE", "UPDATE", "DELETE"],
            "creation, updates, deletion"
        ),
    ])
    func `what the spec blocks is refused, and the refusal says who blocks it`(
        permissions: String, operations: [String], named: String
    ) throws {
        let tenant = try Sample.tenant("spec: {writePermissions: \(permissions)}")
        let policy = try tenant.inside(Self.policy)
        #expect(
            policy[path: "spec", "matchConstraints", "resourceRules"]?[0]?["operations"] == JSON(operations))
        let refusal = try #require(policy[path: "spec", "validations"]?[0])
        #expect(refusal["expression"] == "false")
        #expect(refusal["message"]?.string?.contains(" blocks \(named) ") == true)
        #expect(policy[path: "spec", "failurePolicy"] == "Fail")
        #expect(
            try tenant.inside("ValidatingAdmissionPolicyBinding kamaji-write-permissions")["spec"] == [
                "policyName": "kamaji-write-permissions", "validationActions": ["Deny"],
            ])
        #expect(tenant.addons.contains(.writePermissions))
    }

    @Test func `without a flag there is nothing, and what was there is to go`() throws {
        let tenant = try Sample.tenant("spec: {writePermissions: {blockCreation: false}}")
        #expect(try tenant.inside().keys.filter { $0.hasSuffix("kamaji-write-permissions") } == [])
        #expect(!tenant.addons.contains(.writePermissions))
        #expect(
            tenant.objectsNotInside.filter { $0.addon == .writePermissions }.map { "\($0.type.kind) \($0.key)" } == [
                "ValidatingAdmissionPolicyBinding kamaji-write-permissions", Self.policy,
            ])
    }

    @Test func `kube-system, reviews and whoever can lift the limit are exempt`() throws {
        let constraints = try #require(
            Sample.tenant("spec: {writePermissions: {blockCreation: true}}").inside(Self.policy)[
                path: "spec", "matchConstraints"])
        #expect(
            constraints[path: "namespaceSelector", "matchExpressions"] == [
                ["key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]]
            ])
        #expect(
            constraints["excludeResourceRules"]?[0]?["apiGroups"]
                == ["authentication.k8s.io", "authorization.k8s.io"])
    }

    @Test func `a Kubernetes without such policies is complained of`() throws {
        let tenant = try Sample.tenant("spec: {kubernetes: {version: v1.29.3}, writePermissions: {blockUpdate: true}}")
        let error = try #require(throws: TenantObjectError.self) { try tenant.inside() }
        #expect("\(error)".hasPrefix("spec.writePermissions: blocking writes needs Kubernetes v1.30"))
        #expect(throws: Never.self) {
            try Sample.tenant("spec: {kubernetes: {version: v1.29.3}}").inside()
        }
    }
}
