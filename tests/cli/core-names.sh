#!/bin/sh
# The core names no plugin: no module's name stands in core/ as a string, and none that is not an
# ordinary word stands there at all.
#   core-names.sh SOURCE_ROOT BUILD_DIR
set -eu
status=0
for so in "$2"/plugins/*.so; do
	name=$(basename "$so" .so)
	name=${name#*-}
	# (the conformance kit's list of banned C functions has one of that name, beside rand_r; provenance.c writes
	# down which program ran)
	if grep -rnF "\"$name\"" "$1/core" --include='*.[ch]' --include='*.cpp' | grep -v -e rand_r -e 'put(&b, "program"'; then
		status=1
	fi
	case $name in
	# words a sentence may need, or SVG (clip-path), or C (math.h)
	all | csv | random | uniform | exact | console | bandit | synthetic | clip | bootstrap | stratified | program | nearest | math | tools) continue ;;
	esac
	if grep -rnwF "$name" "$1/core"; then
		status=1
	fi
done
[ $status = 0 ] || echo "core/ names a plugin"
exit $status
