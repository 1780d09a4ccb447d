#!/usr/bin/env python3
"""Ray Tune's ASHAScheduler, replayed against the learning curves of a run directory; prints the columns of curves.py.

usage: ray_table.py [--seeds N] [--pool] [--configurations N] [--methods WORDS] RUN...

Needs: pip install 'ray[tune]==2.60.0' PyYAML. Uses Ray's scheduler without a cluster: several trials train in
parallel, one epoch per unit of time, and report to the scheduler in turn. Their configurations are those of the table
in random order. Methods marked "parts" also report within the first epoch, at each recorded part (trawl bench
first-epoch).
"""
import functools
import heapq
import types

import numpy
from ray.tune.schedulers import ASHAScheduler, TrialScheduler

import curves

SLOTS = 4


def replay(table, seed, factor, brackets, fractions):
    """Runs one experiment over the whole table."""
    numpy.random.seed(seed)
    steps = table.steps(fractions)
    scheduler = ASHAScheduler(
        time_attr="step", metric="accuracy", mode="max", grace_period=1, max_t=round(table.length / steps[0]),
        reduction_factor=factor, brackets=brackets)
    replayed = curves.Replay(table)
    waiting = table.order(seed)
    running = []

    def begin(now):
        if waiting:
            configuration = waiting.pop()
            trial = types.SimpleNamespace(trial_id=f"{configuration}")
            scheduler.on_trial_add(None, trial)
            heapq.heappush(running, (now + steps[0], configuration, 0))

    for _ in range(SLOTS):
        begin(0)
    while running:
        now, configuration, number = heapq.heappop(running)
        trial = types.SimpleNamespace(trial_id=f"{configuration}")
        score = replayed.train(configuration, steps[number])
        result = {"step": round(steps[number] / steps[0]), "accuracy": score[0] if score else None}
        if score is None:
            scheduler.on_trial_remove(None, trial)
            begin(now)
        elif scheduler.on_trial_result(None, trial, result) == TrialScheduler.CONTINUE and number + 1 < len(steps):
            heapq.heappush(running, (now + steps[number + 1] - steps[number], configuration, number + 1))
        else:
            begin(now)
    return replayed.finish()


def main():
    options = curves.arguments()
    methods = [
        ("Ray ASHAScheduler, factor 4 (default)", 4, 1, False), ("Ray ASHAScheduler, factor 3", 3, 1, False),
        ("Ray ASHAScheduler, factor 2", 2, 1, False), ("Ray ASHAScheduler, factor 4, 3 brackets", 4, 3, False),
        ("Ray ASHAScheduler, factor 4, parts", 4, 1, True),
    ]
    curves.compare(options, [
        (name, functools.partial(replay, factor=factor, brackets=brackets, fractions=fractions), fractions)
        for name, factor, brackets, fractions in methods])


main()
