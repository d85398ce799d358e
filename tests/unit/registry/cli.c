/* cli.c: `rho plugin` and `rho doctor` as a user meets them. */
#include <jansson.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/file.h"
#include "helper.h"

/* Runs `rho ARGS`, stdout and stderr together; the caller frees what it said. */
static char *rho(int *status, const char *args)
{
	char *command = rho_xprintf("'%s' %s 2>&1", getenv("RHO_PROGRAM"), args), part[4096];
	struct rho_buf out = { 0 };
	FILE *f = popen(command, "r");
	cr_assert_not_null(f);
	rho_buf_str(&out, "");
	for (size_t n; (n = fread(part, 1, sizeof part, f));)
		rho_buf_add(&out, part, n);
	*status = WEXITSTATUS(pclose(f));
	free(command);
	return out.at;
}

/* Runs of spaces as one: how wide a column is depends on what else there is. */
static char *squeezed(char *s)
{
	char *to = s;
	for (const char *at = s; *at; at++)
		if (*at != ' ' || to == s || to[-1] != ' ')
			*to++ = *at;
	*to = '\0';
	return s;
}

static void setup(void)
{
	setenv("RHO_PLUGIN_PATH", SHADOW, 1);
	if (!getenv("RHO_PROGRAM"))
		cr_skip_test("RHO_PROGRAM is not set; run through meson test");
}

Test(cli, list_shows_what_works_and_why_the_rest_does_not, .init = setup)
{
	int status;
	char *s = squeezed(rho(&status, "plugin list agent --plugins " MODULES));
	cr_assert_eq(status, 0);
	HAS(s, "agent\n");
	HAS(s, " good 1.0.0 takes the first candidates\n");
	HAS(s, "cannot be used: " MODULES "/agent-major.so: built for rho ABI 7.3");
	HAS(s, "agent-load_crash.so: crashed with SIGABRT while it was loaded");
	HAS(s, "agent-load_exit.so: ended the process while it was loaded");
	HAS(s, " open_crash 1.0.0 ");
	cr_assert_null(strstr(s, "judge"));
	free(s);
	s = squeezed(rho(&status, "plugin list --plugins " MODULES));
	HAS(s, " judge 2.1.0 right when the answer begins with 4\n");
	free(s);
}

Test(cli, list_as_json, .init = setup)
{
	int status;
	char *s = rho(&status, "plugin list agent --json --plugins=" MODULES);
	json_t *all = json_loads(s, 0, NULL), *o;
	size_t i, good = 0, bad = 0;
	cr_assert_eq(status, 0);
	cr_assert(json_is_array(all), "%s", s);
	json_array_foreach(all, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "name"));
		good += !strcmp(name, "good") &&
			!strcmp(json_string_value(json_object_get(o, "version")), "1.0.0");
		bad += !strcmp(name, "magic") && json_object_get(o, "error") != NULL;
	}
	cr_assert(good == 1 && bad == 1);
	json_decref(all);
	free(s);
}

Test(cli, show_prints_the_manual, .init = setup)
{
	int status;
	char *s = rho(&status, "plugin show agent good --plugins " MODULES);
	cr_assert_eq(status, 0);
	HAS(s, "agent good 1.0.0 -- takes the first candidates\n");
	HAS(s, "  [agent]\n  use = \"good\"\n");
	free(s);
	s = rho(&status, "plugin show agent good");
	HAS(s, "agent good 2.0.0 -- ");
	free(s);
	s = rho(&status, "plugin show agent good --json");
	json_t *o = json_loads(s, 0, NULL);
	cr_assert_eq(json_array_size(json_object_get(o, "params")), 11);
	json_t *p = json_array_get(json_object_get(o, "params"), 2);
	cr_assert_str_eq(json_string_value(json_object_get(p, "name")), "epsilon");
	cr_assert_eq(json_real_value(json_object_get(p, "default")), 0.1);
	json_decref(o);
	free(s);
}

Test(cli, which_shows_all_files_with_their_digests, .init = setup)
{
	int status;
	char hex[65], *s = rho(&status, "plugin which agent good --plugins " MODULES), *line;
	struct rho_buf why = { 0 };
	cr_assert_eq(status, 0);
	cr_assert_eq(rho_sha256_file(MODULES "/agent-good.so", hex, &why), 0);
	line = rho_xprintf(
		"* " MODULES "/agent-good.so\n    sha256 %s\n  " SHADOW "/agent-good.so\n    sha256 ", hex);
	HAS(s, line);
	free(line);
	free(s);
}

Test(cli, mistakes_are_answered_with_status_2_and_a_suggestion, .init = setup)
{
	static const char *const tries[][2] = {
		{ "plugin", "usage: rho plugin" },
		{ "plugin lst", "did you mean list?" },
		{ "plugin show agnet good", "there is no kind agnet; did you mean agent?" },
		{ "plugin show agent", "needs a KIND and a NAME" },
		{ "plugin show agent goood", "there is no agent \"goood\"; did you mean good?" },
		{ "plugin which agent goood", "did you mean good?" },
		{ "plugin list agent good", "did you mean rho plugin show?" },
		{ "plugin list --jsn", "did you mean --json?" },
		{ "plugin list --plugins", "--plugins needs a folder" },
		{ "plugin show agent good extra", "extra is one argument too many" },
		{ "plugin show agent major --plugins " MODULES, "built for rho ABI 7.3" },
		{ "doctor --wrong", "--wrong is not understood" },
	};
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int status;
		char *s = rho(&status, tries[i][0]);
		cr_assert_eq(status, 2, "rho %s gave %d:\n%s", tries[i][0], status, s);
		HAS(s, tries[i][1]);
		free(s);
	}
}

Test(cli, help_is_not_a_mistake, .init = setup)
{
	static const char *const tries[] = { "plugin --help", "plugin list --help", "plugin show --help",
					     "doctor --help" };
	for (size_t i = 0; i < 4; i++) {
		int status;
		char *s = rho(&status, tries[i]);
		cr_assert_eq(status, 0);
		HAS(s, "usage: rho ");
		free(s);
	}
}

Test(cli, doctor_tells_what_there_is, .init = setup)
{
	int status;
	char *s = rho(&status, "doctor --plugins " MODULES " --plugins /no/such/folder");
	HAS(s, "rho          ");
	HAS(s, "plugin ABI 0.3");
	HAS(s, "plugins      " MODULES ": ");
	HAS(s, "/no/such/folder: no such folder\n");
	HAS(s, SHADOW ": 1\n");
	HAS(s, "processor    ");
	HAS(s, "memory       ");
	HAS(s, "OpenBLAS");
	cr_assert_eq(status, 0, "%s", s);
	free(s);
}
