# read.py: the beginning of the other end of the verifier `sympy`: how claims are read. The process takes pairs (gold,
# answer) from standard input and rules on each with SymPy: 'r' right, 'w' wrong, 'u' undecided. Nothing of an answer is
# ever evaluated as Python: a parser of its own builds SymPy's objects. Where it is not sure it says undecided.
import importlib.util
import os
import sys
sys.path = [p for p in sys.path if p]           # not from the current folder
import re
import resource
import struct
import threading
import time

FUNCTIONS = {'sin': 'sin', 'cos': 'cos', 'tan': 'tan', 'cot': 'cot', 'sec': 'sec', 'csc': 'csc', 'arcsin': 'asin',
             'arccos': 'acos', 'arctan': 'atan', 'asin': 'asin', 'acos': 'acos', 'atan': 'atan', 'sinh': 'sinh',
             'cosh': 'cosh', 'tanh': 'tanh', 'ln': 'log', 'log': 'log', 'exp': 'exp', 'max': 'Max', 'min': 'Min',
             'gcd': 'gcd', 'lcm': 'lcm', 'sqrt': 'sqrt', 'abs': 'Abs', 'floor': 'floor', 'ceil': 'ceiling',
             'lg': 'log'}
INVERSE = {'sin': 'asin', 'cos': 'acos', 'tan': 'atan'}
GREEK = ('alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi '
         'varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell').split()
RELATIONS = {'=': '=', '<': '<', '>': '>', '<=': '<=', '>=': '>=', 'le': '<=', 'leq': '<=', 'leqslant': '<=',
             'ge': '>=', 'geq': '>=', 'geqslant': '>=', 'lt': '<', 'gt': '>', 'ne': '!=', 'neq': '!=', '!=': '!=',
             'in': 'in'}
TIMES = {'*', 'cdot', 'times', 'ast'}
DIVIDE = {'/', 'div'}
UNICODE = {'π': r'\pi ', '∞': r'\infty ', '×': '*', '·': '*', '⋅': '*', '÷': '/', '−': '-', '–': '-', '≤': r'\le ',
           '≥': r'\ge ', '≠': r'\ne ', '∪': r'\cup ', '∩': r'\cap ', '∈': r'\in ', '√': r'\sqrt ', '²': '^2', '³': '^3',
           '°': r'^\circ ', '±': r'\pm ', '∅': r'\emptyset ', 'ℝ': r'\mathbb{R}', '½': r'\frac12', '¼': r'\frac14',
           '¾': r'\frac34', '\u00a0': ' ', '\u2009': ' ', '\u202f': ' ', '′': "'"}
DROPPED = re.compile(r'\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|,|;|:|!|quad|qquad|ensuremath)'
                     r'(?![a-zA-Z])|(?<!\\)\\ |~')
TOKEN = re.compile(r'\s*(?:(\d[\d]*\.?\d*|\.\d+)|(\\[a-zA-Z]+)|(\\[{}|%$&#_\\])|(<=|>=|!=|\*\*)|([a-zA-Z]+)|(\S))')
MOST_TOKENS = 2000


class No(Exception):
    """Why something cannot be read or decided."""


class Pair:         # (a, b): a tuple, or an interval without its ends
    def __init__(self, items): self.items = items


class Items:        # a list, a set or a tuple of parsed things
    def __init__(self, kind, items): self.kind, self.items = kind, items


class Relation:     # sides and the signs between them
    def __init__(self, sides, signs): self.sides, self.signs = sides, signs


def boxed(text):
    """What the last \\boxed{...} holds, else the text."""
    at = max(text.rfind('\\boxed{'), text.rfind('\\fbox{'))
    if at < 0:
        return text
    start = text.index('{', at) + 1
    depth = 1
    for i in range(start, len(text)):
        depth += (text[i] == '{') - (text[i] == '}')
        if not depth:
            return text[start:i]
    raise No('\\boxed is never closed')


