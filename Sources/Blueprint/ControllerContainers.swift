import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The kube-scheduler container; its own flags stand above the user's.
    func schedulerContainer() -> JSON {
        let deployment = spec.controlPlane.deployment
        let kubeconfig = "/etc/kubernetes/scheduler.conf"
        let managed = Arguments([
            "--authentication-kubeconfig": kubeconfig,
            "--authorization-kubeconfig": kubeconfig,
            "--bind-address": "0.0.0.0",
            "--kubeconfig": kubeconfig,
            "--leader-elect": "true",
        ])
        var container: JSON = [
            "name": "kube-scheduler",
            "image": .string(image(deployment.registrySettings.schedulerImage)),
            "imagePullPolicy": "IfNotPresent",
            "command": ["kube-scheduler"],
            "args": JSON(Arguments(parsing: deployment.extraArgs.scheduler ?? []).overlaid(by: managed).sorted),
            "volumeMounts": .array(
                deployment.additionalVolumeMounts.scheduler
                    + [Volume.mount(Volume.schedulerKubeconfig, at: "/etc/kubernetes")]),
        ]
        ProbeSet(port: 10259, startupPath: "/healthz", livenessPath: "/healthz", readinessPath: "/healthz")
            .write(into: &container, global: deployment.probes.global, component: deployment.probes.scheduler)
        container["resources"] = deployment.resources.scheduler
        container["securityContext"] = deployment.containerSecurityContexts.scheduler
        return container
    }

    /// The kube-controller-manager container; here the user's flags stand above ours.
    func controllerManagerContainer(rotatesAuthority: Bool = false) -> JSON {
        let deployment = spec.controlPlane.deployment
        let kubeconfig = "/etc/kubernetes/controller-manager.conf"
        let pki = Volume.pkiPath
        var defaults = Arguments([
            "--allocate-node-cidrs": "true",
            "--authentication-kubeconfig": kubeconfig,
            "--authorization-kubeconfig": kubeconfig,
            "--kubeconfig": kubeconfig,
            "--bind-address": "0.0.0.0",
            "--client-ca-file": "\(pki)/ca.crt",
            "--root-ca-file": "\(pki)/ca.crt",
            "--cluster-signing-cert-file": Volume.clusterSigner(isRotating: rotatesAuthority),
            "--cluster-signing-key-file": "\(pki)/ca.key",
            "--cluster-name": name,
            // Both are off by default and a join needs both.
            "--controllers": "*,bootstrapsigner,tokencleaner",
            "--leader-elect": "true",
            "--requestheader-client-ca-file": "\(pki)/front-proxy-ca.crt",
            "--service-account-private-key-file": "\(pki)/sa.key",
            "--use-service-account-credentials": "true",
        ])
        if !effectiveServiceCIDRs.isEmpty {
            defaults["--service-cluster-ip-range"] = effectiveServiceCIDRs.joined(separator: ",")
        }
        if effectivePodCIDRs.isEmpty {
            defaults["--allocate-node-cidrs"] = "false"
        } else {
            defaults["--cluster-cidr"] = effectivePodCIDRs.joined(separator: ",")
        }
        var container: JSON = [
            "name": "kube-controller-manager",
            "image": .string(image(deployment.registrySettings.controllerManagerImage)),
            "imagePullPolicy": "IfNotPresent",
            "command": ["kube-controller-manager"],
            "args": JSON(
                defaults.overlaid(by: Arguments(parsing: deployment.extraArgs.controllerManager ?? [])).sorted),
            "volumeMounts": .array(
                deployment.additionalVolumeMounts.controllerManager
                    + [
                        Volume.mount(Volume.controllerManagerKubeconfig, at: "/etc/kubernetes"),
                        Volume.mount(Volume.pki, at: pki),
                    ] + Volume.certificateBundles.map { Volume.mount($0.0, at: $0.1) }),
        ]
        ProbeSet(port: 10257, startupPath: "/healthz", livenessPath: "/healthz", readinessPath: "/healthz")
            .write(into: &container, global: deployment.probes.global, component: deployment.probes.controllerManager)
        container["resources"] = deployment.resources.controllerManager
        container["securityContext"] = deployment.containerSecurityContexts.controllerManager
        return container
    }
}
