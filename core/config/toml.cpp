/* toml.cpp: the only code that knows toml++. Its tree is turned into ours, in file order; no
 * exception leaves this file. */
#include "toml.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace
{

constexpr int deepest = 64; /* tables and arrays inside one another */

/* A mistake this file finds itself; the rest come from toml++ as toml::parse_error. */
struct refusal : std::exception {
	int line, col;
	const char *text;
	refusal(int l, int c, const char *t) : line(l), col(c), text(t) {}
};

/* toml++ bounds nested arrays but not dotted keys, and walks its tree by recursion: depth is
 * bounded here, before it sees the text. Brackets and dots count outside strings and comments. */
class depth_check
{
	std::string_view s;
	std::size_t at = 0, line_start = 0;
	int line = 1, nested = 0, dots = 0;

	bool here(std::string_view what) const { return s.compare(at, what.size(), what) == 0; }

	void next()
	{
		if (s[at++] == '\n') {
			line++;
			line_start = at;
		}
	}

	void skip_string()
	{
		const char quote = s[at];
		const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
		const bool multi = here(three);
		at += multi ? 3 : 1;
		while (at < s.size()) {
			if (quote == '"' && s[at] == '\\' && at + 1 < s.size()) {
				at++;
				next();
			} else if (multi ? here(three) : s[at] == quote) {
				at += multi ? 3 : 1;
				while (multi && at < s.size() && s[at] == quote)
					at++; /* up to two quotes may stand before the closing three */
				return;
			} else if (!multi && s[at] == '\n') {
				return; /* not closed: the parser will say so */
			} else {
				next();
			}
		}
	}

      public:
	explicit depth_check(std::string_view text) : s(text) {}

	void run()
	{
		while (at < s.size()) {
			const char c = s[at];
			const int col = static_cast<int>(at - line_start) + 1;
			if (c == '"' || c == '\'') {
				skip_string();
				continue;
			}
			if (c == '#') {
				while (at < s.size() && s[at] != '\n')
					at++;
				continue;
			}
			if (c == '[' || c == '{')
				nested++;
			if ((c == ']' || c == '}') && nested)
				nested--;
			if (c == '.')
				dots++;
			else if (c == '\n' || c == '=' || c == ',' || c == '{')
				dots = 0;
			if (nested > deepest || dots > deepest)
				throw refusal(line, col, "tables and arrays may stand at most 64 deep");
			next();
		}
	}
};

char *copy_bytes(const char *at, std::size_t n)
{
	char *s = static_cast<char *>(rho_xmalloc(n + 1));
	if (n)
		std::memcpy(s, at, n);
	s[n] = '\0';
	return s;
}

rho_where place(const toml::source_region &r, const char *name)
{
	return { name, static_cast<int>(r.begin.line), static_cast<int>(r.begin.column) };
}

/* Text without NULs: what it means would otherwise depend on who reads it. */
char *copy_text(std::string_view s, rho_where where)
{
	if (s.find('\0') != s.npos)
		throw refusal(where.line, where.col, "text may not hold the character NUL (\\u0000)");
	return copy_bytes(s.data(), s.size());
}

struct owner { /* frees a half-made tree when converting it throws */
	rho_toml *t = static_cast<rho_toml *>(rho_xcalloc(1, sizeof(rho_toml)));
	owner() = default;
	owner(const owner &) = delete;
	owner &operator=(const owner &) = delete;
	~owner() { rho_toml_free(t); }
	rho_toml *release()
	{
		rho_toml *r = t;
		t = nullptr;
		return r;
	}
};

rho_toml *convert(const toml::node &node, const char *name, const rho_where *key_where, int depth);

void convert_table(const toml::table &table, rho_toml *t, const char *name, int depth)
{
	std::vector<std::pair<const toml::key *, const toml::node *>> members;
	for (auto &&[key, value] : table)
		members.emplace_back(&key, &value);
	/* toml++ sorts by key; a file is shown, and its arms are run, in its own order. */
	std::stable_sort(members.begin(), members.end(), [](const auto &a, const auto &b) {
		return a.first->source().begin < b.first->source().begin;
	});
	rho_toml **end = &t->child;
	for (const auto &[key, value] : members) {
		const rho_where key_where = place(key->source(), name);
		char *text = copy_text(key->str(), key_where);
		try {
			*end = convert(*value, name, &key_where, depth + 1);
		} catch (...) {
			std::free(text);
			throw;
		}
		(*end)->key = text;
		(*end)->key_where = key_where;
		end = &(*end)->next;
		t->n++;
	}
}

rho_toml *convert(const toml::node &node, const char *name, const rho_where *key_where, int depth)
{
	owner made;
	rho_toml *t = made.t;
	t->where = place(node.source(), name);
	if (!t->where.line && key_where)
		t->where = *key_where;
	if (depth > deepest)
		throw refusal(t->where.line, t->where.col, "tables and arrays may stand at most 64 deep");
	if (const toml::table *table = node.as_table()) {
		t->type = RHO_TOML_TABLE;
		convert_table(*table, t, name, depth);
	} else if (const toml::array *array = node.as_array()) {
		t->type = RHO_TOML_ARRAY;
		rho_toml **end = &t->child;
		for (const toml::node &value : *array) {
			*end = convert(value, name, nullptr, depth + 1);
			end = &(*end)->next;
			t->n++;
		}
	} else if (auto string = node.as_string()) {
		t->type = RHO_TOML_STRING;
		t->str = copy_text(string->get(), t->where);
		t->str_len = string->get().size();
	} else if (auto integer = node.as_integer()) {
		t->type = RHO_TOML_INTEGER;
		t->i = integer->get();
	} else if (auto number = node.as_floating_point()) {
		t->type = RHO_TOML_FLOAT;
		t->f = number->get();
	} else if (auto boolean = node.as_boolean()) {
		t->type = RHO_TOML_BOOLEAN;
		t->b = boolean->get();
	} else {
		std::ostringstream text;
		if (auto day = node.as_date())
			text << day->get();
		else if (auto time = node.as_time())
			text << time->get();
		else if (auto both = node.as_date_time())
			text << both->get();
		t->type = RHO_TOML_DATETIME;
		t->str = copy_bytes(text.str().data(), text.str().size());
		t->str_len = text.str().size();
	}
	return made.release();
}

} // namespace

extern "C" struct rho_toml *rho_toml_parse(const char *text, size_t len, const char *name,
                                           struct rho_diags *diags)
{
	try {
		const std::string_view all(text, len);
		depth_check(all).run();
		const toml::table table = toml::parse(all);
		rho_toml *root = convert(table, name, nullptr, 0);
		root->where = { name, 1, 1 };
		return root;
	} catch (const refusal &e) {
		rho_diag(diags, { name, e.line, e.col }, "%s", e.text);
	} catch (const toml::parse_error &e) {
		const std::string what(e.description()), known = "Error while ";
		rho_diag(diags, place(e.source(), name), "this is not TOML: %s",
		         what.c_str() + (what.compare(0, known.size(), known) ? 0 : known.size()));
	} catch (const std::exception &e) {
		rho_diag(diags, { name, 0, 0 }, "cannot be read: %s", e.what());
	}
	return nullptr;
}
