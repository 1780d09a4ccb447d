import Foundation
import Testing

@testable import Coordination

/// Searches on simulated clusters with injected faults; see the article Promises.
///
/// `TRAWL_SIMULATION_SEED` runs one seed and prints its trace. `TRAWL_SIMULATION_SEEDS` is the number of seeds,
/// `TRAWL_SIMULATION_FIRST` the first one.
@Suite struct SimulationTests {
  @Test func simulationKeepsEveryPromise() async {
    if let seed = Self.variable("SEED") {
      return replay(seed)
    }
    let soak = await Soak.run(first: Self.variable("FIRST") ?? 0, count: Self.variable("SEEDS") ?? 2000)
    print("simulation: \(soak.seeds) seeds\n\(soak.counts.table)")
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
      for host in simulation.scenario.hosts { print(host) }
      print(simulation.trace?.joined(separator: "\n") ?? "")
      Issue.record("seed \(seed): \(error)")
    }
  }

  @Test(arguments: Simulation.PlantedBug.allCases)
  func simulationDetectsPlantedBugs(bug: Simulation.PlantedBug) async {
    let soak = await Soak.run(first: 0, count: 300, bug: bug)
    #expect(!soak.failures.isEmpty)
    print("\(bug): found after \(soak.seeds) seeds: \(soak.failures.first?.violation ?? "not")")
  }

  @Test func simulationOfASeedIsDeterministic() throws {
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
