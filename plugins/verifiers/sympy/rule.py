# rule.py: the rest of the process that read.py begins: comparing, and the loop that answers claims.

# ---- comparing ----

RIGHT, WRONG, UNDECIDED = 'r', 'w', 'u'


def together(rulings):
    rulings = list(rulings)
    if WRONG in rulings:
        return WRONG
    return UNDECIDED if UNDECIDED in rulings else RIGHT


def points(names):
    """Fixed points, the same in every run: rationals without a pattern."""
    for k in range(1, 5):
        yield {s: sympy.Rational(7 * k + 11 * j + 3, 5 + 2 * j + k) * (-1) ** (k // 2 + j) for j, s in enumerate(names)}


def differs_somewhere(d):
    """True: a value of d is certainly not 0. False: none was found."""
    names = sorted(d.free_symbols, key=str)
    for at in points(names) if names else [{}]:
        try:
            v = complex(d.subs(at).evalf(30, maxn=200))
        except (TypeError, ValueError, OverflowError):
            continue
        if v == v and abs(v) != float('inf') and abs(v) > 1e-9:
            return True
    return False


def same_value(a, b):
    if a == b:
        return RIGHT
    if a.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan) or b.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        return WRONG if a.is_number and b.is_number and not a.has(sympy.nan, sympy.zoo) and \
            not b.has(sympy.nan, sympy.zoo) else UNDECIDED
    d = a - b
    if d.is_Rational:
        return RIGHT if d == 0 else WRONG
    if not differs_somewhere(d):
        if sympy.simplify(d) == 0:
            return RIGHT
        known = d.equals(0)
        if known is not False:
            return RIGHT if known else UNDECIDED
    positive = {s: sympy.Symbol(s.name, positive=True) for s in d.free_symbols}
    return UNDECIDED if positive and sympy.simplify(d.subs(positive)) == 0 else WRONG


def match(xs, ys):
    """Whether two collections have the same members, in any order."""
    if len(xs) != len(ys):
        return WRONG
    left, unsure = list(ys), False
    for x in xs:
        rulings = [compare(x, y) for y in left]
        if RIGHT in rulings:
            del left[rulings.index(RIGHT)]
        elif UNDECIDED in rulings:
            unsure = True
        else:
            return UNDECIDED if unsure else WRONG
    return UNDECIDED if unsure else RIGHT


def named_value(r):
    """x = 5 as (x, 5); None: it is no such thing."""
    if r.signs == ['='] and isinstance(r.sides[0], sympy.Symbol) and isinstance(r.sides[1], sympy.Expr):
        return r.sides
    return None


def solutions(r):
    """An inequality in one variable as a set."""
    if r.signs == ['in'] and isinstance(r.sides[0], sympy.Symbol):
        return as_set(r.sides[1])
    found = sympy.S.Reals
    names = set().union(*[as_expr(s).free_symbols for s in r.sides])
    if len(names) != 1 or '=' in r.signs or 'in' in r.signs:
        raise No('no inequality in one variable')
    x = sympy.Symbol(names.pop().name, real=True)
    for a, sign, b in zip(r.sides, r.signs, r.sides[1:]):
        a, b = (s.subs(sympy.Symbol(x.name), x) for s in (a, b))
        relation = {'<': a < b, '>': a > b, '<=': a <= b, '>=': a >= b, '!=': sympy.Ne(a, b)}[sign]
        if relation in (sympy.true, sympy.false):
            raise No('an inequality that always or never holds')
        found = sympy.Intersection(found, relation.as_set())
    return found


def same_relation(a, b):
    if a.signs == ['='] and b.signs == ['=']:
        one, two = named_value(a), named_value(b)
        if one and two and one[0] == two[0] and one[0] not in (one[1].free_symbols | two[1].free_symbols):
            return compare(one[1], two[1])
        p, q = (as_expr(r.sides[0]) - as_expr(r.sides[1]) for r in (a, b))
        if q == 0 or p == 0:
            return UNDECIDED
        ratio = sympy.simplify(p / q)
        if ratio.is_number and ratio != 0 and ratio.is_finite:
            return RIGHT
        return UNDECIDED
    if a.signs == b.signs:
        if together(compare(x, y) for x, y in zip(a.sides, b.sides)) == RIGHT:
            return RIGHT
    return same_set(solutions(a), solutions(b))


def same_set(a, b):
    if a == b:
        return RIGHT
    d = sympy.SymmetricDifference(a, b) if not isinstance(a, sympy.Complement) else None
    if d is None:
        return UNDECIDED
    if d.is_empty:
        return RIGHT
    d = sympy.Union(sympy.Complement(a, b), sympy.Complement(b, a))
    if d.is_empty:
        return RIGHT
    return WRONG if d.is_empty is False or isinstance(d, (sympy.FiniteSet, sympy.Interval)) else UNDECIDED


def compare(a, b):
    """a: what is right; b: the answer."""
    if isinstance(a, sympy.Expr) and isinstance(b, sympy.Expr):
        return same_value(a, b)
    if isinstance(a, sympy.MatrixBase) and isinstance(b, sympy.MatrixBase):
        return together(same_value(x, y) for x, y in zip(a, b)) if a.shape == b.shape else WRONG
    if isinstance(a, Pair) and isinstance(b, Pair):
        return together(compare(x, y) for x, y in zip(a.items, b.items))
    if isinstance(a, Items) and isinstance(b, Items):
        if a.kind == b.kind == 'tuple':
            return together(compare(x, y) for x, y in zip(a.items, b.items)) if len(a.items) == len(b.items) else WRONG
        if 'tuple' not in (a.kind, b.kind):
            return match(a.items, b.items)
    if isinstance(a, Relation) and isinstance(b, Relation):
        return same_relation(a, b)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Relation):
            named = named_value(one)
            if named and isinstance(other, sympy.Expr) and not other.has(named[0]):
                return compare(named[1], other)
            if isinstance(other, (sympy.Set, Pair)):
                return same_set(solutions(one), as_set(other))
        if isinstance(one, sympy.Set) and isinstance(other, (sympy.Set, Items)):
            return same_set(one, as_set(other))
        if isinstance(one, Items) and one.kind == 'set' and len(one.items) == 1 and isinstance(other, sympy.Expr):
            return RIGHT if compare(one.items[0], other) == RIGHT else UNDECIDED
    return UNDECIDED


