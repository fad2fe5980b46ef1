import KubeObjects

/// A manifest as users write it: one for each thing that upstream's samples show.
struct Sample: Sendable, CustomStringConvertible {
    let description: String
    let object: KubeObject

    init(_ description: String, _ yaml: String) {
        self.description = description
        object = KubeObject(Ruling.parsed(yaml))
    }

    static let tenants = [
        Sample(
            "load balancer, JSON patches and all addons",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata:
              name: lb
              labels: {team: blue}
            spec:
              controlPlane:
                deployment: {replicas: 2}
                service: {serviceType: LoadBalancer}
              kubernetes:
                version: v1.33.0
                kubelet:
                  configurationJSONPatches:
                  - {op: add, path: /featureGates, value: {KubeletCrashLoopBackOffMax: false}}
                  - {op: replace, path: /cgroupDriver, value: systemd}
              networkProfile: {port: 6443}
              addons:
                coreDNS: {}
                kubeProxy: {}
                konnectivity: {server: {port: 8132}}
            """),
        Sample(
            "additional containers beside kine",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: sidecars}
            spec:
              dataStore: postgresql-bronze
              controlPlane:
                deployment:
                  replicas: 1
                  additionalInitContainers:
                  - {name: prepare, image: registry.k8s.io/pause, command: [/bin/sh, -c, "true"]}
                  additionalContainers:
                  - name: web
                    image: nginx
                    ports: [{containerPort: 80}]
                service: {serviceType: LoadBalancer}
              kubernetes: {version: v1.26.0, kubelet: {cgroupfs: systemd}}
              networkProfile: {port: 6443}
              addons: {coreDNS: {}, kubeProxy: {}}
            """),
        Sample(
            "additional volumes",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: volumes}
            spec:
              controlPlane:
                deployment:
                  replicas: 1
                  additionalVolumes:
                  - {name: api, configMap: {name: api-extra}}
                  - {name: kcm, configMap: {name: kcm-extra}}
                  - {name: sched, configMap: {name: sched-extra}}
                  additionalVolumeMounts:
                    apiServer: [{name: api, mountPath: /tmp/api}]
                    controllerManager: [{name: kcm, mountPath: /tmp/kcm}]
                    scheduler: [{name: sched, mountPath: /tmp/sched}]
                service: {serviceType: LoadBalancer}
              kubernetes: {version: v1.26.0, kubelet: {cgroupfs: systemd}}
              networkProfile: {port: 6443}
            """),
        Sample(
            "a Gateway before it",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: gated}
            spec:
              dataStore: default
              controlPlane:
                gateway:
                  hostname: c11.example.dev
                  parentRefs: [{name: gateway, namespace: default}]
                deployment: {replicas: 1}
                service: {serviceType: ClusterIP}
              kubernetes: {version: v1.35.7, kubelet: {cgroupfs: systemd}}
              networkProfile: {port: 6443, certSANs: [c11.example.dev]}
              addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {}}
            """),
        Sample(
            "no network profile",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: kine}
            spec:
              dataStore: postgresql-bronze
              controlPlane:
                deployment: {replicas: 1}
                service: {serviceType: LoadBalancer}
              kubernetes: {version: v1.29.0, kubelet: {cgroupfs: systemd}}
              addons: {coreDNS: {}, kubeProxy: {}}
            """),
        Sample(
            "konnectivity, deployment and service where they belong",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: tunnel}
            spec:
              controlPlane:
                deployment: {replicas: 2}
                service: {serviceType: LoadBalancer}
              kubernetes: {version: v1.29.0, kubelet: {cgroupfs: systemd}}
              networkProfile: {port: 6443}
              addons:
                coreDNS: {}
                kubeProxy: {}
                konnectivity: {server: {port: 8132, resources: {requests: {cpu: 100m}, limits: {memory: 128Mi}}}}
            """),
        Sample(
            "agents in the nodes' network",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: host-network, namespace: default}
            spec:
              controlPlane:
                deployment: {replicas: 2}
                service: {serviceType: LoadBalancer}
              kubernetes:
                version: v1.29.0
                kubelet: {cgroupfs: systemd, preferredAddressTypes: [InternalIP, ExternalIP]}
              networkProfile: {address: 10.0.0.100, port: 6443, serviceCidr: 10.96.0.0/16, podCidr: 10.244.0.0/16}
              addons:
                coreDNS: {}
                kubeProxy: {}
                konnectivity:
                  server: {port: 8132}
                  agent:
                    hostNetwork: true
                    tolerations:
                    - {key: CriticalAddonsOnly, operator: Exists}
                    - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
            """),
        Sample(
            "dual stack",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: TenantControlPlane
            metadata: {name: dual-stack}
            spec:
              controlPlane:
                deployment: {replicas: 1}
                service: {serviceType: LoadBalancer}
              kubernetes: {version: v1.33.0, kubelet: {}}
              networkProfile:
                port: 6443
                serviceCidrs: [10.96.0.0/16, "2001:db8:abcd::/112"]
                podCidrs: [10.244.0.0/16, "2001:db8:1234::/56"]
                dnsServiceIPs: [10.96.0.10, "2001:db8:abcd::10"]
              addons: {coreDNS: {}, kubeProxy: {}}
            """),
    ]

    static let dataStores = [
        Sample("etcd with keys in Secrets", Ruling.etcd),
        Sample("PostgreSQL with a password", Ruling.postgreSQL),
        Sample(
            "MySQL with TLS and a password",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: DataStore
            metadata: {name: mysql-bronze}
            spec:
              driver: MySQL
              endpoints: ["mysql.system.svc:3306"]
              basicAuth:
                username: {content: cm9vdA==}
                password: {secretReference: {name: mysql-bronze-config, namespace: system, keyPath: MYSQL_ROOT_PASSWORD}}
              tlsConfig:
                certificateAuthority:
                  certificate: {secretReference: {name: mysql-bronze-config, namespace: system, keyPath: ca.crt}}
                  privateKey: {secretReference: {name: mysql-bronze-config, namespace: system, keyPath: ca.key}}
                clientCertificate:
                  certificate: {secretReference: {name: mysql-bronze-config, namespace: system, keyPath: server.crt}}
                  privateKey: {secretReference: {name: mysql-bronze-config, namespace: system, keyPath: server.key}}
            """),
        Sample(
            "PostgreSQL with CloudNativePG's Secrets",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: DataStore
            metadata: {name: postgresql-gold}
            spec:
              driver: PostgreSQL
              endpoints: ["postgresql-gold-rw.postgres-system.svc:5432"]
              basicAuth:
                username: {secretReference: {name: pg-superuser, namespace: postgres-system, keyPath: username}}
                password: {secretReference: {name: pg-superuser, namespace: postgres-system, keyPath: password}}
              tlsConfig:
                certificateAuthority:
                  certificate: {secretReference: {name: pg-ca, namespace: postgres-system, keyPath: ca.crt}}
                clientCertificate:
                  certificate: {secretReference: {name: pg-root, namespace: postgres-system, keyPath: tls.crt}}
                  privateKey: {secretReference: {name: pg-root, namespace: postgres-system, keyPath: tls.key}}
            """),
        Sample(
            "NATS with TLS",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: DataStore
            metadata: {name: nats-silver}
            spec:
              driver: NATS
              endpoints: ["nats.system.svc:4222"]
              basicAuth:
                username: {content: YWRtaW4=}
                password: {secretReference: {name: nats-silver-config, namespace: system, keyPath: password}}
              tlsConfig:
                certificateAuthority:
                  certificate: {secretReference: {name: nats-silver-config, namespace: system, keyPath: ca.crt}}
                clientCertificate:
                  certificate: {secretReference: {name: nats-silver-config, namespace: system, keyPath: server.crt}}
                  privateKey: {secretReference: {name: nats-silver-config, namespace: system, keyPath: server.key}}
            """),
        Sample(
            "NATS without TLS",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: DataStore
            metadata: {name: nats-notls}
            spec:
              driver: NATS
              endpoints: ["nats.system.svc:4222"]
              basicAuth: {username: {content: YWRtaW4=}, password: {content: cGFzc3dvcmQ=}}
            """),
        Sample(
            "SQLite",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: DataStore
            metadata: {name: default}
            spec: {driver: SQLite, endpoints: [/var/lib/kamaji/tenants]}
            """),
    ]

    static let generators = [
        Sample("a kubeconfig for one user", Ruling.generator),
        Sample(
            "groups that are given and looked up",
            """
            apiVersion: kamaji.clastix.io/v1alpha1
            kind: KubeconfigGenerator
            metadata: {name: tenant}
            spec:
              controlPlaneEndpointFrom: admin.conf
              groups: [{stringValue: custom.group.tld}, {fromDefinition: metadata.namespace}]
              namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists, values: []}]}
              tenantControlPlaneSelector: {matchExpressions: [{key: tenant.clastix.io, operator: Exists, values: []}]}
              user: {fromDefinition: metadata.name}
            """),
    ]
}
