"""Waiting with a limit, and the checks of a search that had faults."""
import collections, csv, time
from pathlib import Path


class Failure(SystemExit):
    """The failure of a test; ends the program with the message and status 1."""


def wait(words, condition, limit=60):
    """Waits until the condition is true; fails after `limit` seconds and names the condition by `words`."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"timeout after {limit} s: {words}")
        time.sleep(0.1)


def attempts(run):
    """The rows of attempts.csv in the folder of a search."""
    with open(f"{run}/attempts.csv") as file:
        return list(csv.DictReader(file))


def check_run(run, reference, trials):
    """Checks that the results equal the reference's, byte for byte, and each trial has one finished attempt.

    `trials` is the number of trials; None if some may have no finished attempt.
    """
    for name in ["results.csv", "history.csv"]:
        if Path(run, name).read_bytes() != Path(reference, name).read_bytes():
            raise Failure(f"{name} differs")
    finished = collections.Counter(row["trial"] for row in attempts(run) if row["ending"] == "finished")
    if set(finished.values()) != {1} or trials not in (None, len(finished)):
        raise Failure(f"not every trial has one finished attempt: {finished}")
