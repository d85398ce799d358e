/* fuzz_dataset.c: a dataset's files from arbitrary bytes: one target a dataset, whose sources are built into it.
 *
 * The first byte chooses the parameters; the rest is cut at the byte 0x1e into the files named in FUZZ_FILES
 * ("train.jsonl test.jsonl"), which go into a folder. What is read holds together as tables, or is refused by the
 * host's own check of tables; a refusal by the dataset gives a reason. */
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rho/rho.h>

#include "store/tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct ctx { struct rho_ctx ctx; int failed; };

static int fail(struct rho_ctx *c, int error, const char *fmt, ...)
{
	char why[2000];
	va_list args;
	va_start(args, fmt);
	if (vsnprintf(why, sizeof(why), fmt, args) <= 0 || error >= 0)
		abort();
	va_end(args);
	((struct ctx *)c)->failed = error;
	return error;
}

static void say(struct rho_ctx *c, int level, const char *fmt, ...)
{
	char text[2000];
	va_list args;
	va_start(args, fmt);
	if (!c || level < RHO_DEBUG || vsnprintf(text, sizeof(text), fmt, args) <= 0)
		abort();
	va_end(args);
}

static bool stop(struct rho_ctx *c) { return !c; }

static void progress(struct rho_ctx *c, double done)
{
	if (!c || !(done >= 0 && done <= 1))
		abort();
}

static char folder[64];

static void remove_folder(void)
{
	char command[] = FUZZ_FILES, path[200];
	for (char *name = strtok(command, " "); name; name = strtok(NULL, " ")) {
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		unlink(path);
	}
	rmdir(folder);
}

static void make_folder(void)
{
	if (*folder)
		return;
	strcpy(folder, "/tmp/rho-fuzz-XXXXXX");
	if (!mkdtemp(folder))
		exit(1);
	atexit(remove_folder);
}

static void write_files(const uint8_t *bytes, size_t n)
{
	char names[] = FUZZ_FILES, path[200];
	for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
		const uint8_t *end = n ? memchr(bytes, 0x1e, n) : NULL;
		size_t len = end ? (size_t)(end - bytes) : n;
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		FILE *f = fopen(path, "wb");
		if (!f || fwrite(bytes, 1, len, f) != len || fclose(f))
			exit(1);
		bytes += len + (end != NULL);
		n -= len + (end != NULL);
	}
}

/* A path parameter is the folder, or a file in it that has the parameter's name. */
static const char *path_for(const char *name, char room[100])
{
	struct stat s;
	snprintf(room, 100, "%s/%s.csv", folder, name);
	if (stat(room, &s) != 0)
		snprintf(room, 100, "%s", folder);
	return room;
}

static void fill_self(char *self, unsigned choice, char paths[8][100])
{
	size_t n_paths = 0;
	for (const struct rho_param *p = rho_plugin.params; p && p->name; p++) {
		void *at = self + p->offset;
		int n = 0;
		switch (p->type) {
		case RHO_T_BOOL: *(bool *)at = choice & 1; choice >>= 1; break;
		case RHO_T_I64: *(int64_t *)at = p->def.i; break;
		case RHO_T_F64: *(double *)at = p->def.f; break;
		case RHO_T_STR: *(const char **)at = p->def.s; break;
		case RHO_T_STRS: *(struct rho_strs *)at = p->def.ss; break;
		case RHO_T_PATH: *(const char **)at = path_for(p->name, paths[n_paths++]); break;
		case RHO_T_CHOICE:
			while (p->choices[n])
				n++;
			*(int *)at = (int)(choice % (unsigned)n);
			choice /= (unsigned)n;
			break;
		default: abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct rho_host host = { .size = sizeof(host), .abi_major = RHO_ABI_MAJOR,
					      .abi_minor = RHO_ABI_MINOR, .log = say, .fail = fail, .stop = stop,
					      .progress = progress };
	struct ctx c = { .ctx = { &host } };
	char paths[8][100];
	if (!n)
		return 0;
	make_folder();
	write_files(bytes + 1, n - 1);
	void *self = calloc(1, rho_plugin.self_size);
	struct rho_tables *t = rho_tables_new();
	struct rho_buf why = { 0 };
	fill_self(self, bytes[0], paths);
	int e = rho_plugin.dataset->read(&c.ctx, self, rho_tables_sink(t));
	if (e > 0 || (e && !c.failed && !rho_tables_error(t)) || (!e && c.failed))
		abort();
	if (!e && rho_tables_finish(t, rho_plugin.dataset->tables, &why) != 0 && !why.at)
		abort();
	rho_buf_free(&why);
	rho_tables_free(t);
	free(self);
	return 0;
}
