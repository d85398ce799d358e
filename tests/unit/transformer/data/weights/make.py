#!/usr/bin/env python3
"""Makes the checkpoints of this folder: torch.save's two formats and NumPy's archives of one set of tensors.

Run with Debian's python3-torch (1.13.1) and python3-numpy (1.24.2). All values follow from their place,
so that the test knows them without reading anything: element i of `a` is i / 8 - 0.5.
"""
import collections
import json
import os
import zipfile

import numpy
import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))

a = torch.arange(12.0).reshape(3, 4) / 8 - 0.5
state = collections.OrderedDict()
state["a"] = a
state["a.transposed"] = a.t()                   # views of one storage
state["a.part"] = a[1:, ::2]
state["a.row"] = torch.nn.Parameter(a[1])
state["a.expanded"] = torch.tensor([3.0]).expand(2, 3)
state["half"] = a.half()
state["bfloat16"] = a.bfloat16()
state["double"] = a.double()
state["i64"] = torch.arange(5) - 2
state["i32"] = (torch.arange(5) - 2).int()
state["i16"] = (torch.arange(5) - 2).short()
state["i8"] = (torch.arange(5) - 2).char()
state["u8"] = torch.arange(5).byte()
state["bool"] = torch.tensor([True, False, True])
state["scalar"] = torch.tensor(2.5)
state["empty"] = torch.zeros(0, 4)
state._metadata = collections.OrderedDict([("", {"version": 1})])      # as Module.state_dict() leaves it

torch.save(state, "zip.bin")
torch.save(state, "zip4.bin", pickle_protocol=4)
torch.save(state, "legacy.bin", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "loss": 0.25, "log": [1, (2, None)], "state_dict": dict(state)}, "trainer.bin")

# The same as zip.bin, its entries deflated.
with zipfile.ZipFile("zip.bin") as plain, zipfile.ZipFile("packed.bin", "w", zipfile.ZIP_DEFLATED) as packed:
    for entry in plain.infolist():
        packed.writestr(entry.filename, plain.read(entry))

os.makedirs("shards", exist_ok=True)
names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
torch.save({"a": a, "half": state["half"]}, os.path.join("shards", names[0]))
torch.save({"scalar": state["scalar"]}, os.path.join("shards", names[1]))
with open(os.path.join("shards", "pytorch_model.bin.index.json"), "w") as f:
    json.dump({"metadata": {"total_size": 76}, "weight_map": {"a": names[0], "half": names[0], "scalar": names[1]}}, f)

arrays = {k: v.detach().numpy() for k, v in state.items() if k != "bfloat16"}
arrays["a.transposed"] = numpy.asfortranarray(arrays["a.transposed"])
arrays["cube"] = numpy.asfortranarray(numpy.arange(24, dtype="<f4").reshape(2, 3, 4))
numpy.savez("arrays.npz", **arrays)
numpy.savez_compressed("packed.npz", **arrays)
