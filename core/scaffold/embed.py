"""Turns the template files into one C table: embed.py OUT NAME=FILE... """
import sys

out, entries = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
with open(out, "w", encoding="utf-8") as f:
    f.write("/* Made from plugins/templates by embed.py. */\n")
    for i, (_, path) in enumerate(entries):
        data = open(path, "rb").read()
        f.write("static const unsigned char file_%d[] = {%s};\n" % (i, ",".join(map(str, data))))
    f.write("static const struct template templates[] = {\n")
    for i, (name, _) in enumerate(entries):
        f.write('\t{ "%s", file_%d, sizeof file_%d },\n' % (name, i, i))
    f.write("};\n")
