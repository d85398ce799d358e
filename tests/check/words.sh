#!/bin/sh
# What `rho plugin check` says to wrong words and to files that are no modules: a message and a
# status, never a crash.
#   words.sh RHO GOOD.so BAD.so
set -u
rho=$1 good=$2 bad=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# say STATUS PATTERN ARGUMENTS...: the status, and a line that the pattern finds
say() {
	want=$1 pattern=$2
	shift 2
	out=$("$rho" plugin check "$@" 2>&1)
	status=$?
	if [ "$status" -ne "$want" ] || ! printf '%s\n' "$out" | grep -q -e "$pattern"; then
		echo "rho plugin check $*: status $status, expected $want with \"$pattern\"; it said:"
		printf '%s\n' "$out"
		failed=1
	fi
}

say 2 'usage: rho plugin check'
say 0 'usage: rho plugin check' --help
say 0 '^A10 ' --list
say 2 'did you mean --only' "$good" --ony M1
say 2 'there is no check A12; did you mean A1' "$good" --only A12
say 2 'there is no kind agnet; did you mean agent' agnet random
say 2 'there is no agent "no_such_agent"' agent no_such_agent
say 2 'No such file' "$tmp/agent-none.so"
say 2 'whole number' "$good" --seed one
say 2 'epsilon.*VALUE' "$good" --set epsilon
say 2 'not within 0 .. 1' "$good" --set epsilon=7 --only K1
say 2 'did you mean epsilon' "$good" --set epsilonn=0.1 --only K1
say 0 '^1 passed, 0 failed, 0 skipped' "$good" --only A2 --set epsilon=0.5 --seed 7
say 0 '^2 passed, 0 failed, 0 skipped' "$good" --only K1 --only A8 --in-process
say 0 '"outcome": "pass"' "$good" --only M1 --json
say 1 '"why": "' "$bad" --json

# Files that are no modules: M1 fails, the rest is skipped.
: >"$tmp/agent-empty.so"
echo 'not a module' >"$tmp/agent-text.so"
mkdir "$tmp/agent-folder.so"
for name in empty text folder; do
	say 1 '^M1 .*FAIL' "$tmp/agent-$name.so"
done

# Cut off or spoilt anywhere, the file's tables are read within bounds.
size=$(wc -c <"$good")
for part in 1 2 3 5 8 13 16; do
	head -c $((size * part / 17)) "$good" >"$tmp/agent-cut.so"
	"$rho" plugin check "$tmp/agent-cut.so" --only M2 --only M6 --only M7 >"$tmp/out" 2>&1
	status=$?
	[ "$status" -le 3 ] && ! grep -q crashed "$tmp/out" || { echo "cut at $part/17:"; cat "$tmp/out"; failed=1; }
done
seed=1
for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
	cp "$good" "$tmp/agent-spoilt.so"
	for spot in 1 2 3 4 5 6; do
		seed=$(((seed * 1103515245 + 12345) % 2147483648))
		printf '\377\377\377\177' | dd of="$tmp/agent-spoilt.so" bs=1 seek=$((seed % size)) conv=notrunc 2>/dev/null
		printf '\377\377' | dd of="$tmp/agent-spoilt.so" bs=1 seek=$((40 + seed % 24)) conv=notrunc 2>/dev/null
	done
	"$rho" plugin check "$tmp/agent-spoilt.so" --only M2 --only M6 --only M7 >"$tmp/out" 2>&1
	status=$?
	[ "$status" -le 3 ] && ! grep -q crashed "$tmp/out" || { echo "spoilt, round $round:"; cat "$tmp/out"; failed=1; }
done
exit $failed
