/* nn.h: networks for deep agents: built once from layers, run forward and backward over rows, and trained.
 *
 *      struct rho_nn_init init = { RHO_NN_ORTHOGONAL, M_SQRT2 }, small = { RHO_NN_ORTHOGONAL, 0.01 };
 *      rho_nn_begin(c, &net, "actor");
 *      uint32_t x = rho_nn_input(&net, 0, x_dim, false);
 *      uint32_t h = rho_nn_mlp(&net, "hidden", x, (int64_t[]){ 64, 64 }, 2, RHO_NN_TANH, init);
 *      uint32_t y = rho_nn_dense(&net, "head", h, n_actions, RHO_NN_LINEAR, small);
 *      rho_nn_output(&net, y);
 *      error = rho_nn_end(&net, rho_stream(c, "init"));        parameters kept, the first ones drawn
 *      error = rho_nn_open(c, &net, &pass, &(struct rho_nn_most){ 512, 0 }, true);
 *      error = rho_nn_train(c, &net, &adam, &how);             moments kept
 *
 *      pass.rows[0] = n;
 *      rho_nn_give(&pass, x, observations);
 *      error = rho_nn_forward(c, &pass);                       pass.value[y]: (n, n_actions)
 *      ... write dL/dy into pass.delta[y] ...
 *      rho_nn_zero(&pass);
 *      rho_nn_backward(&pass);                                 pass.gradient: (net.params)
 *      error = rho_nn_step(c, &adam, &pass, rate, rho_nn_clip(rho_nn_norm_of(&p, 1), 0.5));
 *
 * Values and axes. What goes between layers is a value: rows of numbers, one row for each thing on its axis.
 * Axis 0 is what a pass is about: decisions, say. Another axis (rho_nn_axis) is a list for each row of the
 * axis it hangs on: the items of a history, the candidates of a decision. Its rows stand end to end without
 * padding, and offsets say where a row's list begins.
 *
 * Bits. The room's own loops go entry by entry or sum in a fixed order, with fused multiply-adds: the same
 * bits whatever the processor. Products are OpenBLAS's: the same bits for the same shapes on the same kind of
 * machine as long as it runs on one thread (a warning says so where it does not); a row's bits may hang on
 * how many rows there are. So cut work into parts that do not hang on the number of threads (rho_parallel, a
 * pass for each part) and add their gradients up in order (rho_nn_add).
 *
 * Threads. Passes only read their network; any number may run at once, each in a thread of its own. Only
 * rho_nn_step, rho_nn_follow and the host write to its parameters. Nothing is allocated after [open]. */
#ifndef RHO_KIT_NN_H
#define RHO_KIT_NN_H

#include "real.h"

enum {
	RHO_NN_AXES = 8,
	RHO_NN_LISTS = 8,
	RHO_NN_NAME = 48, /* bytes of a slice's name, with its end */
};

/* What is done with a layer's sums. GELU: x Φ(x) (Hendrycks & Gimpel 2016); GELU_TANH: their approximation
 * x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. */
enum rho_nn_unit {
	RHO_NN_LINEAR,
	RHO_NN_RELU,
	RHO_NN_TANH,
	RHO_NN_GELU,
	RHO_NN_GELU_TANH,
	RHO_NN_SIGMOID,
	RHO_NN_UNITS
};

/* First weights (out, in) of a layer; all are multiplied by the gain (0 stands for 1). Biases begin at 0. */
enum rho_nn_law {
	RHO_NN_SAME,       /* the gain itself throughout: zeros where none is said */
	RHO_NN_ORTHOGONAL, /* rows or columns orthonormal, spread evenly (Saxe et al. 2014) */
	RHO_NN_XAVIER,     /* uniform, variance 2 / (in + out) (Glorot & Bengio 2010) */
	RHO_NN_XAVIER_NORMAL,
	RHO_NN_KAIMING,    /* uniform, variance 2 / in (He et al. 2015); with gain √(1/6) torch.nn.Linear's */
	RHO_NN_KAIMING_NORMAL,
	RHO_NN_NORMAL,     /* variance 1 */
};
struct rho_nn_init {
	int law;
	double gain;
};

