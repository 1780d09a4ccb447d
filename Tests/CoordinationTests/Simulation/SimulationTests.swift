import Foundation
import Testing

@testable import Coordination

/// Searches on simulated clusters where everything goes wrong that can; see the article Promises.
///
/// `TRAWL_SIMULATION_SEED` runs one seed and prints what happened; `TRAWL_SIMULATION_SEEDS` says how many to run, from
/// `TRAWL_SIMULATION_FIRST` on.
@Suite struct SimulationTests {
  @Test func simulationKeepsEveryPromise() async {
    if let seed = Self.variable("SEED") {
      return replay(seed)
    }
    let soak = await Soak.run(first: Self.variable("FIRST") ?? 0, count: Self.variable("SEEDS") ?? 2000)
    print("simulation: \(soak.seeds) seeds\n\(soak.counts.words)")
    for failure in soak.failures.prefix(10) { Issue.record("\(failure)") }
    if soak.seeds >= 2000 { #expect(soak.counts.missing == []) }
  }

  private func replay(_ seed: UInt64) {
    var simulation = Simulation(seed: seed, isTraced: true)
    do {
      try simulation.run()
      print(simulation.trace?.joined(separator: "\n") ?? "")
    } catch {
      print(simulation.scenario.text)
      for place in simulation.scenario.places { print(place) }
      print(simulation.trace?.joined(separator: "\n") ?? "")
      Issue.record("seed \(seed): \(error)")
    }
  }

  @Test(arguments: Simulation.PlantedBug.allCases)
  func simulationFindsABugPlantedOnPurpose(bug: Simulation.PlantedBug) async {
    // An endless repetition takes its simulation longer than other mistakes do.
    let soak = await Soak.run(first: 0, count: bug == .retriesWithoutEnd ? 60 : 300, bug: bug)
    print(
      "\(bug): found by \(soak.failures.count) of \(soak.seeds) seeds: \(soak.failures.first?.words ?? "")")
    #expect(!soak.failures.isEmpty)
  }

  @Test func simulationOfASeedIsAlwaysTheSame() throws {
    for seed in UInt64(0)..<20 {
      var traces: [[String]] = []
      for _ in 0..<2 {
        var simulation = Simulation(seed: seed, isTraced: true)
        try simulation.run()
        traces.append(simulation.trace ?? [])
      }
      #expect(traces[0] == traces[1])
    }
  }

  private static func variable(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment["TRAWL_SIMULATION_\(name)"].flatMap(UInt64.init)
  }
}
