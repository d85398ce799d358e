/* zip.h: the entries of a zip archive in memory, used in place where they are stored unpacked. */
#ifndef RHO_KIT_ZIP_H
#define RHO_KIT_ZIP_H

#include "checkpoint.h"

struct rho_zip_entry {
	struct rho_str name;    /* in the archive's directory */
	uint64_t packed, size;  /* bytes in the file, bytes unpacked */
	uint64_t at;            /* of its own header in the file */
	uint32_t method, crc;
};

struct rho_zip {
	const struct rho_blob *file;
	struct rho_zip_entry *entry;    /* (n), in order of name */
	size_t n;
};

/* Reads the directory (of ZIP64 archives, too). 0 or an error: no directory, names that occur twice,
 * encryption. The caller closes it in either case. */
int rho_zip_open(struct rho_zip *, const struct rho_blob *, struct rho_trouble *);
void rho_zip_close(struct rho_zip *);

/* The entry of that name, or NULL. */
const struct rho_zip_entry *rho_zip_find(const struct rho_zip *, struct rho_str name);

/* The entry's bytes, which live as long as the weights: in the mapping where it is stored, unpacked into
 * memory of the weights and checked where it is deflated. */
int rho_zip_bytes(const struct rho_zip *, const struct rho_zip_entry *, struct rho_weights *,
                  const unsigned char **at, struct rho_trouble *);

/* The two kinds of archive that hold weights. 0 or an error. */
int rho_read_npz(struct rho_weights *, const struct rho_zip *, struct rho_trouble *);
int rho_read_torch_zip(struct rho_weights *, const struct rho_zip *, const struct rho_zip_entry *pickle,
                       struct rho_trouble *);

#endif
