#!/usr/bin/env python3
"""Runs searches on two slots and compares their time with a lower bound.

usage: deploy/benchmarks/makespan.py [--workers N] [--trials N...] [FILE]   (default: deploy/searches/evidence-mnist.yaml)

Halving and ASHA train the same trials. The bound is the total time of all attempts divided by the number of workers,
or the time of the longest trial; the difference to the time of the search is waiting.
"""
import argparse
import collections
import csv
import datetime
import os
import pathlib
import subprocess
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent.parent
trawl = os.environ.get("TRAWL", str(root / ".build/release/trawl"))


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def measure(file, trials, rule, workers, folder):
    """Work in epochs; the bound and the time from the first attempt to the end of the last, in seconds."""
    run = f"{folder}/{trials}-{rule}"
    subprocess.run(
        [trawl, "search", file, "--output", run, "--workers", str(workers), "--quiet",
         "--set", f"search.trials={trials}", "--set", f"search.{rule}={{min_epochs: 1, factor: 3}}"],
        check=True, stdout=subprocess.DEVNULL)
    attempts = [row for row in rows(f"{run}/attempts.csv") if row["seconds"]]
    by_trial = collections.Counter()
    for row in attempts:
        by_trial[row["trial"]] += float(row["seconds"])
    starts = [datetime.datetime.fromisoformat(row["started"].replace("Z", "+00:00")).timestamp() for row in attempts]
    ends = [start + float(row["seconds"]) for start, row in zip(starts, attempts)]
    bound = max(sum(by_trial.values()) / workers, max(by_trial.values()))
    work = sum(float(row["epochs"]) for row in rows(f"{run}/results.csv"))
    return work, bound, max(ends) - min(starts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", default=str(root / "deploy/searches/evidence-mnist.yaml"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", type=int, nargs="+", default=[27, 50, 256])
    options = parser.parse_args()
    print("| trials | rule | work, epochs | bound, s | time, s | ratio |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for trials in options.trials:
            for rule in ["halving", "asha"]:
                work, bound, time = measure(options.file, trials, rule, options.workers, folder)
                print(f"| {trials} | {rule} | {work:.0f} | {bound:.1f} | {time:.1f} | {time / bound:.2f} |", flush=True)


main()
