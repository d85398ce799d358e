/* title.c: MovieLens files titles under their first word that counts; here they are put back as they are said. */
#include <string.h>

#include "movielens.h"

static const char *const articles[] = { "The", "A",   "An",  "La",  "Le",  "Les", "L'", "Un",  "Une", "Il",  "Lo",
					"I",   "Gli", "Una", "El",  "Los", "Las", "O",  "Os",  "As",  "Der", "Die",
					"Das", "Ein", "De",  "Den", "Det", "En",  "Et" };

/* "Postman, The" is "The Postman"; what has no article after its last comma stays. */
static void add_segment(struct rho_text *out, struct rho_str s)
{
	static const struct rho_str aka = { "a.k.a. ", 7 };
	if (s.len > aka.len && !memcmp(s.at, aka.at, aka.len)) {
		rho_text_add(out, aka);
		s.at += aka.len;
		s.len -= aka.len;
	}
	size_t comma = s.len;
	while (comma && s.at[comma - 1] != ',')
		comma--;
	struct rho_str last = { s.at + comma, s.len - comma };
	struct rho_str article = rho_str_trim(last);
	for (size_t i = 0; comma > 1 && i < sizeof(articles) / sizeof(articles[0]); i++) {
		if (!rho_str_is(article, articles[i]))
			continue;
		rho_text_add(out, article);
		rho_text_adds(out, article.at[article.len - 1] == '\'' ? "" : " ");
		rho_text_add(out, (struct rho_str){ s.at, comma - 1 });
		const char *end = article.at + article.len;
		rho_text_add(out, (struct rho_str){ end, (size_t)(s.at + s.len - end) });
		return;
	}
	rho_text_add(out, s);
}

bool movielens_readable(struct rho_text *out, struct rho_str title)
{
	size_t from = 0;
	for (size_t i = 0; i <= title.len; i++) {
		if (i < title.len && title.at[i] != '(' && title.at[i] != ')')
			continue;
		add_segment(out, (struct rho_str){ title.at + from, i - from });
		rho_text_add(out, (struct rho_str){ title.at + i, i < title.len });
		from = i + 1;
	}
	return !out->spent;
}

int64_t movielens_cut_year(struct rho_str *title)
{
	struct rho_str s = rho_str_trim(*title);
	int64_t year = 0;
	if (s.len < 6 || s.at[s.len - 6] != '(' || s.at[s.len - 1] != ')')
		return INT64_MIN;
	for (size_t i = s.len - 5; i < s.len - 1; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return INT64_MIN;
		year = 10 * year + (s.at[i] - '0');
	}
	s.len -= 6;
	*title = rho_str_trim(s);
	return year;
}
