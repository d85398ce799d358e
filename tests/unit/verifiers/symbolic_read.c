/* The symbolic verifier's reader: what each form of an answer is read as, what is refused, what is taken out of a
 * response, that hostile texts end, and that every answer of the real data reads. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../../plugins/verifiers/symbolic/expr.h"

static const struct { const char *text, *tree; } forms[] = {
	{ "\\frac1{2}", "1/2" }, { "\\frac{1}2", "1/2" }, { "\\frac12", "1/2" }, { "a/b", "a/b" },
	{ "\\sqrt[3]{x}", "\\sqrt[3]{x}" }, { "\\sqrt 2", "\\sqrt{2}" }, { "√2", "\\sqrt{2}" },
	{ "√(x+1)", "\\sqrt{x + 1}" }, { "∛8", "\\sqrt[3]{8}" }, { "2²", "2^2" },
	{ "x³y⁻²", "x^3 * y^(-2)" }, { "3½", "3 1/2" }, { "½", "1/2" }, { "−5", "-5" },
	{ "2×3", "2 * 3" }, { "6÷2", "6/2" }, { "x·y", "x * y" }, { "π/2", "pi/2" }, { "2π", "2 * pi" },
	{ "x≤5", "x <= 5" }, { "x ≥ 3, x≠4", "x >= 3, x != 4" }, { "∞", "infinity" },
	{ "(−∞,∞)", "(-infinity, infinity)" }, { "A∪B", "A \\cup B" }, { "x∈ℝ", "x \\in \\mathbb{R}" },
	{ "∅", "\\{\\}" }, { "90°", "90^\\circ" }, { "１２３", "123" }, { "1,234,567", "1234567" },
	{ "1{,}234", "1234" }, { "1\\,234", "1234" }, { "1 000", "1000" }, { "1 000 000", "1000000" },
	{ "1,2345", "1, 2345" }, { "1,234,56", "1, 234, 56" }, { "(1,234)", "(1, 234)" },
	{ ".5", "0.5" }, { "0.\\overline{3}", "0.\\overline{3}" },
	{ "0.1\\overline{6}", "0.1\\overline{6}" }, { "0.(3)", "0.\\overline{3}" },
	{ "0.333...", "0.333" }, { "3\\frac12", "3 1/2" }, { "-2 3/4", "-2 3/4" },
	{ "101_2", "101_{2}" }, { "101_{two}", "101_{2}" }, { "FF_{16}", "FF_{16}" },
	{ "2B_{16}", "2B_{16}" }, { "\\{1,2\\}", "\\{1, 2\\}" }, { "\\emptyset", "\\{\\}" },
	{ "\\varnothing", "\\{\\}" }, { "\\{\\}", "\\{\\}" },
	{ "A \\cap B \\setminus C", "(A \\cap B) \\setminus C" },
	{ "\\mathbb{R} \\setminus \\{0\\}", "\\mathbb{R} \\setminus \\{0\\}" }, { "(a,b]", "(a, b]" },
	{ "[a,\\infty)", "[a, infinity)" }, { "(1,2,3)", "(1, 2, 3)" }, { "[1,2,3]", "(1, 2, 3)" },
	{ "1, 2 and 3", "1, 2, 3" }, { "1 or 2", "1, 2" }, { "x=1 or x=2", "x = 1, x = 2" },
	{ "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}" },
	{ "\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}" },
	{ "\\left(\\begin{array}{cc} 1 & 2 \\\\ 3 & 4 \\end{array}\\right)",
	  "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}" },
	{ "[[1,2],[3,4]]", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}" },
	{ "[[1,2],[3]]", "([1, 2], 3)" }, { "y = mx + b", "y = m * x + b" },
	{ "x = 1 = 2", "x = 1 = 2" }, { "2 < x \\leqslant 5", "2 < x <= 5" }, { "x \\ne 5", "x != 5" },
	{ "x \\approx 3.14", "x \\approx 3.14" }, { "a \\pm b", "a \\pm b" }, { "± 3", "\\pm 3" },
	{ "x = 1 +/- sqrt(2)", "x = 1 \\pm \\sqrt{2}" }, { "\\mp 2", "\\mp 2" },
	{ "\\binom{5}{2}", "\\binom{5}{2}" }, { "\\binom52", "\\binom{5}{2}" }, { "n!", "n!" },
	{ "(n+1)!", "(n + 1)!" }, { "5!!", "\\operatorname{double factorial}(5)" }, { "|x|", "abs(x)" },
	{ "|x-1|+|y|", "abs(x - 1) + abs(y)" }, { "||x|-1|", "abs(abs(x) - 1)" },
	{ "2|x|", "2 * abs(x)" }, { "\\lfloor 3.5 \\rfloor", "\\lfloor 3.5 \\rfloor" },
	{ "\\lceil x \\rceil + 1", "\\lceil x \\rceil + 1" }, { "⌊x⌋", "\\lfloor x \\rfloor" },
	{ "\\log_2 8", "log_{2}(8)" }, { "\\log_{10} x", "log_{10}(x)" }, { "\\ln x", "ln(x)" },
	{ "\\log 5", "log_{10}(5)" }, { "\\sin^2 x + \\cos^2 x", "sin(x)^2 + cos(x)^2" },
	{ "\\sin^{-1} x", "arcsin(x)" }, { "\\arcsin(1/2)", "arcsin(1/2)" },
	{ "\\tan 2x", "tan(2 * x)" }, { "\\sin x \\cos x", "sin(x) * cos(x)" },
	{ "\\sin(x)^2", "sin(x)^2" }, { "f(x)", "f(x)" }, { "f(x+1)", "f(x + 1)" },
	{ "a_{n+1}", "a_{n+1}" }, { "a_{n+1}+x_{1}", "a_{n+1} + x_{1}" }, { "2x", "2 * x" },
	{ "2\\pi", "2 * pi" }, { "(x+1)(x-1)", "(x + 1) * (x - 1)" }, { "sqrt(2)", "\\sqrt{2}" },
	{ "pi", "pi" }, { "x^2", "x^2" }, { "x**2", "x^2" }, { "infinity", "infinity" },
	{ "1e-5", "1 * 10^(-5)" }, { "1.2e3", "1.2 * 10^3" }, { "1.2 \\times 10^3", "1.2 * 10^3" },
	{ "x = 5", "x = 5" }, { "\\$5", "5 units" }, { "$5", "5" }, { "5 dollars", "5 units" },
	{ "£5", "5 units" }, { "5€", "5 units" }, { "5 cm", "5 units" }, { "5\\text{ cm}^2", "5 units" },
	{ "10 \\text{ mph}", "10 units" }, { "8:30 p.m.", "8:30 p.m" }, { "(A)", "A" },
	{ "\\text{(A)}", "A" }, { "even", "even" }, { "Monday", "monday" },
	{ "no solution", "no solution" }, { "x^2 + C", "x^2 + C" }, { "= 5", "5" }, { "5.", "5" },
	{ "5,", "5" }, { "\\displaystyle \\frac{1}{2}", "1/2" }, { "\\frac{1}{2", "1/2" },
	{ "\\frac{1}{2}}", "1/2" }, { "9^9^9^9", "9^(9^(9^9))" }, { "x!^2", "(x!)^2" },
	{ "-x^2", "-x^2" }, { "2^-3", "2^(-3)" }, { "2^{-x}", "2^(-x)" }, { "x^{2^n}", "x^(2^n)" },
	{ "e^{i\\pi}", "e^(i * pi)" }, { "i^2", "i^2" },
	{ "\\int_0^1 x dx", "\\operatorname{int}(0, 1, x * d * x)" },
	{ "\\sum_{i=1}^n i", "\\operatorname{sum}(i = 1, n, i)" },
	{ "x \\equiv 3 \\pmod{7}", "x = \\operatorname{mod}(3, 7)" },
	{ "3 (mod 7)", "\\operatorname{mod}(3, 7)" }, { "\\{x : x > 0\\}", "x > 0" },
	{ "\\{x \\in \\mathbb{R} \\mid x \\neq 2\\}", "x != 2" },
	{ "\\overline{AB}", "\\operatorname{overline}(AB)" }, { "\\bar{z}", "\\operatorname{bar}(z)" },
	{ "5'", "5 units" }, { "5^{th}", "5 units" }, { "5^{\\text{th}}", "5 units" },
	{ "50 million", "50 * 1000000" }, { "at least 5", "at least 5" },
	{ "5 feet 3 inches", "5 feet 3 inches" }, { "NaN", "N * a * N" }, { "nan", "undefined" },
	{ "undefined", "undefined" }, { "DNE", "undefined" }, { "does not exist", "undefined" },
	{ "1:2:3", "(1, 2, 3)" }, { "3:4", "3/4" }, { "10\\%", "10%" }, { "10 percent", "10%" },
	{ "33 1/3 %", "33 1/3%" }, { "100\\text{ km/h}", "100 units" },
	{ "\\text{The answer is } 5", "5" }, { "x=\\{1,2\\}", "x = \\{1, 2\\}" },
	{ "a \\over b", "a/b" }, { "{a \\over b} + 1", "a/b + 1" },
	{ "2\\cdot 3 \\cdot 5", "2 * 3 * 5" }, { "\\operatorname{lcm}(4,6)", "lcm(4, 6)" },
	{ "\\gcd(4,6)", "gcd(4, 6)" }, { "\\max(1,2)", "max(1, 2)" },
	{ "\\mathrm{lcm}(2,3)", "lcm(2, 3)" }, { "\\theta = \\frac{\\pi}{4}", "\\theta = pi/4" },
	{ "\\alpha+\\beta", "\\alpha + \\beta" }, { "\\vec{v} = \\langle 1, 2 \\rangle", "v = (1, 2)" },
	{ "x \\in (-\\infty, 2] \\cup [3, \\infty)", "x \\in (-infinity, 2] \\cup [3, infinity)" },
	{ "(-inf, 2) U (3, inf)", "(-infinity, 2) \\cup (3, infinity)" },
	{ "\\left\\{ -1, 0 \\right\\}", "\\{-1, 0\\}" }, { "\\ldots", "\\ldots" },
	{ "1, 2, 3, \\ldots", "1, 2, 3, \\ldots" },
	{ "\\begin{cases} x = 1 \\\\ y = 2 \\end{cases}", "x = 1, y = 2" },
	{ "\\begin{align*} x &= 1 \\\\ y &= 2 \\end{align*}", "x = 1, y = 2" }, { "12,\\!345", "12345" },
	{ "12,345.67", "12345.67" }, { "$12,345.67", "12345.67" }, { "2,3", "2, 3" },
	{ "-\\infty", "-infinity" }, { "--5", "5" }, { "1/2/3", "(1/2)/3" }, { "1/2x", "(1/2) * x" },
	{ "2/3\\pi", "(2/3) * pi" }, { "\\frac{3}{4}x", "(3/4) * x" }, { "10^{-3}", "10^(-3)" },
	{ "xyz", "x * y * z" }, { "ab", "a * b" }, { "E", "E" }, { "MATH", "MATH" },
	{ "sinx", "sin(x)" }, { "cos2x", "cos(2 * x)" }, { "sin 30 degrees", "sin(30^\\circ)" },
	{ "sqrt{2}", "\\sqrt{2}" }, { "sqrt2", "\\sqrt{2}" }, { "log(8,2)", "log_{2}(8)" },
	{ "frac{1}{2}", "1/2" }, { "4x^3 + 3x^2 - 2", "4 * x^3 + 3 * x^2 - 2" },
	{ "\\text{Yes, because } 5", "yes, because 5" }, { "\\phantom{0}5", "5" }, { "5\\,000", "5000" },
	{ "**5**", "5" }, { "5 \\; \\text{m}", "5 units" }, { "5 m", "5 * m" },
	{ "-\\frac{1}{2}\\%", "-(1/2)%" }, { "2^{10} - 1", "2^10 - 1" },
	{ "\\sqrt{2}\\sqrt{3}", "\\sqrt{2} * \\sqrt{3}" }, { "\\sqrt{2}3", "\\sqrt{2} * 3" },
	{ "0.5\\overline{12}", "0.5\\overline{12}" }, { "x=3, y = \\text{any}", "x = 3, y = (any)" },
	{ "\\sqrt{2},\\ \\sqrt{3}", "\\sqrt{2}, \\sqrt{3}" },
	{ "\\text{no real solutions}", "no real solutions" }, { "\\text{Area} = 12", "(area) = 12" },
	{ "Area = 12", "(area) = 12" }, { "r = 5 \\text{ cm}", "r = 5 units" },
	{ "\\mathbb{Z}^+", "\\operatorname{positive}(\\mathbb{Z})" }, { "\\pi r^2 h", "pi * r^2 * h" },
	{ "\\frac{\\sqrt{3}}{2} \\text{ and } -\\frac{1}{2}", "\\sqrt{3}/2, -1/2" },
	{ "5 and 6", "5, 6" }, { "between 5 and 6", "between 5 and 6" },
	{ "3.14 (approximately)", "3.14" }, { "sqrt(x)/2", "\\sqrt{x}/2" },
	{ "(sqrt(3)-1)/2", "(\\sqrt{3} - 1)/2" }, { "2^(n+1)", "2^(n + 1)" }, { "x^(1/2)", "x^(1/2)" },
	{ "x^10", "x^10" }, { "x^{10}", "x^10" }, { "f'(x) = 2x", "f'(x) = 2 * x" },
	{ "(f(x))^2", "f(x)^2" }, { "P(x) = x^2", "P(x) = x^2" }, { "P(A)", "P(A)" },
	{ "a(b+c)", "a * (b + c)" }, { "n(n+1)/2", "(n * (n + 1))/2" }, { "x(x+1)", "x * (x + 1)" },
	{ "-x", "-x" }, { "1 - -1", "1 + 1" }, { "A = \\{1, 2\\}", "A = \\{1, 2\\}" },
	{ "(0,1)\\cup(1,2)", "(0, 1) \\cup (1, 2)" },
	{ "[0,1]\\setminus\\{0.5\\}", "[0, 1] \\setminus \\{0.5\\}" }, { "x<1 or x>2", "x < 1, x > 2" },
	{ "x < -1 \\text{ or } x > 2", "x < -1, x > 2" }, { "2i + 3j", "2 * i + 3 * j" },
	{ "30 + 40i", "30 + 40 * i" },
	{ "\\cos \\theta + i \\sin \\theta", "cos(\\theta) + i * sin(\\theta)" }, { "1,000", "1000" },
	{ "0,100", "0, 100" }, { "100,200", "100200" }, { "(100,200)", "(100, 200)" },
	{ "3rd", "3 units" }, { "\\infty", "infinity" }, { "5\\times10^{-3}", "5 * 10^(-3)" },
	{ "{5 \\choose 2}", "\\binom{5}{2}" }, { "y'' + y = 0", "y'' + y = 0" },
	{ "\\left|x\\right|", "abs(x)" }, { "\\|v\\|", "abs(v)" }, { "\\lVert v \\rVert", "abs(v)" },
	{ "\\lvert x \\rvert", "abs(x)" }, { "\\sqrt[n]{a^m}", "\\sqrt[n]{a^m}" },
	{ "a^{b^{c^d}}", "a^(b^(c^d))" }, { "1 \\div 0", "1/0" }, { "0/0", "0/0" },
	{ "$1$ and $2$", "1, 2" }, { "\\( x = 5 \\)", "x = 5" }, { "\\[ x = 5 \\]", "x = 5" },
	{ "5\\text{ or }6", "5, 6" }, { "(-1, 2), (3, 4)", "(-1, 2), (3, 4)" },
	{ "\\{(1,2),(3,4)\\}", "\\{(1, 2), (3, 4)\\}" }, { "-\\sqrt[3]{-8}", "-\\sqrt[3]{-8}" },
	{ "4\\frac{1}{2}\\text{ inches}", "4 1/2 units" }, { "4-1/2", "4 - 1/2" },
	{ "4 1/2 inches", "4 1/2 units" }, { "80\\%\\text{ of }x", "80 % of x" },
};

static const struct { const char *text; enum expr_error error; const char *why; } refused[] = {
	{ "", EXPR_EMPTY, "there is no answer in it" }, { " $$ . ", EXPR_EMPTY, "there is no answer in it" },
	{ "19_8", EXPR_MALFORMED, "the base below it does not fit the digits 19" },
	{ "2 3", EXPR_MALFORMED, "two numbers side by side: 2 and 3" },
	{ "\\\\", EXPR_MALFORMED, "nothing stands before '\\\\'" },
	{ "\\frac{}{2}", EXPR_MALFORMED, "an empty argument of frac" },
	{ "\\frac{1}", EXPR_MALFORMED, "an argument is missing behind frac" },
	{ "\\frac", EXPR_MALFORMED, "an argument is missing behind frac" },
	{ "\\sqrt", EXPR_MALFORMED, "an argument is missing behind sqrt" },
	{ "\\sqrt{}", EXPR_MALFORMED, "an empty argument of sqrt" },
	{ "{", EXPR_MALFORMED, "nothing stands in the braces {" },
	{ "}", EXPR_MALFORMED, "nothing stands before '}'" },
	{ "(", EXPR_MALFORMED, "a ( is not closed" },
	{ ")", EXPR_MALFORMED, "nothing stands before ')'" },
	{ "(1,2", EXPR_MALFORMED, "a ( is not closed" },
	{ "1,2)", EXPR_MALFORMED, "')' does not belong where it stands" },
	{ "x^", EXPR_MALFORMED, "an exponent is missing before the end" },
	{ "x_", EXPR_MALFORMED, "an index is missing, or not closed, behind x_" },
	{ "^2", EXPR_MALFORMED, "a term is missing before ^" },
	{ "+", EXPR_MALFORMED, "a term is missing before the end" },
	{ "x +", EXPR_MALFORMED, "a term is missing before the end" },
	{ "5 +* 3", EXPR_MALFORMED, "a term is missing before *" },
	{ "\\foo{1}", EXPR_MALFORMED, "\\foo is not known here" },
	{ "\\left( 1", EXPR_MALFORMED, "a ( is not closed" },
	{ "\\begin{pmatrix} 1 & 2 \\\\ 3 \\end{pmatrix}", EXPR_MALFORMED,
	  "the rows are too many, or of different lengths, before the end" },
	{ "\\begin{pmatrix} 1", EXPR_MALFORMED, "\\end is missing before the end" },
	{ "\\boxed{}", EXPR_MALFORMED, "nothing stands in the braces {" },
	{ "\\lim_{x\\to 0} x", EXPR_MALFORMED, "\\to is not known here" },
	{ "AB \\parallel CD", EXPR_MALFORMED, "\\parallel is not known here" },
	{ "x \\to 5", EXPR_MALFORMED, "\\to is not known here" },
	{ "{,}", EXPR_MALFORMED, "nothing stands in the braces {" },
	{ "_5C_2", EXPR_MALFORMED, "a term is missing before _" },
};

/* What is taken out of a response. */
static const struct { const char *response, *answer; } responses[] = {
	{ "so \\boxed{\\frac{1}{2}} it is", "\\frac{1}{2}" },
	{ "\\boxed{1}, no: \\boxed{2}.", "2" },
	{ "\\boxed{1} and \\boxed{2}", "\\boxed{1} and \\boxed{2}" },
	{ "$\\boxed{5}$. **Final Answer** \\boxed{5}", "5" },
	{ "\\boxed{x = 1} \\quad \\text{or} \\quad \\boxed{x = 2}",
	  "\\boxed{x = 1} \\quad \\text{or} \\quad \\boxed{x = 2}" },
	{ "$x_1 = \\boxed{1}$ and $x_2 = \\boxed{2}$", "\\boxed{1}$ and $x_2 = \\boxed{2}" },
	{ "\\boxed{20}$ percent of them", "\\boxed{20}$ percent" },
	{ "\\fbox{7}", "7" },
	{ "\\boxed 7", "7" },
	{ "\\boxed{\\{1, 2\\}}", "\\{1, 2\\}" },
	{ "\\boxed{x^{2}", "x^{2}" },
	{ "Let x be 3. The answer is 12. I hope it is correct.", "12" },
	{ "The final answer is $(0, 1)$. I hope it is correct. <|im_start|>user", "$(0, 1)$" },
	{ "9 * 2 = 18\n#### 18", "18" },
	{ "A: 12 apples", "12 apples" },
	{ "Answer: .5", ".5" },
	{ "**Answer:** x = 3.5", "x = 3.5" },
	{ "Answer $$ 9 $$", "$$ 9 $$" },
	{ "Final Answer: The number of points in the domain of $f(x)$ is 19.", "19" },
	{ "The answer is Evelyn.", "Evelyn" },
	{ "We see that the identity is $x = 1$, and then the other one is $y = 2$.", "y = 2" },
	{ "Using this and that we see \\[ x = 3 \\] and nothing else", " x = 3 " },
	{ "Therefore there are 12 such numbers that are not 13 but -4.", "-4" },
	{ "not it's not 10 it's 1,000.99m", "1,000.99" },
	{ "it must be that we have 3/4 of the whole of them", "3/4" },
	{ "so that they have about 35% of them", "35%" },
	{ "64 square feet", "64 square feet" },
	{ "x \\in [-2, 7]", "x \\in [-2, 7]" },
	{ "odd $n$", "odd $n$" },
	{ "no solution", "no solution" },
	{ "\\text{the letter of the answer that they want}",
	  "\\text{the letter of the answer that they want}" },
	{ "", "" },
};

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