/* A part of the parameters: a matrix (rows, cols) from net.param + at on. */
struct rho_nn_slice {
	char name[RHO_NN_NAME];
	size_t at, rows, cols;
	struct rho_nn_init init;
};

struct rho_nn_op; /* nn_impl.h */
struct rho_nn_value;

/* A network. After rho_nn_end nothing in it changes but the numbers in param. */
struct rho_nn {
	struct rho_ctx *ctx; /* while it is built */
	char name[RHO_NN_NAME];
	int error; /* the first one; rho_nn_end gives it back */
	size_t params, slices, ops, values, axes, lists;
	rho_real *param; /* (params) kept as NAME */
	uint64_t *shape; /* (slices, 2) kept as NAME_shape */
	struct rho_nn_slice *slice;
	struct rho_nn_op *op;
	struct rho_nn_value *of;      /* (values) */
	uint32_t parent[RHO_NN_AXES]; /* the axis that an axis hangs on */
	uint32_t list_axis[RHO_NN_LISTS], list_below[RHO_NN_LISTS];
};

/* ---- building [open]. Each gives the new value; errors are kept in the network until rho_nn_end. `name` is
 * where parameters go by: NAME.weight and so on; two layers may not share one. ---- */

void rho_nn_begin(struct rho_ctx *, struct rho_nn *, const char *name);

/* An axis with a list for each row of axis `of`. Axis 0 is there from the start. */
uint32_t rho_nn_axis(struct rho_nn *, uint32_t of);

/* Rows the caller gives (rho_nn_give), dim numbers each; wants: backward gives their gradient, too. */
uint32_t rho_nn_input(struct rho_nn *, uint32_t axis, size_t dim, bool wants);

/* Marks a value as one whose gradient the caller writes before rho_nn_backward. */
void rho_nn_output(struct rho_nn *, uint32_t value);

/* f(x W' + b): weight (out, in), bias (out). */
uint32_t rho_nn_dense(struct rho_nn *, const char *name, uint32_t x, size_t out, int unit,
                      struct rho_nn_init);

/* f(x), no parameters. */
uint32_t rho_nn_act(struct rho_nn *, uint32_t x, int unit);

/* LayerNorm (Ba, Kiros & Hinton 2016) over a row's numbers, biased variance: weight (dim) from 1, bias (dim)
 * from 0. */
uint32_t rho_nn_norm(struct rho_nn *, const char *name, uint32_t x, double eps);

/* A list of ids below `below` for each row of the axis, given with each pass: its number in pass.list. */
uint32_t rho_nn_ids(struct rho_nn *, uint32_t axis, uint32_t below);

/* Sums or means of the rows of a table weight (below, dim) that a row's ids name; no ids: zeros. */
uint32_t rho_nn_embed(struct rho_nn *, const char *name, uint32_t list, size_t dim, bool mean,
                      struct rho_nn_init);

/* a + b, same axis and width; a and b side by side; a's rows for all rows of an axis that hangs on a's. */
uint32_t rho_nn_sum(struct rho_nn *, uint32_t a, uint32_t b);
uint32_t rho_nn_concat(struct rho_nn *, uint32_t a, uint32_t b);
uint32_t rho_nn_spread(struct rho_nn *, uint32_t a, uint32_t axis);

/* Of each list one row of the axis it hangs on: its last row, or the mean of its rows; no rows: zeros. */
uint32_t rho_nn_last(struct rho_nn *, uint32_t x);
uint32_t rho_nn_mean(struct rho_nn *, uint32_t x);

/* scale <a's row, b's row>, one number a row of b; a is on b's axis or on the one that that hangs on. */
uint32_t rho_nn_dot(struct rho_nn *, uint32_t a, uint32_t b, double scale);

