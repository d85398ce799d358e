/* Asking an OpenAI-compatible endpoint over real HTTP: a server thread that does what a script says, one letter a
 * request, and the cache from which everything is replayed. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rho/host.h>

#include "kit/chat/chat.h"

/* ---- a host that stops when told, and keeps what is logged ---- */

static struct {
	unsigned asked, stop_after;     /* rho_stop: calls; after so many, true; 0: never */
	char log[4000];
} host_state;

static bool fake_stop(struct rho_ctx *c)
{
	host_state.asked++;
	return host_state.stop_after && host_state.asked > host_state.stop_after;
}

static void fake_log(struct rho_ctx *c, int level, const char *fmt, ...)
{
	size_t n = strlen(host_state.log);
	va_list args;
	va_start(args, fmt);
	vsnprintf(host_state.log + n, sizeof host_state.log - n, fmt, args);
	va_end(args);
}

static const struct rho_host fake_host = { .size = sizeof fake_host, .stop = fake_stop, .log = fake_log };
static struct rho_ctx ctx = { &fake_host };

/* ---- the server ---- */

static struct {
	int listener;
	uint16_t port;
	const char *script;     /* what to do to each request; the last goes on */
	size_t served;
	char request[8192];     /* the last */
	char from[400], to[400];        /* r: what is moved where before it answers */
	pthread_t thread;
} server;

static void send_all(int fd, const char *text)
{
	for (size_t n = strlen(text); n;) {
		ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
		if (k <= 0)
			return;
		text += k;
		n -= (size_t)k;
	}
}

static void respond(int fd, const char *status, const char *type, const char *body, size_t claimed)
{
	char head[400];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	         "Connection: close\r\n\r\n",
	         status, type, claimed);
	send_all(fd, head);
	send_all(fd, body);
}

/* o: an answer that names the seed asked for; the rest are ways to fail. */
static void act(int fd, char what)
{
	char body[300];
	const char *seed = strstr(server.request, "\"seed\":");
	switch (what) {
	case 'r':
		rename(server.from, server.to); /* as another run would */
		__attribute__((fallthrough));
	case 'o':
		snprintf(body, sizeof body, "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":"
		         "\"step %d: 2 + 2 = 4 \\u2713\"}}]}", seed ? atoi(seed + 7) : -1);
		respond(fd, "200 OK", "application/json", body, strlen(body));
		break;
	case '5': respond(fd, "503 Service Unavailable", "text/plain", "warming up", 10); break;
	case '4':
		respond(fd, "429 Too Many Requests\r\nRetry-After: 0", "text/plain", "slow down", 9);
		break;
	case 'k': respond(fd, "401 Unauthorized", "application/json", "bad key sk-very-secret", 22); break;
	case 'm': respond(fd, "404 Not Found", "application/json", "{\"error\":\"no such model\"}", 25); break;
	case 'h': respond(fd, "200 OK", "text/html", "<html>It works!</html>", 22); break;
	case 'j': respond(fd, "200 OK", "application/json", "{\"choices\":[{\"mess", 18); break;
	case 's': respond(fd, "200 OK", "application/json", "{\"choices\":[{\"text\":\"old style\"}]}", 35); break;
	case 'n':
		respond(fd, "200 OK", "application/json", "{\"choices\":[{\"message\":{\"content\":null}}]}", 42);
		break;
	case 'c': respond(fd, "200 OK", "application/json", "{\"choi", 4000); break; /* goes away in the midst */
	case 'w': poll(NULL, 0, 700); break;    /* too slow, then nothing */
	default: break;                         /* goes away at once */
	}
}

static void read_request(int fd)
{
	size_t n = 0;
	for (;;) {
		ssize_t k = recv(fd, server.request + n, sizeof server.request - 1 - n, 0);
		const char *end, *length;
		if (k <= 0)
			return;
		n += (size_t)k;
		server.request[n] = 0;
		end = strstr(server.request, "\r\n\r\n");
		length = strstr(server.request, "Content-Length: ");
		if (end && length && n >= (size_t)(end + 4 - server.request) + (size_t)atol(length + 16))
			return;
	}
}

static void *serve(void *arg)
{
	for (;;) {
		int fd = accept(server.listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		server.request[0] = 0;
		read_request(fd);
		if (server.request[0]) {
			size_t last = strlen(server.script) - 1;
			act(fd, server.script[server.served < last ? server.served : last]);
			server.served++;
		}
		close(fd);
	}
}

static void start(const char *script)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	server.script = script;
	server.served = 0;
	server.listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert(!bind(server.listener, (struct sockaddr *)&a, n) && !listen(server.listener, 16));
	cr_assert(!getsockname(server.listener, (struct sockaddr *)&a, &n));
	server.port = ntohs(a.sin_port);
	cr_assert(!pthread_create(&server.thread, NULL, serve, NULL));
}

static void stop(void)
{
	shutdown(server.listener, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.listener);
}

