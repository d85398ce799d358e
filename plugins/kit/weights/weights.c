/* weights.c: finds the file, keeps the mappings and the list of tensors, and looks them up by name. */
#include "weights.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../text.h"
#include "checkpoint.h"

#define LONGEST_NAME 1024
#define COPIES_FREE  ((size_t)64 << 20) /* bytes of copies that any file may ask for */
#define COPIES_TIMES 16                 /* and so many times its own size */
#define NAMES_SHOWN  6

struct kept {                   /* a mapping, or a block of memory */
	struct kept *next;
	void *map;              /* NULL: the bytes that follow */
	size_t len;
	_Alignas(64) unsigned char bytes[];
};

struct entry {
	struct rho_tensor tensor;
	bool used;
};

struct rho_weights {
	char *file;
	struct kept *kept;
	size_t mapped, copied;  /* bytes */
	struct entry *entry;    /* (n), in order of name once open */
	size_t n, room;
};

size_t rho_dtype_size(uint32_t dtype)
{
	static const size_t size[] = { 1, 1, 1, 2, 4, 8, 2, 2, 4, 8 };
	return size[dtype];
}

const char *rho_dtype_name(uint32_t dtype)
{
	static const char *const name[] = { "BOOL", "U8", "I8", "I16", "I32", "I64",
	                                    "F16", "BF16", "F32", "F64" };
	return name[dtype];
}

bool rho_shape_count(size_t rank, const size_t *shape, size_t size, size_t *n)
{
	size_t bytes = size;
	*n = 1;
	for (size_t i = 0; i < rank; i++)
		if (!shape[i])
			*n = 0;
	for (size_t i = 0; *n && i < rank; i++)
		if (__builtin_mul_overflow(bytes, shape[i], &bytes) || bytes > PTRDIFF_MAX)
			return false;
	*n = *n ? bytes / size : 0;
	return true;
}

const char *rho_shape_text(size_t rank, const size_t *shape, char out[RHO_SHAPE_TEXT])
{
	size_t used = 1;
	strcpy(out, "(");
	for (size_t i = 0; i < rank; i++)       /* 20 digits each at most */
		used += (size_t)snprintf(out + used, RHO_SHAPE_TEXT - used, "%s%zu", i ? ", " : "", shape[i]);
	strcpy(out + used, rank == 1 ? ",)" : ")");
	return out;
}

void rho_strided_copy(void *to, const void *from, size_t size, size_t rank, const size_t *shape,
                      const size_t *stride)
{
	size_t at[RHO_TENSOR_RANK] = { 0 }, offset = 0, n = 1;
	unsigned char *out = to;
	for (size_t i = 0; i < rank; i++)
		n *= shape[i];
	for (; n; n--, out += size) {
		memcpy(out, (const unsigned char *)from + offset * size, size);
		for (size_t i = rank; i-- > 0; ) {
			offset += stride[i];
			if (++at[i] < shape[i])
				break;
			offset -= stride[i] * shape[i];
			at[i] = 0;
		}
	}
}

static struct kept *keep(struct rho_weights *w, size_t bytes)
{
	size_t all;
	if (__builtin_add_overflow(sizeof(struct kept) + 63, bytes, &all))
		return NULL;
	struct kept *k = aligned_alloc(64, all / 64 * 64);
	if (!k)
		return NULL;
	k->map = NULL;
	k->len = bytes;
	k->next = w->kept;
	w->kept = k;
	return k;
}

void *rho_weights_room(struct rho_weights *w, const struct rho_blob *file, const char *what, size_t bytes,
                       struct rho_trouble *t)
{
	size_t most = COPIES_FREE + COPIES_TIMES * w->mapped;
	if (bytes > most - w->copied) {
		rho_trouble_at(t, RHO_EFORMAT, file->path, 0,
		               "%.300s would take %zu bytes of memory, and all that this file unpacks to "
		               "more than %zu (64 MiB and %d times its size): it is damaged, or made to fill "
		               "the memory",
		               what, bytes, most, COPIES_TIMES);
		return NULL;
	}
	struct kept *k = keep(w, bytes);
	if (!k) {
		rho_trouble_at(t, RHO_ENOMEM, file->path, 0, "no memory left for %.300s (%zu bytes)", what,
		               bytes);
		return NULL;
	}
	w->copied += bytes;
	return k->bytes;
}

