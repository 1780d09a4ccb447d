/// Where a dataset that is known by name lies.
package struct DatasetListing: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    case folder(String)
    /// Drawn by this program when it is needed.
    case generated
    case missing
  }

  package let name: String
  package let place: Place
}

/// What is in a dataset.
package struct DatasetSummary: Sendable, Equatable {
  /// A half of the dataset.
  package struct Part: Sendable, Equatable {
    package let count: Int
    /// How many images there are of each class.
    package let histogram: [Int]
  }

  package let name: String
  /// Nil for the generated one.
  package let folder: String?
  /// The height of an image in pixels.
  package let rows: Int
  /// The width of an image in pixels.
  package let columns: Int
  package let classes: Int
  package let train: Part
  package let test: Part
  /// The SHA-256 of the four files, unpacked, one after the other, as hexadecimal digits.
  package let digest: String
}

/// What is known about one of the files of a dataset.
package struct FileVerification: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    /// The unpacked bytes are those that were published.
    case matches
    /// They are whole and readable, but others.
    case differs(found: String, expected: String)
    /// Nobody has said what they should be.
    case unknown(found: String)
    case unusable(DatasetError)
  }

  package let path: String
  package let verdict: Verdict
}

extension DatasetCatalog {
  /// All datasets that are known by name, and where they lie.
  package func list() -> [DatasetListing] {
    let named = KnownDataset.all.map { dataset in
      let folder = locations.candidates(dataset.name).first { DatasetFiles(in: $0) != nil }
      return DatasetListing(
        name: dataset.name, place: folder.map(DatasetListing.Place.folder) ?? .missing)
    }
    return named + [DatasetListing(name: Digits.name, place: .generated)]
  }

  /// Loads a dataset and counts what is in it.
  package func inspect(_ source: DatasetSelection.Source) throws(DatasetError) -> DatasetSummary {
    let dataset = try load(source)
    func part(_ images: ImageSet) -> DatasetSummary.Part {
      .init(count: images.count, histogram: images.histogram(classes: dataset.classes))
    }
    var hash = dataset.hash()
    return try DatasetSummary(
      name: dataset.name, folder: folder(source), rows: dataset.train.rows,
      columns: dataset.train.columns, classes: dataset.classes, train: part(dataset.train),
      test: part(dataset.test), digest: hash.hexadecimal())
  }

  /// Compares the unpacked files of a dataset with the published SHA-256 digests. The generated dataset
  /// has no files of its own to verify.
  package func verify(
    _ source: DatasetSelection.Source
  ) throws(DatasetError) -> [FileVerification] {
    if source == .named(Digits.name) { return [] }
    let digests = known(source)?.digests ?? [:]
    return try zip(files(source).all, DatasetFiles.names).map { path, name in
      FileVerification(path: path, verdict: .of(path, name, expected: digests[name]))
    }
  }
}

extension KnownDataset {
  /// Compares the contents of a file, packed if it ends in ".gz", with those that were published under a
  /// name.
  package func verdict(on path: String, as name: String) -> FileVerification.Verdict {
    .of(path, name, expected: digests[name])
  }
}

extension FileVerification.Verdict {
  fileprivate static func of(_ path: String, _ name: String, expected: String?) -> Self {
    do {
      let kind: IDXHeader.Kind = name.contains("images") ? .images : .labels
      // The file itself, not what was made of it when it was last used.
      let file = try DatasetCache(folder: nil).contents(of: path, kind)
      _ = try file.header(kind, path: path)
      let found = file.withBytes { SHA256.hexadecimal($0) }
      guard let expected else { return .unknown(found: found) }
      return found == expected ? .matches : .differs(found: found, expected: expected)
    } catch {
      return .unusable(error)
    }
  }
}
