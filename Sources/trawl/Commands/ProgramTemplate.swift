/// The files of `trawl init program`.
enum ProgramTemplate {
  static let searchFile = """
    # A search file of Trawl for a program of your own. Replace a value of 'params' with a distribution to search over it:
    #   { uniform: [low, high] }   { log_uniform: [low, high] }   { int: [low, high] }   { log_int: [low, high] }
    #   { choice: [a, b, c] }      A range with 'steps: N' is a grid.
    name: program
    seed: 1                                   # the same seed gives the same configurations

    program:
      command: [python3, train.py, "${args}"] # ${args}: --lr=0.03 --width=64 ...; no shell reads the command
      epochs: 9                               # the epochs that the program reports; leave it out if it reports once
      timeout: 10min                          # an attempt that runs longer has failed
      retries: 1                              # after a failure of the program

    params:
      width: { log_int: [8, 256] }
      lr: { log_uniform: [1e-3, 1] }
      momentum: { choice: [0.0, 0.9] }
      noise: 0.02                             # fixed values are passed on, too

    search:
      sampler: random                         # random, random-grid, grid, sobol, tpe
      trials: 27
      objective: { maximize: accuracy }       # or { minimize: METRIC }
      halving: { min_epochs: 1, factor: 3 }   # after 1, 3, ... epochs the best third continues

    """

  static let program = #"""
    """An example of a program for Trawl. Put your training in place of `score`."""

    import argparse
    import json
    import math
    import os
    import random

    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--noise", type=float, default=0.02)
    args = parser.parse_args()

    # Without these variables, the program also runs without Trawl.
    epochs = int(os.environ.get("TRAWL_EPOCHS", 9))
    seed = int(os.environ.get("TRAWL_SEED", 0))
    state = os.path.join(os.environ.get("TRAWL_CHECKPOINT", "."), "state.json")


    def score(epoch):
        rate = args.lr / (1 - args.momentum)
        best = math.exp(-((math.log10(rate) + 0.5) ** 2) / 2 - (math.log2(args.width / 100) ** 2) / 20)
        return best * (1 - 0.5**epoch) + args.noise * random.Random(seed * 1000 + epoch).random()


    done = 0
    if os.path.exists(state):  # a trial that goes on
        with open(state) as file:
            done = json.load(file)["epoch"]
    for epoch in range(done + 1, epochs + 1):
        accuracy = score(epoch)
        with open(state + ".new", "w") as file:  # the checkpoint first, then the report
            json.dump({"epoch": epoch}, file)
        os.replace(state + ".new", state)
        print("trawl: " + json.dumps({"epoch": epoch, "accuracy": accuracy}), flush=True)

    """#
}