/* Opens a regular file and learns its length. The descriptor, or -1 with the trouble. */
static int open_regular(const char *path, size_t *len, struct rho_trouble *t)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		rho_trouble_at(t, RHO_EIO, path, 0, "there is no such file");
	else if (fd < 0)
		rho_trouble_at(t, RHO_EIO, path, 0, "cannot be opened: %s", strerror(errno));
	else if (fstat(fd, &st))
		rho_trouble_at(t, RHO_EIO, path, 0, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rho_trouble_at(t, RHO_EIO, path, 0, "this is not a regular file, and cannot be mapped");
	else if (st.st_size <= 0)
		rho_trouble_at(t, RHO_EFORMAT, path, 0, "the file is empty; fetch it again");
	else
		*len = (size_t)st.st_size;
	if (!t->code)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int rho_weights_map(struct rho_weights *w, const char *path, struct rho_blob *out, struct rho_trouble *t)
{
	size_t len = 0;
	int fd = open_regular(path, &len, t);
	if (fd < 0)
		return t->code;
	struct kept *k = keep(w, strlen(path) + 1);
	void *map = k ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	int error = errno;
	close(fd);
	if (map == MAP_FAILED)
		return rho_trouble_at(t, k ? RHO_EIO : RHO_ENOMEM, path, 0, "cannot be mapped: %s",
		                      k ? strerror(error) : "no memory left");
	k->map = map;
	k->len = len;
	w->mapped += len;
	strcpy((char *)k->bytes, path);
	*out = (struct rho_blob){ (char *)k->bytes, map, len };
	return 0;
}

bool rho_name_printable(struct rho_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f)
			return false;
	return true;
}

/* Room for one more entry. */
static bool grow(struct rho_weights *w)
{
	if (w->n < w->room)
		return true;
	size_t room = w->room ? 2 * w->room : 256;
	struct entry *e = realloc(w->entry, room * sizeof(*e));
	if (!e)
		return false;
	w->entry = e;
	w->room = room;
	return true;
}

int rho_weights_add(struct rho_weights *w, const struct rho_blob *file, struct rho_str name,
                    const struct rho_tensor *like, struct rho_trouble *t)
{
	if (!name.len || name.len > LONGEST_NAME || !rho_name_printable(name))
		return rho_trouble_at(t, RHO_EFORMAT, file->path, 0,
		                      "tensor %zu has no proper name (1 to %d bytes, no control characters)",
		                      w->n,
		                      LONGEST_NAME);
	struct rho_tensor tensor = *like;
	if (tensor.rank > RHO_TENSOR_RANK
	    || !rho_shape_count(tensor.rank, tensor.shape, rho_dtype_size(tensor.dtype), &tensor.n))
		return rho_trouble_at(t, RHO_EFORMAT, file->path, 0,
		                      "tensor '%.*s' has a shape that no memory could hold", (int)name.len,
		                      name.at);
	struct kept *k = keep(w, name.len + 1);
	if (!k || !grow(w))
		return rho_trouble_at(t, RHO_ENOMEM, file->path, 0, "no memory left for its list of tensors");
	memcpy(k->bytes, name.at, name.len);
	k->bytes[name.len] = '\0';
	tensor.name = (const char *)k->bytes;
	w->entry[w->n++] = (struct entry){ tensor, false };
	return 0;
}

size_t rho_weights_filter(struct rho_weights *w, size_t first,
                          bool (*keep_it)(void *arg, const char *name), void *arg)
{
	size_t n = first;
	for (size_t i = first; i < w->n; i++)
		if (keep_it(arg, w->entry[i].tensor.name))
			w->entry[n++] = w->entry[i];
	return w->n = n;
}

static bool starts(const struct rho_blob *f, const char *with)
{
	return f->len >= strlen(with) && !memcmp(f->at, with, strlen(with));
}

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), m = strlen(with);
	return n >= m && !strcmp(path + n - m, with);
}

