import ArgumentParser

/// The output format of a table.
enum TableFormat: String, ExpressibleByArgument, CaseIterable {
  case table, csv, json
}
