/* post.c: one HTTP request through libcurl, and what its answer means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat_impl.h"

struct incoming {
	struct rho_ctx *ctx;
	struct rho_text body;
	bool too_long, stopped;
};

static size_t take(char *at, size_t size, size_t n, void *arg)
{
	struct incoming *in = arg;
	if (in->body.len + size * n > CHAT_MOST_ANSWER) {
		in->too_long = true;
		return 0;
	}
	return rho_text_add(&in->body, (struct rho_str){ at, size * n }) ? size * n : 0;
}

static int watch(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct incoming *in = arg;
	in->stopped = in->stopped || rho_stop(in->ctx);
	return in->stopped;
}

/* The handle and its headers, made at the first question. */
static bool prepare(struct rho_chat *c)
{
	char bearer[4200];
	struct curl_slist *more;
	if (c->curl)
		return true;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return false;
	c->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (c->headers && c->o.key && *c->o.key) {
		int n = snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", c->o.key);
		more = n > 0 && (size_t)n < sizeof bearer ? curl_slist_append(c->headers, bearer) : NULL;
		memset(bearer, 0, sizeof bearer);
		if (!more)
			return false;
		c->headers = more;
	}
	c->curl = c->headers ? curl_easy_init() : NULL;
	return c->curl;
}

static void set_up(struct rho_chat *c, const char *body, struct incoming *in, char *error)
{
	CURL *h = c->curl;
	curl_easy_setopt(h, CURLOPT_URL, c->url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(c->o.timeout * 1e3));
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, in);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error);
}

/* A status other than 200. */
static void refused(CURL *h, long status, struct rho_str body, struct chat_reply *r)
{
	bool later = status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
	curl_off_t wait = 0;
	char text[120];
	curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &wait);
	chat_excerpt(body, text);
	r->outcome = later ? CHAT_LATER : CHAT_NEVER;
	r->wait = later ? (double)wait : 0;
	snprintf(r->why, sizeof r->why, "it answers %ld%s: %s", status,
	         status == 401 || status == 403 ? " (the key is missing or not taken: see the parameter `key`)"
	         : status == 404                ? " (no such model, or base_url lacks its /v1)"
	                                        : "",
	         text);
}

void chat_post(struct rho_chat *c, struct rho_ctx *ctx, const char *body, struct rho_text *answer,
               struct chat_reply *r)
{
	struct incoming in = { .ctx = ctx };
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;
	*r = (struct chat_reply){ .outcome = CHAT_NEVER };
	if (!prepare(c)) {
		snprintf(r->why, sizeof r->why, "the HTTP library cannot be started");
		return;
	}
	set_up(c, body, &in, error);
	code = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
	if (in.stopped) {
		r->outcome = CHAT_STOPPED;
	} else if (in.too_long) {
		snprintf(r->why, sizeof r->why, "it sends more than %d bytes", CHAT_MOST_ANSWER);
	} else if (code) {
		bool never = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
		             code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_OUT_OF_MEMORY;
		r->outcome = never ? CHAT_NEVER : CHAT_LATER;
		snprintf(r->why, sizeof r->why, "%s", *error ? error : curl_easy_strerror(code));
	} else if (status != 200) {
		refused(c->curl, status, rho_text_view(&in.body), r);
	} else {
		r->outcome = chat_completion(rho_text_view(&in.body), answer, r->why) ? CHAT_ANSWERED : CHAT_LATER;
	}
	rho_text_free(&in.body);
}
