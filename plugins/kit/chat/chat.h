/* chat.h: asking a language model behind an OpenAI-compatible endpoint; every answer is kept, and a run whose answers
 * are all kept asks nobody. */
#ifndef RHO_KIT_CHAT_H
#define RHO_KIT_CHAT_H

#include "../text.h"
#include "../trouble.h"

struct rho_chat_options {
	const char *base_url;   /* "http://127.0.0.1:8080/v1": /chat/completions is put behind it; NULL or empty
	                         * with offline */
	const char *model;
	const char *key;        /* sent as a bearer token; NULL: none. Never written or shown */
	const char *cache;      /* folder of the answers, made where it is missing; NULL: none are kept */
	bool     offline;       /* a question that was never answered is an error */
	double   timeout;       /* seconds an answer may take */
	double   patience;      /* seconds to go on asking where that may help: nobody listens, too many requests,
	                         * a server's own error, an answer cut short or of another shape */
	double   temperature;
	int64_t  max_tokens;
};

/* RHO_CHAT_PARAMS(struct me) beside a plugin's own parameters, RHO_CHAT_FIELDS in its struct; RHO_CHAT_OPTIONS(me)
 * is what they say. Where and how patiently is asked is not part of a cell's identity: what is answered is kept by
 * the question alone, so that a run goes on when the endpoint has moved, and with offline = true. */
#define RHO_CHAT_FIELDS const char *base_url, *model, *key, *cache; bool offline; \
	double timeout, patience, temperature; int64_t max_tokens
#define RHO_CHAT_PARAMS(T) \
	{ RHO_FIELD(T, base_url, RHO_T_STR, const char *, \
	            "llm: address of an OpenAI-compatible endpoint, such as http://127.0.0.1:8080/v1"), \
	  .flags = RHO_SPEED, .def.s = "" }, \
	RHO_STR(T, model, "", "llm: the model's name there"), \
	RHO_KEY(T, key, "OPENAI_API_KEY", "llm: what holds the key, where one is wanted"), \
	RHO_CACHE(T, cache, "llm: folder where answers are kept; what is there is not asked again"), \
	{ RHO_FIELD(T, offline, RHO_T_BOOL, bool, "llm: ask nobody: a question without a kept answer is an error"), \
	  .flags = RHO_SPEED, .def.b = false }, \
	{ RHO_FIELD(T, timeout, RHO_T_F64, double, "llm: seconds an answer may take"), \
	  .flags = RHO_SPEED, .lo = 0.001, .hi = 3600, .def.f = 60 }, \
	{ RHO_FIELD(T, patience, RHO_T_F64, double, "llm: seconds to go on asking an endpoint that is down or busy"), \
	  .flags = RHO_SPEED, .lo = 0, .hi = 86400, .def.f = 600 }, \
	RHO_F64(T, temperature, 0.7, 0, 2, "llm: of the model's own sampling"), \
	RHO_I64(T, max_tokens, 512, 1, 65536, "llm: longest answer")
#define RHO_CHAT_OPTIONS(me) ((struct rho_chat_options){ (me)->base_url, (me)->model, (me)->key, (me)->cache, \
	(me)->offline, (me)->timeout, (me)->patience, (me)->temperature, (me)->max_tokens })

struct rho_chat;

/* Reads from the cache and connects to nobody yet. NULL with the trouble: no address or model, an address that
 * is neither http nor https, a cache that cannot be made. Whatever the strings point to must outlive it. */
struct rho_chat *rho_chat_open(const struct rho_chat_options *, struct rho_trouble *);
void rho_chat_close(struct rho_chat *); /* NULL is fine */

/* The answer to `user` under the instruction `system`, into out (cleared first). sample: several answers to one
 * question are numbered, and kept apart; it is also sent as the seed. Waits, for `patience` seconds at most, and
 * asks rho_stop meanwhile. 0; RHO_ESTOP; RHO_EIO or RHO_EFORMAT with the trouble, which says what the endpoint
 * did last. What an answer says is the model's: it may be anything. [run] */
int rho_chat_ask(struct rho_chat *, struct rho_ctx *, struct rho_str system, struct rho_str user, uint64_t sample,
                 struct rho_text *out, struct rho_trouble *);

/* Since it was opened. */
struct rho_chat_counts { uint64_t kept, asked, repeated; };
struct rho_chat_counts rho_chat_counts(const struct rho_chat *);

#endif
