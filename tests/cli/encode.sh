#!/bin/bash
# encode.sh: `rho encode` and `rho sts` from the command line: an encoding that is killed again and again ends in the
# bytes of one that was not; what is wrong is told with its place; nothing half-written stands under the final name.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and RHO_TEST_ENCODERS (encoders that fail in ways of their own).
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets them all
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
export RHO_TEST_ENCODERS=${RHO_TEST_ENCODERS:-$build/tests/unit/store/plugins}
. "$(dirname "$0")/expect.sh"
absent() { for f in "$@"; do [ ! -e "$f" ] || wrong "$f is there"; done; }
encode() { "$RHO_PROGRAM" encode "$@"; }
letters() { encode "$@" --encoder letters --plugins "$RHO_TEST_ENCODERS"; }
# The shape in a .npy file's head: "(3, 8)"
shape() { head -c 128 "$1" | grep -ao "'shape': ([0-9]*, [0-9]*)" | cut -d' ' -f2-; }
is_shape() { [ "$(shape "$1")" = "$2" ] || wrong "$1 has shape $(shape "$1"), not $2"; }

for i in $(seq 3000); do echo "tool $i gives the weather of city $((i * 7919 % 1000)) and mails it"; done > texts.txt
{ echo 'id,text'; sed 's/.*/1,"&, ""quoted"""/' texts.txt | head -50; } > texts.csv
head -50 texts.txt | sed 's/.*/{"id": 1, "text": "&", "more": "m &"}/' > texts.jsonl
mkdir shots
for name in b.png a.jpg c.jpeg; do echo "picture $name" > shots/$name; done
echo no > shots/readme.txt

# ---- the same rows by every road ----
expect "as documented" 0 "3000 rows of 128" -- encode --encoder hashing --set dim=4096 --lines texts.txt -o a.npy
expect "guessed" 0 -- encode texts.txt -o b.npy --encoder=hashing --threads 3 --quiet
cmp -s a.npy b.npy || wrong "the name says as much as --lines, and threads change nothing"
[ -s said ] && wrong "--quiet says something"
gzip -k texts.txt
head -7 texts.txt > few.txt
for level in "" --quiet --debug; do
	expect "level $level" 0 -- letters few.txt -o b.npy $level
	heard=$(grep -c 'encoder letters: info: counts bytes' said)$(grep -c 'encoder letters: debug: byte b' said)
	case $level in --quiet) right=00 ;; --debug) right=11 ;; *) right=10 ;; esac
	[ "$heard" = $right ] || wrong "level $level: info and debug $heard, not $right"
done
expect "gzipped" 0 -- encode texts.txt.gz -o b.npy --encoder hashing
cmp -s a.npy b.npy || wrong "gzipped is the same"
printf '[encoder]\nuse = "hashing"\n[agent]\nuse = "random"\n' > x.toml
expect "config" 0 -- encode texts.txt -o b.npy --config x.toml
cmp -s a.npy b.npy || wrong "--config is the same"
is_shape a.npy "(3000, 128)"
expect "csv" 0 -- encode texts.csv --csv text -o c.npy --encoder hashing --set project=16
is_shape c.npy "(50, 16)"
expect "jsonl" 0 -- encode texts.jsonl --jsonl more -o c.npy --encoder hashing --set project=16
is_shape c.npy "(50, 16)"
expect "pictures" 0 "3 rows of 8" -- letters shots -o shots.npy --set mode=images
is_shape shots.npy "(3, 8)"
printf 'a.jpg\nb.png\nc.jpeg\n' | cmp -s - shots.names || wrong "the pictures' names"
absent {a,b,c,shots}.npy.{part,journal}

# ---- transforms ----
expect "transform" 0 "3000 rows of 5" -- encode texts.txt -o t.npy --encoder hashing --transform centre --transform pca:5
is_shape t.npy "(3000, 5)"
expect "transform by --set" 0 -- encode texts.txt -o u.npy --encoder hashing --set 'transform=["centre", "pca:5"]' --threads 1
cmp -s t.npy u.npy || wrong "two ways to ask for one transform"
expect "fitted elsewhere" 0 "7 rows of 5" -- encode few.txt --fit texts.txt -o f.npy --encoder hashing --transform pca:5
expect "fitted on itself" 2 "transform: " "pca:128" -- encode few.txt -o g.npy --encoder hashing --transform pca:128
absent g.npy
expect "another transform needs no encoding" 0 "going on after 7 of 7 rows" -- encode few.txt -o g.npy --encoder hashing
is_shape g.npy "(7, 128)"

