import KubeObjects

/// `DataStore`.
extension CustomResources {
    package static let dataStoreSpec: SchemaNode =
        .object("How the datastore is reached.") {
            required(
                "driver",
                .string(
                    "What it is. SQLite keeps each tenant in a file of its own, on one machine, and takes no credentials. "
                        + "Immutable."
                ).oneOf(["etcd", "MySQL", "PostgreSQL", "NATS", "SQLite"])
                    .rule("self == oldSelf", "Datastore driver is immutable"))
            optional(
                "endpoints",
                .array(
                    "Where it listens: `host:port` each, without a scheme. For SQLite one entry, the absolute path of the "
                        + "directory that keeps the files.",
                    of: .string()
                ).count(min: 1))
            optional(
                "basicAuth",
                .object("User and password of an account that may create databases and users.") {
                    required("username", contentReference("The user's name."))
                    required("password", contentReference("Its password."))
                })
            optional("tlsConfig", tlsConfig)
        }
        .rules(dataStoreRules)

    private static let tlsConfig: SchemaNode =
        .object("How the connection is secured.") {
            required(
                "certificateAuthority",
                .object("Who signed the datastore's certificate.") {
                    required("certificate", contentReference("The authority's certificate, PEM."))
                    optional(
                        "privateKey",
                        contentReference(
                            "The authority's key, PEM. etcd needs it: each tenant gets a client certificate of its own."
                        ))
                })
            optional(
                "clientCertificate",
                .object("How Kamaji shows itself to the datastore.") {
                    required("certificate", contentReference("The certificate, PEM."))
                    required("privateKey", contentReference("Its key, PEM."))
                })
        }

    private static func contentReference(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("content", .string("The bytes, base64. They stand above secretReference.").format("byte"))
            optional(
                "secretReference",
                .object("The Secret that holds the bytes.") {
                    optional("name", .string("Name of the Secret."))
                    optional("namespace", .string("Namespace of the Secret."))
                    required("keyPath", .string("Key in the Secret's data.").length(min: 1))
                }.atomic())
        }
    }

    private static func given(_ reference: String) -> String {
        "(has(\(reference).secretReference) || has(\(reference).content))"
    }

    private static let isKine = "!(self.driver in ['etcd', 'SQLite'])"

    private static let dataStoreRules: [SchemaRule] = [
        rule(
            "self.driver == 'SQLite' || has(self.endpoints)", "endpoints are needed by every driver but SQLite",
            reason: .required, at: ".endpoints"),
        rule(
            "self.driver != 'etcd' || (has(self.tlsConfig) && has(self.tlsConfig.certificateAuthority.privateKey) && "
                + given("self.tlsConfig.certificateAuthority.privateKey") + ")",
            "certificateAuthority privateKey must have secretReference or content when driver is etcd"),
        rule(
            "self.driver != 'etcd' || (has(self.tlsConfig) && has(self.tlsConfig.clientCertificate) && "
                + given("self.tlsConfig.clientCertificate.certificate") + ")",
            "clientCertificate must have secretReference or content when driver is etcd"),
        rule(
            "self.driver != 'etcd' || (has(self.tlsConfig) && has(self.tlsConfig.clientCertificate) && "
                + given("self.tlsConfig.clientCertificate.privateKey") + ")",
            "clientCertificate privateKey must have secretReference or content when driver is etcd"),
        rule(
            "!(\(isKine) && has(self.tlsConfig) && has(self.tlsConfig.clientCertificate)) || "
                + given("self.tlsConfig.clientCertificate.certificate"),
            "When driver is not etcd and tlsConfig exists, clientCertificate must be null or contain valid content"),
        rule(
            "!(\(isKine) && has(self.basicAuth)) || " + given("self.basicAuth.username"),
            "When driver is not etcd and basicAuth exists, username must have secretReference or content"),
        rule(
            "!(\(isKine) && has(self.basicAuth)) || " + given("self.basicAuth.password"),
            "When driver is not etcd and basicAuth exists, password must have secretReference or content"),
        rule(
            "!(\(isKine)) || has(self.tlsConfig) || has(self.basicAuth)",
            "When driver is not etcd, either tlsConfig or basicAuth must be provided"),
        rule("self.driver == oldSelf.driver", "driver is immutable and cannot be changed after creation"),
    ]

    static let dataStoreStatus: SchemaNode =
        .object("What became of the datastore.") {
            optional("conditions", Embedded.conditions("Whether it is well described, and whether it may be deleted."))
            optional("observedGeneration", .int64("The spec that was acted upon."))
            required("ready", .boolean("Whether tenants may use it."))
            optional("usedBy", .strings("`namespace/name` of the tenants whose data is here."))
        }
}
