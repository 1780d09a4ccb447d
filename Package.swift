// swift-tools-version: 6.2

import PackageDescription

let checked: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A module of Trawl with its own tests.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], excluding: [String] = [],
  testedWith support: [Target.Dependency] = [], testResources: [Resource] = []
) -> [Target] {
  [
    .target(
      name: name, dependencies: dependencies, exclude: excluding, swiftSettings: checked),
    .testTarget(
      name: "\(name)Tests", dependencies: [.byName(name: name), "Fuzzing"] + support,
      resources: testResources, swiftSettings: checked),
  ]
}

let package = Package(
  name: "trawl",
  products: [.executable(name: "trawl", targets: ["trawl"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
    .target(name: "CWarp"),
    .systemLibrary(name: "CProcess"),
    .systemLibrary(
      name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .executableTarget(
      name: "trawl",
      dependencies: [
        "Charts", "Coordination", "CoordinatorService", "Messaging", "Platform", "Reports", "RunFiles",
        "Search",
        "Storage", "Training", "Trials", "WorkerService",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: checked),
    .target(name: "Fuzzing", dependencies: ["Randomness"], path: "Tests/Fuzzing", swiftSettings: checked),
    .target(
      name: "PictureChecks", dependencies: ["Charts"], path: "Tests/PictureChecks", swiftSettings: checked),
    .testTarget(
      name: "ProgramTests",
      dependencies: ["trawl", "Coordination", "Platform", "RunFiles", "Search", "Trials"],
      exclude: ["Golden"],
      swiftSettings: checked),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["trawl", "Coordination", "Messaging", "PictureChecks", "RunFiles", "Search"],
      exclude: ["Golden"],
      swiftSettings: checked),
  ]
    + module("Platform")
    + module("Randomness")
    + module("Charts", ["CPNG"], testedWith: ["PictureChecks"], testResources: [.copy("Golden")])
    + module(
      "Training", ["COneDNN", "CSodium", "CWarp", "CZlib", "Randomness"],
      testResources: [.copy("Golden")])
    + module(
      "Search", ["Randomness", .product(name: "Yams", package: "Yams")],
      testedWith: ["RunFiles", "Trials"])
    + module("Trials", ["CProcess", "Platform", "Search", "Training"])
    + module(
      "Coordination",
      ["Search", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      excluding: ["Protocol/trawl.proto"], testedWith: ["RunFiles", "Trials"],
      testResources: [.copy("Scripts")])
    + module(
      "CoordinatorService",
      [
        "Coordination", "Messaging", "Platform", "RunFiles", "Search", "Storage", "Training", "Trials",
        .product(name: "Logging", package: "swift-log"),
      ], testedWith: ["WorkerService"])
    + module(
      "WorkerService", ["Coordination", "Messaging", "Platform", "Search", "Training", "Trials"])
    + module("RunFiles", ["Platform", "Search"], testedWith: ["Trials"])
    + module(
      "Reports",
      ["Charts", "RunFiles", "Search", "Training", .product(name: "Mustache", package: "swift-mustache")],
      testedWith: ["PictureChecks", "Trials"])
    + module("Messaging", ["CZeroMQ", "Platform"])
    + module(
      "Storage",
      [
        "Coordination", "Platform", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
  swiftLanguageModes: [.v6]
)
