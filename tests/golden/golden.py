"""Recorded traces: no change of the code changes what built-in plugins choose unnoticed.

    golden.py RHO [--update]

Runs traces.toml and holds each cell's log.csv (every decision: context, action, reward, propensities) and
metrics.jsonl against expected/ARM.{csv,jsonl}. Whole numbers must be equal, others within 1e-5: another
processor's mathematical library may differ in the last bit. --update writes them anew, for a change that
is meant: say in the commit why.
"""
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def same(a, b):
    if a == b:
        return True
    try:
        x, y = float(a), float(b)
    except (TypeError, ValueError):
        return False
    return (math.isnan(x) and math.isnan(y)) or abs(x - y) <= 1e-5 * max(1.0, abs(x))


def rows(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return [list(r.items()) for r in csv.DictReader(text.splitlines())]
    return [list(json.loads(line).items()) for line in text.splitlines()]


def differences(want, got):
    a, b = rows(want), rows(got)
    if len(a) != len(b):
        return [f"{len(b)} rows, {len(a)} are recorded"]
    out = []
    for n, (x, y) in enumerate(zip(a, b), 1):
        if [k for k, _ in x] != [k for k, _ in y]:
            out.append(f"row {n}: columns {[k for k, _ in y]}, recorded {[k for k, _ in x]}")
        else:
            out += [f"row {n}: {k} = {v}, recorded {u}" for (k, u), (_, v) in zip(x, y) if not same(u, v)]
    return out


def main():
    rho, update = sys.argv[1], "--update" in sys.argv
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([rho, "run", str(HERE / "traces.toml"), "--results", folder, "--quiet"], check=True)
        results = pathlib.Path(folder) / "traces"
        for cell in json.loads((results / "plan.json").read_text())["cells"]:
            name = cell["arm"].replace("sampler=", "").replace("agent=", "").replace(",", "-")
            for made, kind in (("log.csv", "csv"), ("metrics.jsonl", "jsonl")):
                got = results / "cells" / cell["id"] / made
                want = HERE / "expected" / f"{name}.{kind}"
                if update:
                    want.write_bytes(got.read_bytes())
                    continue
                wrong = differences(want, got) if want.exists() else ["nothing is recorded; golden.py --update"]
                failed += bool(wrong)
                for line in wrong[:5]:
                    print(f"{want.name}: {line}")
    return 1 if failed else 0


sys.exit(main())
