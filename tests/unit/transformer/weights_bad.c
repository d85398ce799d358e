/* weights: files that are cut off, damaged, mistaken for checkpoints, or made to do harm. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "../kit/scratch.h"
#include "kit/weights/weights.h"

struct bytes {
	unsigned char *at;
	size_t n, room;
};

static void put(struct bytes *b, const void *at, size_t n)
{
	while (b->n + n > b->room) {
		b->room = b->room ? 2 * b->room : 4096;
		b->at = realloc(b->at, b->room);
		cr_assert_not_null(b->at);
	}
	if (n)
		memcpy(b->at + b->n, at, n);
	b->n += n;
}

static void puts_(struct bytes *b, const char *s) { put(b, s, strlen(s)); }

static void put_number(struct bytes *b, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		put(b, &(unsigned char){ (unsigned char)(i < 8 ? v >> 8 * i : 0) }, 1);
}

/* Opening it must fail, with a message that names the file and holds `words`. */
static void refused(const char *path, int code, const char *words)
{
	struct rho_trouble t = { 0 };
	struct rho_weights *w = rho_weights_open(path, &t);
	cr_assert_null(w, "opened, but should say: %s", words);
	cr_assert_eq(t.code, code, "%s", t.text);
	cr_assert(strstr(t.text, path), "does not name %s: %s", path, t.text);
	cr_assert(strstr(t.text, words), "does not say \"%s\": %s", words, t.text);
}

static const char *scratch_put(const char *name, struct bytes *b)
{
	const char *path = scratch_bytes(name, b->at, b->n);
	free(b->at);
	*b = (struct bytes){ 0 };
	return path;
}

static void safetensors(struct bytes *b, const char *header, size_t data)
{
	put_number(b, strlen(header), 8);
	puts_(b, header);
	for (size_t i = 0; i < data; i++)
		put(b, "", 1);
}

static void refused_header(const char *header, size_t data, const char *words)
{
	struct bytes b = { 0 };
	safetensors(&b, header, data);
	refused(scratch_put("bad.safetensors", &b), RHO_EFORMAT, words);
}

#define T(name, dtype, shape, from, to) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" #from "," #to "]}"

Test(weights_bad, safetensors_headers, .init = scratch_make, .fini = scratch_remove)
{
	refused_header("[1,2]", 8, "none of the formats that are read");
	refused_header("{\"x\"", 8, "the header is damaged at its byte 4");
	refused_header("{" T("x", "F32", "2", 0, 8) "," T("x", "F32", "2", 0, 8) "}", 8,
	               "duplicate object key");
	refused_header("{\"x\":3}", 8, "tensor 'x' in the header is no object");
	refused_header("{\"x\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
	               "'x' in the header has no \"dtype\"");
	refused_header("{" T("x", "F8_E4M3", "8", 0, 8) "}", 8, "'x' is of type 'F8_E4M3'; read are BOOL");
	refused_header("{" T("x", "F32", "-2", 0, 8) "}", 8,
	               "'x' in the header has a \"shape\" with something");
	refused_header("{" T("x", "F32", "2.0", 0, 8) "}", 8,
	               "'x' in the header has a \"shape\" with something");
	refused_header("{" T("x", "F32", "1,1,1,1,1,1,1,1,2", 0, 8) "}", 8, "more than 8 dimensions");
	refused_header("{" T("x", "F32", "2", 0, 16) "}", 8,
	               "'x' lies at bytes 0 to 16 of the data, of which there are 8");
	refused_header("{" T("x", "F32", "2", 8, 0) "}", 8,
	               "no \"data_offsets\" that are two numbers in order");
	refused_header("{" T("x", "F32", "2", 0, -8) "}", 8,
	               "no \"data_offsets\" that are two numbers in order");
	refused_header("{" T("x", "F32", "3", 0, 8) "}", 8,
	               "'x' of shape (3,) and type F32 takes 12 bytes, and the header gives it 8");
	refused_header("{" T("x", "F32", "4611686018427387904,4", 0, 0) "}", 0,
	               "'x' has shape (4611686018427387904, 4), which no memory could hold");
	refused_header("{" T("x", "F32", "99999999999999999999", 0, 8) "}", 8, "too big integer");
	refused_header("{" T("x", "F32", "2", 0, 8) "," T("y", "F32", "2", 4, 12) "}", 12,
	               "tensors 'x' and 'y' overlap at byte 4");
	refused_header("{" T("x", "F32", "1", 0, 4) "," T("y", "F32", "1", 8, 12) "}", 12,
	               "4 bytes of the data before tensor 'y'");
	refused_header("{" T("x", "F32", "1", 0, 4) "}", 12, "8 bytes of the data behind the last tensor");
	refused_header("{" T("a\\u001b[31m", "F32", "1", 0, 4) "}", 4, "no proper name");
	refused_header("{" T("", "F32", "1", 0, 4) "}", 4, "no proper name");
	refused_header("{" T("a\\u0000b", "F32", "1", 0, 4) "}", 4, "NUL");
	refused_header("{\"\xff\xfe\":1}", 4, "the header is damaged");
}

