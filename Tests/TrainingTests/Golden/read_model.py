"""Reads a model with the safetensors package and prints the values that the test compares as JSON.

Usage: read_model.py FILE        Needs: numpy, safetensors.
"""
import json
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps({
        "metadata": file.metadata(),
        "tensors": {
            name: {
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype),
                # The bits, to preserve the exact value.
                "bits": tensor.ravel().view("uint32").tolist(),
            }
            for name, tensor in tensors.items()
        },
    }))
