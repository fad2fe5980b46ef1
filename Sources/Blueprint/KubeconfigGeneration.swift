import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI

/// Why a generator makes no kubeconfig for one tenant, in the words of `status.errors`.
package struct GenerationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The client that a generated kubeconfig is for.
package struct KubeconfigSubject: Sendable, Hashable {
    package let user: String
    /// Each once, in the order of their letters.
    package let groups: [String]

    var profile: CertificateProfile { CertificateProfiles.client(user, organizations: groups) }
}

/// What is to be done with the Secret of one tenant.
package enum KubeconfigDecision: Sendable, Hashable {
    /// It stays, until its certificate has to be renewed.
    case keep(renewal: Date)
    /// Its client stays, and the text around it is written anew.
    case rewrite(Kubeconfig, renewal: Date, reason: String)
    /// A new client certificate.
    case issue(KubeconfigSubject, reason: String)
}

extension KubeconfigGenerator {
    /// The key of the Secret that holds the text.
    static let secretKey = "value"

    /// The Secret of a tenant, beside it.
    package func secretKey(for tenant: ObjectKey) -> ObjectKey {
        ObjectKey(namespace: tenant.namespace, name: "\(tenant.name)-\(name)")
    }

    /// Resolves user and groups in a tenant's object.
    package func subject(in tenant: KubeObject) throws(GenerationFailure) -> KubeconfigSubject {
        var groups: Set<String> = []
        for (index, group) in spec.groups.enumerated() {
            groups.insert(try Self.resolve(group, "spec.groups[\(index)]", in: tenant))
        }
        return KubeconfigSubject(user: try Self.resolve(spec.user, "spec.user", in: tenant), groups: groups.sorted())
    }

    private static func resolve(
        _ value: CompoundValue, _ field: String, in tenant: KubeObject
    ) throws(GenerationFailure) -> String {
        let path: String
        switch value {
        case .stringValue(let text): return text
        case .fromDefinition(let given): path = given
        }
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let found = tenant.json[path: parts] else {
            throw GenerationFailure("\(field): provided dot notation \"\(path)\" is not found in the tenant")
        }
        guard let text = found.string, !text.isEmpty else {
            let what = found.string == nil ? found.kindName : "empty"
            throw GenerationFailure("\(field): \"\(path)\" in the tenant is \(what), and has to be a string")
        }
        return text
    }

    /// The kubeconfig among the tenant's own whose clusters are taken.
    package func template(in secret: KubeObject) throws(GenerationFailure) -> Kubeconfig {
        let key = spec.controlPlaneEndpointFrom
        guard let bytes = secret.secretData[key] else {
            let choices = secret.secretData.keys.sorted().joined(separator: ", ")
            throw GenerationFailure(
                "spec.controlPlaneEndpointFrom: Secret \(secret.name) has no key \"\(key)\", but \(choices)")
        }
        guard let template = try? Kubeconfig(yaml: String(decoding: bytes, as: UTF8.self)),
            let context = template.currentContext.flatMap({ template.context($0) }),
            template.cluster(context.cluster) != nil
        else {
            throw GenerationFailure("unable to decode Kubeconfig template: key \"\(key)\" of Secret \(secret.name)")
        }
        return template
    }

    /// The tenant's authority, which signs the client.
    package func authority(in secret: KubeObject) throws(GenerationFailure) -> CertificateAuthority {
        let data = secret.secretData
        do {
            return try CertificateAuthority(
                certificate: Certificate(pem: data["ca.crt"] ?? []), key: PrivateKey(pem: data["ca.key"] ?? []))
        } catch {
            throw GenerationFailure("the tenant's authority in Secret \(secret.name) cannot sign: \(error)")
        }
    }