def near(a, b):
    """Whether two values are within 1 % of each other."""
    if not (isinstance(a, sympy.Expr) and isinstance(b, sympy.Expr) and a.is_number and b.is_number):
        return not (isinstance(a, sympy.Expr) and isinstance(b, sympy.Expr))
    x, y = complex(a.evalf(15)), complex(b.evalf(15))
    return abs(x - y) <= 0.01 * abs(x)


def read(text):
    parser = Parser(clean(text))
    return parser.whole(), parser


def judge(gold, answer):
    """(ruling, why)."""
    if ' '.join(gold.split()) == ' '.join(answer.split()):
        return RIGHT, 'the same text'
    try:
        side = 'reference'
        a, of_a = read(gold)
        side = 'answer'
        b, of_b = read(answer)
        side = 'two together'
        ruling = compare(a, b)
        if ruling == WRONG and of_a.decimal + of_b.decimal and near(a, b):
            return UNDECIDED, 'different, but near, and a decimal may be rounded'
        if ruling == WRONG:
            for flag in ('percent', 'degrees', 'words'):
                if getattr(of_a, flag) != getattr(of_b, flag) or (flag == 'words' and of_a.words):
                    return UNDECIDED, 'different, but only one side has %s' % flag if flag != 'words' else \
                        'different, but there are words that were not read'
        return ruling, {RIGHT: 'the difference simplifies to 0', WRONG: 'they differ',
                        UNDECIDED: 'SymPy does not tell'}[ruling]
    except No as e:
        return UNDECIDED, 'the %s: %s' % (side, e)
    except RecursionError:
        return UNDECIDED, 'the %s: nested too deeply' % side
    except MemoryError:
        return UNDECIDED, 'the %s: not within the memory allowed' % side
    except Exception as e:          # SymPy's own: it is the referee that failed, not the answer
        return UNDECIDED, 'the %s: %s' % (side, type(e).__name__)


# ---- the other end ----

def receive(n):
    data = b''
    while len(data) < n:
        piece = os.read(0, n - len(data))
        if not piece:
            os._exit(0)         # the verifier was closed, or is gone
        data += piece
    return data


def answer(kind, text):
    data = text.encode('utf-8', 'replace')[:100]
    data = data.decode('utf-8', 'ignore').encode()
    os.write(1, struct.pack('=cB', kind.encode(), len(data)) + data)


def watch(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main():
    global sympy
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    os.closerange(3, 1024)
    try:
        if not importlib.util.find_spec('sympy'):
            raise ImportError("No module named 'sympy'")
        answer('f', sys.executable)
        import sympy
    except Exception as e:
        answer('e', str(e))
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
    answer('s', sympy.__version__)
    while True:
        gold, pred = struct.unpack('=II', receive(8))
        gold, pred = receive(gold), receive(pred)
        spent = int(time.process_time()) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (spent + 2 * seconds + 5, resource.RLIM_INFINITY))
        try:
            ruling, why = judge(gold.decode(), pred.decode())
        except UnicodeDecodeError:
            ruling, why = UNDECIDED, 'not UTF-8'
        answer(ruling, why)


if __name__ == '__main__':
    main()