/* What people have in the place of a checkpoint; NULL: nothing that is known. */
static const char *mistaken(const struct rho_blob *f)
{
	static const char *const known[][2] = {
		{ "version https://git-lfs",
		  "this is a Git LFS pointer, not the file itself: run `git lfs pull`" },
		{ "<", "this is a web page, not a checkpoint: fetch the file itself" },
		{ "GGUF", "GGUF files are not read; fetch the model's model.safetensors" },
		{ "\x89HDF", "HDF5 files are not read; fetch the model's model.safetensors" },
		{ "\x93NUMPY",
		  "this is a single array; numpy.savez writes several, with names, into one .npz file" },
		{ "\x1f\x8b", "this is gzip data: unpack it first" },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (starts(f, known[i][0]))
			return known[i][1];
	if (f->len > 262 && !memcmp(f->at + 257, "ustar", 5))
		return "tar files (what PyTorch wrote before 0.2) are not read: load the file with PyTorch and "
		       "save it again";
	return NULL;
}

int rho_weights_read(struct rho_weights *w, const char *path, struct rho_trouble *t)
{
	static const char *const pickles[] = { ".bin", ".pt", ".pth", ".ckpt", ".pkl" };
	struct rho_blob f;
	if (rho_weights_map(w, path, &f, t))
		return t->code;
	if (mistaken(&f))
		return rho_trouble_at(t, RHO_EFORMAT, path, 0, "%s", mistaken(&f));
	if (starts(&f, "PK\x03\x04") || starts(&f, "PK\x05\x06"))
		return rho_read_zip(w, &f, t);
	bool pickle = starts(&f, "\x80");
	for (size_t i = 0; i < sizeof(pickles) / sizeof(pickles[0]); i++)
		pickle = pickle || ends(path, pickles[i]);
	bool header = f.len > 8 && f.at[8] == '{';      /* behind a length, which may begin like a pickle */
	return pickle && !header ? rho_read_torch_legacy(w, &f, t) : rho_read_safetensors(w, &f, t);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->tensor.name, ((const struct entry *)b)->tensor.name);
}

static int put_in_order(struct rho_weights *w, struct rho_trouble *t)
{
	if (w->n)
		qsort(w->entry, w->n, sizeof(w->entry[0]), by_name);
	for (size_t i = 1; i < w->n; i++)
		if (!by_name(&w->entry[i - 1], &w->entry[i]))
			return rho_trouble_at(t, RHO_EFORMAT, w->file, 0, "two tensors are called '%s'",
			                      w->entry[i].tensor.name);
	return 0;
}

/* FOLDER/NAME of the first weights that are there, or NULL with the trouble. The caller frees. */
static char *find_in_folder(const char *folder, struct rho_trouble *t)
{
	static const char *const name[] = { "model.safetensors", "model.safetensors.index.json",
	                                    "pytorch_model.bin", "pytorch_model.bin.index.json",
	                                    "model.npz", "weights.npz" };
	char *path = malloc(strlen(folder) + 40);
	for (size_t i = 0; path && i < sizeof(name) / sizeof(name[0]); i++) {
		stpcpy(stpcpy(stpcpy(path, folder), ends(folder, "/") ? "" : "/"), name[i]);
		if (!access(path, F_OK))
			return path;
	}
	if (path)
		rho_trouble_at(t, RHO_EIO, folder, 0,
		               "this folder holds no weights; looked for model.safetensors, "
		               "model.safetensors.index.json, pytorch_model.bin, "
		               "pytorch_model.bin.index.json, model.npz and weights.npz");
	else
		rho_trouble_set(t, RHO_ENOMEM, "no memory left for a path");
	free(path);
	return NULL;
}

struct rho_weights *rho_weights_open(const char *path, struct rho_trouble *t)
{
	struct stat st;
	struct rho_blob index;
	struct rho_weights *w = calloc(1, sizeof(*w));
	if (!w) {
		rho_trouble_set(t, RHO_ENOMEM, "no memory left to read weights");
		return NULL;
	}
	w->file = !stat(path, &st) && S_ISDIR(st.st_mode) ? find_in_folder(path, t) : strdup(path);
	if (!w->file)
		rho_trouble_set(t, RHO_ENOMEM, "no memory left to read weights");
	else if (!ends(w->file, ".index.json"))
		rho_weights_read(w, w->file, t);
	else if (!rho_weights_map(w, w->file, &index, t))
		rho_read_shards(w, &index, t);
	if (t->code || put_in_order(w, t)) {
		rho_weights_close(w);
		return NULL;
	}
	return w;
}