def clean(text):
    text = boxed(text).strip()
    for sign, means in UNICODE.items():
        text = text.replace(sign, means)
    text = re.sub(r'\\begin\{(?:align|equation|gather)\*?\}|\\end\{(?:align|equation|gather)\*?\}', ' ', text)
    text = text.replace('\\$', ' ').replace('$', ' ').replace('\\(', ' ').replace('\\)', ' ')
    text = re.sub(r'\\[\[\]]', ' ', text)
    text = re.sub(r'(?<=\d)(?:\{,\}|\\,|\\!,|,\\!)(?=\d{3})', ',', text)
    text = DROPPED.sub(' ', text)
    text = re.sub(r'\\[dtc]frac(?![a-zA-Z])', r'\\frac', text)
    text = re.sub(r'\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])', ' DEGREES ', text)
    text = re.sub(r'\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}', words_of, text)
    return text.strip().rstrip('.').strip()


def words_of(match):
    inside = match.group(1).strip()
    if inside in ('and', 'or', ','):
        return ' , '
    if inside in FUNCTIONS:
        return '\\' + inside + ' '
    if re.fullmatch(r'[A-Za-z]', inside):
        return ' ' + inside + ' '
    return ' WORDS ' if inside else ' '


class Parser:
    """Recursive descent over tokens; builds SymPy objects."""

    def __init__(self, text):
        self.tokens, self.at, self.depth = [], 0, 0
        self.percent = self.degrees = self.words = self.decimal = False
        self.split(text)

    def split(self, text):
        text = re.sub(r'(?<![\d.,])(\d{1,3})((?:,\d{3})+)(?![\d,])', self.thousands(text), text)
        at = 0
        while at < len(text.rstrip()):
            m = TOKEN.match(text, at)
            if not m:
                raise No('a character that means nothing here')
            at = m.end()
            self.add(m)
            if len(self.tokens) > MOST_TOKENS:
                raise No('it is too long')

    @staticmethod
    def thousands(text):
        bracketed = re.search(r'[\[({]', text)

        def join(m):
            if bracketed and re.search(r'[\[({][^\])}]*$', text[:m.start()]):
                raise No('1,234 within brackets may be one number or two')
            return m.group(0).replace(',', '')
        return join

    def add(self, m):
        number, command, escaped, sign, letters, other = m.groups()
        if number:
            self.tokens.append(('number', number))
        elif command:
            self.tokens.append(('command', command[1:]))
        elif escaped:
            self.tokens.append(('sign', escaped if escaped in ('\\{', '\\}', '\\|', '\\\\') else escaped[1:]))
        elif sign:
            self.tokens.append(('sign', '^' if sign == '**' else sign))
        elif letters:
            self.add_letters(letters)
        else:
            self.tokens.append(('sign', other))

    def add_letters(self, letters):
        if letters in ('DEGREES', 'WORDS'):
            self.tokens.append(('mark', letters))
        elif letters in FUNCTIONS or letters in GREEK or letters in ('pi', 'infty', 'infinity', 'inf', 'oo'):
            name = 'infty' if letters in ('infinity', 'inf', 'oo') else letters
            self.tokens.append(('command', name))
        elif letters in ('and', 'or'):
            self.tokens.append(('sign', ','))
        elif len(letters) > 3 or (len(letters) > 1 and self.is_unit(letters)):
            self.tokens.append(('mark', 'WORDS'))
        else:
            self.tokens.extend(('letter', c) for c in letters)

    @staticmethod
    def is_unit(letters):
        return letters in ('cm', 'mm', 'km', 'kg', 'mg', 'ft', 'in', 'mi', 'hr', 'min', 'sec', 'mph', 'lb', 'lbs', 'oz',
                           'ml', 'sq', 'no', 'yes', 'not', 'the', 'is', 'to', 'of', 'for', 'all', 'deg', 'rad')

    # ---- tokens ----

    def peek(self, ahead=0):
        i = self.at + ahead
        return self.tokens[i] if i < len(self.tokens) else ('end', '')

    def next(self):
        token = self.peek()
        self.at += 1
        return token

    def take(self, *values):
        kind, value = self.peek()
        if kind in ('sign', 'command') and value in values:
            self.at += 1
            return value
        return None

    def want(self, value):
        if not self.take(value):
            raise No('%s is missing' % value)

    def deeper(self):
        self.depth += 1
        if self.depth > 60:
            raise No('it is nested too deeply')

    # ---- from the outside in ----

    def whole(self):
        if not self.tokens:
            raise No('it is empty')
        items = [self.relation()]
        while self.take(',', ';'):
            if self.peek()[0] == 'end':
                break
            items.append(self.relation())
        if self.peek()[0] != 'end':
            raise No('"%s" is not understood' % self.peek()[1][:12])
        return items[0] if len(items) == 1 else Items('list', items)

    def relation(self):
        sides, signs = [self.sets()], []
        while self.peek()[0] in ('sign', 'command') and self.peek()[1] in RELATIONS:
            signs.append(RELATIONS[self.next()[1]])
            sides.append(self.sets())
        return Relation(sides, signs) if signs else sides[0]

    def sets(self):
        value = self.sum()
        while True:
            if self.take('cup'):
                value = sympy.Union(as_set(value), as_set(self.sum()))
            elif self.take('cap'):
                value = sympy.Intersection(as_set(value), as_set(self.sum()))
            elif self.take('setminus', 'backslash'):
                value = sympy.Complement(as_set(value), as_set(self.sum()))
            else:
                return value

    def sum(self):
        self.deeper()
        both = self.take('pm', 'mp')
        value = self.product()
        if both:
            value = Items('list', [as_expr(value), -as_expr(value)])
        while True:
            if self.take('+'):
                value = add(value, self.product())
            elif self.take('-'):
                value = add(value, negate(self.product()))
            elif self.take('pm', 'mp'):
                a, b = as_expr(value), as_expr(self.product())
                value = Items('list', [a + b, a - b])
            else:
                self.depth -= 1
                return value

    def product(self):
        value = self.signed()
        while True:
            if self.take(*TIMES):
                value = multiply(value, self.signed())
            elif self.take(*DIVIDE):
                value = divide(value, self.signed())
            elif self.mark() or self.take('%'):
                if self.tokens[self.at - 1][1] == '%':
                    self.percent = True
                    value = as_expr(value) / 100
            elif self.begins_factor():
                value = multiply(value, self.power())
            else:
                return value

    def mark(self):
        kind, value = self.peek()
        if kind != 'mark':
            return False
        self.at += 1
        self.degrees |= value == 'DEGREES'
        self.words |= value == 'WORDS'
        return True

    def signed(self):
        minus = False
        while self.take('+') or (self.peek() == ('sign', '-') and self.next()):
            minus ^= self.tokens[self.at - 1][1] == '-'
        value = self.power()
        return negate(value) if minus else value

    def begins_factor(self):
        kind, value = self.peek()
        if kind in ('number', 'letter'):
            return True
        if kind == 'command':
            return value in FUNCTIONS or value in GREEK or value in (
                'frac', 'sqrt', 'pi', 'infty', 'binom', 'lfloor', 'lceil', 'begin', 'mathbb', 'emptyset', 'varnothing')
        return kind == 'sign' and value in ('(', '{')

    def power(self):
        self.deeper()
        value = self.atom()
        while True:
            if self.take('^'):
                exponent = as_expr(self.argument())
                if isinstance(value, sympy.MatrixBase):
                    raise No('a power of a matrix')
                value = as_expr(value) ** exponent
            elif self.peek() == ('sign', '!'):
                self.at += 1
                value = sympy.factorial(as_expr(value))
            else:
                self.depth -= 1
                return value

    def argument(self):
        """What stands behind ^, _ or a command: {...}, one digit, or one thing."""
        kind, value = self.peek()
        if self.take('{'):
            inside = self.sum()
            self.want('}')
            return inside
        if kind == 'number' and len(value) > 1 and self.peek(-1)[1] not in ('^',):
            self.tokens[self.at] = ('number', value[1:])        # \frac12
            return sympy.Integer(value[0])
        if self.take('-'):
            return negate(self.argument())
        return self.atom()

    def number(self, text):
        value = sympy.Rational(text.rstrip('.'))
        self.decimal |= '.' in text
        if self.peek() == ('sign', '_'):
            self.at += 1
            base = as_expr(self.argument())
            if not (base.is_Integer and 2 <= base <= 36) or '.' in text:
                raise No('a number with a subscript that is no base')
            if any(int(c) >= base for c in text):
                raise No('digits that base has not')
            return sympy.Integer(int(text, int(base)))
        if self.peek() == ('command', 'frac') and value.is_Integer:
            part = self.atom()          # a mixed number: 3 \frac12
            if part.is_Rational and 0 < part < 1:
                return value + part
            return value * part
        kind, after = self.peek()
        if kind == 'number' and self.peek(1) == ('sign', '/') and self.peek(2)[0] == 'number' and value.is_Integer:
            top, bottom = sympy.Rational(after), sympy.Rational(self.peek(2)[1])
            if top.is_Integer and bottom.is_Integer and 0 < top < bottom:
                self.at += 3
                return value + top / bottom
        if kind == 'number':
            raise No('two numbers side by side')
        return value

    def atom(self):
        kind, value = self.next()
        if kind == 'number':
            return self.number(value)
        if kind == 'letter':
            return self.letter(value)
        if kind == 'command':
            return self.command(value)
        if kind == 'mark':
            raise No('it has words in it')
        if kind == 'sign':
            if value in ('(', '['):
                return self.group(value)
            if value == '{':
                inside = self.relation()
                self.want('}')
                return inside
            if value == '\\{':
                return self.set_of()
            if value in ('|', '\\|'):
                inside = as_expr(self.sum())
                self.want(value)
                return sympy.Abs(inside)
        raise No('"%s" is not understood' % value[:12] if value else 'it ends too early')

    def letter(self, name):
        if self.peek() == ('sign', '_'):
            self.at += 1
            name += '_' + str(self.argument())
        elif name == 'e':
            return sympy.E
        elif name == 'i':
            return sympy.I
        if self.peek() == ('sign', "'"):
            raise No('a derivative')
        return sympy.Symbol(name)

    def items(self, *ends):
        values = []
        while True:
            values.append(self.relation())
            end = self.take(*ends)
            if end:
                return values, end
            if not self.take(',', ';'):
                raise No('a bracket is not closed')

    def group(self, begin):
        self.deeper()
        values, end = self.items(')', ']')
        self.depth -= 1
        if len(values) == 1:
            if (begin, end) != ('(', ')') and (begin, end) != ('[', ']'):
                raise No('brackets that do not match')
            return values[0]
        if len(values) == 2 and (begin, end) == ('(', ')'):
            return Pair(values)
        if len(values) == 2:
            return interval(values, begin, end)
        return Items('tuple', values)

    def set_of(self):
        if self.take('\\}'):
            return Items('set', [])
        values, _ = self.items('\\}')
        return Items('set', values)

    def command(self, name):
        if name == 'frac':
            top = self.argument()
            return divide(top, self.argument())
        if name == 'sqrt' and self.take('['):
            which = as_expr(self.sum())
            self.want(']')
            return sympy.root(as_expr(self.argument()), which)
        if name == 'sqrt':
            return sympy.sqrt(as_expr(self.argument()))
        if name in ('binom', 'dbinom', 'tbinom'):
            n = as_expr(self.argument())
            return sympy.binomial(n, as_expr(self.argument()))
        if name in ('pi', 'infty', 'emptyset', 'varnothing'):
            return {'pi': sympy.pi, 'infty': sympy.oo}.get(name, Items('set', []))
        if name == 'mathbb':
            which = self.argument()
            named = {'R': sympy.S.Reals, 'N': sympy.S.Naturals, 'Z': sympy.S.Integers}.get(str(which))
            if named is None:
                raise No('a set that has no name here')
            return named
        if name in GREEK:
            return self.letter(name)
        if name in FUNCTIONS:
            return self.function(name)
        if name in ('lfloor', 'lceil'):
            inside = as_expr(self.sum())
            self.want('r' + name[1:])
            return (sympy.floor if name == 'lfloor' else sympy.ceiling)(inside)
        if name == 'begin':
            return self.matrix()
        raise No('\\%s is not understood' % name[:12])

    def function(self, name):
        power = base = None
        while self.peek()[1] in ('^', '_') and self.peek()[0] == 'sign':
            if self.next()[1] == '^':
                power = as_expr(self.argument())
            else:
                base = as_expr(self.argument())
        arguments = self.arguments()
        target = FUNCTIONS[name]
        if power == -1 and name in INVERSE:
            target, power = INVERSE[name], None
        if name == 'lg' or (name == 'log' and base is None):
            raise No('a logarithm without a base')
        if base is not None:
            if target != 'log':
                raise No('a function with a subscript')
            arguments.append(base)
        if self.degrees and target in ('sin', 'cos', 'tan', 'cot', 'sec', 'csc'):
            arguments = [a * sympy.pi / 180 for a in arguments]
        value = getattr(sympy, target)(*arguments)
        return value ** power if power is not None else value

    def arguments(self):
        """(a, b), {a}, or the factors that follow, as in \\sin 2x."""
        if self.take('('):
            return [as_expr(v) for v in self.items(')')[0]]
        if self.peek() == ('sign', '{'):
            return [as_expr(self.argument())]
        value = as_expr(self.signed())
        while self.begins_factor() and self.peek()[1] not in FUNCTIONS and self.peek() != ('sign', '('):
            value = value * as_expr(self.power())
        while self.mark():
            pass
        return [value]

    def matrix(self):
        kind = self.name_in_braces()
        if kind not in ('pmatrix', 'bmatrix', 'matrix', 'vmatrix', 'array'):
            raise No('\\begin{%s}' % kind[:12])
        rows, row = [], []
        while True:
            row.append(as_expr(self.sum()))
            if self.take('&'):
                continue
            again = self.take('\\\\')
            rows.append(row)
            row = []
            if again and self.peek() != ('command', 'end'):
                continue
            self.want('end')
            self.name_in_braces()
            break
        if len({len(r) for r in rows}) != 1:
            raise No('a matrix with rows of several lengths')
        value = sympy.Matrix(rows)
        return value.det() if kind == 'vmatrix' else value

    def name_in_braces(self):
        self.want('{')
        name = ''
        while not self.take('}'):
            kind, value = self.next()
            if kind == 'end':
                raise No('it ends too early')
            name += value
        return 'matrix' if name == 'WORDS' else name