/* ---- asking ---- */

static char url[64], folder[64];

static struct rho_chat_options options(void)
{
	snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/", server.port);
	return (struct rho_chat_options){ .base_url = url, .model = "tiny", .key = "sk-very-secret",
		.timeout = 0.3, .patience = 30, .temperature = 0.7, .max_tokens = 64 };
}

static int ask(const struct rho_chat_options *o, uint64_t sample, struct rho_text *out, struct rho_trouble *t,
               struct rho_chat_counts *counts)
{
	struct rho_chat *c = rho_chat_open(o, t);
	int e = c ? rho_chat_ask(c, &ctx, (struct rho_str){ "Be brief.", 9 }, (struct rho_str){ "What is 2 + 2?", 14 },
	                         sample, out, t)
	          : t->code;
	if (c && counts)
		*counts = rho_chat_counts(c);
	rho_chat_close(c);
	return e;
}

/* What may pass is asked again, what may not is told at once with what would help; the key is never shown. */
Test(chat, faults)
{
	static const struct { const char *script; size_t asked; const char *says; } cases[] = {
		{ "o", 1, NULL }, { "5o", 2, NULL }, { "4o", 2, NULL }, { "ho", 2, NULL }, { "jo", 2, NULL },
		{ "so", 2, NULL },
		{ "no", 2, NULL }, { "co", 2, NULL }, { "wo", 2, NULL }, { "xo", 2, NULL }, { "5hjo", 4, NULL },
		{ "k", 1, "the key is missing or not taken" }, { "m", 1, "no such model" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rho_text out = { 0 };
		struct rho_trouble t = { 0 };
		start(cases[i].script);
		struct rho_chat_options o = options();
		int e = ask(&o, 3, &out, &t, NULL);
		cr_expect_eq(server.served, cases[i].asked, "%s: %zu requests", cases[i].script, server.served);
		if (cases[i].says) {
			cr_expect_eq(e, RHO_EIO);
			cr_expect(strstr(t.text, cases[i].says), "%s: %s", cases[i].script, t.text);
		} else {
			cr_expect_eq(e, 0, "%s: %s", cases[i].script, t.text);
			cr_expect(out.len == strlen("step 3: 2 + 2 = 4 \u2713") &&
			          !memcmp(out.at, "step 3: 2 + 2 = 4 \u2713", out.len), "%s", cases[i].script);
		}
		cr_expect(strstr(server.request, "POST /v1/chat/completions HTTP/1.1"), "%s", server.request);
		cr_expect(strstr(server.request, "Authorization: Bearer sk-very-secret"));
		cr_expect(strstr(server.request, "\"model\":\"tiny\"") && strstr(server.request, "What is 2 + 2?"));
		cr_expect(!strstr(t.text, "sk-very"), "%s", t.text);
		stop();
		rho_text_free(&out);
	}
	cr_expect(strstr(host_state.log, "asking again") && !strstr(host_state.log, "sk-very"));
}

/* Patience ends; a stop is heeded; nobody listens. */
Test(chat, giving_up)
{
	struct rho_text out = { 0 };
	struct rho_trouble t = { 0 }, stopped = { 0 }, nobody = { 0 };
	start("5");
	struct rho_chat_options o = options();
	o.patience = 1;
	cr_expect_eq(ask(&o, 0, &out, &t, NULL), RHO_EIO);
	cr_expect(strstr(t.text, "503") && strstr(t.text, "patience = 1 s") && strstr(t.text, "run again"), "%s",
	          t.text);
	o.patience = 1e4;
	host_state.asked = 0;
	host_state.stop_after = 40;
	cr_expect_eq(ask(&o, 0, &out, &stopped, NULL), RHO_ESTOP);
	host_state.stop_after = 0;
	stop();
	o.patience = 0;
	cr_expect_eq(ask(&o, 0, &out, &nobody, NULL), RHO_EIO);
	cr_expect(strstr(nobody.text, "onnect"), "%s", nobody.text);
	rho_text_free(&out);
}

static size_t count_files(const char *at, char *last, size_t room)
{
	DIR *d = opendir(at);
	size_t n = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[400];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", at, e->d_name);
		if (e->d_type == DT_DIR) {
			n += count_files(path, last, room);
		} else {
			snprintf(last, room, "%s", path);
			n++;
		}
	}
	if (d)
		closedir(d);
	return n;
}

/* Kept answers come back to the byte with nobody there; another question, another sample or another temperature is
 * another answer; damage is told. */
