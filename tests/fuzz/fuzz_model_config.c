/* fuzz_model_config.c: the JSON files of a model folder from arbitrary bytes, of which the first says which
 * file they are. A refusal says why; what is accepted keeps the bounds that everything after it relies on. */
#include <string.h>
#include <sys/stat.h>

#include "fuzz_reader.h"
#include "kit/transformer/config.h"

enum { FILES = 4 };
static const char *const names[FILES] = {
	"config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json"
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char folder[] = "/tmp/rho-fuzz-XXXXXX";

static void remove_folder(void)
{
	char path[128];
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/1_Pooling", folder);
	rmdir(path);
	rmdir(folder);
}

/* The folder holds one link, named as the file the bytes are to be. */
static void place(size_t which, const char *target)
{
	static int made;
	char path[128];
	if (!made) {
		if (!mkdtemp(folder))
			exit(1);
		snprintf(path, sizeof path, "%s/1_Pooling", folder);
		if (mkdir(path, 0700))
			exit(1);
		made = 1;
		atexit(remove_folder);
	}
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
		if (i == which && symlink(target, path))
			exit(1);
	}
}

static void check(int code, const struct rho_trouble *t)
{
	if (code != t->code || (code && !*t->text))
		abort();
}

static void models(void)
{
	struct rho_bert_config b;
	struct rho_clip_config c;
	struct rho_dense_config d;
	struct rho_trouble t = { 0 };
	int code = rho_bert_config_read(folder, &b, &t);
	check(code, &t);
	if (!code && (!b.dim || !b.heads || b.dim % b.heads || !b.layers || !b.vocab || b.first >= b.positions
	              || !(b.eps > 0)))
		abort();
	t = (struct rho_trouble){ 0 };
	code = rho_clip_config_read(folder, &c, &t);
	check(code, &t);
	if (!code && c.has_text && (!c.text.heads || c.text.dim % c.text.heads || !c.vocab || !c.projection))
		abort();
	if (!code && c.has_image &&
	    (!c.image.heads || c.image.dim % c.image.heads || !c.patch || c.patch > c.size))
		abort();
	t = (struct rho_trouble){ 0 };
	check(rho_dense_config_read(folder, &d, &t), &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	if (!n)
		return 0;
	int fd = fuzz_file(bytes + 1, n - 1, path);
	struct rho_trouble t = { 0 };
	struct rho_modules m;
	place(bytes[0] % FILES, path);
	models();
	int code = rho_modules_read(folder, &m, &t);
	check(code, &t);
	if (!code && (!m.transformer || (m.pools && m.pooling >= RHO_N_POOLING)))
		abort();
	rho_modules_free(&m);
	close(fd);
	return 0;
}
