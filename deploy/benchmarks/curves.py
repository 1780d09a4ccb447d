"""The learning curves of a run directory, and the cost of a search replayed against them.

The metrics are those of `trawl bench search` (Evidence.md): epochs trained until a configuration with an accuracy
within 0.0005 of the best of all is fully trained. After the end of a search, its stopped trials are fully trained
too, in the order of their rank. A diverging trial diverges at the end of its epoch.
"""
import argparse
import copy
import csv
import math
import random
import statistics
import sys

import yaml

TOLERANCE = 0.0005
COLUMNS = ["run", "method", "seeds", "epochs_mean", "ci_low", "ci_high", "q25", "median", "q75", "reached", "work",
           "regret_5", "regret_10"]


class Table:
    """Curves by configuration: self.parts[c] within the first epoch, self.epochs[c] after each; accuracy and loss."""

    def __init__(self, runs):
        """Reads run directories that differ only in their seeds as one table."""
        self.values, self.epochs, self.parts = [], [], []
        for run in runs:
            self.read(run)
        self.divisor = max([1] + [len(parts) for parts in self.parts])
        self.find_best()

    def read(self, run):
        with open(f"{run}/search.yaml") as text:
            file = yaml.safe_load(text)
        if not self.values:
            self.name = file["name"]
        self.length = int(file["train"]["epochs"])
        self.space = dict(distributions(file))
        with open(f"{run}/results.csv") as rows:
            rows = {int(row["trial"]): row for row in csv.DictReader(rows)}
        self.values += [{name: float(rows[trial][name]) for name in self.space} for trial in sorted(rows)]
        self.epochs += curves(f"{run}/history.csv", len(rows))
        try:
            self.parts += curves(f"{run}/first-epoch.csv", len(rows))
        except FileNotFoundError:
            self.parts += [[] for _ in rows]

    def sample(self, count, seed):
        """A random sample of the configurations, another one per seed; all if count is None."""
        if count is None:
            return self
        chosen = sorted(random.Random(f"sample {seed}").sample(range(len(self.values)), count))
        table = copy.copy(self)
        table.values, table.epochs, table.parts = (
            [rows[c] for c in chosen] for rows in (self.values, self.epochs, self.parts))
        table.find_best()
        return table

    def find_best(self):
        finals = [self.score(c, self.length) for c in range(len(self.values))]
        self.finals = [final and final[0] for final in finals]
        self.best = max(final for final in self.finals if final is not None)
        self.targets = {c for c, final in enumerate(self.finals) if final is not None and final >= self.best - TOLERANCE - 1e-9}

    def score(self, configuration, budget):
        """Accuracy and loss after a budget of epochs, in parts of the first or whole; None if it diverged before."""
        whole = float(budget).is_integer()
        scores = (self.epochs if whole else self.parts)[configuration]
        place = round(budget if whole else budget * self.divisor)
        return scores[place - 1] if place <= len(scores) else None

    def steps(self, fractions):
        """The budgets at which a trial reports: whole epochs, and with fractions the recorded parts of the first."""
        parts = [k / self.divisor for k in range(1, self.divisor)] if fractions else []
        return parts + [float(epoch) for epoch in range(1, self.length + 1)]

    def order(self, seed):
        """The configurations in random order."""
        numbers = list(range(len(self.values)))
        random.Random(seed).shuffle(numbers)
        return numbers

    def nearest(self, values, left):
        """The remaining configuration nearest to values, by the distance of positions in the unit cube."""
        def distance(configuration):
            return sum((position(self.space[name], values[name]) - position(self.space[name], value)) ** 2
                       for name, value in self.values[configuration].items())
        return min(left, key=lambda configuration: (distance(configuration), configuration))


def curves(path, trials):
    scores = [[] for _ in range(trials)]
    with open(path) as rows:
        for row in csv.DictReader(rows):
            scores[int(row["trial"])].append((float(row["val_accuracy"]), float(row["val_loss"] or "nan")))
    return scores


