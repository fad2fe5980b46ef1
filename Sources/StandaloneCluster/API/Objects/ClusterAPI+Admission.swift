import APIMachinery
import KubeObjects
import Logging

extension ClusterAPI {
    /// A body made into a whole object: unknown fields refused, named or dropped, defaults filled in.
    func decode(
        _ body: KubeObject, _ resource: APIResource, _ options: WriteOptions
    ) throws(APIStatus) -> (object: KubeObject, warnings: [String]) {
        var (object, warnings) = try decodeUnknownFields(of: body, resource, options)
        if let schema = resource.custom?.schema {
            object.json = schema.defaulted(object.json)
        } else if !resource.isCustom {
            BuiltInDefaults.apply(to: &object.json, type: resource.type)
        }
        return (object, warnings)
    }

    /// A body without the fields that its kind does not have.
    func decodeUnknownFields(
        of body: KubeObject, _ resource: APIResource, _ options: WriteOptions
    ) throws(APIStatus) -> (object: KubeObject, warnings: [String]) {
        var object = body
        var problems: [String] = []
        if let custom = resource.custom {
            if let schema = custom.schema {
                let (pruned, unknown) = schema.prune(object.json)
                problems = StructuralSchema.unknownFieldProblems(unknown)
                object.json = pruned
            }
        } else {
            let read = BuiltInFields.read(&object.json, resource)
            if let mismatch = read.mismatch { throw .undecodable(resource.type, mismatch) }
            problems = StructuralSchema.unknownFieldProblems(read.unknownFields)
        }
        guard !problems.isEmpty else { return (object, deprecation(resource)) }
        switch options.fieldValidation {
        case .strict: throw .strictDecoding(resource.type, problems: problems)
        case .warn: return (object, deprecation(resource) + problems)
        case .ignore: return (object, deprecation(resource))
        }
    }

    private func deprecation(_ resource: APIResource) -> [String] {
        resource.custom?.deprecationWarning.map { [$0] } ?? []
    }

    /// Refuses what must not be stored, with every error of every rule in one 422. Gives what is wrong but was so
    /// before, to warn of.
    func validate(
        _ object: KubeObject, _ resource: APIResource, old: KubeObject?, subresource: String = ""
    ) throws(APIStatus) -> [String] {
        var errors = MetadataRules.errors(object, type: resource.type)
        var warnings: [String] = []
        if let old { errors += MetadataRules.updateErrors(object, from: old) }
        if let schema = resource.custom?.schema {
            let verdict =
                if let old, subresource == "status" {
                    schema.validateStatus(object.json, old: old.json)
                } else {
                    schema.validate(object.json, old: old?.json)
                }
            errors += verdict.errors
            warnings = verdict.warnings.map(\.description)
        } else if !resource.isCustom {
            errors += BuiltInRules.errors(object, type: resource.type, old: old)
        }
        if !errors.isEmpty { throw .invalid(resource.type, object.name, errors) }
        return warnings
    }

    /// What follows from an object that was stored for the first time.
    func afterCreate(_ object: KubeObject, _ resource: APIResource) async {
        if resource.type == .namespaces { await furnish(namespace: object.name) }
    }

    /// What every namespace has from the start: the default service account and the cluster's root certificates.
    func furnish(namespace: String) async {
        let options = WriteOptions(fieldManager: "kube-controller-manager")
        let account = ResourceType.serviceAccounts.object(ObjectKey(namespace: namespace, name: "default"))
        await ensure(account, .serviceAccounts, options)
        guard let rootCertificateAuthority else { return }
        var bundle = ResourceType.configMaps.object(ObjectKey(namespace: namespace, name: "kube-root-ca.crt"))
        bundle.annotations = [
            "kubernetes.io/description":
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such "
                + "as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across "
                + "distributions of Kubernetes clusters."
        ]
        bundle["data"] = ["ca.crt": .string(rootCertificateAuthority)]
        await ensure(bundle, .configMaps, options)
    }

    /// Puts the root certificates of this start into the namespaces that have those of an earlier one.
    func publishRootCertificates() async {
        guard let rootCertificateAuthority else { return }
        let options = WriteOptions(fieldManager: "kube-controller-manager")
        do throws(APIStatus) {
            for namespace in try await list(.namespaces, Selection()).items {
                let key = ObjectKey(namespace: namespace.name, name: "kube-root-ca.crt")
                guard var bundle = try await find(.configMaps, key),
                    bundle[path: "data", "ca.crt"]?.string != rootCertificateAuthority
                else { continue }
                bundle["data"] = ["ca.crt": .string(rootCertificateAuthority)]
                _ = try await update(.configMaps, key, bundle, options)
            }
        } catch {
            log.warning("the root certificates of some namespaces are not renewed", metadata: ["error": "\(error)"])
        }
    }

    /// Creates an object unless it is there.
    func ensure(_ object: KubeObject, _ type: ResourceType, _ options: WriteOptions) async {
        do throws(APIStatus) {
            _ = try await create(type, object, namespace: object.namespace, options)
        } catch  where error.reason == "AlreadyExists" {
            return
        } catch {
            log.warning(
                "could not create an object of the server's own",
                metadata: ["object": "\(type) \(object.key)", "error": "\(error)"])
        }
    }
}
