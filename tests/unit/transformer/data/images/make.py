#!/usr/bin/env python3
"""Makes the small pictures of this folder and expected.tsv: what Pillow 9.4 (on libjpeg-turbo 2.1.5) sees in them.
Usage: make.py [FOLDER]; with a folder of photos, photos.tsv is made, too. The tests need neither this nor Pillow.

A line is NAME, width, height, and the CRC-32 (zlib's) of the RGB bytes and of those of the picture with its shortest
edge resized (bicubic) to 32 pixels, or 224 for photos, and cropped at its centre."""
import glob, io, os, struct, sys, zlib
from PIL import Image

W, H = 21, 14


def pixel(x, y, c):     # smooth in one corner, busy in another
    return (x * 11 + y * 7 * (c + 1) + x * y * (3 + c)) % 256


def picture(mode, w=W, h=H):
    n = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (w, h), bytes(pixel(x, y, c) for y in range(h) for x in range(w) for c in range(n)))


def jpeg(mode, **options):
    out = io.BytesIO()
    picture(mode).save(out, "JPEG", **{"quality": 70, **options})
    return out.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(depth, colour, rows, palette=b"", extra=b"", interlace=0, w=W, h=H):
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + (chunk(b"PLTE", palette) if palette else b"") + extra
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def packed(samples, depth):     # a row's samples of 1, 2 or 4 bits
    bits = "".join(format(s, f"0{depth}b") for s in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def rows(width, sample):        # each row behind filter 0; sample(x, y) gives a pixel's bytes
    return b"".join(b"\0" + b"".join(sample(x, y) for x in range(width)) for y in range(H))


def adam7(sample, w=W, h=H):
    out = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                           (0, 1, 1, 2)):
        for y in range(y0, h, dy):
            row = b"".join(sample(x, y) for x in range(x0, w, dx))
            out += b"\0" + row if row else b""
    return out


def wide(n):    # n samples of 16 bits
    return lambda x, y: b"".join(struct.pack(">H", pixel(x, y, c) * 131 % 65536) for c in range(n))


def eight(n):
    return lambda x, y: bytes(pixel(x, y, c) for c in range(n))


def low(depth, colour, **more):
    levels = 1 << depth
    body = b"".join(b"\0" + packed([pixel(x, y, 0) % levels for x in range(W)], depth) for y in range(H))
    return png(depth, colour, body, **more)


colours = bytes((i * 40 + c * 90) % 256 for i in range(6) for c in range(3))
cmyk = jpeg("CMYK")
flag = cmyk.index(b"Adobe") + 11        # 0: CMYK as it is; 2: YCCK
exif = Image.Exif()
exif[0x0112] = 6                        # orientation: a viewer would turn it
made = {
    "grey.jpg": jpeg("L"),
    "colour_420.jpg": jpeg("RGB", subsampling=2),
    "colour_422.jpg": jpeg("RGB", subsampling=1),
    "progressive.jpg": jpeg("RGB", progressive=True),
    "turned.jpg": jpeg("RGB", subsampling=0, exif=exif),
    "cmyk.jpg": cmyk,
    "ycck.jpg": cmyk[:flag] + b"\2" + cmyk[flag + 1:],
    "bits_1.png": low(1, 0),
    "bits_2.png": low(2, 0),
    "bits_4.png": low(4, 0),
    "grey_16.png": png(16, 0, rows(W, lambda x, y: struct.pack(">H", pixel(x, y, 0) * 2))),
    "rgb_16.png": png(16, 2, rows(W, wide(3))),
    "grey_alpha_16.png": png(16, 4, rows(W, wide(2))),
    "rgba_16.png": png(16, 6, rows(W, wide(4))),
    "grey_alpha.png": png(8, 4, rows(W, eight(2))),
    "rgba.png": png(8, 6, rows(W, eight(4))),
    "palette.png": png(8, 3, rows(W, lambda x, y: bytes([pixel(x, y, 0) % 6])), colours,
                       chunk(b"tRNS", bytes([0, 128, 255]))),
    "palette_short.png": low(4, 3, palette=colours),    # indices beyond the palette
    "interlaced.png": png(8, 2, adam7(eight(3)), interlace=1),
    "interlaced_16.png": png(16, 0, adam7(lambda x, y: struct.pack(">H", pixel(x, y, 0) * 2)), interlace=1),
    "interlaced_thin.png": png(8, 3, adam7(lambda x, y: bytes([y % 6]), 1, 9), colours, interlace=1, w=1, h=9),
}


def line(name, data, size):
    im = Image.open(io.BytesIO(data)).convert("RGB")
    w, h = im.size
    short = min(w, h)
    w2, h2 = int(size * w / short), int(size * h / short)
    left, top = (w2 - size) // 2, (h2 - size) // 2
    small = im.resize((w2, h2), Image.BICUBIC).crop((left, top, left + size, top + size))
    return f"{name}\t{w}\t{h}\t{zlib.crc32(im.tobytes()):08x}\t{zlib.crc32(small.tobytes()):08x}\n"


here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "expected.tsv"), "w") as f:
    for name, data in made.items():
        open(os.path.join(here, name), "wb").write(data)
        f.write(line(name, data, 32))
if len(sys.argv) > 1:
    with open(os.path.join(here, "photos.tsv"), "w") as f:
        for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.jpg"))):
            f.write(line(os.path.basename(path), open(path, "rb").read(), 224))