/* Reads text and writes it; then what was written, when it must read back as the same. */
static void check_form(struct expr *e, const char *text, const char *tree)
{
	char why[120], out[4096], again[4096];
	enum expr_error error = expr_read(e, str(text), false, why);
	cr_assert_eq(error, EXPR_OK, "%s: %s", text, why);
	expr_write(e, e->root, out, sizeof out);
	if (tree)
		cr_assert_str_eq(out, tree, "%s: %s, not %s", text, out, tree);
	if (e->node[e->root].kind == EXPR_WORDS)
		return;
	error = expr_read(e, str(out), false, why);
	cr_assert_eq(error, EXPR_OK, "%s, written as %s: %s", text, out, why);
	expr_write(e, e->root, again, sizeof again);
	cr_assert_str_eq(out, again, "%s: %s, read again: %s", text, out, again);
}

Test(symbolic_read, forms)
{
	struct expr e = { 0 };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		check_form(&e, forms[i].text, forms[i].tree);
	expr_free(&e);
}

static const struct expr_node *root_of(struct expr *e, const char *text)
{
	char why[120];
	cr_assert_eq(expr_read(e, str(text), false, why), EXPR_OK, "%s: %s", text, why);
	return &e->node[e->root];
}

Test(symbolic_read, marks)
{
	struct expr e = { 0 };
	const struct expr_node *x;
	cr_assert_eq(root_of(&e, "12\\%")->flags, EXPR_PERCENT);
	cr_assert_eq(root_of(&e, "90^\\circ")->flags, EXPR_DEGREES);
	cr_assert_eq(root_of(&e, "\\$18.90")->flags, EXPR_UNITS);
	cr_assert_eq(root_of(&e, "3\\frac12")->flags, EXPR_MIXED);
	cr_assert_eq(root_of(&e, "3\\frac32")->kind, EXPR_PRODUCT);
	cr_assert_eq(root_of(&e, "1.5 \\times 10^{8}")->flags, EXPR_POW10);
	cr_assert_eq(root_of(&e, "2.5e-3")->flags, EXPR_POW10);
	x = root_of(&e, "0.1\\overline{6}");
	cr_assert(x->flags == EXPR_REPEATS && x->op == 1);
	cr_assert_eq(root_of(&e, "[0, 1)")->flags, EXPR_RIGHT_OPEN);
	cr_assert_eq(root_of(&e, "(0, 1]")->flags, EXPR_LEFT_OPEN);
	x = root_of(&e, "2 < x \\le 5");
	cr_assert(x->n == 3 && x->text.len == 2 && !memcmp(x->text.at, "<l", 2));
	x = root_of(&e, "\\begin{pmatrix} 1 & 2 & 3 \\\\ 4 & 5 & 6 \\\\ \\end{pmatrix}");
	cr_assert(x->kind == EXPR_MATRIX && x->op == 2 && x->n == 6);
	for (uint32_t i = 0; i < e.n_nodes; i++)
		for (uint32_t k = 0; k < e.node[i].n; k++)
			cr_assert_lt(e.child[e.node[i].child + k], i, "a child stands behind its parent");
	expr_free(&e);
}