    /// A Secret of this name that is somebody else's must not be written over: `<tenant>-ca` is one of them.
    package func claim(_ live: KubeObject, for tenant: ObjectKey) throws(GenerationFailure) {
        guard live.labels[Keys.managedBy] == name, live.labels[Keys.managedFor] == tenant.name else {
            // Nobody is to be led to delete a tenant's authority.
            let isOfTenant = live.labels[Keys.component] != nil
            throw GenerationFailure(
                "Secret \(live.key) is there already and is not this generator's: name the generator otherwise"
                    + (isOfTenant ? ", for the tenant lives by that Secret" : ", or delete the Secret"))
        }
    }

    /// Judges the Secret that is there.
    package func decide(
        _ live: KubeObject?, _ subject: KubeconfigSubject, template: Kubeconfig, authority: Certificate,
        judge: CredentialJudge
    ) -> KubeconfigDecision {
        guard let live else { return .issue(subject, reason: "the Secret was not there") }
        guard let bytes = live.secretData[Self.secretKey],
            let kubeconfig = try? Kubeconfig(yaml: String(decoding: bytes, as: UTF8.self)),
            let user = kubeconfig.currentUser, let certificate = user.clientCertificateData,
            let key = user.clientKeyData
        else { return .issue(subject, reason: "it cannot be read") }
        let decision = judge.leaf(
            certificatePEM: certificate, keyPEM: key, profile: subject.profile, authority: authority,
            rotate: live.asksForRotation)
        if case .issue(let reason) = decision { return .issue(subject, reason: reason) }
        guard let leaf = try? Certificate(pem: certificate),
            let wanted = template.handed(to: name, clientCertificatePEM: certificate, clientKeyPEM: key)
        else { return .issue(subject, reason: "it cannot be read") }
        let renewal = judge.renewal(of: leaf)
        guard wanted != kubeconfig else { return .keep(renewal: renewal) }
        return .rewrite(wanted, renewal: renewal, reason: "its server or the authority behind it changed")
    }

    /// A new client of the tenant, in the template's clusters.
    package func issue(
        _ subject: KubeconfigSubject, template: Kubeconfig, authority: CertificateAuthority, algorithm: KeyAlgorithm,
        judge: CredentialJudge
    ) throws(GenerationFailure) -> (kubeconfig: Kubeconfig, renewal: Date) {
        let key: PrivateKey
        let certificate: Certificate
        do {
            key = try PrivateKey.generate(algorithm)
            certificate = try authority.issue(subject.profile, to: key, now: judge.now)
        } catch {
            throw GenerationFailure("no certificate can be issued to \"\(subject.user)\": \(error)")
        }
        guard
            let kubeconfig = template.handed(
                to: name, clientCertificatePEM: certificate.pem, clientKeyPEM: key.pem)
        else { throw GenerationFailure("unable to decode Kubeconfig template: it has no current context") }
        return (kubeconfig, judge.renewal(of: certificate))
    }

    /// The Secret as it should be. It is the tenant's, and goes with it.
    package func secret(for tenant: TenantControlPlane, _ kubeconfig: Kubeconfig) -> KubeObject {
        var object = ResourceType.secrets.object(secretKey(for: tenant.key))
        object.labels = [
            Keys.managedBy: name, Keys.managedFor: tenant.name, Keys.certificateLifecycle: "kubeconfig",
        ]
        object.ownerReferences = [OwnerReference(controller: tenant.object)]
        object["type"] = "Opaque"
        object["data"] = [Self.secretKey: .string(Base64.encode(Array(kubeconfig.yaml.utf8)))]
        return object
    }
}

/// What a generator says of its last run.
package struct GenerationReport: Sendable {
    /// Tenants that are meant.
    package var resources = 0
    /// Why some got none, by their key; or what is wrong with the generator, by its name.
    package var failures: [String: String] = [:]

    package init() {}

    package func status(generation: Int64) -> JSON {
        var status: JSON = [
            "observedGeneration": JSON(generation), "resources": JSON(resources),
            "availableResources": JSON(max(0, resources - failures.count)),
        ]
        if !failures.isEmpty {
            status["errors"] = .array(
                failures.sorted { $0.key < $1.key }.map {
                    ["resource": .string($0.key), "message": .string($0.value)]
                })
        }
        return status
    }
}
