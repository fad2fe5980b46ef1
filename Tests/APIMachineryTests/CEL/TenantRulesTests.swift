import KubeObjects
import Testing

@testable import APIMachinery

/// The rules that Kamaji's users know, on schemas cut down to the fields they look at.
@Suite struct `Kamaji's rules` {
    private static func property(_ rule: String, _ message: String, type: String = "string") -> JSON {
        ["type": .string(type), "x-kubernetes-validations": [["rule": .string(rule), "message": .string(message)]]]
    }

    private static func list(_ rule: String, _ message: String) -> JSON {
        var schema = property(rule, message, type: "array")
        schema["items"] = ["type": "string"]
        return schema
    }

    private static func tenantSchema() throws -> CompiledSchema {
        let network: JSON = [
            "type": "object",
            "properties": [
                "advertiseAddress": property("self == '' || isIP(self)", "advertiseAddress must be a valid IP address"),
                "serviceCidr": property("self == '' || isCIDR(self)", "serviceCidr must be empty or a valid CIDR"),
                "podCidrs": list("self.all(x, isCIDR(x))", "all podCidrs entries must be valid CIDRs"),
                "clusterDomain": property("self == oldSelf", "changing the cluster domain is not supported"),
                "loadBalancerClass": property("self == oldSelf", "LoadBalancerClass is immutable"),
                "loadBalancerSourceRanges": list(
                    "self.all(r, isCIDR(r))", "all LoadBalancer source range entries must be valid CIDR"),
            ],
        ]
        let controlPlane: JSON = [
            "type": "object",
            "properties": [
                "service": [
                    "type": "object",
                    "properties": [
                        "serviceType": ["type": "string"], "allocateLoadBalancerNodePorts": ["type": "boolean"],
                    ],
                ],
                "ingress": ["type": "object", "properties": ["hostname": ["type": "string"]]],
                "gateway": ["type": "object", "properties": ["hostname": ["type": "string"]]],
            ],
            "x-kubernetes-validations": [
                [
                    "rule": "!(has(self.ingress) && has(self.gateway))",
                    "message": "using both ingress and gateway is not supported",
                ]
            ],
        ]
        let agent: JSON = [
            "type": "object",
            "properties": ["mode": ["type": "string"], "replicas": ["type": "integer", "format": "int32"]],
            "x-kubernetes-validations": [
                [
                    "rule": """
                    !(self.mode == 'DaemonSet' && has(self.replicas) && self.replicas != 0) && \
                    !(self.mode == 'Deployment' && has(self.replicas) && self.replicas == 0)
                    """,
                    "message": "replicas do not fit the mode",
                ]
            ],
        ]
        return try CompiledSchema([
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object",
                    "properties": [
                        "dataStore": ["type": "string"],
                        "dataStoreSchema": property("self == oldSelf", "changing the dataStoreSchema is not supported"),
                        "networkProfile": network, "controlPlane": controlPlane, "agent": agent,
                    ],
                    "x-kubernetes-validations": [
                        [
                            "rule": "!has(oldSelf.dataStore) || has(self.dataStore)",
                            "message": "unsetting the dataStore is not supported",
                        ],
                        [
                            "rule": """
                            !has(self.networkProfile.loadBalancerSourceRanges) || \
                            (size(self.networkProfile.loadBalancerSourceRanges) == 0 || \
                            self.controlPlane.service.serviceType == 'LoadBalancer')
                            """,
                            "message": "LoadBalancer source ranges are supported only with LoadBalancer service type",
                        ],
                        [
                            "rule": """
                            self.controlPlane.service.serviceType != 'LoadBalancer' || \
                            (oldSelf.controlPlane.service.serviceType != 'LoadBalancer' && \
                            self.controlPlane.service.serviceType == 'LoadBalancer') || \
                            has(self.networkProfile.loadBalancerClass) == has(oldSelf.networkProfile.loadBalancerClass)
                            """,
                            "message": "LoadBalancerClass cannot be set or unset at runtime",
                        ],
                    ],
                ]
            ],
        ])
    }

    private static func tenant(
        _ type: String = "ClusterIP", network: JSON = [:], _ more: [String: JSON] = [:]
    ) -> JSON {
        var spec: [String: JSON] = [
            "networkProfile": network, "controlPlane": ["service": ["serviceType": .string(type)]],
        ]
        spec.merge(more) { _, new in new }
        return ["spec": .object(spec)]
    }

    @Test(arguments: [
        tenant(), tenant(network: ["advertiseAddress": "", "serviceCidr": "", "podCidrs": []]),
        tenant(network: ["advertiseAddress": "192.0.2.1", "serviceCidr": "10.96.0.0/16"]),
        tenant(network: ["advertiseAddress": "2001:db8::1", "podCidrs": ["10.244.0.0/16", "fd00::/108"]]),
        tenant("LoadBalancer", network: ["loadBalancerSourceRanges": ["192.0.2.0/24"], "loadBalancerClass": "x"]),
        tenant(network: ["loadBalancerSourceRanges": []]),
        tenant("LoadBalancer", ["networkProfile": nil]),
        tenant(["agent": ["mode": "DaemonSet"]]), tenant(["agent": ["mode": "Deployment", "replicas": 2]]),
        tenant(["agent": ["mode": "DaemonSet", "replicas": 0]]),
    ])
    func `accept what is right`(_ tenant: JSON) throws {
        let schema = try Self.tenantSchema()
        #expect(schema.validate(schema.defaulted(tenant)).errors == [])
    }

    private static func tenant(_ more: [String: JSON]) -> JSON { tenant("ClusterIP", more) }

    @Test(arguments: [
        (
            tenant(network: ["advertiseAddress": "nowhere"]),
            "spec.networkProfile.advertiseAddress: Invalid value: \"nowhere\": advertiseAddress must be a valid IP address"
        ),
        (
            tenant(network: ["serviceCidr": "10.96.0.0"]),
            "spec.networkProfile.serviceCidr: Invalid value: \"10.96.0.0\": serviceCidr must be empty or a valid CIDR"
        ),
        (
            tenant(network: ["podCidrs": ["10.0.0.0/8", "x"]]),
            "spec.networkProfile.podCidrs: Invalid value: all podCidrs entries must be valid CIDRs"
        ),
        (
            tenant(network: ["loadBalancerSourceRanges": ["192.0.2.0/24"]]),
            "spec: Invalid value: LoadBalancer source ranges are supported only with LoadBalancer service type"
        ),
        (
            tenant(["controlPlane": ["service": ["serviceType": "ClusterIP"], "ingress": [:], "gateway": [:]]]),
            "spec.controlPlane: Invalid value: using both ingress and gateway is not supported"
        ),
        (
            tenant(["agent": ["mode": "DaemonSet", "replicas": 1]]),
            "spec.agent: Invalid value: replicas do not fit the mode"
        ),
        (
            tenant(["agent": ["mode": "Deployment", "replicas": 0]]),
            "spec.agent: Invalid value: replicas do not fit the mode"
        ),
    ])
    func `refuse what is wrong`(_ tenant: JSON, _ expected: String) throws {
        #expect(try Self.tenantSchema().validate(tenant).errors.map(\.description) == [expected])
    }

    @Test func `fail on a missing network profile unless the service is a load balancer`() throws {
        let schema = try Self.tenantSchema()
        let errors = schema.validate(["spec": ["controlPlane": ["service": ["serviceType": "NodePort"]]]]).errors
        #expect(
            errors.map(\.description) == [
                "spec: Invalid value: \"object\": no such key: networkProfile evaluating rule: LoadBalancer source "
                    + "ranges are supported only with LoadBalancer service type"
            ])
        #expect(schema.validate(["spec": ["controlPlane": ["service": ["serviceType": "LoadBalancer"]]]]).isAccepted)
    }

    @Test func `keep what may not change`() throws {
        let schema = try Self.tenantSchema()
        let old = Self.tenant(
            "LoadBalancer", network: ["clusterDomain": "a.local"], ["dataStore": "default", "dataStoreSchema": "s"])
        #expect(schema.validate(old, old: old).errors == [])
        let new = Self.tenant(
            "LoadBalancer", network: ["clusterDomain": "b.local", "loadBalancerClass": "x"], ["dataStoreSchema": "t"])
        #expect(
            schema.validate(new, old: old).errors.map(\.description) == [
                "spec: Invalid value: unsetting the dataStore is not supported",
                "spec: Invalid value: LoadBalancerClass cannot be set or unset at runtime",
                "spec.dataStoreSchema: Invalid value: \"t\": changing the dataStoreSchema is not supported",
                "spec.networkProfile.clusterDomain: Invalid value: \"b.local\": changing the cluster domain is not "
                    + "supported",
            ])
    }

    @Test func `let a service become a load balancer with a class`() throws {
        let schema = try Self.tenantSchema()
        let new = Self.tenant("LoadBalancer", network: ["loadBalancerClass": "x"])
        #expect(schema.validate(new, old: Self.tenant("NodePort")).errors == [])
    }

    private static let dataStore: JSON = {
        let content: JSON = [
            "type": "object",
            "properties": [
                "content": ["type": "string", "format": "byte"],
                "secretReference": [
                    "type": "object", "required": ["keyPath"],
                    "properties": ["keyPath": ["type": "string", "minLength": 1], "name": ["type": "string"]],
                ],
            ],
        ]
        let pair: JSON = [
            "type": "object", "required": ["certificate"],
            "properties": ["certificate": content, "privateKey": content],
        ]
        return [
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object", "required": ["driver"],
                    "properties": [
                        "driver": property("self == oldSelf", "Datastore driver is immutable"),
                        "tlsConfig": [
                            "type": "object", "properties": ["certificateAuthority": pair, "clientCertificate": pair],
                        ],
                        "basicAuth": ["type": "object"],
                    ],
                    "x-kubernetes-validations": [
                        [
                            "rule": """
                            (self.driver == "etcd") ? (self.tlsConfig != null && \
                            (has(self.tlsConfig.certificateAuthority.privateKey.secretReference) || \
                            has(self.tlsConfig.certificateAuthority.privateKey.content))) : true
                            """,
                            "message": "certificateAuthority privateKey must have secretReference or content",
                        ],
                        [
                            "rule": """
                            (self.driver != "etcd") ? (has(self.tlsConfig) || has(self.basicAuth)) : true
                            """,
                            "message": "either tlsConfig or basicAuth must be provided",
                        ],
                        ["rule": "oldSelf == null || self.driver == oldSelf.driver", "message": "driver is immutable"],
                    ],
                ]
            ],
        ]
    }()

    private static let dataStores: [(JSON, [String])] = [
        (["driver": "NATS", "basicAuth": [:]], []),
        (["driver": "NATS"], ["spec: Invalid value: either tlsConfig or basicAuth must be provided"]),
        (
            ["driver": "etcd", "tlsConfig": ["certificateAuthority": ["certificate": [:], "privateKey": [:]]]],
            ["spec: Invalid value: certificateAuthority privateKey must have secretReference or content"]
        ),
        (
            [
                "driver": "etcd",
                "tlsConfig": ["certificateAuthority": ["certificate": [:], "privateKey": ["content": "YQ=="]]],
            ],
            []
        ),
        (
            ["driver": "etcd"],
            [
                "spec: Invalid value: \"object\": no such key: tlsConfig evaluating rule: certificateAuthority "
                    + "privateKey must have secretReference or content"
            ]
        ),
        (
            ["driver": "etcd", "tlsConfig": ["certificateAuthority": ["certificate": [:]]]],
            [
                "spec: Invalid value: \"object\": no such key: privateKey evaluating rule: certificateAuthority "
                    + "privateKey must have secretReference or content"
            ]
        ),
    ]

    @Test(arguments: dataStores)
    func `judge data stores`(_ spec: JSON, _ expected: [String]) throws {
        #expect(try CompiledSchema(Self.dataStore).validate(["spec": spec]).errors.map(\.description) == expected)
    }

    @Test func `keep a data store's driver`() throws {
        let errors = try CompiledSchema(Self.dataStore).validate(
            ["spec": ["driver": "MySQL", "basicAuth": [:]]], old: ["spec": ["driver": "NATS", "basicAuth": [:]]]
        ).errors
        #expect(
            errors.map(\.description) == [
                "spec: Invalid value: driver is immutable",
                "spec.driver: Invalid value: \"MySQL\": Datastore driver is immutable",
            ])
    }
}
