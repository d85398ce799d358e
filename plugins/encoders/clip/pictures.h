/* pictures.h: the image half of the plugin clip: files to rows, on the host's threads. */
#ifndef CLIP_PICTURES_H
#define CLIP_PICTURES_H

#include "kit/transformer/clip.h"
#include "kit/image/image.h"

struct pictures {               /* constant once filled */
	const struct rho_clip *model;
	struct rho_image_rules rules;   /* crop is the model's size */
	bool normalise;         /* rows of length 1 */
	size_t together;        /* pictures that go through the tower at a time, at least 1 */
	size_t threads;         /* at most so many at a time; 0: as many as there are processors */
};

/* out row i (stride floats apart) = the tower's row for the JPEG or PNG in[i]. Bits depend neither on the
 * batch nor on threads where rho_clip_rowwise, else not on threads. 0, RHO_ESTOP, RHO_ENOMEM, or RHO_EFORMAT
 * for the first picture that cannot be read, by its place in the call; recorded. [run] */
int pictures_encode(struct rho_ctx *, const struct pictures *, const struct rho_str *in, size_t n, float *out,
                    size_t stride);

#endif
