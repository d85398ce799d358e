"""One query over K = 500,000 rows of 384 numbers with NumPy and, where its module is installed, FAISS:
top 10, one thread, median seconds of processor of five passes. Beside it: bench-score."""
import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import statistics
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("scan_numpy.py: no NumPy (Debian: python3-numpy): nothing to compare with")

K, D, TOP, PASSES = 500_000, 384, 10, 5


def timed(fn):
    fn()
    seconds = []
    for _ in range(PASSES):
        start = time.process_time()
        fn()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def report(name, seconds, queries=1):
    print(f"  {name:<28} {1e3 * seconds:7.1f} ms {queries / seconds:7.1f} queries/s "
          f"{K * D * 4 / seconds * 1e-9:5.1f} GB/s {2 * queries * K * D / seconds * 1e-9:6.1f} Gflop/s")


def best(rows, query):
    score = rows @ query
    place = np.argpartition(-score, TOP)[:TOP]
    return place[np.argsort(-score[place])]


def main():
    rng = np.random.default_rng(1)
    rows = rng.random((K, D), dtype=np.float32)
    queries = rng.random((64, D), dtype=np.float32)
    print(f"NumPy {np.__version__}, K = {K}, d = {D}, one thread")
    report("1 query, all products", timed(lambda: rows @ queries[0]))
    report(f"1 query, best {TOP}", timed(lambda: best(rows, queries[0])))
    try:
        import faiss
    except ImportError:
        print("  FAISS: its Python module is not installed (Debian: python3-faiss)")
        return
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(D)
    index.add(rows)
    report(f"FAISS {faiss.__version__}, 1 query", timed(lambda: index.search(queries[:1], TOP)))
    report(f"FAISS {faiss.__version__}, 64 queries", timed(lambda: index.search(queries, TOP)), 64)


main()
