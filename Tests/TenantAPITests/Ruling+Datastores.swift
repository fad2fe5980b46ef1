extension Ruling {
    static let dataStores = [
        Ruling("etcd with its certificates is taken", etcd, "spec: {basicAuth: null}"),
        Ruling(
            "etcd without TLS is told what it lacks", etcd, "spec: {tlsConfig: null}",
            refusal: "certificateAuthority privateKey must have secretReference or content when driver is etcd"),
        Ruling(
            "etcd without its authority's key is refused", etcd,
            "spec: {tlsConfig: {certificateAuthority: {privateKey: null}}}",
            refusal: "certificateAuthority privateKey must have secretReference or content when driver is etcd"),
        Ruling(
            "etcd without a client certificate is refused", etcd, "spec: {tlsConfig: {clientCertificate: null}}",
            refusal: "clientCertificate must have secretReference or content when driver is etcd"),
        Ruling(
            "etcd with an empty client certificate is refused", etcd,
            "spec: {tlsConfig: {clientCertificate: {certificate: {content: null}}}}",
            refusal: "clientCertificate must have secretReference or content when driver is etcd"),
        Ruling(
            "etcd with an empty client key is refused", etcd,
            "spec: {tlsConfig: {clientCertificate: {privateKey: {secretReference: null}}}}",
            refusal: "clientCertificate privateKey must have secretReference or content when driver is etcd"),
        Ruling("an endpoint is needed", etcd, "spec: {endpoints: []}", refusal: "should have at least 1 items"),
        Ruling(
            "the list of endpoints is needed", etcd, "spec: {endpoints: null}",
            refusal: "endpoints are needed by every driver but SQLite"),
        Ruling(
            "a reference names a key", etcd,
            """
            spec: {tlsConfig: {certificateAuthority: {certificate: {secretReference: {name: a, namespace: b,
              keyPath: ''}}}}}
            """, refusal: "should be at least 1 chars long"),

        Ruling("PostgreSQL with a password is taken", postgreSQL, "{}"),
        Ruling("MySQL with a password is taken", postgreSQL, "spec: {driver: MySQL}"),
        Ruling("NATS with a password is taken", postgreSQL, "spec: {driver: NATS}"),
        Ruling("an unknown driver is refused", postgreSQL, "spec: {driver: CockroachDB}", refusal: "Unsupported value"),
        Ruling(
            "PostgreSQL without anything is refused", postgreSQL, "spec: {basicAuth: null}",
            refusal: "When driver is not etcd, either tlsConfig or basicAuth must be provided"),
        Ruling(
            "a user name must be given", postgreSQL, "spec: {basicAuth: {username: {content: null}}}",
            refusal: "When driver is not etcd and basicAuth exists, username must have secretReference or content"),
        Ruling(
            "a password must be given", postgreSQL, "spec: {basicAuth: {password: {secretReference: null}}}",
            refusal: "When driver is not etcd and basicAuth exists, password must have secretReference or content"),
        Ruling(
            "a client certificate must be given", postgreSQL,
            """
            spec: {tlsConfig: {certificateAuthority: {certificate: {content: YQ==}},
              clientCertificate: {certificate: {}, privateKey: {content: YQ==}}}}
            """,
            refusal:
                "When driver is not etcd and tlsConfig exists, clientCertificate must be null or contain valid content"),
        Ruling("SQLite needs nothing", postgreSQL, "spec: {driver: SQLite, endpoints: null, basicAuth: null}"),
        Ruling(
            "a driver may not change", postgreSQL, stored: "{}", "spec: {driver: MySQL}",
            refusal: "Datastore driver is immutable"),
        Ruling(
            "a driver may not change, says the spec too", postgreSQL, stored: "{}", "spec: {driver: MySQL}",
            refusal: "driver is immutable and cannot be changed after creation"),
        Ruling("endpoints may change", postgreSQL, stored: "{}", "spec: {endpoints: ['other:5432']}"),
    ]

    static let generators = [
        Ruling("a generator for one user is taken", generator, "{}"),
        Ruling(
            "a user is either given or looked up", generator, "spec: {user: {fromDefinition: metadata.name}}",
            refusal: "Either stringValue or fromDefinition must be set, but not both."),
        Ruling(
            "a group is given or looked up", generator, "spec: {groups: [{}]}",
            refusal: "Either stringValue or fromDefinition must be set, but not both."),
        Ruling("a user is needed", generator, "spec: {user: null}", refusal: "user: Required value"),
    ]
}