# ---- putting things together ----

def as_expr(v):
    if isinstance(v, sympy.Expr):
        return v
    raise No('something other than a value within an expression')


def as_set(v):
    if isinstance(v, sympy.Set):
        return v
    if isinstance(v, Items) and v.kind == 'set':
        return sympy.FiniteSet(*[as_expr(x) for x in v.items])
    if isinstance(v, Pair):
        return interval(v.items, '(', ')')
    raise No('a set is expected')


def interval(ends, begin, end):
    a, b = (as_expr(v) for v in ends)
    if not (a.is_extended_real and b.is_extended_real) or a.free_symbols or b.free_symbols:
        raise No('an interval with ends that are no real numbers')
    if (a > b) == True:
        raise No('an interval whose ends are the wrong way round')
    return sympy.Interval(a, b, begin == '(' or a == -sympy.oo, end == ')' or b == sympy.oo)


def negate(v):
    return -v if isinstance(v, sympy.MatrixBase) else -as_expr(v)


def add(a, b):
    if isinstance(a, sympy.MatrixBase) and isinstance(b, sympy.MatrixBase) and a.shape == b.shape:
        return a + b
    return as_expr(a) + as_expr(b)


def multiply(a, b):
    if isinstance(b, sympy.MatrixBase) and isinstance(a, sympy.Expr):
        return a * b
    return as_expr(a) * as_expr(b)


def divide(a, b):
    b = as_expr(b)
    if b == 0:
        raise No('a division by 0')
    return as_expr(a) / b