# ---- killed and gone on with ----
long=(encode texts-20.txt --encoder hashing --set project=512)
for i in $(seq 20); do cat texts.txt; done > texts-20.txt
expect "in one go" 0 -- "${long[@]}" -o whole.npy
for transform in "" "--transform=pca:9"; do
	rm -f k.npy*
	for wait in 0.05 0.15 0.25 0.1 0.3 0.2; do
		"$RHO_PROGRAM" "${long[@]}" -o k.npy $transform > said 2>&1 &
		sleep $wait
		kill -KILL $! 2> /dev/null
		wait $! 2> /dev/null
		[ -e k.npy ] && ! [ -e k.npy.journal ] && break
	done
	expect "gone on with" 0 -- "${long[@]}" -o k.npy $transform
	[ -n "$transform" ] && expect "in one go, transformed" 0 -- "${long[@]}" -o whole.npy $transform
	cmp -s k.npy whole.npy || wrong "killed and gone on with: other bytes"
	absent k.npy.part k.npy.journal
done
"$RHO_PROGRAM" "${long[@]}" -o s.npy > said 2>&1 &
sleep 0.3
kill -INT $! && wait $!
status=$?
if [ $status -ne 0 ]; then      # it was not done already
	[ $status -eq 130 ] || wrong "Ctrl-C: exit status $status, not 130"
	absent s.npy
	expect "after Ctrl-C" 0 -- "${long[@]}" -o s.npy
fi
expect "in one go" 0 -- "${long[@]}" -o whole.npy
cmp -s s.npy whole.npy || wrong "stopped and gone on with: other bytes"

# ---- a part of something else ----
cp texts.txt mine.txt
letters mine.txt -o p.npy --set mode=not_unit > /dev/null 2>&1
printf '{"rho_encode":1,"key":"%032d","rows":9,"dim":8,"unit_norm":true,"done":4}' 7 > p.npy.journal
head -c 1000 /dev/zero > p.npy.part
expect "another's part" 2 "holds 4 of 9 rows of another encoder" "--restart" -- letters mine.txt -o p.npy
absent p.npy
expect "restart" 0 -- letters mine.txt -o p.npy --restart
is_shape p.npy "(3000, 8)"

# ---- what is wrong ----
for misuse in ":which file" "texts.txt:where to" "texts.txt -o:-o wants a value" "texts.txt -o x.npy:which encoder" \
	"texts.txt -o x.npy --encoder hashin:did you mean hashing" "texts.txt few.txt -o x.npy:one FILE" \
	"texts.txt -o x.npy --linse:did you mean --lines" "texts.txt --lines --images -o x.npy:not two" \
	"texts.txt -o x.npy --threads 0:--threads 0 is not a number" \
	"texts.txt -o x.npy --encoder hashing --set dmi=5:did you mean dim" \
	"texts.txt -o x.npy --encoder hashing --set dim=5:--set dim: encoder.dim = 5 is not within" \
	"texts.txt -o x.npy --encoder hashing --transform whitne:did you mean \"whiten\"" \
	"texts.txt -o x.npy --config gone.toml:gone.toml" "texts.txt -o x.npy --config texts.csv:texts.csv" \
	"gone.txt -o x.npy --encoder hashing:gone.txt cannot be read" "x.toml -o x.npy --encoder hashing:--lines" \
	"texts.csv --csv txet -o x.npy --encoder hashing:text" "shots -o x.npy --encoder hashing:does not take pictures" \
	"texts.txt -o no/such/x.npy --encoder hashing:no/such/x.npy" "texts.txt -o shots --encoder hashing:is not a file" \
	"texts.txt -o x.npy --encoder hashing --fit gone.txt:gone.txt"; do
	# shellcheck disable=SC2086
	status=2
	case $misuse in *no/such*|*"is not a file") status=1 ;; esac
	expect "${misuse%%:*}" $status "${misuse#*:}" -- encode ${misuse%%:*}
done
printf 'fine\ncaf\xe9\n' > latin.txt
expect "not UTF-8" 2 "latin.txt:2: " -- encode latin.txt -o x.npy --encoder hashing
for own in "few.txt -o few.txt" "few.txt -o y.npy --fit y.npy.part --lines" "texts.txt -o few.txt --fit few.txt"; do
	cp few.txt y.npy.part
	# shellcheck disable=SC2086
	expect "$own" 2 "would write over" -- encode $own --encoder hashing
	{ [ "$(wc -l < few.txt)" -eq 7 ] && cmp -s few.txt y.npy.part; } || wrong "$own: the input was written over"
