/* source.h: what is to be encoded, row by row: a file's lines, a CSV column, a JSON Lines field, a folder's
 * pictures. */
#ifndef RHO_ENCODE_SOURCE_H
#define RHO_ENCODE_SOURCE_H

#include <rho/view.h>
#include "../base/digest.h"

enum rho_source_form {
	RHO_SOURCE_GUESS,  /* by the path's name */
	RHO_SOURCE_LINES,  /* a row a line, empty ones too */
	RHO_SOURCE_CSV,    /* a row a record; .tsv: parted by tabs */
	RHO_SOURCE_JSONL,  /* a row an object */
	RHO_SOURCE_IMAGES, /* a row a .jpg, .jpeg or .png of the folder, in byte order of their names */
};

struct rho_source_spec {
	const char *path;
	uint32_t form;      /* enum rho_source_form */
	const char *column; /* CSV: column, JSONL: field; NULL: "text" */
};

/* Settles the form by the path where it is a guess: .txt, .csv, .tsv, .jsonl (each also .gz), a folder. 0 or
 * -1. */
int rho_source_guess(struct rho_source_spec *, struct rho_buf *why);

struct rho_source;

/* Errors, here and below, name the file, and the line where there is one. NULL with why. */
struct rho_source *rho_source_open(const struct rho_source_spec *, struct rho_buf *why);
void rho_source_close(struct rho_source *); /* NULL is fine */

/* 1: *row is the next row (of a picture: its file's bytes); lasts until the next call. 0: there are no more;
 * less than 0 with why. */
int rho_source_next(struct rho_source *, struct rho_str *row, struct rho_buf *why);

/* "texts.txt:12", "shots/cat.png": where the row given last stands. */
void rho_source_place(const struct rho_source *, struct rho_buf *out);

/* Reads everything once: how many rows, and their digest (of pictures: of names, sizes and times). 0 or -1
 * with why, also when there is no row at all. */
int rho_source_survey(const struct rho_source_spec *, size_t *rows, struct rho_digest *, struct rho_buf *why);

/* The file names of a folder's pictures, a line each. 0 or -1 with why. */
int rho_source_names(const struct rho_source_spec *, struct rho_buf *out, struct rho_buf *why);

#endif
