/// A loaded dataset. All copies of the value share its pixels.
package struct Dataset: Sendable {
  /// The name by which it was requested; the folder for custom IDX files.
  package let name: String
  package let train: ImageSet
  package let test: ImageSet
  /// The label of each class.
  package let labels: LabelSet
  /// What a user should know about how the files were read, one line each.
  package let notes: [String]

  package var classes: Int { labels.values.count }

  /// Loads the four files and validates labels and sizes.
  ///
  /// - Parameters:
  ///   - known: nil if the training labels determine the labels.
  ///   - paths: used only in errors, and as arguments of `contents`.
  ///   - contents: returns the unpacked file.
  init(
    name: String, labels known: LabelSet?, paths: DatasetFiles, notes: [String] = [],
    contents: (_ path: String, IDXHeader.Kind) throws(DatasetError) -> MappedFile
  ) throws(DatasetError) {
    func part(_ images: String, _ labels: String) throws(DatasetError) -> (IDXImages, LabelFile) {
      (
        try IDXImages(contents(images, .images), path: images),
        try LabelFile(contents(labels, .labels), path: labels)
      )
    }
    let trainPart = try part(paths.trainImages, paths.trainLabels)
    let testPart = try part(paths.testImages, paths.testLabels)
    if let known { labels = known } else { labels = try LabelSet(of: trainPart.1) }
    train = try ImageSet(trainPart.0, trainPart.1, labels)
    test = try ImageSet(testPart.0, testPart.1, labels)
    guard (test.rows, test.columns) == (train.rows, train.columns) else {
      throw DatasetError(
        paths.testImages,
        .sizesDiffer(train: [train.rows, train.columns], test: [test.rows, test.columns]))
    }
    self.name = name
    self.notes =
      notes + (labels.areClasses ? [] : ["labels \(labels) are classes 0 to \(labels.values.count - 1)"])
  }

  /// The SHA-256 of the four unpacked files, concatenated in the order of `names`; independent of where the files are
  /// stored.
  package func hash() -> SHA256 {
    var hash = SHA256()
    train.add(to: &hash)
    test.add(to: &hash)
    return hash
  }
}
