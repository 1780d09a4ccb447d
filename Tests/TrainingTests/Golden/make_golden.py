"""Trains small networks with PyTorch and writes the results to trajectories.json in the folder of this file.

Usage: make_golden.py        Needs: numpy, torch (any recent version).
"""
import json
import math
import pathlib

import numpy as np
import torch
from torch import nn

SIDE, CLASSES, IMAGES, BATCH, STEPS = 8, 10, 96, 16, 20
STEPS_PER_EPOCH = 5
ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.01), "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
CASES = [
    dict(hidden=[], activation="relu", lr=0.5, l2=1e-3),
    dict(hidden=[16], activation="relu", lr=0.2475, l2=2.5e-7),
    dict(hidden=[12, 8], activation="leaky_relu", lr=0.1, l2=1e-2),
    dict(hidden=[16], activation="tanh", lr=0.2, l2=0.0),
    dict(hidden=[12, 9, 7], activation="sigmoid", lr=1.0, l2=1e-3),
    dict(hidden=[16], activation="relu", lr=0.03, l2=1e-3, optimizer="momentum", momentum=0.9),
    dict(hidden=[12, 8], activation="leaky_relu", lr=0.05, l2=1e-2, optimizer="nesterov", momentum=0.8),
    dict(hidden=[16], activation="tanh", lr=0.01, l2=0.1, optimizer="adamw"),
    dict(hidden=[12, 8], activation="relu", lr=0.1, l2=[1e-1, 1e-2, 1e-3]),
    dict(hidden=[12], activation="tanh", lr=0.1, l2=[1e-1, 1e-3], optimizer="momentum", momentum=0.9),
    dict(hidden=[16], activation="relu", lr=0.3, l2=1e-3, schedule="step"),
    dict(hidden=[16], activation="relu", lr=0.3, l2=1e-3, schedule="milestones"),
    dict(hidden=[16], activation="relu", lr=0.03, l2=1e-3, schedule="exponential", optimizer="momentum", momentum=0.9),
    dict(hidden=[16], activation="relu", lr=0.3, l2=1e-3, schedule="cosine"),
    # Channels, kernel, stride, padding and pooling of each convolution.
    dict(hidden=[7], activation="leaky_relu", lr=0.1, l2=1e-3, convolutions=[[3, 3, 1, 1, 2], [5, 2, 1, 0, 1]]),
    dict(hidden=[], activation="tanh", lr=0.05, l2=[1e-1, 1e-2], convolutions=[[4, 3, 2, 2, 1]],
         optimizer="momentum", momentum=0.9),
    dict(hidden=[6], activation="relu", lr=0.01, l2=0.1, convolutions=[[2, 1, 1, 0, 1], [18, 3, 1, 0, 2], [3, 3, 1, 2, 3]],
         optimizer="adamw"),
]


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().numpy().ravel()]


def layers(network):
    return [{"weights": numbers(layer.weight), "bias": numbers(layer.bias)}
            for layer in network if isinstance(layer, (nn.Conv2d, nn.Linear))]


def make_optimizer(case, network):
    weights = [p for p in network.parameters() if p.dim() > 1]
    decays = case["l2"] if isinstance(case["l2"], list) else [case["l2"]] * len(weights)
    groups = [{"params": [p], "weight_decay": decay} for p, decay in zip(weights, decays)]
    groups.append({"params": [p for p in network.parameters() if p.dim() == 1], "weight_decay": 0.0})
    rule = case.get("optimizer", "sgd")
    if rule == "adamw":
        return torch.optim.AdamW(groups, lr=case["lr"])
    return torch.optim.SGD(groups, lr=case["lr"], momentum=case.get("momentum", 0), nesterov=rule == "nesterov")


def cosine(step, warmup=STEPS_PER_EPOCH):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (STEPS - warmup)))


SCHEDULES = {
    "constant": lambda step: 1,
    "step": lambda step: 0.5 ** (step // STEPS_PER_EPOCH // 2),
    "milestones": lambda step: 0.3 ** sum(step // STEPS_PER_EPOCH >= epoch for epoch in [1, 3]),
    "exponential": lambda step: 0.8 ** (step // STEPS_PER_EPOCH),
    "cosine": cosine,
}


def train(case, images, labels, batches):
    modules, shape = [], (1, SIDE, SIDE)
    for channels, kernel, stride, padding, pool in case.get("convolutions", []):
        modules += [nn.Conv2d(shape[0], channels, kernel, stride, padding), ACTIVATIONS[case["activation"]]()]
        modules += [nn.MaxPool2d(pool)]
        side = ((shape[1] + 2 * padding - kernel) // stride + 1) // pool
        shape = (channels, side, side)
    if modules:
        modules = [nn.Unflatten(1, (1, SIDE, SIDE))] + modules + [nn.Flatten()]
    widths = [math.prod(shape)] + case["hidden"] + [CLASSES]
    for inputs, outputs in zip(widths, widths[1:]):
        modules += [nn.Linear(inputs, outputs), ACTIVATIONS[case["activation"]]()]
    network = nn.Sequential(*modules[:-1])
    start = layers(network)
    network.double()
    optimizer = make_optimizer(case, network)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, SCHEDULES[case.get("schedule", "constant")])
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(f"{loss.item():.9g}"))
    return case | {"start": start, "losses": losses, "end": layers(network)}


def main():
    torch.manual_seed(7)
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES, IMAGES)
    shapes = random.integers(0, 256, (CLASSES, SIDE * SIDE))
    noise = random.integers(0, 256, (IMAGES, SIDE * SIDE))
    pixels = ((shapes[labels] + noise) // 2).astype(np.uint8)
    batches = [random.choice(IMAGES, BATCH, replace=False).tolist() for _ in range(STEPS)]
    images = torch.from_numpy(pixels.astype(np.float64) / 255)
    targets = torch.from_numpy(labels.astype(np.int64))
    golden = {
        "side": SIDE, "classes": CLASSES, "pixels": pixels.ravel().tolist(), "labels": labels.tolist(),
        "batches": batches, "cases": [train(case, images, targets, batches) for case in CASES],
    }
    path = pathlib.Path(__file__).with_name("trajectories.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
