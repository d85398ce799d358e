/* image_decode.c: JPEG and PNG to RGB, byte for byte as Pillow has it, on libjpeg and libpng. Both libraries
 * report errors by a long jump; each has one function that sets the target, and what it works on lives in the
 * caller. */
#include "image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

#define MOST_PIXELS 178956970   /* twice Pillow's MAX_IMAGE_PIXELS, from where on it refuses */
#define MOST_SCANS  100         /* of a progressive JPEG; honest ones have about ten */

void rho_image_free(struct rho_image *im)
{
	free(im->rgb);
	*im = (struct rho_image){ 0 };
}

/* Bounds the picture by `most` pixels and by what the file can hold: `fewest` bytes are needed at the very least,
 * so that a short file never takes much memory. Then makes room. */
static int claim(struct rho_image *out, size_t width, size_t height, size_t most, size_t fewest,
                 struct rho_str bytes, struct rho_trouble *t)
{
	most = most ? most : MOST_PIXELS;
	if (!width || !height)
		return rho_trouble_set(t, RHO_EFORMAT, "the picture is %zu x %zu pixels, which is none",
		                       width, height);
	if (width > most / height)
		return rho_trouble_set(t, RHO_EFORMAT, "the picture is %zu x %zu pixels; at most %zu in all"
		                       " are read, so make it smaller", width, height, most);
	if (fewest > bytes.len)
		return rho_trouble_set(t, RHO_EFORMAT, "the picture is said to be %zu x %zu pixels, more than"
		                       " %zu bytes can hold: it is not whole; fetch it again", width, height,
		                       bytes.len);
	uint8_t *rgb = malloc(width * height * 3);      /* (height, width, 3) */
	if (!rgb)
		return rho_trouble_set(t, RHO_ENOMEM, "no memory left for a picture of %zu x %zu pixels",
		                       width, height);
	*out = (struct rho_image){ rgb, width, height };
	return 0;
}

/* Three ways to widen a row in place: n pixels at its start become n of 3 bytes, the last first. */
static void widen_grey(uint8_t *row, size_t n)
{
	for (size_t x = n; x-- > 0; )
		memset(row + 3 * x, row[x], 3);
}

/* Big-endian 16-bit grey: Pillow holds it as an integer and clips, so whatever is above 255 is white. */
static void widen_deep_grey(uint8_t *row, size_t n)
{
	for (size_t x = n; x-- > 0; )
		memset(row + 3 * x, row[2 * x] ? 255 : row[2 * x + 1], 3);
}

static void widen_indices(uint8_t *row, size_t n, uint8_t (*palette)[3])
{
	for (size_t x = n; x-- > 0; )
		memcpy(row + 3 * x, palette[row[x]], 3);
}

/* a * b / 255, rounded, for 0 .. 255. */
static unsigned share(unsigned a, unsigned b)
{
	unsigned product = a * b + 128;
	return (product + (product >> 8)) >> 8;
}

/* CMYK as JPEGs have it, inverted (0 is full ink), which Pillow takes every file to be. */
static void cmyk_to_rgb(const uint8_t *ink, uint8_t *rgb, size_t n)
{
	for (size_t x = 0; x < n; x++, ink += 4, rgb += 3)
		for (size_t c = 0; c < 3; c++)
			rgb[c] = (uint8_t)(ink[3] - share(255u - ink[c], ink[3]));
}

/* ---- JPEG ---- */

struct jpeg {
	struct jpeg_error_mgr errors;           /* first: libjpeg gives back a pointer to it */
	struct jpeg_progress_mgr progress;
	struct jpeg_decompress_struct j;
	jmp_buf jump;
	struct rho_str bytes;
	size_t most;
	struct rho_image *out;
	struct rho_trouble *t;
};

static struct jpeg *jpeg_of(j_common_ptr j) { return (struct jpeg *)(void *)j->err; }

_Noreturn static void jpeg_fail(j_common_ptr j)
{
	struct jpeg *s = jpeg_of(j);
	char why[JMSG_LENGTH_MAX];
	s->errors.format_message(j, why);
	if (s->errors.msg_code == JERR_OUT_OF_MEMORY)
		rho_trouble_set(s->t, RHO_ENOMEM, "no memory left to decode a JPEG");
	else if (s->errors.msg_code == JWRN_JPEG_EOF)
		rho_trouble_set(s->t, RHO_EFORMAT, "the JPEG ends too early, after %zu bytes: it is not"
		                " whole; fetch it again", s->bytes.len);
	else
		rho_trouble_set(s->t, RHO_EFORMAT, "the JPEG is damaged or not understood (%s)", why);
	longjmp(s->jump, 1);
}

/* Warnings after which libjpeg makes pixels up; the others (stray bytes between markers, odd version numbers)
 * are of no consequence. */