/* Multi-head attention (Vaswani et al. 2017) between lists: q (dim), kv (2 dim: keys, then values) or q == kv
 * (3 dim: queries, keys, values). Both axes hang on the same one, or q is on the one that kv's hangs on (one
 * query a list). Heads are stretches of dim / heads numbers; scores are scaled by 1/√(dim / heads). causal
 * (self only): a row sees itself and those before it in its list. Rows with a 1 in pass.hide[kv's axis] are
 * seen by none: padding. A query that sees nothing gives zeros. */
uint32_t rho_nn_attend(struct rho_nn *, uint32_t q, uint32_t kv, size_t heads, bool causal);

/* Gated recurrent unit (Cho et al. 2014, in the form of cuDNN and PyTorch) along each list of x's axis: r, z,
 * n = σ, σ, tanh of x W' + b and h U' + c, the latter's share of n times r; h' = (1 - z) n + z h. Gives h' of
 * every row (hidden). first: the state before each list's first row, on the axis x's hangs on; UINT32_MAX:
 * zeros. Parameters NAME.weight (3 hidden, in), NAME.again (3 hidden, hidden), NAME.bias and NAME.again_bias
 * (3 hidden). */
uint32_t rho_nn_gru(struct rho_nn *, const char *name, uint32_t x, uint32_t first, size_t hidden,
                    struct rho_nn_init);

/* Of the above: dense layers with n units each and one activation after each. */
uint32_t rho_nn_mlp(struct rho_nn *, const char *name, uint32_t x, const int64_t *units, size_t n, int unit,
                    struct rho_nn_init);

/* Attention of x to `to` (x == to: self) with its four projections, of x's width. */
uint32_t rho_nn_attention(struct rho_nn *, const char *name, uint32_t x, uint32_t to, size_t heads,
                          bool causal);

/* A pre-norm transformer block (Xiong et al. 2020): x + attention(norm x, norm to), then that +
 * dense(GELU_TANH dense(norm)) with `inner` units. x == to: self-attention. */
uint32_t rho_nn_block(struct rho_nn *, const char *name, uint32_t x, uint32_t to, size_t heads, size_t inner,
                      bool causal);

/* Keeps the parameters and draws the first ones, slice by slice. 0 or the first error, recorded. */
int rho_nn_end(struct rho_nn *, struct rho_rng *);

/* ---- what is kept ---- */

/* The slice of that name, NULL: there is none. */
const struct rho_nn_slice *rho_nn_find(const struct rho_nn *, const char *name);

/* After a resume: whether the kept shapes are this network's. 0, or RHO_EINVAL with both told. [any] */
int rho_nn_check(struct rho_ctx *, const struct rho_nn *);

/* to's parameters = (1 - share) to + share from, of the same shape: target networks. share 1 copies. [any] */
void rho_nn_follow(struct rho_nn *to, const struct rho_nn *from, double share);

/* ---- passes ---- */

/* Most rows of an axis in a pass, and most rows of one of its lists (axis 0: not read). */
struct rho_nn_most {
	size_t rows, list;
};

/* Ids of each row: row i's are id[off[i]] .. id[off[i + 1] - 1]; off NULL: one id a row. */
struct rho_nn_list {
	const uint32_t *id;
	const size_t *off;
};

/* Workspace for one run at a time. The caller fills rows[0], off, hide, list and gives inputs; all of it is
 * read again by rho_nn_backward. */
struct rho_nn_pass {
	const struct rho_nn *nn;
	size_t rows[RHO_NN_AXES];         /* [0] by the caller, others by rho_nn_forward */
	const size_t *off[RHO_NN_AXES];   /* (rows of the axis it hangs on + 1) from 0 on; axis 0: not read */
	const uint8_t *hide[RHO_NN_AXES]; /* (rows) or NULL: what attention is not to see */
	struct rho_nn_list list[RHO_NN_LISTS];
	const rho_real **value; /* (values) each (rows of its axis, dim) after rho_nn_forward */
	rho_real **delta;       /* (values) dL/dvalue, the same shape; NULL where none is wanted. Outputs: the
	                         * caller writes all of it; used up by backward */
	rho_real *gradient;     /* (params) dL/dparam; NULL: made without */
	struct rho_nn_most most[RHO_NN_AXES];
	rho_real **own; /* (values) what value points to but for inputs */
	bool *begun;    /* (values) something is in delta already */
	void **room;    /* (ops) */
};

