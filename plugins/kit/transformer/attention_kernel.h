/* attention_kernel.h: attention of one sequence, in the vectors of the file that includes it, ROWS queries
 * at a time. Keys (turned on their side) and values of a head are first laid out in panels two vectors
 * wide, so that both products are the same loop: ROWS x 2 sums in registers, a row of a panel and ROWS
 * numbers a step. */
enum { PANEL = 2 * WIDE };

/* v (WIDE rows of WIDE) turned on its side. */
TARGET INLINE void transpose(vec *v)
{
	for (int step = 1; step < WIDE; step *= 2) {
		vec w[WIDE];
		for (int i = 0; i < WIDE / 2; i++) {
			w[2 * i] = zip_low(v[i], v[i + WIDE / 2]);
			w[2 * i + 1] = zip_high(v[i], v[i + WIDE / 2]);
		}
		for (int i = 0; i < WIDE; i++)
			v[i] = w[i];
	}
}

/* to (panels, width, PANEL): number l of key j at (j / PANEL, l, j % PANEL); zeros for keys beyond n. */
TARGET static void lay_keys(const float *key, size_t n, size_t stride, size_t width, float *to)
{
	for (size_t j = 0; j < n; j += WIDE) {
		float *half = to + j / PANEL * PANEL * width + j % PANEL;
		size_t rows = n - j < WIDE ? n - j : WIDE;
		for (size_t l = 0; l < width; l += WIDE) {
			const float *from = key + j * stride + l;
			size_t cols = width - l < WIDE ? width - l : WIDE;
			vec v[WIDE];
			for (size_t r = 0; r < WIDE; r++)
				v[r] = r >= rows ? splat(0) : cols == WIDE ? load(from + r * stride) :
				       load_part(from + r * stride, cols);
			transpose(v);
			for (size_t r = 0; r < cols; r++)
				store(half + (l + r) * PANEL, v[r]);
		}
	}
}

/* to (panels, n, PANEL): number l of value j at (l / PANEL, j, l % PANEL); zeros beyond the width up to a
 * vector. */
TARGET static void lay_values(const float *value, size_t n, size_t stride, size_t width, float *to)
{
	for (size_t l = 0; l < width; l += WIDE) {
		float *half = to + l / PANEL * PANEL * n + l % PANEL;
		size_t cols = width - l < WIDE ? width - l : WIDE;
		for (size_t j = 0; j < n; j++) {
			const float *from = value + j * stride + l;
			store(half + j * PANEL, cols == WIDE ? load(from) : load_part(from, cols));
		}
	}
}

/* out (rows, stride out_stride), columns of one panel = a (rows, l) times panel (l, PANEL); of the panel's
 * two vectors the first `vecs`. a[r] are the rows. */
TARGET INLINE void multiply_panel(const float *const *a, const int rows, size_t l, const float *panel,
                                  const int vecs, float *out, size_t out_stride)
{
	vec sum[ROWS][2];
	for (int r = 0; r < rows; r++)
		for (int k = 0; k < vecs; k++)
			sum[r][k] = splat(0);
	for (size_t i = 0; i < l; i++, panel += PANEL) {
		vec b[2];
		for (int k = 0; k < vecs; k++)
			b[k] = load(panel + k * WIDE);
		for (int r = 0; r < rows; r++) {
			vec x = splat(a[r][i]);
			for (int k = 0; k < vecs; k++)
				sum[r][k] = mul_add(x, b[k], sum[r][k]);
		}
	}
	for (int r = 0; r < rows; r++)
		for (int k = 0; k < vecs; k++)
			store(out + (size_t)r * out_stride + k * WIDE, sum[r][k]);
}

/* All panels that n columns need; a panel's successor begins panel_size later. */
TARGET static void multiply(const float *const *a, bool many, size_t l, const float *panel, size_t panel_size,
                            size_t n, float *out, size_t out_stride)
{
	for (size_t j = 0; j < n; j += PANEL, panel += panel_size) {
		bool wide = n - j > WIDE;
		if (many && wide)
			multiply_panel(a, ROWS, l, panel, 2, out + j, out_stride);
		else if (many)
			multiply_panel(a, ROWS, l, panel, 1, out + j, out_stride);
		else if (wide)
			multiply_panel(a, ROWS / 2, l, panel, 2, out + j, out_stride);
		else
			multiply_panel(a, ROWS / 2, l, panel, 1, out + j, out_stride);
	}
}

