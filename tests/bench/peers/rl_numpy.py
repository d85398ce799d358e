"""Log-softmax, its gradient, draws and GAE with NumPy in float32, one thread, median seconds of processor.
Beside it: bench-rl."""
import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import statistics
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("rl_numpy.py: no NumPy (Debian: python3-numpy): nothing to compare with")

ROWS, ROUNDS = 64, 9
rng = np.random.default_rng(1)


def timed(fn, again):
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for i in range(again):
            fn(i % ROWS)
        seconds.append((time.process_time() - start) / again)
    return statistics.median(seconds) * 1e6


def log_softmax(x):
    y = x - x.max()
    return y - np.float32(np.log(np.exp(y).sum(dtype=np.float64)))


def gradient(lp, a):
    g = np.exp(lp)
    g *= -(np.float32(-0.7) + np.float32(-0.01) * (lp + np.float32(3)))
    g[a] -= np.float32(0.7)
    return g


def draw(x):
    lp = log_softmax(x)
    a = min(int(np.searchsorted(np.cumsum(np.exp(lp), dtype=np.float64), rng.random())), len(x) - 1)
    return a, lp[a]


def slate(x):
    noisy = x + rng.gumbel(size=len(x)).astype(np.float32)
    top = np.argpartition(noisy, -10)[-10:]
    return top[np.argsort(-noisy[top])]


for k in (100, 1000, 10_000, 100_000):
    logit = (2 * rng.standard_normal((ROWS, k))).astype(np.float32)
    logp = np.stack([log_softmax(row) for row in logit])
    again = 400_000 // k + 1
    for name, fn in (("log-softmax", lambda i: log_softmax(logit[i])),
                     ("gradient with entropy bonus", lambda i: gradient(logp[i], i)),
                     ("one action and ln prob", lambda i: draw(logit[i])),
                     ("slate of 10 (Gumbel)", lambda i: slate(logit[i]))):
        print(f"  K = {k:<7} {name:<28} {timed(fn, again):9.2f} us a row")

T, LANES = 128, 16
reward, value = rng.standard_normal((2, T + 1, LANES)).astype(np.float32)
over = (rng.random((T, LANES)) < 0.05).astype(np.float32)


def gae(_):
    adv, carried = np.empty((T, LANES), np.float32), 0
    for t in range(T - 1, -1, -1):
        carried = reward[t] + 0.99 * value[t + 1] * (1 - over[t]) - value[t] + 0.99 * 0.95 * (1 - over[t]) * carried
        adv[t] = carried
    return adv


print(f"  GAE of {T} steps of {LANES} lanes: {timed(gae, 50):.2f} us")
