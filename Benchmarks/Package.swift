// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// What measures the programs from outside. The modules it shares with them are linked into `Sources`, for they are
/// nobody's library: their interface is `package`.
let package = Package(
    name: "kamaji-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CLibNGHTTP2", pkgConfig: "libnghttp2"),
        .systemLibrary(name: "CLibSSL", pkgConfig: "libssl"),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib"),
        .systemLibrary(name: "CLinux"),
        .target(name: "KubeObjects", dependencies: ["CLibYAML"], swiftSettings: strict),
        .target(name: "Sockets", dependencies: ["CLibNGHTTP2", "CLibSSL", "CLinux"], swiftSettings: strict),
        .target(
            name: "HTTPTransport", dependencies: ["CLibCurl", "CLibNGHTTP2", "Sockets", heap], swiftSettings: strict),
        .target(
            name: "KubeClient", dependencies: ["HTTPTransport", "KubeObjects", logging, subprocess, system],
            swiftSettings: strict),
        .executableTarget(
            name: "tenant-bench",
            dependencies: [
                "HTTPTransport", "KubeClient", "KubeObjects", argumentParser, logging, subprocess, system,
            ],
            swiftSettings: strict),
        .target(name: "PKI", dependencies: ["CLibSSL"], swiftSettings: strict),
        .target(name: "Prometheus", dependencies: ["CLibZ"], swiftSettings: strict),
        .target(
            name: "Konnectivity",
            dependencies: ["CLibNGHTTP2", "Prometheus", "Sockets", logging, lifecycle],
            swiftSettings: strict),
        .target(
            name: "TunnelServer", dependencies: ["CLibNGHTTP2", "CLibSSL", "CLinux", "Konnectivity", "Sockets"],
            swiftSettings: strict),
        .executableTarget(
            name: "tunnel-bench",
            dependencies: [
                "Konnectivity", "PKI", "Sockets", "TunnelServer", argumentParser, logging, subprocess, system,
            ],
            swiftSettings: strict),
    ]
)
