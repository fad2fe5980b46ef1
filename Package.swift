// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with: Swift 6, and nothing that warns.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The commit that is built, where who builds names it, as the scripts do that make packages and images.
let revision = (Context.environment["KAMAJI_REVISION"] ?? "").filter {
    $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let hummingbirdTLS: [Target.Dependency] = [
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let httpParts = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let http2: [Target.Dependency] = [
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP2", package: "swift-nio-http2"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "NIOTLS", package: "swift-nio"),
]

let package = Package(
    name: "kamaji",
    products: [
        .executable(name: "kamaji-agent", targets: ["kamaji-agent"]),
        .executable(name: "kamaji-exporter", targets: ["kamaji-exporter"]),
        .executable(name: "kamaji-manager", targets: ["kamaji-manager"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // System libraries: a module map and a shim header, nothing else.
        .systemLibrary(name: "CLibCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CLibSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLibSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // What the system offers and Swift's Glibc leaves out: epoll, eventfd, mallopt.
        .systemLibrary(name: "CLinux"),

        // What only who builds knows. Of C, so that another commit compiles these few lines anew and no more.
        .target(name: "CBuild", cSettings: revision.isEmpty ? [] : [.define("KAMAJI_REVISION", to: revision)]),

        // JSON, metadata, selectors, patches, kubeconfig, YAML. No I/O.
        .target(name: "KubeObjects", dependencies: ["CLibYAML"], swiftSettings: strict),
        .testTarget(name: "KubeObjectsTests", dependencies: ["KubeObjects"], swiftSettings: strict),

        // The three CRDs: schema, defaults, validation, typed views, and their manifests.
        .target(name: "TenantAPI", dependencies: ["KubeObjects"], swiftSettings: strict),
        .testTarget(name: "TenantAPITests", dependencies: ["APIMachinery", "TenantAPI"], swiftSettings: strict),

        // Keys, certificates, expiry, kubeconfigs, on libssl.
        .target(name: "PKI", dependencies: ["CLibSSL"], swiftSettings: strict),
        .testTarget(name: "PKITests", dependencies: ["PKI"], swiftSettings: strict),

        // How a machine and its tenant know each other: tokens, names, pins, the join string. No I/O.
        .target(name: "NodeIdentity", dependencies: ["KubeObjects", "PKI"], swiftSettings: strict),
        .testTarget(
            name: "NodeIdentityTests", dependencies: ["KubeObjects", "NodeIdentity", "PKI"], swiftSettings: strict),

        // (tenant, what is observed) -> the objects that should exist. No I/O.
        .target(
            name: "Blueprint", dependencies: ["KubeObjects", "NodeIdentity", "PKI", "TenantAPI"], swiftSettings: strict),
        .testTarget(
            name: "BlueprintTests", dependencies: ["Blueprint", "KubeObjects", "PKI", "TenantAPI"],
            swiftSettings: strict),

        // TCP and TLS that never block, as a client, for who speaks HTTP/2 over them: polling, lookups, sessions.
        .target(name: "Sockets", dependencies: ["CLibNGHTTP2", "CLibSSL", "CLinux"], swiftSettings: strict),

        // Requests and streams: any on libcurl, thousands of quiet ones on libnghttp2. TLS material from memory.
        .target(
            name: "HTTPTransport", dependencies: ["CLibCurl", "CLibNGHTTP2", "Sockets", heap], swiftSettings: strict),
        .testTarget(name: "HTTPTransportTests", dependencies: ["HTTPTransport", "PKI"], swiftSettings: strict),

        // Get, list, watch, apply, leases, events, over HTTPTransport.
        .target(
            name: "KubeClient", dependencies: ["HTTPTransport", "KubeObjects", logging, subprocess, system],
            swiftSettings: strict),
        .testTarget(
            name: "KubeClientTests",
            dependencies: ["Blueprint", "HTTPTransport", "KubeClient", "KubeObjects", "PKI", "TenantAPI", logging],
            swiftSettings: strict),

        // What tenants' data lives in: provision, isolate, tear down.
        .target(
            name: "Datastores", dependencies: ["HTTPTransport", "KubeObjects", "TenantAPI", logging],
            swiftSettings: strict),
        .testTarget(
            name: "DatastoresTests", dependencies: ["Datastores", "HTTPTransport", "PKI"], swiftSettings: strict),

        // Metric families, their exposition in text and OpenMetrics, and pages that are kept written out.
        .target(name: "Prometheus", dependencies: ["CLibZ"], swiftSettings: strict),
        .testTarget(name: "PrometheusTests", dependencies: ["Prometheus"], swiftSettings: strict),

        // The agent's side of the tunnel: gRPC framing on libnghttp2, TLS on libssl, one thread of its own.
        .target(
            name: "Konnectivity",
            dependencies: ["CLibNGHTTP2", "Prometheus", "Sockets", logging, lifecycle],
            swiftSettings: strict),
        // The other side, as far as its tests and measurements need one.
        .target(
            name: "TunnelServer", dependencies: ["CLibNGHTTP2", "CLibSSL", "CLinux", "Konnectivity", "Sockets"],
            path: "Tests/TunnelServer", swiftSettings: strict),
        .testTarget(
            name: "KonnectivityTests",
            dependencies: ["Konnectivity", "KubeObjects", "PKI", "Prometheus", "Sockets", "TunnelServer", logging],
            swiftSettings: strict),

        // What the exporter asks of API servers, tunnels and datastores, and the catalogue of its metrics.
        .target(
            name: "Probing",
            dependencies: [
                "CLibSSL", "Datastores", "HTTPTransport", "KubeClient", "KubeObjects", "PKI", "Prometheus", "TenantAPI",
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProbingTests",
            dependencies: [
                "Datastores", "HTTPTransport", "KubeClient", "KubeObjects", "PKI", "Probing", "Prometheus", "TenantAPI",
                logging,
            ],
            swiftSettings: strict),

        // One line on standard error for each message.
        .target(name: "LineLog", dependencies: ["KubeObjects", logging], swiftSettings: strict),
        // What every program of ours does first.
        .target(name: "ProgramStart", dependencies: ["CLibSSL", "CLinux"], swiftSettings: strict),

        // Why an address cannot be listened on.
        .target(
            name: "Listening", dependencies: [.product(name: "NIOCore", package: "swift-nio")], swiftSettings: strict),

        // The exporter's pages: who may see them, what they are made of, and the wiring of watches and probes.
        .target(
            name: "FleetExporter",
            dependencies: [
                "CLibCrypt", "CLibSQLite", "CLibSSL", "HTTPTransport", "KubeClient", "KubeObjects", "Listening",
                "Probing", "Prometheus", logging, lifecycle, httpParts,
            ] + hummingbird + hummingbirdTLS,
            resources: [.embedInCode("Documents")], swiftSettings: strict),
        .testTarget(
            name: "FleetExporterTests",
            dependencies: [
                "FleetExporter", "HTTPTransport", "KubeClient", "KubeObjects", "Listening", "PKI", "Probing",
                "Prometheus", "StandaloneCluster", "TenantAPI", logging, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"), httpParts,
            ],
            swiftSettings: strict),

        // Keyed queue, stores, and one file for each reconciler.
        .target(
            name: "Reconciliation",
            dependencies: [
                "Blueprint", "Datastores", "KubeClient", "KubeObjects", "NodeIdentity", "PKI", "Prometheus",
                "TenantAPI", heap, logging, lifecycle,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ReconciliationTests",
            dependencies: [
                "Blueprint", "Datastores", "HTTPTransport", "KubeClient", "KubeObjects", "NodeIdentity", "PKI",
                "Prometheus", "Reconciliation", "TenantAPI", logging,
            ],
            swiftSettings: strict),

        // How a Kubernetes API decides, without serving one: schemas, CEL, field ownership, tables, discovery. No I/O.
        .target(name: "APIMachinery", dependencies: ["KubeObjects"], swiftSettings: strict),
        .testTarget(name: "APIMachineryTests", dependencies: ["APIMachinery"], swiftSettings: strict),

        // The embedded admin cluster: a Kubernetes API on SQLite, and the runtime that runs its Deployments.
        .target(
            name: "StandaloneCluster",
            dependencies: [
                "APIMachinery", "CLibSQLite", "KubeObjects", "Listening", "PKI", logging, lifecycle, subprocess,
                system,
            ] + http2,
            swiftSettings: strict),
        .testTarget(
            name: "StandaloneClusterTests",
            dependencies: [
                "APIMachinery", "KubeClient", "KubeObjects", "PKI", "StandaloneCluster", logging, lifecycle, subprocess,
                system,
            ] + http2,
            swiftSettings: strict),

        // Notify, watchdog, units over sd-bus.
        .target(name: "Systemd", dependencies: ["CLibSystemd"], swiftSettings: strict),
        .testTarget(name: "SystemdTests", dependencies: ["CLibSystemd", "Systemd"], swiftSettings: strict),

        // What makes a machine a node and keeps it one: preflight, discovery, join, repair, reset, with a journal.
        .target(
            name: "NodeBootstrap",
            dependencies: [
                "CLibSQLite", "CLibZ", "HTTPTransport", "Konnectivity", "KubeClient", "KubeObjects", "NodeIdentity",
                "PKI",
                "Sockets",
                "Prometheus", "Systemd", logging, subprocess, system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "NodeBootstrapTests",
            dependencies: [
                "HTTPTransport", "Konnectivity", "KubeClient", "KubeObjects", "NodeBootstrap", "NodeIdentity", "PKI",
                "Sockets",
                "Prometheus", "Systemd", logging, subprocess, system,
            ],
            exclude: ["Support/stand-in-kubelet.sh", "Vectors"], swiftSettings: strict),

        .executableTarget(
            name: "kamaji-agent",
            dependencies: [
                "HTTPTransport", "KubeClient", "KubeObjects", "NodeBootstrap", "NodeIdentity", "ProgramStart",
                "Prometheus", "Systemd", argumentParser, logging, lifecycle, unixSignals,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "kamaji-exporter",
            dependencies: [
                "CBuild", "FleetExporter", "HTTPTransport", "KubeClient", "LineLog", "Probing", "ProgramStart",
                argumentParser, logging, lifecycle, unixSignals,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "kamaji-manager",
            dependencies: [
                "Blueprint", "Datastores", "HTTPTransport", "KubeClient", "KubeObjects", "LineLog", "Listening",
                "NodeIdentity", "PKI", "ProgramStart", "Prometheus", "Reconciliation", "StandaloneCluster", "TenantAPI",
                argumentParser, logging, lifecycle, subprocess, system, unixSignals,
            ] + hummingbird,
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Blueprint", "Datastores", "HTTPTransport", "KubeClient", "KubeObjects", "NodeIdentity", "PKI",
                "Reconciliation", "StandaloneCluster", "TenantAPI", "kamaji-manager", logging, lifecycle, subprocess,
                system,
            ],
            swiftSettings: strict),
    ]
)