def distributions(section, name=None):
    """The searched parameters of a file: (column, (kind, low, high))."""
    kinds = ("uniform", "log_uniform", "int", "log_int")
    if isinstance(section, list):
        for element in section:
            yield from distributions(element, name)
    if isinstance(section, dict):
        for key, value in section.items():
            if key in kinds and isinstance(value, list):
                yield name, (key, float(value[0]), float(value[1]))
            else:
                yield from distributions(value, key)


def position(distribution, value):
    kind, low, high = distribution
    if kind == "log_int":
        low, high = low - 0.5, high + 0.5
    scale = math.log if kind.startswith("log") else float
    return (scale(value) - scale(low)) / (scale(high) - scale(low))


class Replay:
    """Counts what a search trains, one trial at a time or several in turns."""

    def __init__(self, table):
        self.table = table
        self.reached = {}
        self.trained = 0.0
        self.finishes = []

    def train(self, configuration, budget):
        """Trains a configuration up to a budget and returns its score there; None if it diverges."""
        before = self.reached.get(configuration, 0)
        limit = len(self.table.epochs[configuration]) + 1
        self.trained += max(0, min(budget, limit) - before)
        self.reached[configuration] = budget
        if budget == self.table.length:
            self.finishes.append((self.trained, configuration))
        return self.table.score(configuration, budget)

    def finish(self):
        """Ends the search. Returns the epochs to success, whether the search itself succeeded, its epochs, and regrets."""
        table, work, own = self.table, self.trained, len(self.finishes)
        regrets = [self.regret(share * table.length * len(table.values)) for share in (0.05, 0.1)]
        stopped = [c for c, budget in self.reached.items() if budget < table.length and table.score(c, budget)]
        place = {c: number for number, c in enumerate(self.reached)}
        stopped.sort(key=lambda c: (-self.reached[c], -table.score(c, self.reached[c])[0],
                                    table.score(c, self.reached[c])[1], place[c]))
        for configuration in stopped:
            self.train(configuration, table.length)
        number, epochs = next((number, epochs) for number, (epochs, c) in enumerate(self.finishes) if c in table.targets)
        return epochs, number < own, work, regrets

    def regret(self, budget):
        found = [self.table.finals[c] for epochs, c in self.finishes if epochs <= budget and self.table.finals[c] is not None]
        return self.table.best - max(found) if found else math.inf


def arguments():
    """The common options of the scripts, and the tables of the given runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--pool", action="store_true", help="treat the runs, which differ only in their seeds, as one table")
    parser.add_argument("--configurations", type=int, help="replay on a sample of N configurations, another one per seed")
    parser.add_argument("--methods", default="", help="only those whose name contains this")
    parser.add_argument("runs", nargs="+")
    options = parser.parse_args()
    options.tables = [Table(runs) for runs in ([options.runs] if options.pool else [[run] for run in options.runs])]
    return options


def compare(options, methods):
    """Replays methods: a name, a function of a table and a seed, and whether it reports within the first epoch."""
    csv.writer(sys.stdout).writerow(COLUMNS)
    for table in options.tables:
        for name, replay, fractions in methods:
            if options.methods in name and not (fractions and table.divisor == 1):
                seeds = range(options.seeds)
                report(table, name, [replay(table.sample(options.configurations, seed), seed) for seed in seeds])


def report(table, method, outcomes):
    """Prints one line: means with 95 % intervals by the normal approximation, quartiles over the seeds."""
    epochs = [outcome[0] for outcome in outcomes]
    mean, margin = statistics.mean(epochs), 1.96 * statistics.stdev(epochs) / math.sqrt(len(epochs))
    quartiles = statistics.quantiles(epochs, n=4, method="inclusive")
    regrets = [statistics.median(outcome[3][which] for outcome in outcomes) for which in (0, 1)]
    numbers = [mean, mean - margin, mean + margin, *quartiles]
    row = [table.name, method, len(outcomes), *(f"{number:.1f}" for number in numbers),
           f"{statistics.mean(outcome[1] for outcome in outcomes):.2f}",
           f"{statistics.mean(outcome[2] for outcome in outcomes):.1f}",
           *("" if math.isinf(regret) else f"{regret:.5f}" for regret in regrets)]
    csv.writer(sys.stdout).writerow(row)
    sys.stdout.flush()
