/// Runs each attempt with the trial body of its search.
package struct TrialBodies: TrialBody {
  private let embedded: EmbeddedTraining
  private let programs: ExternalProgram

  package init(_ embedded: EmbeddedTraining, _ programs: ExternalProgram) {
    (self.embedded, self.programs) = (embedded, programs)
  }

  package func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    let body: any TrialBody = work.configuration.has("program.command") ? programs : embedded
    return body.run(work, control)
  }

  package func forgetData() {
    embedded.forgetData()
    programs.forgetData()
  }
}
