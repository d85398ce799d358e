/* command.c: `rho compare` as typed: exit status, where output and mistakes go. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "command.h"
#include "folder.h"
#include "report/compare.h"

struct said { int rc; struct rho_buf out, err; };

static void into(const char *path, int fd)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert(file >= 0 && dup2(file, fd) == fd);
	close(file);
}

/* Runs the command with standard output and error going to files in the folder. */
static struct said type(const struct folder *f, const char *const *words)
{
	struct said s = { 0 };
	struct rho_buf why = { 0 };
	char *argv[12] = { "compare" }, *out = rho_xprintf("%s/out", f->root),
	     *err = rho_xprintf("%s/err", f->root);
	int argc = 1, keep[2] = { dup(1), dup(2) };
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	fflush(NULL);
	into(out, 1);
	into(err, 2);
	s.rc = rho_cmd_compare(argc, argv);
	fflush(NULL);
	dup2(keep[0], 1);
	dup2(keep[1], 2);
	close(keep[0]);
	close(keep[1]);
	cr_assert(!rho_file_read(out, 0, &s.out, &why) && !rho_file_read(err, 0, &s.err, &why), "%s", why.at);
	free(out);
	free(err);
	return s;
}

static void forget(struct said *s)
{
	rho_buf_free(&s->out);
	rho_buf_free(&s->err);
}

static void mistaken(const struct folder *f, const char *const *words, const char *say)
{
	struct said s = type(f, words);
	cr_assert(s.rc == 2, "%d for: %s", s.rc, say);
	cr_assert(!s.out.len, "%s", s.out.at);
	cr_assert(strstr(s.err.at, say), "\"%s\" lacks \"%s\"", s.err.at, say);
	forget(&s);
}

Test(command, mistakes_are_status_2)
{
	struct folder f;
	folder_make(&f, true, 2);
	folder_run(&f);
	mistaken(&f, (const char *[]){ NULL }, "name a results folder");
	mistaken(&f, (const char *[]){ f.dir, "--metrik", "x", NULL }, "did you mean --metric?");
	mistaken(&f, (const char *[]){ f.dir, "--metric", NULL }, "needs a value");
	mistaken(&f, (const char *[]){ f.dir, "--csv=yes", NULL }, "takes no value");
	mistaken(&f, (const char *[]){ f.dir, "--csv", "--json", NULL }, "one format too many");
	mistaken(&f, (const char *[]){ f.dir, "--window=95", NULL }, "share above 0");
	mistaken(&f, (const char *[]){ f.dir, "--interval", "x", NULL }, "share above 0");
	mistaken(&f, (const char *[]){ f.dir, "--resamples", "-5", NULL }, "whole number");
	mistaken(&f, (const char *[]){ f.dir, f.dir, NULL }, "one folder at a time");
	mistaken(&f, (const char *[]){ f.dir, "--metric=rewart", NULL }, "did you mean reward?");
	mistaken(&f, (const char *[]){ f.root, NULL }, "name one of them");
	folder_remove(&f);
}

Test(command, options_and_output)
{
	struct folder f;
	struct said s;
	struct rho_buf text = { 0 }, why = { 0 };
	char *path;
	folder_make(&f, true, 3);
	s = type(&f, (const char *[]){ f.dir, NULL });
	cr_assert(s.rc == 1 && strstr(s.out.at, "Found: nothing yet"), "%d %s", s.rc, s.out.at);
	cr_assert(strstr(s.out.at, "\n  seeds 1-3 of every arm: not run to an end yet\n"), "%s", s.out.at);
	forget(&s);
	folder_run(&f);
	s = type(&f, (const char *[]){ "--metric=regret", f.dir, "--baseline", "linucb,all", "--resamples",
				       "100", NULL });
	cr_assert(s.rc == 0 && !s.err.len, "%s", s.err.at);
	cr_assert(strstr(s.out.at, "regret (lower is better)") &&
		  strstr(s.out.at, "difference to linucb,all"));
	cr_assert(strstr(s.out.at, "100 resamples") && !strchr(s.out.at, '\033'));
	forget(&s);
	path = rho_xprintf("%s/table.csv", f.root);
	s = type(&f, (const char *[]){ f.dir, "--csv", "-o", path, NULL });
	cr_assert(s.rc == 0 && !s.out.len);
	cr_assert(!rho_file_read(path, 0, &text, &why) && !strncmp(text.at, "arm,agent,sampler,metric", 24),
		  "%s", text.at);
	free(path);
	rho_buf_free(&text);
	forget(&s);
	path = rho_xprintf("%s/no/such/folder.csv", f.root);
	s = type(&f, (const char *[]){ f.dir, "--csv", "-o", path, NULL });
	cr_assert(s.rc == 1 && strstr(s.err.at, "no/such/folder.csv"), "%d %s", s.rc, s.err.at);
	forget(&s);
	s = type(&f, (const char *[]){ "--help", NULL });
	cr_assert(s.rc == 0 && strstr(s.out.at, "usage: rho compare DIR"));
	forget(&s);
	free(path);
	folder_remove(&f);
}

Test(command, print_for_run)
{
	struct folder f;
	char text[4096] = { 0 };
	FILE *out = tmpfile();
	folder_make(&f, true, 5);
	folder_run(&f);
	cr_assert(rho_compare_print(f.dir, out) == 0);
	rewind(out);
	cr_assert(fread(text, 1, sizeof text - 1, out) > 500);
	cr_assert(strstr(text, "Found: ") && strstr(text, "demo: reward"));
	fclose(out);
	folder_remove(&f);
}