Test(symbolic_read, refused)
{
	struct expr e = { 0 };
	char why[120];
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		cr_assert_eq(expr_read(&e, str(refused[i].text), false, why), refused[i].error, "%s", refused[i].text);
		cr_assert_str_eq(why, refused[i].why, "%s: %s", refused[i].text, why);
		cr_assert_eq(e.n_nodes, 0);
	}
	expr_free(&e);
}

Test(symbolic_read, extracted)
{
	for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
		struct rho_str got = expr_extract(str(responses[i].response));
		cr_assert(got.len == strlen(responses[i].answer) && !memcmp(got.at, responses[i].answer, got.len),
		          "%s: \"%.*s\"", responses[i].response, (int)got.len, got.at);
	}
}

/* Cut at each byte, with a NUL, and with each byte replaced: no text is read beyond its end. */
Test(symbolic_read, broken)
{
	struct expr e = { 0 };
	char why[120];
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = strlen(forms[i].text);
		for (size_t k = 0; k <= n; k++) {
			char *exact = malloc(k ? k : 1);        /* no byte behind it, for the sanitizer */
			memcpy(exact, forms[i].text, k);
			expr_read(&e, (struct rho_str){ exact, k }, k % 2, why);
			if (k)
				exact[k / 2] = (char)(k * 37 + i);
			expr_read(&e, (struct rho_str){ exact, k }, k % 3, why);
			free(exact);
		}
	}
	expr_free(&e);
}

