/* path.c: paths as text: variables, absolute form, folder part. */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool valid_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(isalpha((unsigned char)s[i]) || s[i] == '_' || (i && isdigit((unsigned char)s[i]))))
			return false;
	return n > 0;
}

/* Expands ${VAR} and ${VAR:-default}; a `$` before anything else stands for itself. */
static int expand(const char *s, struct rho_buf *out, struct rho_buf *why)
{
	const char *whole = s;
	while (*s) {
		if (s[0] != '$' || s[1] != '{') {
			rho_buf_add(out, s++, 1);
			continue;
		}
		const char *from = s + 2, *end = strchr(from, '}');
		if (!end) {
			rho_buf_printf(why, "%s: ${ is not closed by }", whole);
			return -1;
		}
		const char *minus = memmem(from, (size_t)(end - from), ":-", 2);
		size_t n = (size_t)((minus ? minus : end) - from);
		if (!valid_name(from, n)) {
			rho_buf_printf(why,
			               "%s: ${%.*s} is not a variable; write ${NAME} or ${NAME:-default}",
			               whole, (int)(end - from), from);
			return -1;
		}
		char *name = strndup(from, n);
		const char *value = name ? getenv(name) : NULL;
		if (value && (*value || !minus)) {
			rho_buf_str(out, value);
		} else if (minus) {
			rho_buf_add(out, minus + 2, (size_t)(end - minus - 2));
		} else {
			rho_buf_printf(why,
			               "%s: the environment variable %s is not set; set it, or write "
			               "${%s:-default}",
			               whole, name ? name : "", name ? name : "");
			free(name);
			return -1;
		}
		free(name);
		s = end + 1;
	}
	return 0;
}

/* Appends the parts of `path` to the absolute `out`, taking `.` and `..` as they come. */
static void append_parts(struct rho_buf *out, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		if (n == 2 && !memcmp(path, "..", 2)) {
			while (out->len && out->at[out->len - 1] != '/')
				out->at[--out->len] = '\0';
			if (out->len)
				out->at[--out->len] = '\0';
		} else if (n && !(n == 1 && *path == '.')) {
			rho_buf_str(out, "/");
			rho_buf_add(out, path, n);
		}
		path += n;
		path += strspn(path, "/");
	}
}

char *rho_path_resolve(const char *base, const char *path, struct rho_buf *why)
{
	struct rho_buf expanded = { 0 }, out = { 0 };
	rho_buf_add(&expanded, "", 0);
	if (expand(path, &expanded, why)) {
		rho_buf_free(&expanded);
		return NULL;
	}
	if (!expanded.len) {
		rho_buf_printf(why, "%s", *path ? path : "a path");
		rho_buf_str(why, " is empty; name a file or a folder");
		rho_buf_free(&expanded);
		return NULL;
	}
	if (expanded.at[0] != '/' && base[0] != '/') {
		char *cwd = getcwd(NULL, 0);
		if (!cwd) {
			rho_buf_printf(why, "the current folder cannot be found: %s", strerror(errno));
			rho_buf_free(&expanded);
			return NULL;
		}
		append_parts(&out, cwd);
		free(cwd);
	}
	if (expanded.at[0] != '/')
		append_parts(&out, base);
	append_parts(&out, expanded.at);
	if (!out.len)
		rho_buf_str(&out, "/");
	rho_buf_free(&expanded);
	return out.at;
}

char *rho_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return rho_xstrdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	size_t n = slash == path ? 1 : (size_t)(slash - path);
	char *dir = rho_xmalloc(n + 1);
	memcpy(dir, path, n);
	dir[n] = '\0';
	return dir;
}
