import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct ControllerContainersTests {
    private static func arguments(_ container: String, _ change: String = "{}") throws -> [String] {
        try Sample.tenant(change).deployed().arguments(container)
    }

    @Test func `the scheduler has exactly these flags`() throws {
        #expect(
            try Self.arguments("kube-scheduler") == [
                "--authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
                "--authorization-kubeconfig=/etc/kubernetes/scheduler.conf",
                "--bind-address=0.0.0.0",
                "--kubeconfig=/etc/kubernetes/scheduler.conf",
                "--leader-elect=true",
            ])
    }

    @Test func `the controller manager has exactly these flags`() throws {
        #expect(
            try Self.arguments("kube-controller-manager") == [
                "--allocate-node-cidrs=true",
                "--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
                "--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
                "--bind-address=0.0.0.0",
                "--client-ca-file=/etc/kubernetes/pki/ca.crt",
                "--cluster-cidr=10.244.0.0/16",
                "--cluster-name=green",
                "--cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt",
                "--cluster-signing-key-file=/etc/kubernetes/pki/ca.key",
                "--controllers=*,bootstrapsigner,tokencleaner",
                "--kubeconfig=/etc/kubernetes/controller-manager.conf",
                "--leader-elect=true",
                "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
                "--root-ca-file=/etc/kubernetes/pki/ca.crt",
                "--service-account-private-key-file=/etc/kubernetes/pki/sa.key",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--use-service-account-credentials=true",
            ])
    }

    @Test func `the scheduler's own flags stand above the user's, and the others join them in order`() throws {
        let arguments = try Self.arguments(
            "kube-scheduler",
            "spec: {controlPlane: {deployment: {extraArgs: {scheduler: [--v=2, --bind-address=1.1.1.1, --v=4]}}}}")
        #expect(arguments.suffix(3) == ["--kubeconfig=/etc/kubernetes/scheduler.conf", "--leader-elect=true", "--v=4"])
        #expect(arguments.contains("--bind-address=0.0.0.0"))
    }

    @Test func `the user's flags stand above the controller manager's`() throws {
        let arguments = try Self.arguments(
            "kube-controller-manager",
            "spec: {controlPlane: {deployment: {extraArgs: {controllerManager: [--leader-elect=false, --profiling]}}}}"
        )
        #expect(arguments.contains("--leader-elect=false"))
        #expect(arguments.contains("--profiling"))
        #expect(arguments == arguments.sorted())
    }

    @Test func `both families of a dual stack reach the controller manager`() throws {
        let arguments = try Self.arguments(
            "kube-controller-manager",
            """
            spec:
              networkProfile:
                serviceCidrs: [10.96.0.0/16, "fd00:10:96::/112"]
                podCidrs: [10.244.0.0/16, "fd00:10:244::/56"]
            """)
        #expect(arguments.contains("--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112"))
        #expect(arguments.contains("--cluster-cidr=10.244.0.0/16,fd00:10:244::/56"))
    }

    @Test func `each mounts its own kubeconfig, and the controller manager the keys too`() throws {
        let deployment = try Sample.tenant().deployed()
        #expect(try deployment.mounts("kube-scheduler") == ["scheduler-kubeconfig /etc/kubernetes"])
        #expect(
            try deployment.mounts("kube-controller-manager") == [
                "controller-manager-kubeconfig /etc/kubernetes", "etc-kubernetes-pki /etc/kubernetes/pki",
                "etc-ca-certificates /etc/ca-certificates", "usr-share-ca-certificates /usr/share/ca-certificates",
                "usr-local-share-ca-certificates /usr/local/share/ca-certificates",
            ])
    }

    @Test func `images are the registry's, the component's, the version and the suffix`() throws {
        let plain = try Sample.tenant().deployed()
        #expect(try plain.container("kube-apiserver")["image"] == "registry.k8s.io/kube-apiserver:v1.36.0")
        let own = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  registrySettings:
                    registry: registry.example/k8s
                    tagSuffix: -eks
                    apiServerImage: api
                    controllerManagerImage: manager
                    schedulerImage: sched
            """
        ).deployed()
        #expect(try own.container("kube-apiserver")["image"] == "registry.example/k8s/api:v1.36.0-eks")
        #expect(try own.container("kube-controller-manager")["image"] == "registry.example/k8s/manager:v1.36.0-eks")
        #expect(try own.container("kube-scheduler")["image"] == "registry.example/k8s/sched:v1.36.0-eks")
    }

    @Test func `the API server's image is always pulled, the others' where they are missing`() throws {
        let deployment = try Sample.tenant().deployed()
        #expect(try deployment.container("kube-apiserver")["imagePullPolicy"] == "Always")
        #expect(try deployment.container("kube-scheduler")["imagePullPolicy"] == "IfNotPresent")
        #expect(try deployment.container("kube-controller-manager")["imagePullPolicy"] == "IfNotPresent")
    }

    @Test func `resources and security contexts go to the container that they are said of`() throws {
        let deployment = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  resources:
                    apiServer: {requests: {cpu: 250m}}
                    scheduler: {limits: {memory: 64Mi}}
                  containerSecurityContexts:
                    controllerManager: {runAsNonRoot: true}
            """
        ).deployed()
        let containers = try ["kube-apiserver", "kube-scheduler", "kube-controller-manager"]
            .map(deployment.container)
        #expect(
            containers.map { $0["resources"] } == [["requests": ["cpu": "250m"]], ["limits": ["memory": "64Mi"]], nil])
        #expect(containers.map { $0["securityContext"] } == [nil, nil, ["runAsNonRoot": true]])
    }
}
