"""LinUCB over all rows of a matrix in NumPy: as it is usually written, and with widths kept up to date. Decisions with
learning a second of CPU time, medians; the same sizes as bench_linear.c. One thread: OPENBLAS_NUM_THREADS=1."""
import time

import numpy as np


def as_written(a, steps):
    """Widths of all actions from the inverse, every time."""
    d = a.shape[1]
    inverse, b = np.eye(d, dtype=np.float32), np.zeros(d, dtype=np.float32)
    times, rng = [], np.random.default_rng(1)
    for _ in range(steps):
        start = time.process_time()
        score = a @ (inverse @ b) + np.sqrt(np.einsum("ij,ij->i", a @ inverse, a))
        x = a[np.argmax(score)]
        u = inverse @ x
        inverse -= np.outer(u, u) / (1 + x @ u)
        b += np.float32(rng.random()) * x
        times.append(time.process_time() - start)
    return 1 / np.median(times)


def kept(a, steps):
    """One more product with the matrix instead."""
    d = a.shape[1]
    inverse, b = np.eye(d, dtype=np.float32), np.zeros(d, dtype=np.float32)
    width = np.einsum("ij,ij->i", a, a)
    times, rng = [], np.random.default_rng(1)
    for _ in range(steps):
        start = time.process_time()
        x = a[np.argmax(a @ (inverse @ b) + np.sqrt(width))]
        u = inverse @ x
        gain = 1 + x @ u
        inverse -= np.outer(u, u) / gain
        b += np.float32(rng.random()) * x
        width -= (a @ u) ** 2 / gain
        times.append(time.process_time() - start)
    return 1 / np.median(times)


for rows, cols, steps in (10000, 64, 100), (500000, 384, 2):
    rng = np.random.default_rng(2)
    matrix = rng.random((rows, cols), dtype=np.float32) * 2 - 1
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    print(f"  NumPy, K = {rows}, d = {cols}: {as_written(matrix, steps):.2f} a second as usually written,"
          f" {kept(matrix, 3 * steps):.2f} with widths kept")
