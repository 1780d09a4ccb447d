import Foundation
import Testing

/// Searches over programs of the user. The programs are shell scripts, so that nothing else is needed.
@Suite(.serialized)
struct ExternalProgramTests {
  private let scratch: Scratch
  private let run: Run

  init() throws {
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  /// Continues after the epoch in its checkpoint, and notes each epoch that it computes.
  private static let training = """
    state="$TRAWL_CHECKPOINT/epoch"
    epoch=0
    if [ -f "$state" ]; then epoch=$(cat "$state"); fi
    while [ "$epoch" -lt "$TRAWL_EPOCHS" ]; do
      epoch=$((epoch + 1))
      sleep 0.01
      echo "$TRAWL_TRIAL $epoch" >> "$NOTES"
      echo "$epoch" > "$state.new"
      mv "$state.new" "$state"
      echo "{\\"epoch\\": $epoch, \\"score\\": $((epoch * $1)), \\"seed\\": $TRAWL_SEED}" >&3
      read -r taken <&4
    done
    """

  private static let halving = """
    program: { command: [sh, train.sh, "${width}", "${args}"], epochs: 9, deterministic: true }
    params: { width: { int: [1, 1000] }, kind: { choice: [a, { b: { depth: { int: [1, 4] } } }] } }
    search: { objective: { maximize: score }, trials: 18, halving: { min_epochs: 1, factor: 3 },
              heartbeat: 0.2, lease: 2, start: [{ width: 500, kind: b, kind.depth: 2 }] }
    """

  private func search(_ output: String, workers: Int) throws -> Program {
    try scratch.trawl(
      "search", "search.yaml", "--output", output, "--workers", "\(workers)",
      environment: ["NOTES": "\(scratch.path)/\(output).notes"])
  }

  private func writeHalving() throws {
    try scratch.write("train.sh", Self.training)
    try scratch.write("search.yaml", Self.halving)
  }

  @Test func halvingOfAProgramIsTheSameForAnyNumberOfWorkersAndAfterKills() async throws {
    try writeHalving()
    for workers in [1, 4] {
      let ending = try await search("run-\(workers)", workers: workers).ending()
      #expect(ending.end == .exited(0), "\(ending.errors)")
    }
    let expected = try Run(scratch: scratch, name: "run-1").outcome()
    #expect(try Run(scratch: scratch, name: "run-4").outcome() == expected)
    #expect(expected.results.contains("\n1,"))
    // Each epoch is computed once: promoted trials continue from their checkpoints.
    let notes = try scratch.text("run-1.notes").split(separator: "\n")
    #expect(Set(notes).count == notes.count)

    var coordinator = try search("run", workers: 2)
    try await run.waitForResults(3, of: coordinator)
    if let worker = coordinator.children.first { kill(worker, SIGKILL) }
    try await run.waitForResults(6, of: coordinator)
    coordinator.send(SIGKILL)
    _ = try await coordinator.ending()
    coordinator = try scratch.trawl(
      "search", "--resume", "run", "--workers", "2", environment: ["NOTES": "\(scratch.path)/run.notes"])
    try await run.waitForResults(9, of: coordinator)
    coordinator.send(SIGTERM)
    _ = try await coordinator.ending()
    let ending = try await scratch.trawl(
      "search", "--resume", "run", "--workers", "2", environment: ["NOTES": "\(scratch.path)/run.notes"]
    ).ending()
    #expect(ending.end == .exited(0), "\(ending.errors)")
    #expect(try run.outcome() == expected)
  }

  /// A checkpoint ahead of the reports is of no use; the program starts again without it.
  @Test func programsThatRunAheadOfTheirReportsStartAgain() async throws {
    try scratch.write(
      "ahead.sh",
      """
      state="$TRAWL_CHECKPOINT/epoch"
      epoch=0
      if [ -f "$state" ]; then epoch=$(cat "$state"); fi
      echo 9 > "$state"
      while [ "$epoch" -lt 9 ]; do
        epoch=$((epoch + 1))
        echo "trawl: {\\"epoch\\": $epoch, \\"score\\": $((epoch * $1))}"
      done
      """)
    try scratch.write(
      "search.yaml",
      """
      program: { command: [sh, ahead.sh, "${x}"], epochs: 9, retries: 0 }
      params: { x: { int: [1, 1000] } }
      search: { objective: { maximize: score }, trials: 9, halving: { min_epochs: 1, factor: 3 } }
      """)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "2")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    #expect(
      try run.results().map { $0["epochs"] ?? "" } == ["9", "3", "3"] + Array(repeating: "1", count: 6))
    #expect(try run.history().count == 9 + 2 * 3 + 6)
  }

  /// Each does one thing wrong. Those that sleep are ended; nothing of them stays.
  private static let misbehaving = """
    report() { echo "{$1}" >&3; }
    all() { for epoch in 1 2 3; do report "\\"epoch\\": $epoch, \\"score\\": $1"; done; }
    case $1 in
      good) all 7 ;;
      bar) for epoch in 1 2 3; do printf ' 50%%\\r# trawl: {"epoch": %d, "score": 6}\\n' $epoch; done ;;
      twice) for epoch in 1 1 2 3 3; do report "\\"epoch\\": $epoch, \\"score\\": 5"; done ;;
      daemon) setsid sh -c 'sleep 7777 & sleep 7777' & all 4 ;;
      checkpoint) truncate -s 2G "$TRAWL_CHECKPOINT/x"; all 3 ;;
      early) report '"epoch": 1, "score": 2' ;;
      nan) report '"epoch": 1, "score": NaN' ;;
      half) printf '{"epoch": 1, "sc' >&3 ;;
      jump) report '"epoch": 1, "score": 1'; report '"epoch": 3, "score": 1'; sleep 7777 ;;
      other) report '"epoch": 1, "auc": 1'; sleep 7777 ;;
      many) for i in $(seq 200); do more="$more, \\"m$i\\": 1"; done; report "\\"epoch\\": 1, \\"score\\": 1$more" ;;
      over) for epoch in 1 2 3 4; do report "\\"epoch\\": $epoch, \\"score\\": 1"; done; sleep 7777 ;;
      nothing) ;;
      status) echo progress; echo "why it failed" >&2; exit 9 ;;
      signal) kill -SEGV $$ ;;
      deaf) trap '' TERM; report '"epoch": 1, "score": 1'; while true; do sleep 0.1; done ;;
    esac
    """

  @Test func programsThatMisbehaveEndAsDocumentedAndLeaveNothing() async throws {
    try scratch.write("bad.sh", Self.misbehaving)
    try scratch.write(
      "search.yaml",
      """
      program: { command: [sh, bad.sh, "${kind}"], epochs: 3, timeout: 4s, retries: 0 }
      params:
        kind: { choice: [good, bar, twice, daemon, checkpoint, early, nan, half, jump, other, many, over, nothing,
                         status, signal, deaf] }
      search: { sampler: grid, objective: { maximize: score } }
      """)
    try scratch.write("tmp/.keep", "")
    let ending = try await scratch.trawl(
      "search", "search.yaml", "--output", "run", "--workers", "2",
      environment: ["TMPDIR": "\(scratch.path)/tmp"]
    ).ending()
    #expect(ending.end == .exited(3), "\(ending.errors)")
    let statuses = try run.results().map { "\($0["kind"] ?? "") \($0["status"] ?? "")" }
    #expect(
      statuses.prefix(6) == [
        "good done", "bar done", "twice done", "daemon done", "checkpoint done", "early done",
      ])
    #expect(
      Set(statuses.dropFirst(6)) == [
        "nan diverged", "half failed", "jump failed", "other failed", "many failed", "over failed",
        "nothing failed", "status failed", "signal failed", "deaf failed",
      ])
    for reason in [
      "it reported epoch 3 after epoch 1", "the objective 'score' is missing; it reported auc",
      "a report has 201 metrics; at most 100 are allowed", "it reported epoch 4, but program.epochs is 3",
      "it ended after 0 of 3 epochs", "exit status 9: why it failed", "ended by signal 11",
      "it ran longer than program.timeout (4 s)",
    ] {
      #expect(ending.errors.contains(reason), "\(reason)")
    }
    try await eventually("no process is left") { !processes().contains { $0.contains("sleep\u{0}7777") } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/tmp") == [".keep"])
  }

  /// The command lines of all processes.
  private func processes() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { Int($0) != nil }.map {
      String(decoding: FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data(), as: UTF8.self)
    }
  }

  @Test func nothingOfAProgramSurvivesItsWorker() async throws {
    try scratch.write(
      "stay.sh", "setsid sh -c 'exec sleep 8888' & trap '' TERM; while true; do sleep 0.1; done")
    try scratch.write(
      "search.yaml",
      """
      program: { command: [sh, stay.sh, "${args}"] }
      params: { x: { uniform: [0, 1] } }
      search: { objective: { minimize: loss }, trials: 4 }
      """)
    try scratch.write("tmp/.keep", "")
    let search = try scratch.trawl(
      "search", "search.yaml", "--output", "run", "--workers", "1",
      environment: ["TMPDIR": "\(scratch.path)/tmp"])
    try await eventually("the program runs") { processes().contains { $0.contains("sleep\u{0}8888") } }
    kill(try #require(search.children.first), SIGKILL)
    search.send(SIGKILL)
    try await eventually("no process is left") {
      !processes().contains { $0.contains("sleep\u{0}8888") || $0.contains("stay.sh") }
    }
    try await eventually("the folder of the attempt is removed") {
      try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/tmp") == [".keep"]
    }
  }

  /// Each slot has a process that guards its program; killing one ends only that program.
  @Test func killedGuardFailsOneAttempt() async throws {
    try scratch.write(
      "stay.sh",
      """
      if [ "$TRAWL_TRIAL" = 0 ]; then
        setsid sh -c 'exec sleep 9999' & kill -9 $PPID; sleep 9999
      fi
      sleep 1
      echo 'trawl: {"loss": 1}'
      """)
    try scratch.write(
      "search.yaml",
      """
      program: { command: [sh, stay.sh, "${args}"], retries: 0 }
      params: { x: { uniform: [0, 1] } }
      search: { objective: { minimize: loss }, trials: 2 }
      """)
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.trawl("worker", "--join", "run/join.json", "--slots", "2", "--programs")
    #expect(try await search.ending().end == .exited(3), "\(search.errors)")
    #expect(try await worker.ending().end == .exited(0), "\(worker.errors)")
    #expect(try run.results().map { $0["status"] } == ["done", "failed"])
    #expect(!processes().contains { $0.contains("sleep\u{0}9999") })
  }

  /// No shell reads the values.
  @Test func eachValueIsOneArgument() async throws {
    try scratch.write(
      "show.sh",
      """
      for argument; do printf '<%s>' "$argument"; done > "$OUT"
      cp "$TRAWL_PARAMS" "$OUT.json"
      echo 'trawl: {"loss": 1}'
      """)
    try scratch.write(
      "search.yaml",
      """
      program:
        command: [sh, show.sh, "${args}", "$${HOME}", "-${trial}-${model.width}-"]
        timeout: 10min
        env: { OUT: \(scratch.path)/out }
      params:
        text: "a b; $(touch x) ' \\" *"
        model: { width: 3, rate: 2.0 }
        on: true
        off: false
        list: [1, 0.5, x]
      search: { objective: { minimize: loss } }
      """)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "1")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    #expect(
      try scratch.text("out") == """
        <--list=[1, 0.5, "x"]><--model.rate=2.0><--model.width=3><--on><--text=a b; $(touch x) ' " *><${HOME}><-0-3->
        """)
    let parameters = try scratch.object("out.json")
    #expect(parameters["text"]?.text == "a b; $(touch x) ' \" *")
    let parametersText = try scratch.text("out.json")
    #expect(parametersText.contains(#""model": {"rate": 2.0, "width": 3}, "off": false, "on": true"#))
    // The recipe of the best trial is a search file that gives the same arguments.
    let again = try await scratch.run("search", "run/best/recipe.yaml", "--output", "again", "--workers", "1")
    #expect(again.end == .exited(0), "\(again.errors)")
    #expect(try scratch.text("out.json") == parametersText)
    let training = try await scratch.run("train", "run/best/recipe.yaml")
    #expect(training.end == .exited(2) && training.errors.contains("start it with 'trawl search'"))
  }

  @Test func workersRunProgramsOnlyIfTheirUserAllowsIt() async throws {
    try scratch.write("one.sh", "echo 'trawl: {\"loss\": 1}'")
    try scratch.write(
      "search.yaml",
      """
      program: { command: [sh, one.sh, "${args}"] }
      params: { x: { uniform: [0, 1] } }
      search: { objective: { minimize: loss }, trials: 4 }
      """)
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let refusing = try await scratch.worker("run/join.json").ending()
    #expect(refusing.end == .exited(2))
    #expect(refusing.errors.contains("a worker that may run it is started with --programs"))
    let worker = try scratch.trawl("worker", "--join", "run/join.json", "--slots", "2", "--programs")
    #expect(try await search.ending().end == .exited(0))
    #expect(try await worker.ending().end == .exited(0))
    #expect(try run.results().allSatisfy { $0["status"] == "done" })
  }

  @Test(arguments: [
    ("command: [no-such-program, \"${args}\"]", "program.command: no-such-program: command not found"),
    ("command: [./plain.sh, \"${args}\"]", "program.command: ./plain.sh is not executable"),
    ("command: [sh, plain.sh]", "program.command: does not pass the parameter x on: add \"${args}\""),
    ("command: [\"sh plain.sh\", \"${args}\"]", "write each argument as an item of its own"),
    ("command: [sh, plain.sh, \"a ${args}\"]", "make it an item of its own"),
    ("command: [sh, plain.sh, \"${y}\"]", "${y} is no parameter; known are args, params"),
    ("command: [sh, plain.sh, \"${args}\"], timeout: 5", "program.timeout: needs a duration such as 90s"),
  ])
  func mistakesAreNamedBeforeTheStart(program: String, message: String) async throws {
    try scratch.write("plain.sh", "")
    try scratch.write(
      "search.yaml",
      "program: { \(program) }\nparams: { x: { uniform: [0, 1] } }\nsearch: { objective: { minimize: loss }, trials: 4 }\n"
    )
    let ending = try await scratch.run("search", "search.yaml", "--output", "run")
    #expect(ending.end == .exited(2))
    #expect(ending.errors.contains(message), "\(ending.errors)")
  }

  @Test func exampleOfInitRunsAtOnce() async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
      return print("no python3: skipped")
    }
    #expect(try await scratch.run("init", "program").end == .exited(0))
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "2")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    let results = try run.results()
    #expect(results.count == 27 && results.count { $0["epochs"] == "9" } == 3)
    #expect(try await scratch.run("init", "program").end == .exited(2), "its files exist")
  }

  /// `deploy/python` with and without Trawl.
  @Test func moduleForPythonReports() async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
      return print("no python3: skipped")
    }
    let module = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "deploy/python").path
    try scratch.write(
      "train.py",
      """
      import trawl
      params = trawl.params(x=1.0, y=2)
      for epoch in range(1, (trawl.epochs or 2) + 1):
          trawl.report(epoch=epoch, score=params["x"] * epoch + params["y"])
      """)
    try scratch.write(
      "search.yaml",
      """
      program: { command: [python3, train.py], reads_params: true, epochs: 3, env: { PYTHONPATH: \(module) } }
      params: { x: { uniform: [0, 1] } }
      search: { objective: { minimize: score }, trials: 2 }
      """)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "1")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    #expect(try run.history().count == 6)
    let alone = try await scratch.start(["python3", "train.py"], environment: ["PYTHONPATH": module]).ending()
    #expect(alone.output == "{\"epoch\": 1, \"score\": 3.0}\n{\"epoch\": 2, \"score\": 4.0}\n")
  }
}