static void jpeg_message(j_common_ptr j, int level)
{
	static const int grave[] = { JWRN_JPEG_EOF, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_MUST_RESYNC,
	                             JWRN_ARITH_BAD_CODE, JWRN_BOGUS_PROGRESSION };
	for (size_t i = 0; level < 0 && i < sizeof grave / sizeof *grave; i++)
		if (j->err->msg_code == grave[i])
			jpeg_fail(j);
}

/* A small file can have many scans of a large picture. */
static void jpeg_scan(j_common_ptr j)
{
	struct jpeg *s = jpeg_of(j);
	if (s->j.input_scan_number <= MOST_SCANS)
		return;
	rho_trouble_set(s->t, RHO_EFORMAT, "the JPEG has more than %d scans, which no honest one needs",
	                MOST_SCANS);
	longjmp(s->jump, 1);
}

static void jpeg_rows(struct jpeg *s)
{
	struct jpeg_decompress_struct *j = &s->j;
	size_t width = j->output_width;
	JSAMPARRAY ink = NULL;          /* (1, 4 width): a row of CMYK */
	if (j->out_color_space == JCS_CMYK)
		ink = j->mem->alloc_sarray((j_common_ptr)j, JPOOL_IMAGE, j->output_width * 4, 1);
	while (j->output_scanline < j->output_height) {
		JSAMPROW row = s->out->rgb + j->output_scanline * width * 3;
		jpeg_read_scanlines(j, ink ? ink : &row, 1);
		if (ink)
			cmyk_to_rgb(ink[0], row, width);
		else if (j->out_color_space == JCS_GRAYSCALE)
			widen_grey(row, width);
	}
}

static void jpeg_run(struct jpeg *s)
{
	struct jpeg_decompress_struct *j = &s->j;
	jpeg_create_decompress(j);
	j->progress = &s->progress;
	jpeg_mem_src(j, (const unsigned char *)s->bytes.at, s->bytes.len);
	jpeg_read_header(j, TRUE);
	switch (j->num_components) {
	case 1: j->out_color_space = JCS_GRAYSCALE; break;
	case 3: j->out_color_space = JCS_RGB; break;
	case 4: j->out_color_space = JCS_CMYK; break;
	default:
		rho_trouble_set(s->t, RHO_EFORMAT, "the JPEG has %d components; 1 (grey), 3 (colour) and 4"
		                " (CMYK) are understood", j->num_components);
		return;
	}
	j->dct_method = JDCT_ISLOW;     /* exact; this and the smooth upsampling are Pillow's choice */
	j->do_fancy_upsampling = TRUE;
	/* Each block of 8 x 8 takes a bit or more, unless it is coded arithmetically. */
	size_t width = j->image_width, height = j->image_height;
	size_t fewest = j->arith_code ? 0 : width * height / 512;
	if (claim(s->out, width, height, s->most, fewest, s->bytes, s->t))
		return;
	jpeg_start_decompress(j);
	jpeg_rows(s);
	jpeg_finish_decompress(j);
}

static void jpeg_guarded(struct jpeg *s)
{
	if (!setjmp(s->jump))
		jpeg_run(s);
}

static void decode_jpeg(struct rho_str bytes, size_t most, struct rho_image *out, struct rho_trouble *t)
{
	struct jpeg s = { .bytes = bytes, .most = most, .out = out, .t = t };
	s.j.err = jpeg_std_error(&s.errors);
	s.errors.error_exit = jpeg_fail;
	s.errors.emit_message = jpeg_message;
	s.progress.progress_monitor = jpeg_scan;
	jpeg_guarded(&s);
	jpeg_destroy_decompress(&s.j);
}

/* ---- PNG ---- */

struct png {
	png_structp png;
	png_infop info;
	jmp_buf jump;
	struct rho_str bytes;
	size_t read, most;
	struct rho_image *out;
	struct rho_trouble *t;
};

_Noreturn static void png_fail(png_structp png, png_const_charp why)
{
	struct png *s = png_get_error_ptr(png);
	rho_trouble_set(s->t, RHO_EFORMAT, "the PNG is damaged or not understood (%s)", why);
	longjmp(s->jump, 1);
}

static void png_remark(png_structp png, png_const_charp why) { (void)png; (void)why; }

static void png_take(png_structp png, png_bytep to, size_t n)
{
	struct png *s = png_get_io_ptr(png);
	if (n > s->bytes.len - s->read) {
		rho_trouble_set(s->t, RHO_EFORMAT, "the PNG ends too early, after %zu bytes: it is not whole;"
		                " fetch it again", s->bytes.len);
		longjmp(s->jump, 1);
	}
	memcpy(to, s->bytes.at + s->read, n);
	s->read += n;
}

/* palette (256, 3): colours by index. Those the file leaves out are grey, as in Pillow. */
static void png_palette(struct png *s, uint8_t (*palette)[3])
{
	png_colorp colour = NULL;
	int n = 0;
	png_get_PLTE(s->png, s->info, &colour, &n);
	for (int i = 0; i < 256; i++) {
		png_color grey = { (png_byte)i, (png_byte)i, (png_byte)i }, c = i < n ? colour[i] : grey;
		palette[i][0] = c.red;
		palette[i][1] = c.green;
		palette[i][2] = c.blue;
	}
}

