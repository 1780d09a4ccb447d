/// The numbers of the random streams that a search uses with its seed.
enum Stream {
  /// The seeds of trials; the index of the replicate is added.
  static let trialSeeds: UInt64 = 0x7472_6961_0000_0000
  /// The order in which replayed searches sample configurations.
  static let replay: UInt64 = 0x7265_706c_0000_0000
  /// The subsets of a table for replays.
  static let replaySample: UInt64 = 0x7265_706c_0000_0001
  /// The order of the grid.
  static let gridOrder: UInt64 = 0x6772_6964_0000_0000

  /// The random forest for parameter importance.
  static let forest: UInt64 = 0x666f_7265_7374_0000

  /// The scrambling of each parameter; combined with the stream of the parameter.
  static let sobol: UInt64 = 0x736f_626f_6c00_0000

  /// The samples of TPE; the trial number is added.
  static let tpe: UInt64 = 0x7470_6500_0000_0000

  /// The stream of a parameter: the 64-bit FNV-1a hash of its path.
  static func parameter(_ path: String) -> UInt64 {
    path.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
