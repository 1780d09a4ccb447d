#!/usr/bin/env python3
"""Optuna's samplers and pruners, replayed against the learning curves of a run directory; prints the columns of
curves.py.

usage: optuna_table.py [--seeds N] [--pool] [--configurations N] [--methods WORDS] RUN...

Needs: pip install optuna==5.0.0 PyYAML. Trials run sequentially, each until it is pruned. RandomSampler takes the
configurations of the table in random order. A suggestion of TPESampler is replaced by the nearest unused
configuration, and TPE is given that configuration's values. Methods marked "parts" also report within the first
epoch, at each recorded part (trawl bench first-epoch).
"""
import functools

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

import curves


def space(table):
    def distribution(kind, low, high):
        whole = kind.endswith("int")
        kinds = IntDistribution if whole else FloatDistribution
        return kinds(int(low) if whole else low, int(high) if whole else high, log=kind.startswith("log"))
    return {name: distribution(*given) for name, given in table.space.items()}


def replay(table, seed, sampler, pruner, fractions):
    """Runs one study over the whole table."""
    # HyperbandPruner assigns brackets by the study's name.
    study = optuna.create_study(
        study_name=f"replay {seed}", direction="maximize", sampler=sampler(seed), pruner=pruner(table))
    replayed = curves.Replay(table)
    left = table.order(seed)
    steps = table.steps(fractions)
    distributions = space(table)
    learns = isinstance(study.sampler, optuna.samplers.TPESampler)
    while left:
        trial = study.ask(distributions) if learns else study.ask()
        configuration = table.nearest(trial.params, left) if learns else left[-1]
        left.remove(configuration)
        if learns:
            # Replaces the suggestion in Optuna's storage by the configuration from the table.
            for name, value in table.values[configuration].items():
                whole = isinstance(distributions[name], IntDistribution)
                study._storage.set_trial_param(
                    trial._trial_id, name, distributions[name].to_internal_repr(int(value) if whole else value),
                    distributions[name])
        run(study, trial, configuration, replayed, steps)
    return replayed.finish()


def run(study, trial, configuration, replayed, steps):
    for budget in steps:
        score = replayed.train(configuration, budget)
        if score is None:
            study.tell(trial, state=TrialState.FAIL)
            return
        trial.report(score[0], round(budget / steps[0]))
        if budget < replayed.table.length and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return
    study.tell(trial, score[0])


def main():
    options = curves.arguments()
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def random(seed): return optuna.samplers.RandomSampler(seed=seed)
    def tpe(seed): return optuna.samplers.TPESampler(seed=seed)
    def none(table): return NopPruner()
    def median(table): return MedianPruner()
    def halving(factor):
        return lambda table: SuccessiveHalvingPruner(min_resource=1, reduction_factor=factor)
    def hyperband(table): return HyperbandPruner(min_resource=1, max_resource=table.length, reduction_factor=3)
    methods = [
        ("Optuna random", random, none, False),
        ("Optuna TPE", tpe, none, False),
        ("Optuna MedianPruner", random, median, False),
        ("Optuna SuccessiveHalvingPruner, factor 4 (default)", random, halving(4), False),
        ("Optuna SuccessiveHalvingPruner, factor 3", random, halving(3), False),
        ("Optuna SuccessiveHalvingPruner, factor 2", random, halving(2), False),
        ("Optuna HyperbandPruner (default)", random, hyperband, False),
        ("Optuna TPE + SuccessiveHalvingPruner, factor 4", tpe, halving(4), False),
        ("Optuna TPE + HyperbandPruner", tpe, hyperband, False),
        ("Optuna SuccessiveHalvingPruner, factor 4, parts", random, halving(4), True),
        ("Optuna TPE + SuccessiveHalvingPruner, factor 4, parts", tpe, halving(4), True),
    ]
    curves.compare(options, [
        (name, functools.partial(replay, sampler=sampler, pruner=pruner, fractions=fractions), fractions)
        for name, sampler, pruner, fractions in methods])


main()