/* The lanes of a row's score from `at` on that a query may see; `back` in the others. */
TARGET INLINE vec seen_part(vec v, size_t at, size_t seen, vec back)
{
	return at + WIDE <= seen ? v : keep(v, at < seen ? seen - at : 0, back);
}

/* In ROWS / 2 rows, which keep the machine busy together: the first seen[r] scores become e^((score - most)
 * scale), those up to `end` 0; inverse_sum[r] is 1 / their sum. */
TARGET INLINE void weigh(float *score, size_t stride, const size_t *seen, size_t end, float scale,
                         float *inverse_sum)
{
	enum { N = ROWS / 2 };
	vec high[N], total[N], shift[N], times = splat(scale);
	for (int r = 0; r < N; r++) {
		high[r] = splat(-__builtin_inff());
		total[r] = splat(0);
	}
	for (size_t j = 0; j < end; j += WIDE)
		for (int r = 0; r < N; r++) {
			vec v = load(score + (size_t)r * stride + j);
			high[r] = most(seen_part(v, j, seen[r], high[r]), high[r]);
		}
	for (int r = 0; r < N; r++)
		shift[r] = splat(-most_across(high[r]) * scale);
	for (size_t j = 0; j < end; j += WIDE) {
		vec e[N];
		for (int r = 0; r < N; r++)
			e[r] = exp_of(mul_add(load(score + (size_t)r * stride + j), times, shift[r]));
		for (int r = 0; r < N; r++) {
			e[r] = seen_part(e[r], j, seen[r], splat(0));
			store(score + (size_t)r * stride + j, e[r]);
			total[r] += e[r];
		}
	}
	for (int r = 0; r < N; r++)
		inverse_sum[r] = 1 / sum_across(total[r]);
}

/* One head. score (ROWS, keys to whole panels) and sum (ROWS, width to whole panels) are working memory. */
TARGET static void attend(const float *query, size_t n, size_t stride, size_t width, bool causal,
                          const float *keys, const float *values, float *score, float *sum, float *out,
                          size_t out_stride)
{
	size_t wide = (n + PANEL - 1) / PANEL * PANEL, deep = (width + PANEL - 1) / PANEL * PANEL;
	float scale = 1 / __builtin_sqrtf((float)width);
	for (size_t i = 0; i < n; i += ROWS) {
		size_t rows = n - i < ROWS ? n - i : ROWS, end = causal ? i + rows : n;
		bool many = rows > ROWS / 2;
		const float *a[ROWS];
		float inverse_sum[ROWS];
		size_t seen[ROWS];
		for (size_t r = 0; r < ROWS; r++) {
			size_t which = i + (r < rows ? r : rows - 1);   /* behind the last, the last again */
			a[r] = query + which * stride;
			seen[r] = causal ? which + 1 : n;
		}
		multiply(a, many, width, keys, PANEL * width, end, score, wide);
		weigh(score, wide, seen, end, scale, inverse_sum);
		if (many)
			weigh(score + ROWS / 2 * wide, wide, seen + ROWS / 2, end, scale,
			      inverse_sum + ROWS / 2);
		for (size_t r = 0; r < ROWS; r++)
			a[r] = score + r * wide;
		multiply(a, many, end, values, PANEL * n, width, sum, deep);
		for (size_t r = 0; r < rows; r++) {
			vec times = splat(inverse_sum[r]);
			float *to = out + (i + r) * out_stride;
			const float *from = sum + r * deep;
			size_t j = 0;
			for (; j + WIDE <= width; j += WIDE)
				store(to + j, load(from + j) * times);
			if (j < width)
				store_part(to + j, width - j, load(from + j) * times);
		}
	}
}

TARGET static void attention(const float *qkv, size_t n, size_t heads, size_t width, bool causal, float *out,
                             void *room)
{
	size_t d = heads * width, wide = (n + PANEL - 1) / PANEL * PANEL;
	size_t deep = (width + PANEL - 1) / PANEL * PANEL;
	float *keys = room, *values = keys + wide * width;
	float *score = values + deep * n, *sum = score + ROWS * wide;
	for (size_t h = 0; h < heads; h++) {
		const float *query = qkv + h * width;
		lay_keys(query + d, n, 3 * d, width, keys);
		lay_values(query + 2 * d, n, 3 * d, width, values);
		attend(query, n, 3 * d, width, causal, keys, values, score, sum, out + h * width, d);
	}
}
