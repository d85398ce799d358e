"""simplify(a - b) == 0 with SymPy on the pairs that bench-verify --pairs prints:

    bench-verify --pairs | python3 sympy_verify.py [EVERY]

Takes every EVERY-th pair (default 40), parses both sides and simplifies their difference; prints pairs/s of both and how
often the two verdicts are the same. Debian: python3-sympy."""
import sys
import time

try:
    import sympy
except ImportError:
    sys.exit("sympy_verify.py: no SymPy (Debian: python3-sympy): nothing to compare with")

NAMES = {name: getattr(sympy, name) for name in dir(sympy) if not name.startswith("_")}


class Names(dict):
    def __missing__(self, name):
        if not name.startswith("v_"):
            raise KeyError(name)
        return sympy.Symbol(name)


def same(a, b):
    space = Names(NAMES)
    left, right = eval(a, {"__builtins__": {}}, space), eval(b, {"__builtins__": {}}, space)
    return sympy.simplify(sympy.sympify(left) - sympy.sympify(right)) == 0


def main():
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    same("sin(v_x)**2+cos(v_x)**2", "1")        # what is loaded once
    ours, theirs, agree, times, differ = 0.0, 0.0, 0, [], []
    for i, line in enumerate(sys.stdin):
        if i % every:
            continue
        seconds, a, b, what = line.rstrip("\n").split("\t")
        start = time.process_time()
        verdict = same(a, b)
        times.append(time.process_time() - start)
        ours += float(seconds)
        theirs += times[-1]
        agree += verdict == (what == "1")
        if verdict != (what == "1"):
            differ.append((a, b, verdict, what))
    times.sort()
    n = len(times)
    print(f"  {n} pairs: SymPy {n / theirs:.0f} pairs/s, p50 {1e3 * times[n // 2]:.2f} ms, "
          f"p99 {1e3 * times[n * 99 // 100]:.1f} ms, worst {1e3 * times[-1]:.1f} ms; symbolic {n / ours:.0f} pairs/s, "
          f"{theirs / ours:.0f} times as fast; the same verdict in {agree} of {n}")
    for a, b, verdict, what in differ:
        print(f"    {a} and {b}: SymPy {verdict}, symbolic {what}")


main()