/* Asks libpng for rows of at most 3 bytes a pixel: 1 (grey, index), 2 (deep grey) or 3 (RGB). */
static void png_ask(struct png *s, int type, int depth)
{
	if (type & PNG_COLOR_MASK_ALPHA)
		png_set_strip_alpha(s->png);
	if (depth == 16 && type != PNG_COLOR_TYPE_GRAY)
		png_set_strip_16(s->png);
	if (type == PNG_COLOR_TYPE_PALETTE)
		png_set_packing(s->png);
	else if (depth < 8)
		png_set_expand_gray_1_2_4_to_8(s->png);
}

static void png_run(struct png *s)
{
	uint8_t palette[256][3];        /* (256, RGB) */
	png_set_read_fn(s->png, s, png_take);
	/* Texts, profiles and the like are not even unpacked. */
	png_set_keep_unknown_chunks(s->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
	png_read_info(s->png, s->info);
	size_t width = png_get_image_width(s->png, s->info), height = png_get_image_height(s->png, s->info);
	int type = png_get_color_type(s->png, s->info), depth = png_get_bit_depth(s->png, s->info);
	/* Deflate makes at most 1032 bytes of one. */
	size_t fewest = height * (png_get_rowbytes(s->png, s->info) + 1) / 1032;
	if (claim(s->out, width, height, s->most, fewest, s->bytes, s->t))
		return;
	png_ask(s, type, depth);
	int passes = png_set_interlace_handling(s->png);
	png_read_update_info(s->png, s->info);
	if (png_get_rowbytes(s->png, s->info) > 3 * width)
		png_error(s->png, "rows are wider than they should be");
	for (int pass = 0; pass < passes; pass++)
		for (size_t y = 0; y < height; y++)
			png_read_row(s->png, s->out->rgb + y * width * 3, NULL);
	png_read_end(s->png, NULL);
	png_palette(s, palette);
	for (size_t y = 0; y < height; y++) {
		uint8_t *row = s->out->rgb + y * width * 3;
		if (type == PNG_COLOR_TYPE_PALETTE)
			widen_indices(row, width, palette);
		else if (type == PNG_COLOR_TYPE_GRAY && depth == 16)
			widen_deep_grey(row, width);
		else if (!(type & PNG_COLOR_MASK_COLOR))
			widen_grey(row, width);
	}
}

static void png_guarded(struct png *s)
{
	if (setjmp(s->jump))
		return;
	s->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, s, png_fail, png_remark);
	s->info = s->png ? png_create_info_struct(s->png) : NULL;
	if (s->info)
		png_run(s);
	else
		rho_trouble_set(s->t, RHO_ENOMEM, "no memory left to decode a PNG");
}

static void decode_png(struct rho_str bytes, size_t most, struct rho_image *out, struct rho_trouble *t)
{
	struct png s = { .bytes = bytes, .most = most, .out = out, .t = t };
	png_guarded(&s);
	png_destroy_read_struct(&s.png, &s.info, NULL);
}

/* ---- which of them ---- */

static bool begins(struct rho_str bytes, size_t at, const char *with, size_t n)
{
	return bytes.len >= at + n && !memcmp(bytes.at + at, with, n);
}

/* What other kind of picture this is, for the message. */
static const char *kind_of(struct rho_str b)
{
	if (begins(b, 0, "GIF8", 4))
		return "a GIF";
	if (begins(b, 0, "RIFF", 4) && begins(b, 8, "WEBP", 4))
		return "a WebP picture";
	if (begins(b, 0, "II*\0", 4) || begins(b, 0, "MM\0*", 4))
		return "a TIFF";
	if (begins(b, 4, "ftypavif", 8) || begins(b, 4, "ftyphei", 7))
		return "an AVIF or HEIC picture";
	return begins(b, 0, "BM", 2) ? "a BMP" : "something else";
}

int rho_image_decode(struct rho_str bytes, size_t most, struct rho_image *out, struct rho_trouble *t)
{
	*out = (struct rho_image){ 0 };
	if (!bytes.len)
		return rho_trouble_set(t, RHO_EFORMAT, "it is empty (0 bytes); a JPEG or PNG is needed");
	if (begins(bytes, 0, "\xff\xd8\xff", 3))
		decode_jpeg(bytes, most, out, t);
	else if (begins(bytes, 0, "\x89PNG\r\n\x1a\n", 8))
		decode_png(bytes, most, out, t);
	else
		rho_trouble_set(t, RHO_EFORMAT, "it is neither a JPEG nor a PNG but %s; convert it to one of"
		                " them", kind_of(bytes));
	if (t->code)
		rho_image_free(out);
	return t->code;
}
