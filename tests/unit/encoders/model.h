/* model.h: model folders of the tests: the real ones, copies with something changed, and their references. */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* RHO_REAL_DATA/models/NAME; skips the test where there is no real data. Lasts for the test. */
const char *model_real(const char *name);

/* A new folder with links to every file of `from` (real model; NULL: empty). Lasts until model_remove. */
char *model_copy(const char *from);
/* Replaces FOLDER/NAME: by a link, by text, by bytes; `text` NULL: removes it. Folders on the way are
 * made. */
void model_link(const char *folder, const char *name, const char *target);
void model_text(const char *folder, const char *name, const char *text);
void model_bytes(const char *folder, const char *name, const void *bytes, size_t n);
/* The whole of a file; the caller frees. */
char *model_read(const char *folder, const char *name, size_t *n);
/* FOLDER/config.json with `old` replaced by `new`, which must be there. */
void model_config(const char *folder, const char *old, const char *new);
/* FOLDER/tokenizer.json with another "post_processor". */
void model_frame(const char *folder, const char *post_processor);
void model_remove(char *folder);

/* Line by line: the object, or NULL at the end; the caller frees with json_decref. */
struct model_lines { void *file; char *line; size_t room; };
void model_lines_open(struct model_lines *, const char *folder, const char *name);
json_t *model_lines_next(struct model_lines *);
void model_lines_close(struct model_lines *);

/* A list (or a list of lists, flattened) of numbers; *n of them; the caller frees. */
double *model_numbers(const json_t *o, const char *key, size_t *n);
uint32_t *model_ids(const json_t *o, const char *key, size_t *n);

/* The largest |a[i] - b[i]| with b scaled by `scale`, and 1 - cosine. */
double model_gap(const float *a, const double *b, size_t n, double scale);
double model_apart(const float *a, const double *b, size_t n);
double model_length(const double *b, size_t n);

#endif
