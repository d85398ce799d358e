/* transform.c: the host's own parameter of every encoder: checked and shown like a plugin's, seen by none. */
#include "helper.h"

/* What is said of TEXT, which stands in exp.toml, as the table of that plugin; the caller frees. */
static char *said(const char *kind, const char *name, const char *text, size_t errors)
{
	struct rho_registry *r = test_registry();
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = test_toml(text, "exp.toml");
	size_t n = rho_params_check(r, test_module(r, kind, name), kind, t, d);
	char *all = test_said(d);
	cr_assert_eq(n, errors, "%zu errors, not %zu:\n%s", n, errors, all);
	rho_toml_free(t);
	rho_diags_free(d);
	rho_registry_free(r);
	return all;
}

static void canonical_is(const char *kind, const char *name, const char *text, bool identity,
                         const char *want)
{
	struct rho_registry *r = test_registry();
	struct rho_toml *t = test_toml(text, "exp.toml");
	struct rho_buf out = { 0 };
	rho_params_canonical(r, test_module(r, kind, name), t, identity, &out);
	cr_assert_str_eq(out.at, want);
	rho_buf_free(&out);
	rho_toml_free(t);
	rho_registry_free(r);
}

Test(transform, mistakes_have_a_place_and_a_nearest_name)
{
	free(said("encoder", "plain", "transform = []", 0));
	free(said("encoder", "plain",
	          "transform = [\"centre\", \"all-but-the-top\", \"whiten:1e-3\", \"pca:2\", \"unit\"]", 0));
	char *s = said("encoder", "plain", "dim = 3\ntransform = [\"centre\", \"whitten\", \"pca\"]", 2);
	HAS(s, "exp.toml:2:24: encoder.transform: \"whitten\"");
	HAS(s, "did you mean \"whiten\"");
	HAS(s, "exp.toml:2:35: encoder.transform: ");
	HAS(s, "        transform: steps done to its vectors");
	free(s);
	s = said("encoder", "plain", "transform = \"centre\"", 1);
	HAS(s,
	    "exp.toml:1:13: encoder.transform = \"centre\" is a string; transform takes a list of strings");
	free(s);
	s = said("encoder", "plain", "transfrom = []", 1);
	HAS(s, "did you mean transform?");
	free(s);
	s = said("encoder", "plain", "transform = [5]", 1);
	HAS(s, "exp.toml:1:14: ");
	free(s);
}

Test(transform, canonical_text)
{
	/* Written out for a cell; where there is none, identities are what they were before there were any.
	 */
	canonical_is("encoder", "plain", "", false, "use = \"plain\"\ndim = 2\ntransform = []\n");
	canonical_is("encoder", "plain", "", true, "use = \"plain\"\ndim = 2\n");
	canonical_is("encoder", "plain", "transform = []", true, "use = \"plain\"\ndim = 2\n");
	/* The same steps, however they are written, are the same encoder. */
	canonical_is("encoder", "plain", "transform = [\"all-but-the-top\", \"unit\"]", true,
	             "use = \"plain\"\ndim = 2\ntransform = [\"all-but-the-top:3\", \"unit\"]\n");
	canonical_is("encoder", "plain", "transform = [\"all-but-the-top:3\", \"unit\"]", true,
	             "use = \"plain\"\ndim = 2\ntransform = [\"all-but-the-top:3\", \"unit\"]\n");
}

Test(transform, is_the_hosts)
{
	struct rho_registry *r = test_registry();
	const struct rho_module *m = test_module(r, "encoder", "plain");
	struct rho_world w = { .registry = r };
	struct rho_buf why = { 0 };
	struct rho_toml *t = test_toml("dim = 5\ntransform = [\"pca:2\"]", "exp.toml"), *own;
	cr_assert_eq(m->n_params, 2);
	cr_assert_str_eq(m->params[1].name, "transform");
	cr_assert(m->params[1].flags & RHO_HOST_PARAM && !(m->params[0].flags & RHO_HOST_PARAM));
	struct rho_instance *inst = rho_instance_new(&w, m, t, 0, &why);
	cr_assert_not_null(inst, "%s", why.at);
	cr_assert_eq(*(int64_t *)inst->self, 5);
	cr_assert_null(((void **)inst->self)[1], "the plugin's memory is as it was");
	rho_instance_free(inst);
	struct rho_transform *steps = rho_params_transform(t);
	cr_assert_not_null(steps);
	rho_transform_free(steps);
	own = rho_params_untransformed(t);
	cr_assert(own->n == 1 && !strcmp(own->child->key, "dim") && t->n == 2);
	cr_assert_null(rho_params_transform(own));
	cr_assert_null(rho_params_transform(NULL));
	cr_assert_null(rho_params_untransformed(NULL));
	rho_toml_free(own);
	rho_toml_free(t);
	rho_registry_free(r);
}

Test(transform, no_plugin_may_call_one_so)
{
	struct rho_registry *r = test_registry();
	struct rho_buf why = { 0 };
	cr_assert_null(rho_module_get(r, RHO_ENCODER, "taken", &why));
	HAS(why.at, "parameter transform: rho gives every encoder a parameter of this name");
	rho_buf_free(&why);
	rho_registry_free(r);
}

Test(transform, a_part_has_none)
{
	free(said("reporter", "holder", "inner = { use = \"plain\", dim = 3 }", 0));
	char *s = said("reporter", "holder", "inner = { use = \"plain\", transform = [\"unit\"] }", 1);
	HAS(s, "reporter.inner.transform: plain has no such parameter; it has dim");
	free(s);
	canonical_is("reporter", "holder", "inner = { use = \"plain\" }", false,
	             "use = \"holder\"\ninner = { use = \"plain\", dim = 2 }\n");
}

Test(transform, stands_in_the_manual)
{
	struct rho_registry *r = test_registry();
	struct rho_buf out = { 0 };
	rho_params_manual(test_module(r, "encoder", "plain"), &out);
	HAS(out.at, "transform  list of strings, default []");
	HAS(out.at, "all-but-the-top:N");
	HAS(out.at, "\n  transform = []\n");
	rho_buf_free(&out);
	rho_registry_free(r);
}
