// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// What measures the programs from outside. The modules it shares with them are linked into `Sources`, for they are
/// nobody's library: their interface is `package`.
let package = Package(
    name: "kamaji-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1"),
        .target(name: "KubeObjects", dependencies: ["CLibYAML"], swiftSettings: strict),
        .target(name: "HTTPTransport", dependencies: ["CLibCurl"], swiftSettings: strict),
        .target(
            name: "KubeClient", dependencies: ["HTTPTransport", "KubeObjects", logging, subprocess, system],
            swiftSettings: strict),
        .executableTarget(
            name: "tenant-bench",
            dependencies: [
                "HTTPTransport", "KubeClient", "KubeObjects", logging, subprocess, system,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
    ]
)
