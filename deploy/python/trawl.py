"""Reports from a training program to Trawl.

    import trawl

    params = trawl.params(lr=0.1, layers=2)     # the values of the trial; these ones without Trawl
    for epoch in range(1, 11):
        ...
        trawl.report(epoch=epoch, accuracy=accuracy)

Without Trawl the program runs all the same: reports are printed.
"""

import json
import os

__all__ = ["checkpoint", "epochs", "params", "report", "seed", "trial"]

#: The number of the trial, and a seed below 2**31 that every repetition of the trial has.
trial = int(os.environ.get("TRAWL_TRIAL", 0))
seed = int(os.environ.get("TRAWL_SEED", 0))
#: The epochs of a complete trial; None without Trawl.
epochs = int(os.environ["TRAWL_EPOCHS"]) if "TRAWL_EPOCHS" in os.environ else None
#: A folder: what is left here is here again when the trial goes on, on whichever machine. None without Trawl.
checkpoint = os.environ.get("TRAWL_CHECKPOINT")


def params(**defaults):
    """The parameters of the trial, with defaults for those that the search file does not have."""
    if "TRAWL_PARAMS" not in os.environ:
        return defaults
    with open(os.environ["TRAWL_PARAMS"], encoding="utf-8") as file:
        return {**defaults, **json.load(file)}


def report(epoch=None, **metrics):
    """Reports metrics, after the checkpoint of the epoch is written. Returns when Trawl has taken them."""
    line = json.dumps({**({} if epoch is None else {"epoch": int(epoch)}), **metrics}, default=float)
    if "TRAWL_REPORT" not in os.environ:
        print(line, flush=True)
        return
    data = (line + "\n").encode()
    while data:
        data = data[os.write(int(os.environ["TRAWL_REPORT"]), data):]
    os.read(int(os.environ["TRAWL_TAKEN"]), 1)
