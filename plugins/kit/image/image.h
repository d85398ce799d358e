/* image.h: pictures as CLIP's reference preprocessing sees them. */
#ifndef RHO_KIT_IMAGE_H
#define RHO_KIT_IMAGE_H

#include "../trouble.h"

struct rho_image { uint8_t *rgb; size_t width, height; };       /* rgb (height, width, 3), malloc'ed */

/* Decodes a JPEG or PNG (told by its first bytes), as Pillow's convert("RGB") has it: alpha dropped, palettes
 * and grey expanded, CMYK and YCCK converted, of 16 bits the upper 8, but 16-bit grey clipped at 255, as
 * there; EXIF orientation is not applied, as there. More than `most` pixels (0: 178,956,970, where Pillow
 * refuses as well), or more than so many bytes can hold, are refused before anything is allocated. Those, and
 * what is damaged: RHO_EFORMAT with the reason. A truncated file is damaged. On failure *out is empty. [any] */
int rho_image_decode(struct rho_str bytes, size_t most, struct rho_image *out, struct rho_trouble *);
void rho_image_free(struct rho_image *);        /* zeroed is fine */

/* Pillow's bicubic resize (a = -0.5, anti-aliased, 8 bits after each pass, horizontal first) to (width,
 * height), of which `part` alone is computed: the bytes are those of the whole, cropped. 0, or RHO_ENOMEM
 * with *out empty. [any] */
struct rho_image_box { size_t left, top, width, height; };
int rho_image_resize(const struct rho_image *, size_t width, size_t height, struct rho_image_box part,
                     struct rho_image *out, struct rho_trouble *);

struct rho_image_rules {        /* preprocessor_config.json */
	size_t shortest;        /* size.shortest_edge; 0: resized to exactly (width, height) */
	size_t width, height;
	size_t crop;            /* crop_size (square), at most `shortest`, or width and height */
	double mean[3], std[3], scale;  /* scale: 1/255 */
};
/* Reads FOLDER/preprocessor_config.json; without one, CLIP's own with `size` pixels. Steps it asks for that
 * are not here (another resampling, padding) are refused by name. 0 or trouble. */
int rho_image_rules_read(const char *folder, size_t size, struct rho_image_rules *, struct rho_trouble *);

/* Resize, centre crop, scale, normalise: out (3, crop, crop), channels first. 0 or trouble. [any] */
int rho_image_pixels(const struct rho_image_rules *, struct rho_str bytes, float *out, struct rho_trouble *);

#endif
