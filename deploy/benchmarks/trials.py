#!/usr/bin/env python3
"""Prints the trials per second of searches whose trials do almost nothing, by turns: Trawl and Optuna with SQLite.

usage: deploy/benchmarks/trials.py [--trawl PATH] [--rounds 3]

Trawl runs the coordinator and two worker processes with encryption and a commit for each decision; a trial trains a
network of one layer for two steps. Optuna runs in one process with a SQLite file; a trial returns at once. Needs optuna.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

import optuna

SEARCH = """
dataset: { name: digits, subset: 0.003, validation: 16 }
model: { hidden: [{ int: [1, 8] }] }
train: { epochs: 1, batch: 8, lr: { log_uniform: [0.001, 1] }, l2: { log_uniform: [1e-7, 1e-3] } }
search: { trials: 3000 }
"""


def trawl(program, folder):
    path = os.path.join(folder, "tiny.yaml")
    with open(path, "w") as file:
        file.write(SEARCH)
    start = time.perf_counter()
    command = [program, "search", path, "--output", os.path.join(folder, "run"), "--workers", "2", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 3000 / (time.perf_counter() - start)


def objective(trial):
    return (trial.suggest_float("lr", 1e-3, 1, log=True) + trial.suggest_int("hidden", 1, 8)
            + trial.suggest_float("l2", 1e-7, 1e-3, log=True))


def optuna_sqlite(folder):
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(storage=f"sqlite:///{folder}/study.db", sampler=sampler)
    start = time.perf_counter()
    study.optimize(objective, n_trials=300)
    return 300 / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trawl", default=".build/release/trawl")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rates = {"Trawl": [], f"Optuna {optuna.__version__} (SQLite)": []}
    for _ in range(options.rounds):
        for name, values in rates.items():
            with tempfile.TemporaryDirectory() as folder:
                rate = trawl(options.trawl, folder) if name == "Trawl" else optuna_sqlite(folder)
                values.append(rate)
    for name, values in rates.items():
        print(f"{name}: {statistics.median(values):.0f} trials/s (median of {options.rounds})")


if __name__ == "__main__":
    main()