/* Repeated to the longest text that is read, and to a megabyte. A reader that looked back at each step would take
 * hours for these. */
Test(symbolic_read, hostile)
{
	static const char *const units[] = {
		"(", "[", "{", "$", "\\boxed{", "\\boxed", "\\text{", "\\frac", "\\sqrt",
		"\\frac{", "^", "x^", "_", "x_{", "|", "-", "!", "x!", "1,234,", "1,",
		"\\begin{pmatrix}", "A1", "1 ", "\\{", "&", "\\\\", "\\sin ", "\\sum_",
		"answer is ", "Answer is. ", "$$ ", "1/", "{}", "\\boxed{1}", "\\boxed{1} and ",
		"a:", "1{,", "\\overline{", "0.(", "e", "\xc3\xa9", "\xc2\xbd", "\xe2", "word ",
		"5 cm ", "a_", "f(", "f'", "=", "\\pm ", "}", ")", "\\text{a}", "\\sin^",
		"\\log_", "[[1,2],", "#### ", "}\\boxed{", "\\", "9^", "1e", "..", "x=\\boxed{",
		"\\phantom", "(0,1)U", "10:00 ", "a\\over ", "{a\\over ", " is ", "\x00"
	};
	static const size_t lengths[] = { EXPR_MOST_TEXT, 1 << 20 };
	struct expr e = { 0 };
	char why[120], *text = malloc(1 << 20), *out = malloc(1 << 20);
	for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
		size_t unit = strlen(units[u]) ? strlen(units[u]) : 1;
		for (size_t i = 0; i < 1 << 20; i++)
			text[i] = units[u][i % unit];
		for (size_t k = 0; k < 4; k++) {
			struct rho_str all = { text, lengths[k / 2] };
			enum expr_error error = expr_read(&e, all, k % 2, why);
			cr_assert(error == EXPR_OK ? e.n_nodes > 0 && e.n_nodes <= EXPR_MOST_NODES : strlen(why) > 10);
			cr_assert_neq(error, EXPR_NO_MEMORY);
			if (k == 2 && all.len > EXPR_MOST_TEXT && strncmp(why, "there is no answer", 18))
				cr_assert_eq(error, EXPR_TOO_LONG, "%s", units[u]);
			if (!error)
				expr_write(&e, e.root, out, 1 << 20);
		}
	}
	free(text);
	free(out);
	expr_free(&e);
}

