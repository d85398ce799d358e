/* fuzz_pickle.c: pickles from arbitrary bytes: alone, as a file of torch.save's legacy format, and as the
 * object within one. */
#include "fuzz_weights.h"
#include "kit/weights/torch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Every value that can be reached from the top is in its place. */
static void look(const struct rho_pickle_value *v, int depth)
{
	if (!*rho_pickle_kind_name(v))
		abort();
	for (size_t i = 0; depth && v->kind >= RHO_PICKLE_TUPLE && v->kind <= RHO_PICKLE_DICT && i < v->n; i++)
		look(v->item[i], depth - 1);
}

static void alone(const uint8_t *bytes, size_t n)
{
	struct rho_blob f = { "input", bytes, n };
	struct rho_pickle p = { 0 };
	struct rho_storages s = { 0 };
	struct rho_trouble t = { 0 };
	size_t at = 0;
	const struct rho_pickle_value *v = rho_pickle_read(&p, &f, &at, &t);
	if (!v != (t.code != 0) || at > n)
		abort();
	if (v) {
		look(v, 3);
		rho_pickle_get(v, "state_dict");
		rho_torch_storages(&p, &f, &s, &t);
	}
	free(s.at);
	rho_pickle_free(&p);
}

/* Between the head of a legacy file and one storage with the key '0'. */
static void within(const uint8_t *bytes, size_t n)
{
	static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\x03.\x80\2}.";
	static const char tail[] = "\x80\2]X\1\0\0\0" "0a.\x10\0\0\0\0\0\0\0"
				   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	size_t all = sizeof(head) - 1 + n + sizeof(tail) - 1;
	uint8_t *file = malloc(all);
	if (!file)
		return;
	memcpy(file, head, sizeof(head) - 1);
	if (n)
		memcpy(file + sizeof(head) - 1, bytes, n);
	memcpy(file + sizeof(head) - 1 + n, tail, sizeof(tail) - 1);
	fuzz_weights(file, all);
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	alone(bytes, n);
	within(bytes, n);
	fuzz_weights(bytes, n);
	return 0;
}
