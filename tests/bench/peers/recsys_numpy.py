"""The MDP `dot` of env recsys in NumPy, all lanes in one array; bench-env runs it beside its own figure.

    OPENBLAS_NUM_THREADS=1 python3 tests/bench/peers/recsys_numpy.py [ITEMS]

Per lane: reward <u, v> 0.99^(t-1), u += 0.05 v, 20 steps, then a new user; shown are u and the last item.
"""
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("recsys_numpy.py: no NumPy (Debian: python3-numpy): nothing to compare with")

ITEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
D, STEPS = 32, 20


class Dot:
    def __init__(self, lanes, seed):
        self.rng = np.random.default_rng(seed)
        self.items = self.units(ITEMS)
        self.users = self.units(lanes)
        self.x = np.zeros((lanes, 2 * D), np.float32)
        self.x[:, :D] = self.users
        self.t = 0

    def units(self, n):
        v = self.rng.standard_normal((n, D)).astype(np.float32)
        return v / np.linalg.norm(v, axis=1, keepdims=True)

    def step(self, action):
        v = self.items[action]
        reward = np.einsum("ij,ij->i", self.users, v) * 0.99**self.t
        self.users += 0.05 * v
        self.t += 1
        self.x[:, :D] = self.users
        self.x[:, D:] = v
        end = self.t == STEPS
        if end:
            self.t = 0
            self.users = self.units(len(action))
            self.x[:, :D] = self.users
            self.x[:, D:] = 0
        return self.x, reward, end


for lanes in (1, 16, 64):
    env = Dot(lanes, 1)
    batches = 20000 if lanes == 1 else 4000
    actions = np.random.default_rng(2).integers(0, ITEMS, (batches, lanes))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        for a in actions:
            env.step(a)
        seconds.append(time.process_time() - start)
    each = sorted(seconds)[1] / (batches * lanes)
    speed = f"{each * 1e9:7.0f} ns, {1e-6 / each:6.2f} million steps/s"
    print(f"dot in NumPy, {lanes:3} lanes, {ITEMS} items:".ljust(44), speed)