Test(weights_bad, safetensors_files_and_mistaken_ones, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	refused(scratch_path("none.safetensors"), RHO_EIO, "no such file");
	refused(scratch_file("empty", ""), RHO_EFORMAT, "the file is empty");
	refused(scratch_file("short", "1234"), RHO_EFORMAT, "none of the formats");
	refused(scratch_file("lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
	        RHO_EFORMAT, "git lfs pull");
	refused(scratch_file("page", "<!DOCTYPE html><html>"), RHO_EFORMAT, "a web page");
	refused(scratch_bytes("gguf", "GGUF\3\0\0\0\0\0\0\0", 12), RHO_EFORMAT, "GGUF files are not read");
	refused(scratch_bytes("array.npy", "\x93NUMPY\1\0v\0{}", 12), RHO_EFORMAT, "a single array");
	char folder[300];
	snprintf(folder, sizeof(folder), "%s", scratch_path("."));
	refused(folder, RHO_EIO, "holds no weights; looked for model.safetensors,");

	put_number(&b, UINT64_MAX, 8);
	puts_(&b, "{}");
	refused(scratch_put("a", &b), RHO_EFORMAT, "18446744073709551615 bytes long, and only 2 follow");
	safetensors(&b, "{" T("x", "F32", "2", 0, 8) "}", 8);
	b.n = 30;
	refused(scratch_put("b", &b), RHO_EFORMAT, "it is cut off");
	put_number(&b, (17 << 20), 8);
	puts_(&b, "{");
	const char *path = scratch_put("c", &b);
	cr_assert_eq(truncate(path, 18 << 20), 0);
	refused(path, RHO_EFORMAT, "its header is 17825792 bytes long; at most");
	/* JSON nested a hundred thousand deep */
	put_number(&b, 200010, 8);
	puts_(&b, "{\"x\":");
	for (size_t i = 0; i < 100000; i++)
		put(&b, "[", 1);
	for (size_t i = 0; i < 100005; i++)
		put(&b, "]", 1);
	refused(scratch_put("d", &b), RHO_EFORMAT, "maximum parsing depth");
}

Test(weights_bad, nan_weights_are_named, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	struct rho_trouble t = { 0 };
	safetensors(&b, "{" T("layer.0.bias", "F32", "2,2", 0, 16) "}", 0);
	put(&b, (float[]){ 1, 2, 3, NAN }, 16);
	struct rho_weights *w = rho_weights_open(scratch_put("nan.safetensors", &b), &t);
	cr_assert_not_null(w, "%s", t.text);
	cr_assert_eq(rho_tensor_finite(rho_weights_at(w, 0), &t), RHO_EFORMAT);
	cr_assert(strstr(t.text, "'layer.0.bias' of shape (2, 2): element 3 is NaN"), "%s", t.text);
	rho_weights_close(w);
}

Test(weights_bad, shards, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	safetensors(&b, "{" T("x", "F32", "1", 0, 4) "," T("extra", "F32", "1", 4, 8) "}", 8);
	scratch_put("one.safetensors", &b);
	safetensors(&b, "{" T("y", "F32", "1", 0, 4) "}", 4);
	scratch_put("two.safetensors", &b);
	const char *index = scratch_file(
		"model.safetensors.index.json",
		"{\"weight_map\":{\"y\":\"two.safetensors\",\"x\":\"one.safetensors\"}}");
	struct rho_trouble t = { 0 };
	struct rho_weights *w = rho_weights_open(index, &t);
	cr_assert_not_null(w, "%s", t.text);
	cr_assert_eq(rho_weights_n(w), 2);      /* what the index does not name is left out */
	cr_assert_str_eq(rho_weights_at(w, 0)->name, "x");
	cr_assert_str_eq(rho_weights_at(w, 1)->name, "y");
	rho_weights_close(w);

#define INDEX(text, words) refused(scratch_file("a.index.json", text), RHO_EFORMAT, words)
	INDEX("{\"weight_map\":{\"x\":\"../one.safetensors\"}}",
	      "'x' is said to lie in '../one.safetensors'; the name of a file beside");
	INDEX("{\"weight_map\":{\"x\":3}}", "the file of tensor 'x' is no string");
	INDEX("{\"weight_map\":{}}", "no \"weight_map\"");
	INDEX("{\"weight_map\":", "the index is damaged");
	cr_assert_null(rho_weights_open(scratch_file("a.index.json",
	               "{\"weight_map\":{\"z\":\"one.safetensors\"}}"), &t));
	cr_assert(strstr(t.text,
	          "one.safetensors: tensor 'z' is not in this file, where a.index.json puts it"), "%s",
	t.text);
	t.code = 0;
	cr_assert_null(rho_weights_open(scratch_file("a.index.json", "{\"weight_map\":{\"z\":\"three\"}}"),
	               &t));
	cr_assert(strstr(t.text, "/three: there is no such file"), "%s", t.text);
	t.code = 0;     /* an index is no shard */
	cr_assert_null(rho_weights_open(scratch_file("a.index.json",
	               "{\"weight_map\":{\"z\":\"a.index.json\"}}"), &t));
	cr_assert(strstr(t.text, "none of the formats") || strstr(t.text, "cut off"), "%s", t.text);
}

static void refused_pickle(const char *bytes, size_t n, const char *words)
{
	refused(scratch_bytes("evil.bin", bytes, n), RHO_EFORMAT, words);
}
#define PICKLE(bytes, words) refused_pickle(bytes, sizeof(bytes) - 1, words)

Test(weights_bad, pickles_that_ask_for_more_than_a_checkpoint, .init = scratch_make, .fini = scratch_remove)
{
	/* what pickle.dumps makes of an object whose __reduce__ gives (os.system, ("touch …",)) */
	char touched[300], evil[700];
	snprintf(touched, sizeof(touched), "%s", scratch_path("touched"));
	int n = snprintf(evil, sizeof(evil), "\x80\x02" "cos\nsystem\n(X%c%c%c%ctouch %stR.",
	                 (int)strlen(touched) + 6, 1, 1, 1, touched);
	refused_pickle(evil, (size_t)n,
	               "asks for os.system, which a checkpoint does not need; nothing was executed");
	cr_assert_neq(access(touched, F_OK), 0);

	PICKLE("cos\nsystem\n(S'ls'\ntR.", "asks for os.system");
	PICKLE("\x80\2cposix\nsystem\n(U\2lstR.", "asks for posix.system");
	PICKLE("\x80\4\x95\x1d\0\0\0\0\0\0\0\x8c\5posix\x94\x8c\6system\x94\x93\x94\x8c\2ls\x94\x85\x94R"
	       "\x94.", "asks for posix.system");
	PICKLE("\x80\2c__builtin__\neval\n(U\3" "1+1tR.", "asks for __builtin__.eval");
	PICKLE("\x80\3cbuiltins\nexec\n(C\4passtR.", "asks for builtins.exec");
	PICKLE("\x80\2cbuiltins\ngetattr\n.", "asks for builtins.getattr");
	PICKLE("\x80\2csubprocess\nPopen\n.", "asks for subprocess.Popen");
	PICKLE("\x80\2ctorch.storage\n_load_from_bytes\n.", "asks for torch.storage._load_from_bytes");
	PICKLE("\x80\2ctorch\nload\n.", "asks for torch.load");
	PICKLE("\x80\2ctorch\nFloatStorag\n.", "asks for torch.FloatStorag,");
	PICKLE("\x80\2ctorch\nFloatStorage\n)R.", "calls something that a checkpoint does not need to call");
	PICKLE("\x80\2ccollections\nOrderedDict\n)\x81.", "uses the opcode NEWOBJ");
	PICKLE("(ios\nsystem\n.", "uses the opcode INST");
	PICKLE("\x80\2X\2\0\0\0lsP1\n.", "uses the opcode PERSID");
	PICKLE("\x80\2\x82\1.", "uses the opcode EXT1");
	PICKLE("\x80\2ca\x1b[2J\nb\n.", "asks for a name that is not printable");
	PICKLE("\x80\2K\1K\2\x93.", "asks for something whose name is no text");
	PICKLE("\x80\2]}b.", "sets something that is no dictionary");
	PICKLE("\x80\2K\1Q.", "persistent id that is no tuple");
}

Test(weights_bad, pickles_that_are_damaged, .init = scratch_make, .fini = scratch_remove)
{
	PICKLE("\x80", "ends too early");
	PICKLE("\x80\x09.", "protocol above 5");
	PICKLE("\x80\2.", "stops with more or less than one value");
	PICKLE("\x80\2NN.", "stops with more or less than one value");
	PICKLE("\x80\2(.", "stops with more or less than one value");
	PICKLE("\x80\2R.", "takes something off an empty stack");
	PICKLE("\x80\2(\x85.", "takes something off an empty stack");
	PICKLE("\x80\2t.", "looks for a mark that was not set");
	PICKLE("\x80\2q\0.", "remembers something that is not there");
	PICKLE("\x80\2Nr\xff\xff\xff\xff.", "remembers under a number that is out of all order");
	PICKLE("\x80\2h\3.", "recalls something it never remembered");
	PICKLE("\x80\2X\xff\xff\xff\xff" "ab.", "ends too early");
	PICKLE("\x80\4\x8d\xff\xff\xff\xff\xff\xff\xff\xff" "ab.", "ends too early");
	PICKLE("\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\x7f.", "frame that is longer than the file");
	PICKLE("\x80\2\x8b\xff\xff\xff\x7f.", "ends too early");
	PICKLE("\x80\2ctorch", "ends in the middle of a name");
	PICKLE("\x80\2}Ns.", "fills or sets something that is no dictionary");
	PICKLE("\x80\2}(NuN.", "a key that has no value");
	PICKLE("\x80\2(Nd.", "a key that has no value");
	PICKLE("\x80\2]NNs.", "no dictionary");
	PICKLE("\x80\2}Na.", "no list");
	PICKLE("\x80\2ccollections\nOrderedDict\nK\1\x85R.", "an OrderedDict of something that is no list");
	PICKLE("\x80\2ccollections\nOrderedDict\n]K\1a\x85R.", "no list of pairs");
	PICKLE("\x80\2\xff.", "byte 2 is 0xff, which is no opcode");
	PICKLE("\x80\2}.", "a pickle of a dictionary, but not one that torch.save writes");
	PICKLE("\x80\2}q\0(h\0h\0u.", "a pickle of a dictionary");
	PICKLE("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xea\x03.\x80\2}.",
	       "its protocol is not 1001");
}

Test(weights_bad, pickles_that_would_fill_the_memory, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	puts_(&b, "\x80\2");    /* lists in lists, five million deep: they are never walked */
	for (size_t i = 0; i < 5000000; i++)
		put(&b, "]", 1);
	refused(scratch_put("deep.bin", &b), RHO_EFORMAT, "asks for more memory than the 256 MiB");
	puts_(&b, "\x80\2");
	for (size_t i = 0; i < 200000; i++)
		put(&b, "(l", 2);
	for (size_t i = 1; i < 200000; i++)
		put(&b, "a", 1);
	put(&b, ".", 1);
	refused(scratch_put("deeper.bin", &b), RHO_EFORMAT, "a pickle of a list");
	puts_(&b, "\x80\2");
	for (size_t i = 0; i < 9u << 20; i++)
		put(&b, "\x80\2", 2);
	refused(scratch_put("long.bin", &b), RHO_EFORMAT, "is longer than 16 MiB");
}

/* A legacy checkpoint of one tensor 'w' over a storage of `stored` floats, its view as given: the pickled
 * offset, sizes and strides. */
static void legacy(struct bytes *b, uint64_t said, const char *view, size_t n_view, uint64_t stored)
{
	put(b, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\x03.\x80\2}.", 25);
	puts_(b, "\x80\2}");
	put(b, "X\1\0\0\0w", 6);
	puts_(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
	put(b, "X\7\0\0\0storage", 12);
	puts_(b, "ctorch\nFloatStorage\n");
	put(b, "X\1\0\0\0kX\3\0\0\0cpu", 14);
	put(b, "\x8a\x08", 2);
	put_number(b, said, 8);
	put(b, "tQ", 2);
	put(b, view, n_view);
	put(b, "\x89}tRs.\x80\2]X\1\0\0\0ka.", 17);
	put_number(b, stored, 8);
	for (uint64_t i = 0; i < stored && i < 16; i++)
		put(b, &(float){ (float)i }, 4);
}

static void refused_view(uint64_t said, const char *view, size_t n, uint64_t stored, const char *words)
{
	struct bytes b = { 0 };
	legacy(&b, said, view, n, stored);
	refused(scratch_put("view.bin", &b), RHO_EFORMAT, words);
}
#define VIEW(said, view, stored, words) refused_view(said, view, sizeof(view) - 1, stored, words)
#define BIG(top) "\x8a\x08\0\0\0\0\0\0\0" top   /* top << 56 */

Test(weights_bad, torch_views_that_lie, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	struct rho_trouble t = { 0 };
	float got[4];
	legacy(&b, 16, "K\5K\2K\2\x86K\4K\1\x86", 12, 16);      /* an honest one: it must be read */
	struct rho_weights *w = rho_weights_open(scratch_put("good.bin", &b), &t);
	cr_assert_not_null(w, "%s", t.text);
	rho_tensor_read(rho_weights_find(w, "w"), 0, 4, got);
	cr_assert(got[0] == 5 && got[1] == 6 && got[2] == 9 && got[3] == 10);
	rho_weights_close(w);

	VIEW(16, "K\5K\4K\4\x86K\4K\1\x86", 16,
	     "tensor 'w' of shape (4, 4) reaches beyond its storage of 16 elements");
	VIEW(16, "K\0K\2\x85" BIG("\x40") "\x85", 16, "reaches beyond its storage");
	VIEW(16, BIG("\x7f") "K\2\x85K\1\x85", 16, "reaches beyond its storage");
	VIEW(16, "J\xff\xff\xff\xffK\2\x85K\1\x85", 16, "'w' is not described as torch.save does");
	VIEW(16, "K\0K\2\x85J\xff\xff\xff\xff\x85", 16, "'w' is not described as torch.save does");
	VIEW(16, "K\0K\2K\2\x86K\1\x85", 16, "'w' is not described as torch.save does");
	VIEW(16, "K\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", 16, "at most 8 sizes");
	VIEW(16, "K\0" BIG("\x10") BIG("\x10") "\x86K\0K\0\x86", 16, "which no memory could hold");
	VIEW(16, "K\0J\0\0\0\x40J\0\0\0\x04\x86K\0K\0\x86", 16,
	     "tensor 'w' would take 288230376151711744 bytes of memory");
	VIEW(16, "K\0N\x85K\1\x85", 16, "'w' is not described as torch.save does");
	VIEW(16, "K\0NN", 16, "'w' is not described as torch.save does");
	VIEW(8, "K\0K\2\x85K\1\x85", 16, "another number of elements than its tensors say");
	VIEW(17, "K\0K\2\x85K\1\x85", 17, "ends in the middle of its storages");
	VIEW((uint64_t)1 << 62, "K\0K\2\x85K\1\x85", (uint64_t)1 << 62, "ends in the middle of its storages");
	VIEW(UINT64_MAX, "K\0K\2\x85K\1\x85", 16, "storage 0 is not described as torch.save does");
}

/* A zip archive of one entry; what the directory says of its size, and its bytes deflated or as they are. */
static void zip(struct bytes *b, const char *name, const void *at, size_t n, bool deflate_it, uint32_t size,
                unsigned flags)
{
	unsigned char *packed = malloc(compressBound(n) + 64);
	z_stream s = { .next_in = (Bytef *)(uintptr_t)at, .avail_in = (uInt)n, .next_out = packed,
		       .avail_out = (uInt)compressBound(n) + 64 };
	cr_assert_eq(deflateInit2(&s, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
	uint32_t len = deflate_it ? (uint32_t)s.total_out : (uint32_t)n, crc = (uint32_t)crc32(0, at,
	                             (uInt)n);
	deflateEnd(&s);
	for (int central = 0; central < 2; central++) {
		size_t directory = b->n;
		puts_(b, central ? "PK\1\2\x14" : "PK\3\4\x14");
		put_number(b, 0, central ? 3 : 1);
		if (central)
			b->at[b->n - 1] = 0;
		put_number(b, flags, 2);
		put_number(b, deflate_it ? 8 : 0, 2);
		put_number(b, 0, 4);
		put_number(b, crc, 4);
		put_number(b, len, 4);
		put_number(b, size, 4);
		put_number(b, strlen(name), 2);
		put_number(b, 0, central ? 16 : 2);
		puts_(b, name);
		if (!central) {
			put(b, deflate_it ? packed : at, len);
			continue;
		}
		uint32_t long_ = (uint32_t)(b->n - directory);
		put(b, "PK\5\6\0\0\0\0\1\0\1\0", 12);
		put_number(b, long_, 4);
		put_number(b, directory, 4);
		put_number(b, 0, 2);
	}
	free(packed);
}

static void refused_zip(const char *name, const void *at, size_t n, bool deflated, uint32_t size,
                        unsigned flags,
                        const char *words)
{
	struct bytes b = { 0 };
	zip(&b, name, at, n, deflated, size, flags);
	refused(scratch_put("bad.npz", &b), RHO_EFORMAT, words);
}

static void npy(struct bytes *b, const char *head, size_t data)
{
	put(b, "\x93NUMPY\1\0", 8);
	put_number(b, strlen(head), 2);
	puts_(b, head);
	for (size_t i = 0; i < data; i++)
		put(b, "", 1);
}

static void refused_npy(const char *head, size_t data, const char *words)
{
	struct bytes b = { 0 };
	npy(&b, head, data);
	refused_zip("x.npy", b.at, b.n, false, (uint32_t)b.n, 0, words);
	free(b.at);
}
#define HEAD(descr, order, shape) "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

Test(weights_bad, zip_archives, .init = scratch_make, .fini = scratch_remove)
{
	struct bytes b = { 0 };
	npy(&b, HEAD("<f4", "False", "(4,)"), 16);
	struct rho_trouble t = { 0 };
	struct bytes whole = { 0 };
	zip(&whole, "x.npy", b.at, b.n, true, (uint32_t)b.n, 0);        /* an honest one: it must be read */
	struct rho_weights *w = rho_weights_open(scratch_put("good.npz", &whole), &t);
	cr_assert_not_null(w, "%s", t.text);
	cr_assert_eq(rho_weights_find(w, "x")->n, 4);
	rho_weights_close(w);

	refused_zip("x.npy", b.at, b.n, true, (uint32_t)b.n - 1, 0, "does not unpack to");
	refused_zip("x.npy", b.at, b.n, true, (uint32_t)b.n + 1, 0, "does not unpack to");
	refused_zip("x.npy", b.at, b.n, false, (uint32_t)b.n + 1, 0, "cannot be unpacked here");
	refused_zip("x.npy", b.at, b.n, true, 0xfffffff0u, 0, "cannot be unpacked here");
	refused_zip("x.npy", b.at, b.n, true, (uint32_t)b.n, 1, "encrypted");
	refused_zip("x.txt", b.at, b.n, true, (uint32_t)b.n, 0,
	            "holds neither NumPy's arrays (NAME.npy) nor");
	refused_zip("\x1b]0;x.npy", b.at, b.n, true, (uint32_t)b.n, 0, "control characters");
	refused_zip("m/data.pkl", "\x80\2cos\nsystem\n.", 14, false, 14, 0, "asks for os.system");
	refused_zip("m/data.pkl", "\x80\2].", 4, false, 4, 0, "holds a list without tensors");
	/* a bomb: 200 MB of zeros in 200 KB */
	size_t n = (size_t)200 << 20;
	unsigned char *zeros = calloc(n, 1);
	refused_zip("x.npy", zeros, n, true, (uint32_t)n, 0,
	            "entry 'x.npy' of the zip archive would take 209715200 bytes");
	free(zeros);
	free(b.at);
}

Test(weights_bad, numpy_heads, .init = scratch_make, .fini = scratch_remove)
{
	refused_npy(HEAD("|O", "False", "(4,)"), 16, "array 'x' is of type '|O'; read are");
	refused_npy(HEAD(">f4", "False", "(4,)"), 16, "array 'x' is of type '>f4'");
	refused_npy(HEAD("<c8", "False", "(2,)"), 16, "array 'x' is of type '<c8'");
	refused_npy(HEAD("<f4", "False", "(5,)"), 16,
	            "array 'x' of shape (5,) and type <f4 has 16 bytes of data");
	refused_npy(HEAD("<f4", "False", "(3,)"), 16, "has 16 bytes of data");
	refused_npy(HEAD("<f4", "False", "(4611686018427387904, 4)"), 16, "shape (4611686018427387904, 4)");
	refused_npy(HEAD("<f4", "False", "(99999999999999999999,)"), 16, "no proper .npy head");
	refused_npy(HEAD("<f4", "False", "(4)"), 16, "no proper .npy head");
	refused_npy(HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,4)"), 16, "no proper .npy head");
	refused_npy(HEAD("<f4", "Perhaps", "(4,)"), 16, "no proper .npy head");
	refused_npy("{'descr': '<f4', 'shape': (4,)}", 16, "no proper .npy head");
	refused_npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", 16,
	            "no proper .npy head");
	refused_npy("__import__('os').system('ls')", 16, "no proper .npy head");
}

/* Whatever is opened after damage can be read from end to end; whatever is refused says why. */
static bool opens(const char *path)
{
	struct rho_trouble t = { 0 };
	struct rho_weights *w = rho_weights_open(path, &t);
	float out[256];
	cr_assert_eq(!w, t.code != 0);
	cr_assert(w || strstr(t.text, path), "%s", t.text);
	for (size_t i = 0; w && i < rho_weights_n(w); i++) {
		const struct rho_tensor *x = rho_weights_at(w, i);
		for (size_t at = 0; at < x->n; at += 256)
			rho_tensor_read(x, at, x->n - at < 256 ? x->n - at : 256, out);
	}
	rho_weights_close(w);
	return w;
}

Test(weights_bad, every_cut_and_every_damaged_byte, .init = scratch_make, .fini = scratch_remove)
{
	static const char *const name[] = { "zip.bin", "packed.bin", "legacy.bin", "trainer.bin",
		"arrays.npz", "packed.npz" };
	const char *path = scratch_path("damaged.bin");
	for (size_t k = 0; k < 6; k++) {
		char from[1024];
		unsigned char bytes[8192];
		snprintf(from, sizeof(from), "%s/tests/unit/transformer/data/weights/%s",
		         getenv("RHO_SOURCE_ROOT"), name[k]);
		FILE *f = fopen(from, "rb");
		cr_assert_not_null(f);
		size_t n = fread(bytes, 1, sizeof(bytes), f), refusals = 0;
		fclose(f);
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		cr_assert_eq(pwrite(fd, bytes, n, 0), (ssize_t)n);
		cr_assert(opens(path));
		for (size_t i = 0; i < n; i++)
			for (int flip = 1; flip < 256; flip *= 15) {    /* one bit, and most of them */
				unsigned char other = bytes[i] ^ (unsigned char)flip;
				cr_assert_eq(pwrite(fd, &other, 1, (off_t)i), 1);
				refusals += !opens(path);
				cr_assert_eq(pwrite(fd, bytes + i, 1, (off_t)i), 1);
			}
		cr_assert_gt(refusals, n / 2);
		for (size_t i = n; i-- > 0; ) {
			cr_assert_eq(ftruncate(fd, (off_t)i), 0);
			cr_assert(!opens(path), "%s cut to %zu bytes", name[k], i);
		}
		close(fd);
	}
}