void rho_weights_close(struct rho_weights *w)
{
	if (!w)
		return;
	while (w->kept) {
		struct kept *k = w->kept;
		w->kept = k->next;
		if (k->map)
			munmap(k->map, k->len);
		free(k);
	}
	free(w->entry);
	free(w->file);
	free(w);
}

const char *rho_weights_file(const struct rho_weights *w) { return w->file; }
size_t rho_weights_n(const struct rho_weights *w) { return w->n; }
const struct rho_tensor *rho_weights_at(const struct rho_weights *w, size_t i) { return &w->entry[i].tensor; }
bool rho_weights_used(const struct rho_weights *w, size_t i) { return w->entry[i].used; }

const struct rho_tensor *rho_weights_find(struct rho_weights *w, const char *name)
{
	size_t from = 0, to = w->n;
	while (from < to) {
		size_t i = from + (to - from) / 2;
		int c = strcmp(name, w->entry[i].tensor.name);
		if (!c) {
			w->entry[i].used = true;
			return &w->entry[i].tensor;
		}
		if (c < 0)
			to = i;
		else
			from = i + 1;
	}
	return NULL;
}

/* The tensor that is not there, and what is. */
static void missing(struct rho_weights *w, const char *name, size_t rank, const size_t *shape,
                    struct rho_trouble *t)
{
	char wanted[RHO_SHAPE_TEXT];
	struct rho_text some = { 0 };
	struct rho_str *names = calloc(w->n + 1, sizeof(*names));
	size_t near = w->n;
	for (size_t i = 0; names && i < w->n; i++)
		names[i] = rho_str_of(w->entry[i].tensor.name);
	if (names)
		near = rho_kit_nearest(rho_str_of(name), names, w->n);
	for (size_t i = 0; i < w->n && i < NAMES_SHOWN; i++)
		rho_text_join(&some, ", ", rho_str_head(rho_str_of(w->entry[i].tensor.name), 60));
	rho_shape_text(rank, shape, wanted);
	if (near < w->n)
		rho_trouble_at(t, RHO_EFORMAT, w->file, 0,
		               "there is no tensor '%.200s' of shape %s; the nearest name there is '%.200s'",
		               name,
		               wanted, names[near].at);
	else
		rho_trouble_at(t, RHO_EFORMAT, w->file, 0,
		               "there is no tensor '%.200s' of shape %s; there are %zu: %.*s%s", name, wanted,
		               w->n,
		               (int)some.len, some.len ? some.at : "", w->n > NAMES_SHOWN ? ", …" : "");
	rho_text_free(&some);
	free(names);
}

const struct rho_tensor *rho_weights_want(struct rho_weights *w, const char *name, size_t rank,
                                          const size_t *shape, struct rho_trouble *t)
{
	char found[RHO_SHAPE_TEXT], wanted[RHO_SHAPE_TEXT];
	const struct rho_tensor *x = rho_weights_find(w, name);
	if (!x) {
		missing(w, name, rank, shape, t);
		return NULL;
	}
	if (x->rank != rank || (rank && memcmp(x->shape, shape, rank * sizeof(shape[0])))) {
		rho_trouble_at(t, RHO_EFORMAT, w->file, 0,
		               "tensor '%.200s' has shape %s; %s is expected, by what config.json says", name,
		               rho_shape_text(x->rank, x->shape, found), rho_shape_text(rank, shape, wanted));
		return NULL;
	}
	if (x->dtype < RHO_DT_F16) {
		rho_trouble_at(t, RHO_EFORMAT, w->file, 0,
		               "tensor '%.200s' holds %s; F32, F16, BF16 or F64 is expected", name,
		               rho_dtype_name(x->dtype));
		return NULL;
	}
	return x;
}