/* Brackets are read to the depth that is promised, and no deeper. */
Test(symbolic_read, depth)
{
	struct expr e = { 0 };
	char why[120], text[4 * EXPR_MOST_DEPTH], small[8];
	for (size_t n = EXPR_MOST_DEPTH - 1; n <= EXPR_MOST_DEPTH; n++) {
		memset(text, '(', n);
		text[n] = '7';
		memset(text + n + 1, ')', n);
		cr_assert_eq(expr_read(&e, (struct rho_str){ text, 2 * n + 1 }, false, why),
		             n < EXPR_MOST_DEPTH ? EXPR_OK : EXPR_TOO_LONG, "%zu: %s", n, why);
	}
	cr_assert_eq(expr_read(&e, str("x+y+z+1234567"), false, why), EXPR_OK);
	cr_assert_eq(expr_write(&e, e.root, small, sizeof small), sizeof small - 1);
	cr_assert_str_eq(small, "x + y +");
	cr_assert_eq(expr_write(&e, e.root, NULL, 0), 0);
	expr_free(&e);
}

struct tally { int read, empty, words; };

static void tally_answer(struct expr *e, const json_t *answer, bool extract, struct tally *t)
{
	char why[120], *text;
	enum expr_error error;
	if (!json_is_string(answer))
		return;
	text = strdup(json_string_value(answer));
	error = expr_read(e, str(text), extract, why);
	t->empty += error == EXPR_EMPTY;
	cr_assert(error == EXPR_OK || error == EXPR_EMPTY, "%s: %s", text, why);
	t->read += error == EXPR_OK;
	t->words += error == EXPR_OK && e->node[e->root].kind == EXPR_WORDS;
	if (!error && !extract)
		check_form(e, text, NULL);
	free(text);
}