Test(chat, replay)
{
	struct rho_text out = { 0 }, again = { 0 };
	struct rho_trouble t = { 0 }, missing = { 0 }, damaged = { 0 };
	struct rho_chat_counts counts;
	char file[400] = "", temp[] = "/tmp/rho-chat-XXXXXX", command[128];
	cr_assert(mkdtemp(temp));
	snprintf(folder, sizeof folder, "%s/answers", temp);
	start("o");
	struct rho_chat_options o = options();
	o.cache = folder;
	cr_assert_eq(ask(&o, 1, &out, &t, &counts), 0, "%s", t.text);
	cr_expect(counts.asked == 1 && !counts.kept);
	cr_assert_eq(ask(&o, 1, &again, &t, &counts), 0);
	cr_expect(!counts.asked && counts.kept == 1);
	cr_assert_eq(ask(&o, 2, &again, &t, &counts), 0);
	cr_expect(counts.asked == 1);
	o.temperature = 0;
	cr_assert_eq(ask(&o, 1, &again, &t, &counts), 0);
	cr_expect(counts.asked == 1);
	stop();
	cr_expect_eq(count_files(folder, file, sizeof file), 3);
	o = options();
	o.cache = folder;
	o.offline = true;
	o.base_url = NULL;
	cr_assert_eq(ask(&o, 1, &again, &t, &counts), 0, "%s", t.text);
	cr_expect(again.len == out.len && !memcmp(again.at, out.at, out.len));
	cr_expect_eq(ask(&o, 9, &again, &missing, NULL), RHO_EIO);
	cr_expect(strstr(missing.text, "holds no answer"), "%s", missing.text);
	/* No file holds the key; a file that was cut is not taken for an answer. */
	snprintf(command, sizeof command, "grep -rq sk-very %s", folder);
	cr_expect_neq(system(command), 0);
	cr_assert(!truncate(file, 30));
	int refused = 0;
	for (uint64_t sample = 1; sample <= 2; sample++)
		for (int cold = 0; cold < 2; cold++) {
			struct rho_trouble one = { 0 };
			o.temperature = cold ? 0 : 0.7;
			if (ask(&o, sample, &again, &one, NULL) == RHO_EFORMAT) {
				damaged = one;
				refused++;
			}
		}
	cr_expect_eq(refused, 1);
	cr_expect(strstr(damaged.text, "remove the file"), "%s", damaged.text);
	snprintf(command, sizeof command, "rm -r %s", temp);
	cr_expect_eq(system(command), 0);
	rho_text_free(&out);
	rho_text_free(&again);
}

/* Two runs ask the same at once: the answer that was kept first is what both go on with. */
Test(chat, kept_meanwhile)
{
	struct rho_text out = { 0 };
	struct rho_trouble t = { 0 };
	char temp[] = "/tmp/rho-chat-XXXXXX", command[128], file[400] = "";
	cr_assert(mkdtemp(temp));
	snprintf(folder, sizeof folder, "%s/answers", temp);
	start("or");
	struct rho_chat_options o = options();
	o.cache = folder;
	cr_assert_eq(ask(&o, 5, &out, &t, NULL), 0, "%s", t.text);
	cr_assert_eq(count_files(folder, file, sizeof file), 1);
	/* The other's answer: the same but for its words. */
	snprintf(command, sizeof command, "sed -i s/step/other/ %s/*/*.json", folder);
	cr_assert_eq(system(command), 0);
	snprintf(server.to, sizeof server.to, "%s", file);
	snprintf(server.from, sizeof server.from, "%s/meanwhile", temp);
	cr_assert_eq(rename(server.to, server.from), 0);
	cr_assert_eq(ask(&o, 5, &out, &t, NULL), 0, "%s", t.text);
	cr_expect_eq(server.served, 2);
	cr_expect(out.len > 5 && !memcmp(out.at, "other", 5), "%.*s", (int)out.len, out.at);
	cr_assert_eq(ask(&o, 5, &out, &t, NULL), 0, "%s", t.text);
	cr_expect(!memcmp(out.at, "other", 5));
	cr_expect_eq(server.served, 2);
	cr_expect_eq(count_files(folder, file, sizeof file), 1, "something was left");
	stop();
	snprintf(command, sizeof command, "rm -r %s", temp);
	cr_expect_eq(system(command), 0);
	rho_text_free(&out);
}

/* What cannot be opened says what would be right. */
Test(chat, options)
{
	static const struct { const char *url, *model, *key; bool offline; const char *says; } cases[] = {
		{ "ftp://there", "m", NULL, false, "http:// or https://" },
		{ NULL, "m", NULL, false, "http:// or https://" },
		{ "http://there", "", NULL, false, "model is empty" },
		{ "http://there", "m", "two words", false, "the key has" },
		{ "http://there", "m", "line\nbreak", false, "the key has" },
		{ "http://there", "m", NULL, true, "set cache" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rho_trouble t = { 0 };
		struct rho_chat_options o = { .base_url = cases[i].url, .model = cases[i].model, .key = cases[i].key,
			.offline = cases[i].offline };
		cr_expect_null(rho_chat_open(&o, &t));
		cr_expect(t.code == RHO_EINVAL && strstr(t.text, cases[i].says), "%zu: %s", i, t.text);
		cr_expect(!cases[i].key || !strstr(t.text, cases[i].key));
	}
}
