/* mlp.h: a small network from features to one number, with its gradient and Adam, for neural bandits. */
#ifndef RHO_KIT_MLP_H
#define RHO_KIT_MLP_H

#include "phi.h"

enum {
	RHO_MLP_LAYERS = 8,     /* most hidden layers                        */
	RHO_MLP_TILE = 32,      /* most rows of one call of rho_mlp_use      */
};

enum rho_mlp_unit { RHO_MLP_RELU, RHO_MLP_TANH };
extern const char *const rho_mlp_units[];       /* for RHO_CHOICE */

/* What a user says; see RHO_MLP_PARAMS. */
struct rho_mlp_how {
	struct rho_i64s hidden;
	int unit;
	double rate, decay, scale;
	int64_t batch, steps;
};

#define RHO_MLP_PARAMS(T) \
	RHO_I64S(T, hidden, 1, 1024, "units of each hidden layer, at most 8 layers", 64, 64), \
	RHO_CHOICE(T, unit, RHO_MLP_RELU, rho_mlp_units, "what a hidden unit does with its sum"), \
	RHO_F64(T, rate, 0.003, 1e-8, 10, "Adam's learning rate"), \
	RHO_F64(T, decay, 0, 0, 1e3, "weight of half the parameters' squared length in the loss"), \
	RHO_F64(T, scale, 0, 0, 1e6, "what features are multiplied by before the network sees them; 0:" \
		" what makes those of embeddings of length 1 about 1 each"), \
	RHO_I64(T, batch, 32, 1, 1024, "observations of one step of training"), \
	RHO_I64(T, steps, 50, 1, 1000, "steps of one training"), \
	RHO_I64(T, every, 50, 1, 1000000, "rewards between trainings"), \
	RHO_I64(T, window, 4096, 1, 1000000, "train on the last so many rewards")

/* f(φ) = the last layer's one output. Layer l takes size[l] numbers to size[l + 1]; layers - 1 of them are
 * hidden. Parameters: of each layer in turn the weights (in, out), then the biases (out). float32, sums
 * in a fixed order: row by row the same bits however many rows there are. */
struct rho_mlp {
	struct rho_mlp_how how;
	size_t layers, size[RHO_MLP_LAYERS + 2];
	size_t at[RHO_MLP_LAYERS + 1];  /* where a layer's weights begin     */
	size_t below[RHO_MLP_LAYERS + 1];       /* outputs of all layers before it   */
	size_t params, room;    /* numbers in all; outputs of all layers     */
	float scale;
	float *param;           /* (params) kept                             */
	float *first, *second;  /* (params) kept: Adam's moments             */
	uint64_t *steps;        /* (1) kept                                  */
};

/* Sizes, kept arrays "params", "adam_first", "adam_second", "steps", and random first weights (normal with
 * variance 2 / in for relu, 1 / in for tanh and the last layer; biases 0). how.scale is resolved for f.
 * 0 or an error, recorded. [open] */
int rho_mlp_open(struct rho_ctx *, struct rho_mlp *, const struct rho_features *f,
                 const struct rho_mlp_how *, struct rho_rng *);

/* act (n * room): the outputs of every layer for inputs x (n, size[0]); layer l's are (n, size[l + 1]) from
 * act + n * below[l]. The last layer's are f. */
void rho_mlp_forward(const struct rho_mlp *, size_t n, const float *x, float *act);

/* Inputs of the last layer, (n, size[layers - 1]): what the network has made of the features. */
const float *rho_mlp_last(const struct rho_mlp *, size_t n, const float *x, const float *act);

/* delta (n * room), laid out like act: df / d(sum of each unit), times what the caller has put into the
 * last layer's part. */
void rho_mlp_backward(const struct rho_mlp *, size_t n, const float *act, float *delta);

/* gradient (params) += over n rows, from rho_mlp_backward's delta. */
void rho_mlp_gradient(const struct rho_mlp *, size_t n, const float *x, const float *act,
                      const float *delta, float *gradient);

/* out (n): Σ weight[p] (df/dp)² over all parameters p, weight (params), from the delta of f itself;
 * sums (n * room) is workspace. */
void rho_mlp_norms(const struct rho_mlp *, size_t n, const float *x, const float *act, const float *delta,
                   const float *weight, float *sums, double *out);

/* how.steps steps of Adam on mean (f − reward)² / 2 over batches drawn from the ring (of scaled features;
 * not empty). loss: the mean over the steps. 0, RHO_ESTOP, or an error, recorded, where it diverges. [run] */
int rho_mlp_train(struct rho_ctx *, struct rho_mlp *, const struct rho_ring *, struct rho_rng *,
                  double *loss);

/* What is made of a run of action rows: from .. from + n - 1. x (n, size[0]), act and delta (n * room; the
 * latter two times, not set) belong to these rows alone. Called side by side: only services tagged [any]. */
typedef void rho_mlp_use(void *arg, size_t from, size_t n, const float *x, const float *act, float *delta);

/* Runs context x with every action row through the network, a few rows at a time. 0 or RHO_ENOMEM. [run] */
int rho_mlp_each(struct rho_ctx *, const struct rho_mlp *, const struct rho_features *, const float *x,
                 const struct rho_rows *rows, rho_mlp_use *use, void *arg);

/* phi (size[0]) of context x and action a, scaled. */
void rho_mlp_features(const struct rho_mlp *, const struct rho_features *, const float *x, const float *a,
                      float *phi);

#endif
