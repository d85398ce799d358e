/* clip.h: CLIP's two towers (Radford et al. 2021) from a checkpoint: texts and pictures to rows of one
 * space. */
#ifndef RHO_KIT_CLIP_H
#define RHO_KIT_CLIP_H

#include "tower.h"

struct rho_clip;                /* constant once open: any number of threads may run it */

struct rho_clip_info {
	size_t dim;             /* floats a row, of either tower */
	bool text, image;       /* which towers the folder has: at least one */
	size_t vocab;           /* text: ids are below it */
	size_t longest;         /* text: most tokens, both special ones included */
	size_t size;            /* image: pixels a side */
	size_t tokens;          /* image: of one picture, the class token included */
};

/* Opens the model in a folder: config.json of model_type clip, clip_text_model or clip_vision_model (with
 * projection), and the weights. precision, engine: of dense.h. 0 and *out, or an error, recorded (rho_fail).
 * [open] */
int rho_clip_open(struct rho_ctx *, const char *folder, uint32_t precision, uint32_t engine,
                  struct rho_clip **out);
void rho_clip_close(struct rho_clip *);         /* NULL is fine */

const struct rho_clip_info *rho_clip_info(const struct rho_clip *);

/* Whether a row has the same bits whatever else is in the call. */
bool rho_clip_rowwise(const struct rho_clip *);

/* Projected, not normalised rows for n texts: out row i at out + i * stride. The end of a text is where its
 * id is highest (config's eos_token_id is 2, as in OpenAI's files) or the first that equals eos_token_id.
 * room: rho_clip_text_room bytes for `tokens` in all, the longest text `longest`, 64-byte aligned. [any] */
size_t rho_clip_text_room(const struct rho_clip *, size_t tokens, size_t n, size_t longest);
void rho_clip_text(const struct rho_clip *, const struct rho_seq *, size_t n, float *out, size_t stride,
                   void *room);

/* The same for n pictures: pixels (n, 3, size, size) as rho_image_pixels leaves them. [any] */
size_t rho_clip_image_room(const struct rho_clip *, size_t n);
void rho_clip_image(const struct rho_clip *, const float *pixels, size_t n, float *out, size_t stride,
                    void *room);

#endif
