import KubeObjects

extension ServedResource {
    /// The built-in kinds that the embedded API serves.
    package static let builtIns: [ServedResource] = table.split(separator: "\n").compactMap { line in
        let columns = line.split(separator: " ").map(String.init)
        guard columns.count == 7 else { return nil }
        let list = { (column: Int) in
            columns[column] == "-" ? [] : columns[column].split(separator: ",").map(String.init)
        }
        let groupVersion = columns[0].split(separator: "/").map(String.init)
        let type = ResourceType(
            group: groupVersion.count == 2 ? groupVersion[0] : "",
            version: groupVersion[groupVersion.count - 1],
            kind: columns[1], plural: columns[2], isNamespaced: columns[3] == "n")
        let isReview = columns[6] == "review"
        let verbs =
            isReview ? ["create"] : type.plural == "namespaces" ? verbsWithoutCollection : storedVerbs
        return ServedResource(
            type, singular: columns[1].lowercased(), shortNames: list(4), categories: list(5),
            verbs: verbs,
            subresources: isReview ? [] : list(6).compactMap(subresource(_:)),
            shape: .reference("\(shapeGroup(type))/\(type.kind)"))
    }

    /// Namespaces go one at a time.
    private static let verbsWithoutCollection = storedVerbs.filter { $0 != "deletecollection" }

    private static func subresource(_ name: String) -> Subresource? {
        switch name {
        case "scale": .scale()
        case "token":
            Subresource(
                "token", verbs: ["create"], response: ("authentication.k8s.io", "v1", "TokenRequest"))
        case "log": Subresource("log", verbs: ["get"])
        case "finalize": Subresource("finalize", verbs: ["update"])
        case "binding": Subresource("binding", verbs: ["create"], response: ("", "v1", "Binding"))
        case "eviction":
            Subresource("eviction", verbs: ["create"], response: ("policy", "v1", "Eviction"))
        default: Subresource(name)
        }
    }

    /// Which of the shape tables' APIs a kind is in.
    private static func shapeGroup(_ type: ResourceType) -> String {
        if type.group.isEmpty { return "core" }
        if type.group == "autoscaling", type.version == "v2" { return "autoscaling2" }
        return String(type.group.prefix { $0 != "." })
    }

    /// `group/version Kind plural scope shortNames categories subresources`; `review` for what is answered and not
    /// stored.
    private static let table = """
        v1 Namespace namespaces c ns - status,finalize
        v1 Node nodes c no - status
        v1 Pod pods n po all status,log,binding,eviction,ephemeralcontainers
        v1 Service services n svc all status
        v1 Secret secrets n - - -
        v1 ConfigMap configmaps n cm - -
        v1 ServiceAccount serviceaccounts n sa - token
        v1 Endpoints endpoints n ep - -
        v1 Event events n ev - -
        v1 PersistentVolume persistentvolumes c pv - status
        v1 PersistentVolumeClaim persistentvolumeclaims n pvc - status
        v1 ReplicationController replicationcontrollers n rc all status,scale
        v1 ResourceQuota resourcequotas n quota - status
        v1 LimitRange limitranges n limits - -
        v1 PodTemplate podtemplates n - - -
        apps/v1 Deployment deployments n deploy all status,scale
        apps/v1 ReplicaSet replicasets n rs all status,scale
        apps/v1 StatefulSet statefulsets n sts all status,scale
        apps/v1 DaemonSet daemonsets n ds all status
        apps/v1 ControllerRevision controllerrevisions n - - -
        events.k8s.io/v1 Event events n ev - -
        batch/v1 Job jobs n - all status
        batch/v1 CronJob cronjobs n cj all status
        autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers n hpa all status
        policy/v1 PodDisruptionBudget poddisruptionbudgets n pdb - status
        networking.k8s.io/v1 Ingress ingresses n ing - status
        networking.k8s.io/v1 IngressClass ingressclasses c - - -
        networking.k8s.io/v1 NetworkPolicy networkpolicies n netpol - -
        discovery.k8s.io/v1 EndpointSlice endpointslices n - - -
        coordination.k8s.io/v1 Lease leases n - - -
        rbac.authorization.k8s.io/v1 Role roles n - - -
        rbac.authorization.k8s.io/v1 RoleBinding rolebindings n - - -
        rbac.authorization.k8s.io/v1 ClusterRole clusterroles c - - -
        rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings c - - -
        storage.k8s.io/v1 StorageClass storageclasses c sc - -
        storage.k8s.io/v1 CSIDriver csidrivers c - - -
        storage.k8s.io/v1 CSINode csinodes c - - -
        storage.k8s.io/v1 VolumeAttachment volumeattachments c - - status
        scheduling.k8s.io/v1 PriorityClass priorityclasses c pc - -
        node.k8s.io/v1 RuntimeClass runtimeclasses c - - -
        certificates.k8s.io/v1 CertificateSigningRequest certificatesigningrequests c csr - status,approval
        admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy validatingadmissionpolicies c - api-extensions status
        admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings c - api-extensions -
        admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration validatingwebhookconfigurations c - api-extensions -
        admissionregistration.k8s.io/v1 MutatingWebhookConfiguration mutatingwebhookconfigurations c - api-extensions -
        apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions c crd,crds api-extensions status
        authentication.k8s.io/v1 TokenReview tokenreviews c - - review
        authentication.k8s.io/v1 SelfSubjectReview selfsubjectreviews c - - review
        authorization.k8s.io/v1 SubjectAccessReview subjectaccessreviews c - - review
        authorization.k8s.io/v1 SelfSubjectAccessReview selfsubjectaccessreviews c - - review
        authorization.k8s.io/v1 SelfSubjectRulesReview selfsubjectrulesreviews c - - review
        authorization.k8s.io/v1 LocalSubjectAccessReview localsubjectaccessreviews n - - review
        """
}
