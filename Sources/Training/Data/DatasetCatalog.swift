/// The search path for datasets.
package struct DatasetLocations: Sendable, Equatable {
  /// Folders with datasets as subfolders, in order (`TRAWL_DATA_PATH`).
  package var dataPath: [String]
  /// Trawl's cache folder (`$XDG_CACHE_HOME/trawl`); nil for none.
  package var cache: String?
  /// The folder where system packages install datasets.
  package var system: String
  /// The user's home folder, for paths that begin with "~/"; nil if it is unknown.
  package var home: String?

  package init(
    dataPath: [String] = [], cache: String? = nil, system: String = "/usr/share/datasets",
    home: String? = nil
  ) {
    self.home = home
    self.dataPath = dataPath
    self.cache = cache
    self.system = system
  }

  /// The folders where a named dataset is searched, in order.
  package func candidates(_ name: String) -> [String] {
    (dataPath + [cache, system].compactMap { $0 }).map { "\($0)/\(name)" }
  }

  /// The first folder with all files of a named dataset.
  func folder(named name: String) -> DatasetFolder? {
    candidates(name).lazy.map { DatasetFolder($0) }.first { $0.isComplete }
  }

  /// A path with the home folder instead of a leading "~".
  func expanded(_ path: String) -> String {
    guard let home, path == "~" || path.hasPrefix("~/") else { return path }
    return home + path.dropFirst()
  }
}

/// A dataset that Trawl knows by name.
package struct KnownDataset: Sendable, Equatable {
  package let name: String
  /// SHA-256 of the four unpacked files by name, as hexadecimal digits.
  package let digests: [String: String]
  /// The Debian package that contains it; nil if there is none.
  package let debianPackage: String?
  /// The meanings of the labels 0, 1 and so on; empty if the labels need no explanation.
  package let meanings: [String]

  /// All known datasets except "digits", which is generated.
  package static let all = [
    KnownDataset(
      name: "mnist",
      digests: [
        "train-images-idx3-ubyte":
          "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte":
          "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte":
          "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte":
          "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      ], debianPackage: nil, meanings: []),
    KnownDataset(
      name: "fashion-mnist",
      digests: [
        "train-images-idx3-ubyte":
          "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte":
          "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte":
          "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte":
          "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      ],
      debianPackage: "dataset-fashion-mnist",
      meanings: [
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "ankle boot",
      ]),
  ]

  package static func named(_ name: String) -> KnownDataset? {
    all.first { $0.name == name }
  }

  /// What the user can do if it is missing.
  fileprivate var remedy: String {
    let install = debianPackage.map { ", on Debian with `apt install \($0)`" } ?? ""
    return "get it with `trawl data get \(name)`\(install)"
  }
}

/// Finds and loads datasets.
package struct DatasetCatalog: Sendable {
  package let locations: DatasetLocations
  private var cache: DatasetCache { DatasetCache(folder: locations.cache) }

  package init(_ locations: DatasetLocations) {
    self.locations = locations
  }

  /// Loads the dataset: unpacks it if necessary, validates and maps it.
  package func load(_ source: DatasetSelection.Source) throws(DatasetError) -> Dataset {
    guard let folder = try contents(of: source) else { return try Digits.dataset(cache) }
    let files = try folder.files()
    do throws(DatasetError) {
      return try Dataset(
        name: source.name, labels: known(source) == nil ? nil : LabelSet(count: 10), paths: files,
        notes: folder.unused.map { "\(folder.path)/\($0) is not read because the plain file there is used" },
        contents: contents)
    } catch {
      // A rejected dataset takes no space, however large its unpacked files are.
      files.all.forEach(cache.removeContents)
      throw error
    }
  }

  /// The folder of a dataset; nil for the generated one.
  package func folder(_ source: DatasetSelection.Source) throws(DatasetError) -> String? {
    try contents(of: source)?.path
  }

  /// The files of a dataset, complete; nil for the generated one.
  func contents(of source: DatasetSelection.Source) throws(DatasetError) -> DatasetFolder? {
    switch source {
    case .named(Digits.name): return nil
    case .named(let name): return try folder(named: name)
    case .idx(let path):
      let path = locations.expanded(path)
      guard exists(path) else { throw DatasetError(path, .noFolder(absolutePath(path))) }
      _ = try DatasetError.from(try entries(of: path))
      let folder = DatasetFolder(path)
      guard folder.isComplete else { throw DatasetError(path, .filesMissing(folder.missing)) }
      return folder
    }
  }

  /// The contents of one of the files, unpacked.
  ///
  /// Plain files are copied to the cache too: truncating a mapped file kills the process that maps it.
  func contents(_ path: String, _ kind: IDXHeader.Kind) throws(DatasetError) -> MappedFile {
    try cache.contents(of: path, kind)
  }

  func known(_ source: DatasetSelection.Source) -> KnownDataset? {
    if case .named(let name) = source { KnownDataset.named(name) } else { nil }
  }

  private func folder(named name: String) throws(DatasetError) -> DatasetFolder {
    guard (1...100).contains(name.utf8.count), name.first != ".", name.first != "-",
      name.utf8.allSatisfy(isNameCharacter)
    else {
      throw DatasetError(name, .invalidName)
    }
    guard let found = locations.folder(named: name) else { throw missing(name) }
    return found
  }

  private func missing(_ name: String) -> DatasetError {
    let known = KnownDataset.all.map(\.name) + [Digits.name]
    let names = known.joined(separator: ", ")
    // fashion_mnist, FashionMNIST and Fashion-MNIST are usual names, too.
    func letters(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    let guess = known.first { $0 != name && letters($0) == letters(name) }.map { "did you mean '\($0)'?" }
    if let guess {
      return DatasetError(name, .missing(lookedIn: locations.candidates(name), remedy: guess))
    }
    let remedy =
      (try? entries(of: name)) != nil
      ? "for the folder of this name, write ./\(name), or idx: ./\(name) in a search file"
      : KnownDataset.named(name)?.remedy ?? "known ones are \(names)"
    return DatasetError(
      name,
      .missing(
        lookedIn: locations.candidates(name),
        remedy: "\(remedy), or add the folder that contains \(name)/ to TRAWL_DATA_PATH"))
  }
}

extension DatasetSelection.Source {
  /// The display name.
  package var name: String {
    switch self {
    case .named(let name): name
    case .idx(let path): path
    }
  }
}

private func isNameCharacter(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
    UInt8(ascii: "."):
    true
  default: false
  }
}
