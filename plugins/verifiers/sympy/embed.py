"""Joins files into one C array: embed.py OUT NAME FILE..."""
import sys

out, name, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
data = b"\n".join(open(path, "rb").read() for path in paths)
with open(out, "w", encoding="ascii") as f:
    f.write("/* Made from files by embed.py. */\n")
    f.write("static const unsigned char %s[] = {%s};\n" % (name, ",".join(map(str, list(data) + [0]))))