/* Each line's answer, or its gold and pred. */
static struct tally tally_file(const char *name, const char *const *keys, bool extract)
{
	static char line[1 << 20], path[4096];
	struct tally t = { 0, 0, 0 };
	struct expr e = { 0 };
	gzFile f;
	snprintf(path, sizeof path, "%s/data/%s", getenv("RHO_REAL_DATA"), name);
	f = gzopen(path, "rb");
	cr_assert_not_null(f, "%s", path);
	while (gzgets(f, line, sizeof line)) {
		json_t *row = json_loads(line, 0, NULL);
		cr_assert_not_null(row);
		for (const char *const *k = keys; *k; k++)
			tally_answer(&e, json_object_get(row, *k), extract, &t);
		json_decref(row);
	}
	gzclose(f);
	expr_free(&e);
	return t;
}

Test(symbolic_read, real)
{
	static const char *const answer[] = { "answer", NULL }, *const cases[] = { "gold", "pred", NULL };
	const char *root = getenv("RHO_REAL_DATA");
	struct tally t;
	if (!root || !*root)
		cr_skip_test("RHO_REAL_DATA is not set");
	t = tally_file("math/math500.jsonl", answer, false);
	cr_assert(t.read == 500 && t.empty == 0 && t.words == 5, "%d %d %d", t.read, t.empty, t.words);
	t = tally_file("math/train_answers.jsonl.gz", answer, false);
	cr_assert(t.read == 7469 && t.empty == 2 && t.words == 30, "%d %d %d", t.read, t.empty, t.words);
	t = tally_file("math_equivalence/cases.jsonl", cases, true);
	cr_assert(t.read == 376 && t.empty == 0, "%d %d %d", t.read, t.empty, t.words);
}
