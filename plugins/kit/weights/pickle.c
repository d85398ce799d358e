/* pickle.c: the stack machine. One table says which opcodes there are and which of them are carried out.
 *
 * Values are never walked here, so that no depth of nesting matters; an opcode takes memory in proportion
 * to its bytes, and all of it is counted. On the stack, NULL is a mark. */
#include "pickle.h"

#include <stdlib.h>
#include <string.h>

#include "../text.h"

#define LONGEST_PICKLE ((size_t)16 << 20)
#define MOST_MEMORY    ((size_t)256 << 20)
#define BLOCK          ((size_t)64 << 10)

struct rho_pickle_block {
	struct rho_pickle_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

struct values {                 /* a growing array of values */
	struct rho_pickle_value **at;   /* (n) */
	size_t n, room;
};

struct machine {
	struct rho_pickle *p;
	const struct rho_blob *file;
	size_t at, end;         /* in the file: the next byte, and where reading must stop */
	size_t op;              /* where the opcode that is being carried out stands */
	struct values stack, memo;
	bool stopped;
	struct rho_trouble *t;
};

static int refuse(struct machine *m, const char *what)
{
	return rho_trouble_at(m->t, RHO_EFORMAT, m->file->path, 0,
	                      "the pickle at byte %zu %s; nothing was executed", m->op, what);
}

static int spent(struct machine *m)
{
	bool too_much = m->p->taken > MOST_MEMORY;
	return rho_trouble_at(m->t, too_much ? RHO_EFORMAT : RHO_ENOMEM, m->file->path, 0,
	                      "the pickle at byte %zu asks for more memory than %s", m->op,
	                      too_much ? "the 256 MiB that any checkpoint needs" : "there is");
}

/* Memory that lives as long as the pickle; NULL: none is left, or enough was given. */
static void *take(struct rho_pickle *p, size_t bytes)
{
	struct rho_pickle_block *b = p->blocks;
	bytes = (bytes + 15) / 16 * 16;
	if (!b || b->size - b->used < bytes) {
		size_t size = bytes > BLOCK ? bytes : BLOCK;
		p->taken += size;
		b = p->taken > MOST_MEMORY ? NULL : malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		b->next = p->blocks;
		b->used = 0;
		b->size = size;
		p->blocks = b;
	}
	b->used += bytes;
	return b->bytes + b->used - bytes;
}

/* Room for one more; what was there moves. */
static bool grow(struct rho_pickle *p, struct rho_pickle_value ***at, size_t n, size_t *room)
{
	if (n < *room)
		return true;
	size_t more = *room ? 2 * *room : 4;
	struct rho_pickle_value **moved = take(p, more * sizeof(*moved));
	if (!moved)
		return false;
	if (n)
		memcpy(moved, *at, n * sizeof(*moved));
	*at = moved;
	*room = more;
	return true;
}

static int append(struct machine *m, struct values *to, struct rho_pickle_value *v)
{
	if (!grow(m->p, &to->at, to->n, &to->room))
		return spent(m);
	to->at[to->n++] = v;
	return 0;
}

static int add_item(struct machine *m, struct rho_pickle_value *to, struct rho_pickle_value *v)
{
	if (!grow(m->p, &to->item, to->n, &to->room))
		return spent(m);
	to->item[to->n++] = v;
	return 0;
}

/* A new value on the stack; NULL with the trouble. */
static struct rho_pickle_value *push(struct machine *m, uint32_t kind)
{
	struct rho_pickle_value *v = take(m->p, sizeof(*v));
	if (!v) {
		spent(m);
		return NULL;
	}
	memset(v, 0, sizeof(*v));
	v->kind = kind;
	return append(m, &m->stack, v) ? NULL : v;
}

/* The value at the top of the stack, taken off it; NULL with the trouble. */
static struct rho_pickle_value *pop(struct machine *m)
{
	struct rho_pickle_value *v = m->stack.n ? m->stack.at[m->stack.n - 1] : NULL;
	if (!v) {
		refuse(m, "takes something off an empty stack");
		return NULL;
	}
	m->stack.n--;
	return v;
}

/* How many values lie above the last mark; both are taken off the stack and stay where they were. */
static int pop_mark(struct machine *m, struct rho_pickle_value ***item, size_t *n)
{
	size_t i = m->stack.n;
	while (i && m->stack.at[i - 1])
		i--;
	if (!i)
		return refuse(m, "looks for a mark that was not set");
	*item = m->stack.at + i;
	*n = m->stack.n - i;
	m->stack.n = i - 1;
	return 0;
}

/* The container at the top of the stack, left there. */
static struct rho_pickle_value *top(struct machine *m, uint32_t kind)
{
	struct rho_pickle_value *v = m->stack.n ? m->stack.at[m->stack.n - 1] : NULL;
	if (v && v->kind == kind)
		return v;
	refuse(m, kind == RHO_PICKLE_DICT ? "fills or sets something that is no dictionary"
	                                  : "fills something that is no list");
	return NULL;
}

/* The next n bytes; NULL with the trouble. */
static const unsigned char *next(struct machine *m, uint64_t n)
{
	if (n > m->end - m->at) {
		refuse(m, m->end < m->file->len ? "is longer than 16 MiB" : "ends too early");
		return NULL;
	}
	m->at += (size_t)n;
	return m->file->at + m->at - n;
}

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static bool number(struct machine *m, size_t bytes, uint64_t *out)
{
	const unsigned char *p = next(m, bytes);
	*out = 0;
	for (size_t i = 0; p && i < bytes; i++)
		*out |= (uint64_t)p[i] << (8 * i);
	return p;
}

static int op_proto(struct machine *m, unsigned char op)
{
	const unsigned char *p = next(m, 1);
	return !p || *p <= 5 ? m->t->code : refuse(m, "is of a protocol above 5");
}

static int op_frame(struct machine *m, unsigned char op)
{
	uint64_t n;
	if (!number(m, 8, &n))
		return m->t->code;
	return n <= m->end - m->at ? 0 : refuse(m, "has a frame that is longer than the file");
}

static int op_plain(struct machine *m, unsigned char op)
{
	struct rho_pickle_value *v = push(m, op == 'N' ? RHO_PICKLE_NONE : RHO_PICKLE_BOOL);
	if (v)
		v->number = op == 0x88;
	return m->t->code;
}

static int op_int(struct machine *m, unsigned char op)
{
	uint64_t n;
	struct rho_pickle_value *v = push(m, RHO_PICKLE_INT);
	if (v && number(m, op == 'J' ? 4 : op == 'M' ? 2 : 1, &n))
		v->number = op == 'J' ? (int64_t)(int32_t)(uint32_t)n : (int64_t)n;
	return m->t->code;
}

static int op_long(struct machine *m, unsigned char op)
{
	uint64_t n, bits = 0;
	struct rho_pickle_value *v = push(m, RHO_PICKLE_INT);
	const unsigned char *p = v && number(m, op == 0x8a ? 1 : 4, &n) ? next(m, n) : NULL;
	if (!p)
		return m->t->code;
	if (n > 8) {
		v->kind = RHO_PICKLE_LONG;
		v->text = (const char *)p;
		v->n = (size_t)n;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)p[i] << (8 * i);
	if (n && n < 8 && p[n - 1] & 0x80)
		bits |= UINT64_MAX << (8 * n);
	v->number = (int64_t)bits;
	return 0;
}

static int op_float(struct machine *m, unsigned char op)
{
	uint64_t n;
	struct rho_pickle_value *v = push(m, RHO_PICKLE_FLOAT);
	if (v && number(m, 8, &n)) {
		n = __builtin_bswap64(n);       /* the one number that stands the other way round */
		memcpy(&v->real, &n, sizeof(n));
	}
	return m->t->code;
}

/* Text and bytes, whose length comes first: of 1, 4 or 8 bytes. */
static int op_text(struct machine *m, unsigned char op)
{
	bool bytes = op == 'B' || op == 'C' || op == 0x8e;
	size_t width = op == 'U' || op == 'C' || op == 0x8c ? 1 : op == 0x8d || op == 0x8e ? 8 : 4;
	uint64_t n;
	struct rho_pickle_value *v = push(m, bytes ? RHO_PICKLE_BYTES : RHO_PICKLE_TEXT);
	const unsigned char *p = v && number(m, width, &n) ? next(m, n) : NULL;
	if (p) {
		v->text = (const char *)p;
		v->n = (size_t)n;
	}
	return m->t->code;
}

static int op_mark(struct machine *m, unsigned char op) { return append(m, &m->stack, NULL); }

/* A tuple, list or dictionary with nothing in it. */
static int op_empty(struct machine *m, unsigned char op)
{
	push(m, op == ')' ? RHO_PICKLE_TUPLE : op == ']' ? RHO_PICKLE_LIST : RHO_PICKLE_DICT);
	return m->t->code;
}

/* A tuple, list or dictionary of n values at `from` on the stack, which gives way to it. */
static int gather(struct machine *m, uint32_t kind, struct rho_pickle_value **from, size_t n)
{
	struct rho_pickle_value v = { .kind = kind, .n = n, .room = n };
	if (kind == RHO_PICKLE_DICT && n % 2)
		return refuse(m, "makes a dictionary with a key that has no value");
	v.item = take(m->p, n * sizeof(*v.item));
	if (!v.item)
		return spent(m);
	if (n)
		memcpy(v.item, from, n * sizeof(*v.item));
	struct rho_pickle_value *made = push(m, kind);
	if (made)
		*made = v;
	return m->t->code;
}

static int op_gather(struct machine *m, unsigned char op)
{
	struct rho_pickle_value **from = NULL;
	size_t n = 0;
	if (pop_mark(m, &from, &n))
		return m->t->code;
	uint32_t kind = op == 't' ? RHO_PICKLE_TUPLE : op == 'l' ? RHO_PICKLE_LIST : RHO_PICKLE_DICT;
	return gather(m, kind, from, n);
}

static int op_tuple(struct machine *m, unsigned char op)
{
	size_t n = op - 0x84u;
	for (size_t i = 0; i < n; i++)
		if (!pop(m))
			return m->t->code;
	return gather(m, RHO_PICKLE_TUPLE, m->stack.at + m->stack.n, n);
}

/* One value into a list, or a key and its value into a dictionary. */
static int op_one(struct machine *m, unsigned char op)
{
	struct rho_pickle_value *v = pop(m), *key = v && op == 's' ? pop(m) : NULL;
	if (m->t->code)
		return m->t->code;
	struct rho_pickle_value *to = top(m, op == 's' ? RHO_PICKLE_DICT : RHO_PICKLE_LIST);
	if (to && key)
		add_item(m, to, key);
	if (to && !m->t->code)
		add_item(m, to, v);
	return m->t->code;
}

static int op_many(struct machine *m, unsigned char op)
{
	struct rho_pickle_value **from = NULL;
	size_t n = 0;
	if (pop_mark(m, &from, &n))
		return m->t->code;
	struct rho_pickle_value *to = top(m, op == 'u' ? RHO_PICKLE_DICT : RHO_PICKLE_LIST);
	if (to && op == 'u' && n % 2)
		return refuse(m, "gives a dictionary a key that has no value");
	for (size_t i = 0; to && i < n && !m->t->code; i++)
		add_item(m, to, from[i]);
	return m->t->code;
}

/* Picklers number what they remember 0, 1, 2 …; no number may be larger than the bytes read so far. */
static int op_put(struct machine *m, unsigned char op)
{
	uint64_t i = m->memo.n;
	struct rho_pickle_value *v = m->stack.n ? m->stack.at[m->stack.n - 1] : NULL;
	if (op != 0x94 && !number(m, op == 'q' ? 1 : 4, &i))
		return m->t->code;
	if (!v)
		return refuse(m, "remembers something that is not there");
	if (i > m->at)
		return refuse(m, "remembers under a number that is out of all order");
	while (m->memo.n <= i)
		if (append(m, &m->memo, NULL))
			return m->t->code;
	m->memo.at[i] = v;
	return 0;
}

static int op_get(struct machine *m, unsigned char op)
{
	uint64_t i;
	if (!number(m, op == 'h' ? 1 : 4, &i))
		return m->t->code;
	if (i >= m->memo.n || !m->memo.at[i])
		return refuse(m, "recalls something it never remembered");
	return append(m, &m->stack, m->memo.at[i]);
}

/* All that a checkpoint may name. */
static const struct {
	const char *module, *name;
	int64_t is;
} known[] = {
	{ "collections", "OrderedDict", RHO_PICKLE_ORDERED_DICT },
	{ "torch._utils", "_rebuild_tensor", RHO_PICKLE_TENSOR },
	{ "torch._utils", "_rebuild_tensor_v2", RHO_PICKLE_TENSOR_V2 },
	{ "torch._utils", "_rebuild_parameter", RHO_PICKLE_PARAMETER },
	{ "torch", "BoolStorage", RHO_PICKLE_TYPED + RHO_DT_BOOL },
	{ "torch", "ByteStorage", RHO_PICKLE_TYPED + RHO_DT_U8 },
	{ "torch", "CharStorage", RHO_PICKLE_TYPED + RHO_DT_I8 },
	{ "torch", "ShortStorage", RHO_PICKLE_TYPED + RHO_DT_I16 },
	{ "torch", "IntStorage", RHO_PICKLE_TYPED + RHO_DT_I32 },
	{ "torch", "LongStorage", RHO_PICKLE_TYPED + RHO_DT_I64 },
	{ "torch", "HalfStorage", RHO_PICKLE_TYPED + RHO_DT_F16 },
	{ "torch", "BFloat16Storage", RHO_PICKLE_TYPED + RHO_DT_BF16 },
	{ "torch", "FloatStorage", RHO_PICKLE_TYPED + RHO_DT_F32 },
	{ "torch", "DoubleStorage", RHO_PICKLE_TYPED + RHO_DT_F64 },
};

static int push_global(struct machine *m, struct rho_str module, struct rho_str name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (rho_str_is(module, known[i].module) && rho_str_is(name, known[i].name)) {
			struct rho_pickle_value *v = push(m, RHO_PICKLE_GLOBAL);
			if (v)
				v->number = known[i].is;
			return m->t->code;
		}
	if (!rho_name_printable(module) || !rho_name_printable(name))
		return refuse(m, "asks for a name that is not printable, which no checkpoint does");
	module = rho_str_head(module, 200);
	name = rho_str_head(name, 200);
	return rho_trouble_at(m->t, RHO_EFORMAT, m->file->path, 0,
	                      "the pickle at byte %zu asks for %.*s.%.*s, which a checkpoint does not need; "
	                      "nothing was executed. If you trust the file, load it with PyTorch and save "
	                      "its state_dict() with safetensors", m->op, (int)module.len, module.at,
	                      (int)name.len, name.at);
}

static bool line(struct machine *m, struct rho_str *out)
{
	const unsigned char *at = m->file->at + m->at, *end = memchr(at, '\n', m->end - m->at);
	if (!end)
		return refuse(m, "ends in the middle of a name") == 0;
	*out = (struct rho_str){ (const char *)at, (size_t)(end - at) };
	m->at += out->len + 1;
	return true;
}

static int op_global(struct machine *m, unsigned char op)
{
	struct rho_str module, name;
	if (op == 'c')
		return line(m, &module) && line(m, &name) ? push_global(m, module, name) : m->t->code;
	const struct rho_pickle_value *n = pop(m), *mod = n ? pop(m) : NULL;
	if (!mod)
		return m->t->code;
	if (n->kind != RHO_PICKLE_TEXT || mod->kind != RHO_PICKLE_TEXT)
		return refuse(m, "asks for something whose name is no text");
	return push_global(m, rho_pickle_text(mod), rho_pickle_text(n));
}

/* collections.OrderedDict() and, as Python 2 wrote it, collections.OrderedDict([[key, value], …]). */
static int make_dict(struct machine *m, const struct rho_pickle_value *arguments)
{
	struct rho_pickle_value *dict = push(m, RHO_PICKLE_DICT);
	const struct rho_pickle_value *list = arguments->n == 1 ? arguments->item[0] : NULL;
	if (!dict || !arguments->n)
		return m->t->code;
	if (!list || list->kind != RHO_PICKLE_LIST)
		return refuse(m, "makes an OrderedDict of something that is no list");
	for (size_t i = 0; i < list->n; i++) {
		const struct rho_pickle_value *pair = list->item[i];
		if ((pair->kind != RHO_PICKLE_LIST && pair->kind != RHO_PICKLE_TUPLE) || pair->n != 2)
			return refuse(m, "makes an OrderedDict of something that is no list of pairs");
		if (add_item(m, dict, pair->item[0]) || add_item(m, dict, pair->item[1]))
			return m->t->code;
	}
	return 0;
}

static int op_reduce(struct machine *m, unsigned char op)
{
	struct rho_pickle_value *arguments = pop(m), *function = arguments ? pop(m) : NULL;
	if (!function)
		return m->t->code;
	if (function->kind != RHO_PICKLE_GLOBAL || function->number >= RHO_PICKLE_TYPED
	    || arguments->kind != RHO_PICKLE_TUPLE)
		return refuse(m, "calls something that a checkpoint does not need to call");
	if (function->number == RHO_PICKLE_ORDERED_DICT)
		return make_dict(m, arguments);
	struct rho_pickle_value *v = push(m, RHO_PICKLE_CALL);
	if (v) {
		v->number = function->number;
		v->argument = arguments;
	}
	return m->t->code;
}

/* Attributes set on a dictionary (a state_dict's _metadata) are of no use here. */
static int op_build(struct machine *m, unsigned char op)
{
	return pop(m) && top(m, RHO_PICKLE_DICT) ? 0 : m->t->code;
}

static int op_storage(struct machine *m, unsigned char op)
{
	struct rho_pickle *p = m->p;
	struct rho_pickle_value *id = pop(m);
	if (id && id->kind != RHO_PICKLE_TUPLE)
		return refuse(m, "has a persistent id that is no tuple");
	struct rho_pickle_value *v = id ? push(m, RHO_PICKLE_STORAGE) : NULL;
	if (!v)
		return m->t->code;
	v->argument = id;
	if (!grow(p, &p->storage, p->n_storages, &p->storage_room))
		return spent(m);
	p->storage[p->n_storages++] = v;
	return 0;
}

static int op_stop(struct machine *m, unsigned char op)
{
	m->stopped = true;
	return m->stack.n == 1 && m->stack.at[0] ? 0 : refuse(m, "stops with more or less than one value");
}

static const struct {
	const char *name;
	int (*run)(struct machine *, unsigned char op); /* NULL: refused */
} opcodes[256] = {
	[0x80] = { "PROTO", op_proto }, [0x95] = { "FRAME", op_frame }, ['.'] = { "STOP", op_stop },
	['N'] = { "NONE", op_plain }, [0x88] = { "NEWTRUE", op_plain }, [0x89] = { "NEWFALSE", op_plain },
	['J'] = { "BININT", op_int }, ['K'] = { "BININT1", op_int }, ['M'] = { "BININT2", op_int },
	[0x8a] = { "LONG1", op_long }, [0x8b] = { "LONG4", op_long }, ['G'] = { "BINFLOAT", op_float },
	['T'] = { "BINSTRING", op_text }, ['U'] = { "SHORT_BINSTRING", op_text },
	['X'] = { "BINUNICODE", op_text }, [0x8c] = { "SHORT_BINUNICODE", op_text },
	[0x8d] = { "BINUNICODE8", op_text }, ['B'] = { "BINBYTES", op_text },
	['C'] = { "SHORT_BINBYTES", op_text }, [0x8e] = { "BINBYTES8", op_text },
	['('] = { "MARK", op_mark }, [')'] = { "EMPTY_TUPLE", op_empty }, [']'] = { "EMPTY_LIST", op_empty },
	['}'] = { "EMPTY_DICT", op_empty }, ['t'] = { "TUPLE", op_gather }, ['l'] = { "LIST", op_gather },
	['d'] = { "DICT", op_gather }, [0x85] = { "TUPLE1", op_tuple }, [0x86] = { "TUPLE2", op_tuple },
	[0x87] = { "TUPLE3", op_tuple }, ['a'] = { "APPEND", op_one }, ['e'] = { "APPENDS", op_many },
	['s'] = { "SETITEM", op_one }, ['u'] = { "SETITEMS", op_many }, ['q'] = { "BINPUT", op_put },
	['r'] = { "LONG_BINPUT", op_put }, [0x94] = { "MEMOIZE", op_put }, ['h'] = { "BINGET", op_get },
	['j'] = { "LONG_BINGET", op_get }, ['c'] = { "GLOBAL", op_global },
	[0x93] = { "STACK_GLOBAL", op_global }, ['R'] = { "REDUCE", op_reduce },
	['b'] = { "BUILD", op_build }, ['Q'] = { "BINPERSID", op_storage },
	['i'] = { "INST", NULL }, ['o'] = { "OBJ", NULL }, [0x81] = { "NEWOBJ", NULL },
	[0x92] = { "NEWOBJ_EX", NULL }, [0x82] = { "EXT1", NULL }, [0x83] = { "EXT2", NULL },
	[0x84] = { "EXT4", NULL }, ['0'] = { "POP", NULL }, ['1'] = { "POP_MARK", NULL },
	['2'] = { "DUP", NULL }, ['I'] = { "INT", NULL }, ['L'] = { "LONG", NULL }, ['F'] = { "FLOAT", NULL },
	['S'] = { "STRING", NULL }, ['V'] = { "UNICODE", NULL }, ['P'] = { "PERSID", NULL },
	['g'] = { "GET", NULL }, ['p'] = { "PUT", NULL }, [0x8f] = { "EMPTY_SET", NULL },
	[0x90] = { "ADDITEMS", NULL }, [0x91] = { "FROZENSET", NULL }, [0x96] = { "BYTEARRAY8", NULL },
	[0x97] = { "NEXT_BUFFER", NULL }, [0x98] = { "READONLY_BUFFER", NULL },
};

static int step(struct machine *m)
{
	m->op = m->at;
	const unsigned char *op = next(m, 1);
	if (!op)
		return m->t->code;
	if (opcodes[*op].run)
		return opcodes[*op].run(m, *op);
	if (!opcodes[*op].name)
		return rho_trouble_at(m->t, RHO_EFORMAT, m->file->path, 0,
		                      "byte %zu is 0x%02x, which is no opcode of a pickle: the file is "
		                      "damaged, or no PyTorch checkpoint", m->op, *op);
	return rho_trouble_at(m->t, RHO_EFORMAT, m->file->path, 0,
	                      "the pickle at byte %zu uses the opcode %s, which a checkpoint does not need; "
	                      "nothing was executed", m->op, opcodes[*op].name);
}

const struct rho_pickle_value *rho_pickle_read(struct rho_pickle *p, const struct rho_blob *f, size_t *at,
                                               struct rho_trouble *t)
{
	size_t most = f->len - *at < LONGEST_PICKLE ? f->len - *at : LONGEST_PICKLE;
	struct machine m = { .p = p, .file = f, .at = *at, .end = *at + most, .t = t };
	while (!m.stopped && !step(&m)) {
	}
	*at = m.at;
	return t->code ? NULL : m.stack.at[0];
}

void rho_pickle_free(struct rho_pickle *p)
{
	while (p->blocks) {
		struct rho_pickle_block *b = p->blocks;
		p->blocks = b->next;
		free(b);
	}
	memset(p, 0, sizeof(*p));
}

const struct rho_pickle_value *rho_pickle_get(const struct rho_pickle_value *dict, const char *key)
{
	for (size_t i = dict->kind == RHO_PICKLE_DICT ? dict->n : 0; i > 1; i -= 2) {
		const struct rho_pickle_value *k = dict->item[i - 2];
		if (k->kind == RHO_PICKLE_TEXT && rho_str_is(rho_pickle_text(k), key))
			return dict->item[i - 1];
	}
	return NULL;
}

const char *rho_pickle_kind_name(const struct rho_pickle_value *v)
{
	static const char *const name[] = { "None", "a truth value", "a number", "a large number", "a number",
	                                    "text", "bytes", "a tuple", "a list", "a dictionary", "a class",
	                                    "a tensor", "a storage" };
	return name[v->kind];
}
