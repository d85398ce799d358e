/* chat_impl.h: what the files of chat/ share: one request, and where its answer is kept. */
#ifndef RHO_KIT_CHAT_IMPL_H
#define RHO_KIT_CHAT_IMPL_H

#include <curl/curl.h>
#include <jansson.h>

#include "chat.h"
#include "completion.h"

enum { CHAT_MOST_ANSWER = 4 << 20 };    /* bytes of a response; more is refused */

struct rho_chat {
	struct rho_chat_options o;
	char *url;
	CURL *curl;             /* NULL until something must be asked */
	struct curl_slist *headers;
	struct rho_chat_counts counts;
};

enum chat_outcome {
	CHAT_ANSWERED,
	CHAT_LATER,             /* may be answered when asked again */
	CHAT_NEVER,             /* asking again is of no use */
	CHAT_STOPPED            /* rho_stop said so */
};

struct chat_reply {
	enum chat_outcome outcome;
	double wait;            /* seconds the endpoint asked to wait; 0: it did not say */
	char why[400];          /* unless answered */
};

/* Sends the request once. */
void chat_post(struct rho_chat *, struct rho_ctx *, const char *body, struct rho_text *answer,
               struct chat_reply *);

/* The kept answer to a request (its JSON text): 1 into answer; 0: none; less than 0: trouble. */
int chat_kept(const struct rho_chat *, const char *request, struct rho_text *answer, struct rho_trouble *);
/* Keeps an answer; where another run has kept one meanwhile, that stands, and is put into `answer`: all runs see the
 * same. Less than 0: trouble. */
int chat_keep(const struct rho_chat *, const char *request, struct rho_text *answer, struct rho_trouble *);

/* Replaces every occurrence of the key in `text`. */
void chat_hide_key(const struct rho_chat *, char *text);

#endif
