"""Reads a model with the safetensors package and prints what the test compares.

Usage: read_model.py FILE        Needs: numpy, safetensors.
"""
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as file:
    print(file.metadata()["activation"])
    for name in sorted(file.keys()):
        tensor = file.get_tensor(name)
        print(name, list(tensor.shape), tensor.dtype, float(tensor.ravel()[1]))
