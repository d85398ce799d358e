/* chat.c: a question, from the cache or, with patience, from the endpoint. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chat_impl.h"

static bool begins(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

static int check(const struct rho_chat_options *o, struct rho_trouble *t)
{
	if (!o->model || !*o->model)
		return rho_trouble_set(t, RHO_EINVAL, "model is empty: name the model that is to be asked");
	if (o->offline && !o->cache)
		return rho_trouble_set(t, RHO_EINVAL,
		                       "offline = true takes answers from the cache alone: set cache");
	if (!o->offline && !(o->base_url && (begins(o->base_url, "http://") || begins(o->base_url, "https://"))))
		return rho_trouble_set(t, RHO_EINVAL,
		                       "base_url = \"%s\": an address that begins with http:// or https:// is "
		                       "wanted, such as http://127.0.0.1:8080/v1; or offline = true",
		                       o->base_url ? o->base_url : "");
	for (const char *k = o->key; k && *k; k++)
		if ((unsigned char)*k <= ' ' || (unsigned char)*k >= 127)
			return rho_trouble_set(t, RHO_EINVAL,
			                       "the key has a blank, or a character that a key cannot have; "
			                       "look at the environment variable that `key` names");
	if (o->cache && mkdir(o->cache, 0777) && errno != EEXIST)
		return rho_trouble_set(t, RHO_EIO, "%s: cannot be made: %s", o->cache, strerror(errno));
	return 0;
}

struct rho_chat *rho_chat_open(const struct rho_chat_options *o, struct rho_trouble *t)
{
	static const char tail[] = "/chat/completions";
	struct rho_chat *c;
	size_t n = o->base_url ? strlen(o->base_url) : 0;
	if (check(o, t))
		return NULL;
	c = calloc(1, sizeof *c);
	if (c)
		c->url = malloc(n + sizeof tail);
	if (!c || !c->url) {
		free(c);
		rho_trouble_set(t, RHO_ENOMEM, "no memory left to ask a model");
		return NULL;
	}
	c->o = *o;
	while (n && o->base_url[n - 1] == '/')
		n--;
	if (n)
		memcpy(c->url, o->base_url, n);
	memcpy(c->url + n, tail, sizeof tail);
	return c;
}

void rho_chat_close(struct rho_chat *c)
{
	if (!c)
		return;
	if (c->curl)
		curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	free(c->url);
	free(c);
}

struct rho_chat_counts rho_chat_counts(const struct rho_chat *c) { return c->counts; }

void chat_hide_key(const struct rho_chat *c, char *text)
{
	size_t n = c->o.key ? strlen(c->o.key) : 0;
	for (char *at = n ? strstr(text, c->o.key) : NULL; at; at = strstr(at, c->o.key))
		memset(at, '*', n);
}

static json_t *message(const char *role, struct rho_str content)
{
	json_t *m = json_object();
	json_object_set_new(m, "role", json_string(role));
	json_object_set_new(m, "content", json_stringn(content.at ? content.at : "", content.len));
	return m;
}

/* The request as JSON text; the same question gives the same bytes, which are also the cache's key. */
static char *request(const struct rho_chat *c, struct rho_str system, struct rho_str user, uint64_t sample)
{
	json_t *r = json_object(), *messages = json_array();
	char *text;
	if (system.len)
		json_array_append_new(messages, message("system", system));
	json_array_append_new(messages, message("user", user));
	json_object_set_new(r, "model", json_string(c->o.model));
	json_object_set_new(r, "messages", messages);
	json_object_set_new(r, "temperature", json_real(c->o.temperature));
	json_object_set_new(r, "max_tokens", json_integer(c->o.max_tokens));
	json_object_set_new(r, "seed", json_integer((json_int_t)(sample & INT32_MAX)));
	text = json_dumps(r, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(r);
	return text;
}

/* Waits so many seconds in short naps; false: rho_stop said so. */
static bool nap(struct rho_ctx *ctx, double seconds)
{
	for (double left = seconds; left > 0; left -= 0.02) {
		if (rho_stop(ctx))
			return false;
		poll(NULL, 0, left < 0.02 ? (int)(left * 1e3) + 1 : 20);
	}
	return !rho_stop(ctx);
}

/* Asks until there is an answer or patience ends, which is counted in what was waited and what answers may take:
 * no clock is looked at. */
static int ask(struct rho_chat *c, struct rho_ctx *ctx, const char *body, struct rho_text *out,
               struct rho_trouble *t)
{
	double spent = 0, pause = 0.25;
	bool said = false;
	for (unsigned tries = 1;; tries++) {
		struct chat_reply r = { 0 };
		double wait;
		c->counts.asked++;
		c->counts.repeated += tries > 1;
		chat_post(c, ctx, body, out, &r);
		if (r.outcome == CHAT_ANSWERED)
			return 0;
		if (r.outcome == CHAT_STOPPED)
			return RHO_ESTOP;
		chat_hide_key(c, r.why);
		wait = r.wait > pause ? r.wait : pause;
		if (r.outcome == CHAT_NEVER)
			return rho_trouble_set(t, RHO_EIO, "%s: %s", c->url, r.why);
		if (spent + wait > c->o.patience)
			return rho_trouble_set(t, RHO_EIO,
			                       "%s: %s (asked %u times, patience = %g s); answers are kept: run "
			                       "again when the endpoint is well",
			                       c->url, r.why, tries, c->o.patience);
		if (!said)
			rho_log(ctx, RHO_WARN, "%s: %s; asking again", c->url, r.why);
		said = true;
		if (!nap(ctx, wait))
			return RHO_ESTOP;
		spent += wait;
		pause = pause < 16 ? 2 * pause : 32;
	}
}

int rho_chat_ask(struct rho_chat *c, struct rho_ctx *ctx, struct rho_str system, struct rho_str user,
                 uint64_t sample, struct rho_text *out, struct rho_trouble *t)
{
	char *body = request(c, system, user, sample);
	int e;
	rho_text_clear(out);
	if (!body)
		return rho_trouble_set(t, RHO_EFORMAT, "a question that is not UTF-8 cannot be asked");
	e = c->o.cache ? chat_kept(c, body, out, t) : 0;
	if (e > 0)
		c->counts.kept++;
	if (!e && c->o.offline)
		e = rho_trouble_set(t, RHO_EIO,
		                    "offline = true, and %s holds no answer to \"%.*s...\" of this model, "
		                    "temperature and max_tokens; run once with an endpoint",
		                    c->o.cache, (int)rho_str_head(user, 60).len, user.at);
	if (!e) {
		e = ask(c, ctx, body, out, t);
		if (!e && c->o.cache)
			e = chat_keep(c, body, out, t);
	}
	free(body);
	return e > 0 ? 0 : e;
}