/* Workspace for at most most[axis].rows rows (one entry an axis); backward: gradients as well. 0 or an error,
 * recorded. [open] */
int rho_nn_open(struct rho_ctx *, const struct rho_nn *, struct rho_nn_pass *, const struct rho_nn_most *most,
                bool backward);

/* The rows of an input, which must stay until the pass is over. */
void rho_nn_give(struct rho_nn_pass *, uint32_t input, const rho_real *rows);

/* All values. 0, or an error, recorded: too many rows, offsets that fall, an id out of range. [any] */
int rho_nn_forward(struct rho_ctx *, struct rho_nn_pass *);

/* gradient += dL/dparam, and deltas of inputs that want one, from the outputs'. Once a forward. [any] */
void rho_nn_backward(struct rho_nn_pass *);
void rho_nn_zero(struct rho_nn_pass *);
void rho_nn_add(struct rho_nn_pass *to, const struct rho_nn_pass *from); /* to's gradient += from's */

/* ---- training ---- */

enum rho_nn_rule { RHO_NN_ADAM, RHO_NN_SGD, RHO_NN_RMSPROP };

/* Adam (Kingma & Ba 2015): eps is added to the root of the corrected second moment; decay is AdamW's
 * (Loshchilov & Hutter 2019): param -= rate decay param, apart from the gradient. SGD: decay is added to the
 * gradient (decay param); v = momentum v + g, param -= rate v. RMSProp (Tieleman & Hinton 2012): v = beta2 v
 * + (1 - beta2) g²; param -= rate g / (√v + eps), and with eps_inside g / √(v + eps) and v from 1,
 * TensorFlow's form that the first A2C was tuned with; decay as SGD's. */
struct rho_nn_how {
	int rule;
	double beta1, beta2, eps, decay, momentum;
	bool eps_inside;
};

/* PyTorch's settings: Adam 0.9, 0.999, 1e-8; SGD without momentum; RMSProp 0.99, 1e-8. */
struct rho_nn_how rho_nn_usual(int rule);

struct rho_nn_rule_state {
	struct rho_nn_how how;
	struct rho_nn *nn;
	rho_real *first, *second; /* (params) kept as NAME_first, NAME_second; NULL where the rule has none */
	uint64_t *steps;          /* (1) kept as NAME_steps */
};

/* After rho_nn_end. 0 or an error, recorded. [open] */
int rho_nn_train(struct rho_ctx *, struct rho_nn *, struct rho_nn_rule_state *, const struct rho_nn_how *);

/* √ of the sum of squares of all these passes' gradients, in float64. [any] */
double rho_nn_norm_of(const struct rho_nn_pass *const *, size_t n);

/* What gradients are multiplied by so that their norm is at most `most` (0: no limit; 1e-6 is added to the
 * norm as in PyTorch). */
double rho_nn_clip(double norm, double most);

/* One step along the pass's gradient times `times`. 0, or RHO_EINVAL, recorded, where the gradient is not
 * finite: nothing is changed then. [run] */
int rho_nn_step(struct rho_ctx *, struct rho_nn_rule_state *, const struct rho_nn_pass *, double rate,
                double times);

/* Learning rates over `total` steps: from 0 in a straight line over the first `warm`, then constant, in a
 * straight line to `last`, or half a cosine to it (Loshchilov & Hutter 2017). Beyond the total: as at its
 * end. */
enum rho_nn_shape { RHO_NN_CONSTANT, RHO_NN_LINE, RHO_NN_COSINE };
struct rho_nn_schedule {
	int shape;
	double first, last;
	uint64_t warm, total;
};
double rho_nn_rate(const struct rho_nn_schedule *, uint64_t step);

#endif