done
rm -f y.npy.part
expect "no rows" 2 "nothing to encode" -- encode /dev/null --lines -o x.npy --encoder hashing
expect "a pipe" 2 "is a pipe" "save it as a file" -- encode <(cat texts.txt) --lines -o x.npy --encoder hashing
expect "fails" 2 "texts.txt:1: encoder letters, encode: no letters today" -- letters texts.txt -o x.npy --set mode=fails
expect "not finite" 1 "encoder letters, encode: row " "not finite" -- letters texts.txt -o x.npy --set mode=not_a_number
expect "not of length 1" 1 "has length 1.01" -- letters texts.txt -o x.npy --set mode=not_unit
expect "takes pictures only" 2 "does not take texts" -- letters texts.txt -o x.npy --set mode=images
expect "crashes" 1 "killed by SIGSEGV in encoder letters, encode" "rho plugin check encoder letters" -- \
	letters texts.txt -o x.npy --set mode=crashes
(ulimit -f 100; expect "no room" 1 "x.npy.part cannot be written" -- encode texts.txt -o x.npy --encoder hashing; exit $failures)
failures=$?
absent x.npy x.npy.part x.npy.journal

# ---- rho sts ----
for i in $(seq 40); do
	printf 'g\tpart%d\ty\t%d\t%d.5\tthe cat %d sat there\tthe %s sat there\n' $((i % 3)) $i $((i % 5)) $i \
		"$([ $((i % 5)) -gt 2 ] && echo "cat $i" || echo "man of $((i * 31))")"
done > pairs.csv
printf '2012\tx\t3\tone cat\ttwo cats\n2012\tx\t1\tone cat\ta man\n2012\tx\t5\tone cat\tone cat\n' > more.tsv
sts=("$RHO_PROGRAM" sts --encoder hashing)
expect "sts" 0 "pairs.csv" "more.tsv" "average" "uniformity" -- "${sts[@]}" pairs.csv more.tsv
"${sts[@]}" pairs.csv --json > one.json
"${sts[@]}" --threads 3 pairs.csv --json | cmp -s - one.json || wrong "sts: threads change a number"
grep -q '"name": "part2"' one.json || wrong "sts --json has no parts"
expect "sts --csv" 0 "hashing,pairs.csv,part1,14," -- "${sts[@]}" pairs.csv --csv
expect "sts, a transform" 0 "all-but-the-top:1" -- "${sts[@]}" pairs.csv --transform all-but-the-top:1
expect "sts, no file" 2 "which files" -- "${sts[@]}"
expect "sts, no such file" 2 "gone.tsv" -- "${sts[@]}" gone.tsv
expect "sts, no layout" 2 "texts.txt:1: has 1 columns" -- "${sts[@]}" texts.txt
expect "sts, unknown option" 2 "did you mean --resamples" -- "${sts[@]}" pairs.csv --resample 5
expect "sts, a crash" 1 "killed by SIGSEGV" -- "$RHO_PROGRAM" sts pairs.csv --encoder letters --set mode=crashes \
	--plugins "$RHO_TEST_ENCODERS"

# ---- in an experiment ----
cat > e.toml <<'TOML'
rho = 1
[run]
name = "e"
steps = 50
seeds = 2
[dataset]
use = "synthetic"
actions = 100
contexts = 20
[encoder]
use = "hashing"
[env]
use = "bandit"
[agent]
use = "linucb"
[arms.encoder]
white = { transform = ["centre", "whiten"] }
flat = { transform = ["all-but-the-top"] }
same = { transform = ["all-but-the-top:3"] }
TOML
expect "transforms as arms" 0 "the same as encoder=flat" "6 cells" -- "$RHO_PROGRAM" run e.toml
[ "$(cat results/.store/*.json | grep -c '"transform"')" -eq 4 ] || wrong "two transforms of actions and contexts"
[ "$(cat results/.store/*.json | grep -c '"identity"')" -eq 2 ] || wrong "the vectors were encoded more than once"
grep -q '^transform = \["all-but-the-top:3"\]' results/e/cells/*/cell.toml || wrong "cell.toml has no transform"
sed 's/"centre"/"centr"/' e.toml > bad-e.toml
expect "unknown step" 2 "bad-e.toml:17:24: arms.encoder.white.transform: \"centr\"" "did you mean \"centre\"" -- \
	"$RHO_PROGRAM" plan bad-e.toml
expect "transform by --set" 0 -- "$RHO_PROGRAM" run e.toml --set 'encoder.transform=["unit"]' --set run.name=u
expect "too many components" 2 "encoder hashing, transform: " -- "$RHO_PROGRAM" run e.toml --set 'encoder.transform=["pca:500"]' \
	--set run.name=v

[ $failures -eq 0 ] || { echo "$failures failures" >&2; exit 1; }
echo "encode and sts: all as they should be"
