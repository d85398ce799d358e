/* module.c: which modules are refused, and in which words. */
#include <sys/stat.h>

#include "base/file.h"
#include "helper.h"

/* Opens MODULES/agent-NAME.so, which must be refused with `part` in the reason. */
static void refused(const char *name, const char *part)
{
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/agent-%s.so", MODULES, name);
	cr_assert_null(rho_module_open(path, &why), "%s was accepted", path);
	HAS(why.at, path);
	HAS(why.at, part);
	rho_buf_free(&why);
	free(path);
}

Test(module, a_sound_one_is_opened_once)
{
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_open(MODULES "/agent-good.so", &why);
	cr_assert_not_null(m, "%s", why.at);
	cr_assert_eq(m, rho_module_open(MODULES "/agent-good.so", &why));
	cr_assert_str_eq(m->plugin.name, "good");
	cr_assert_eq(m->plugin.kind, RHO_AGENT);
	cr_assert_eq(m->n_params, 11);
	cr_assert_str_eq(m->params[2].name, "epsilon");
	cr_assert_null(m->params[m->n_params].name);
	cr_assert_eq(m->plugin.params, m->params);
	cr_assert_eq(m->plugin.agent, &m->table.agent);
	cr_assert_not_null(m->table.agent.act);
	cr_assert_null(m->table.agent.observe);
	cr_assert_eq(m->path[0], '/');
}

Test(module, another_abi_is_refused_with_both_sides)
{
	refused("major", "built for rho ABI 7.3, this rho speaks 0.3");
	refused("major", "Rebuild it against this rho's headers (pkg-config rho-plugin), or use a rho whose "
			 "ABI is 7.x");
	refused("minor", "built for rho ABI 0.99, this rho speaks 0.3");
	refused("magic", "0x12345678");
}

Test(module, the_name_must_be_the_files)
{
	refused("other",
		"it says it is the agent \"different\", so its file must be named agent-different.so");
	refused("kind", "it says it is the env \"kind\", so its file must be named env-kind.so");
	refused("nokind", "its kind is 42");
	refused("version", "it has no version");
}

Test(module, sizes_that_cannot_be_are_refused)
{
	refused("short", "says it has 24 bytes");
	refused("long", "says it has 1000000 bytes");
	refused("number", "takes up only 4 bytes");
}

Test(module, a_required_slot_must_be_there)
{
	refused("slot", "its struct rho_agent has no act, which every agent needs");
}

Test(module, a_bad_parameter_table_is_refused)
{
	refused("outside", "outside self_size = 40");
	refused("overlap", "parameters epsilon and extra lie over each other");
	refused("crooked", "not aligned to 8");
	refused("twice", "parameter weights stands there twice");
	refused("default", "its default 9 is not within its own bounds 1 .. 2");
	refused("bounds", "its bounds 2 .. 1 must be finite and in order");
	refused("choice", "its default is choice 3 of 0 .. 2");
	refused("same", "the choice \"slow\" stands there twice");
	refused("help", "parameter extra_weights: it has no help");
	refused("use", "parameter \"use\"");
}

Test(module, what_is_no_plugin_is_refused)
{
	refused("nothing", "it exports no rho_plugin");
	refused("absent", "cannot be read: No such file or directory");
}

Test(module, one_that_runs_code_when_loaded_does_not_take_the_program_with_it)
{
	refused("load_crash", "crashed with SIGABRT while it was loaded; a module runs nothing by itself");
	refused("load_exit", "ended the process while it was loaded");
}

Test(module, damaged_files_are_refused_without_a_crash)
{
	struct rho_buf whole = { 0 }, why = { 0 };
	char *dir = test_folder(), *path = rho_xprintf("%s/agent-good.so", dir);
	cr_assert_eq(rho_file_read(MODULES "/agent-good.so", 0, &whole, &why), 0);
	cr_assert_eq(rho_file_write(path, "not a module at all", 19, &why), 0);
	cr_assert_null(rho_module_open(path, &why));
	HAS(why.at, "is not a shared object (ELF)");
	for (size_t n = 0; n < whole.len; n += n < 4096 ? 61 : 997) {
		rho_buf_clear(&why);
		cr_assert_eq(rho_file_write(path, whole.at, n, &why), 0);
		const struct rho_module *m = rho_module_open(path, &why);
		/* Section headers and symbols for the debugger lie at the end and are not needed. */
		if (m)
			break;
		HAS(why.at, path);
	}
	rho_buf_clear(&why);
	whole.at[18] = (char)(whole.at[18] + 1); /* e_machine */
	cr_assert_eq(rho_file_write(path, whole.at, whole.len, &why), 0);
	char *other = rho_xprintf("%s/agent-other_machine.so", dir);
	cr_assert_eq(rename(path, other), 0);
	cr_assert_null(rho_module_open(other, &why));
	HAS(why.at, "built for another machine");
	rho_buf_clear(&why);
	cr_assert_null(rho_module_open(dir, &why));
	HAS(why.at, "is not a file");
	rho_buf_free(&why);
	rho_buf_free(&whole);
	test_remove(dir);
	free(path);
	free(other);
}

Test(module, structs_of_another_size_are_read_as_far_as_both_know_them)
{
	struct rho_registry *r = test_registry();
	static const char *const names[] = { "older", "newer" };
	for (int i = 0; i < 2; i++) {
		const struct rho_module *m = test_module(r, "agent", names[i]);
		cr_assert_eq(m->n_params, 2);
		cr_assert_str_eq(m->params[1].name, "second");
		cr_assert_eq(m->params[1].def.i, 5);
		cr_assert_null(m->params[1].choices);
		cr_assert_eq(m->params[1].kind, 0);
		cr_assert_not_null(m->table.agent.act);
		cr_assert_null(m->table.agent.observe, "what an older plugin does not know of reads as NULL");
		cr_assert_null(m->table.agent.rank);
		cr_assert_null(m->table.agent.extension);
	}
	rho_registry_free(r);
}
