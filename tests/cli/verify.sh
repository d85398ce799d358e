#!/bin/bash
# verify.sh: `rho verify` from the command line: lines come out as they went in with the verdict behind them; labels,
# filters and two verifiers are counted; what is wrong with a file is told all at once, and nothing is then written.
# Needs RHO_PROGRAM and RHO_PLUGIN_PATH.
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets them
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
. "$(dirname "$0")/expect.sh"
verify() { "$RHO_PROGRAM" verify "$@"; }
absent() { for f in "$@"; do [ ! -e "$f" ] || wrong "$f is there"; done; }
holds() { grep -qF -- "$2" "$1" || wrong "$1 has no '$2': $(head -c 300 "$1")"; }

cat > a.jsonl <<'JSON'
{"id": 7, "gold": "1/2", "pred": "0.5", "equal": true, "kind": "math", "policy": null, "x": 0.1, "big": 12345678901234567}
{"id": "b", "gold": 42, "pred": 41, "equal": false, "kind": "math", "policy": null, "problem": "how many?"}

{"gold": "3", "pred": "three", "equal": true, "kind": "math"}
{"gold": "3", "pred": "", "equal": false, "kind": "choice", "policy": "odd", "n": 2.50}
  {"gold": 0.25, "pred": "25%", "equal": true, "kind": "choice", "policy": "odd", "in": {"gold": "9", "a": {"pred": 9}}}
JSON

# ---- lines and summary ----
expect "as documented" 0 "exact, 5 lines: right 1, wrong 3, partial 0, unreadable 1, undecided 0" -- \
	verify --with exact a.jsonl -o out.jsonl
[ "$(wc -l < out.jsonl)" -eq 5 ] || wrong "not a line each"
holds out.jsonl '"x": 0.1, "big": 12345678901234567, "ruling": "right", "score": 1, "why": "as numbers: 0.5 is 1/2"}'
holds out.jsonl '"pred": 41, "equal": false, "kind": "math", "policy": null, "problem": "how many?", "ruling": "wrong", "score": 0, "why": "'
verify --with exact a.jsonl > plain.jsonl 2> said || wrong "to standard output"
cmp -s plain.jsonl out.jsonl || wrong "standard output and -o differ"
verify --with exact - < a.jsonl 2> said | cmp -s - out.jsonl || wrong "from standard input"
gzip -k a.jsonl
verify --with exact a.jsonl.gz --quiet 2> said | cmp -s - out.jsonl || wrong "gzipped"
[ -s said ] && wrong "--quiet says something"
verify --with exact out.jsonl 2> said > again.jsonl || wrong "its own output"
[ "$(grep -c '"ruling".*"ruling"' again.jsonl)" -eq 0 ] || wrong "a verdict stands there twice"
cmp -s <(sed 's/.*"ruling"/"ruling"/' again.jsonl) <(sed 's/.*"ruling"/"ruling"/' out.jsonl) || wrong "judged again: another verdict"
printf '{}\n' > empty.jsonl
expect "no such field" 2 "empty.jsonl:1: the line has no field \"gold\"; --gold FIELD" -- verify --with exact empty.jsonl

# ---- labels, filters, parameters, fields ----
holds out.jsonl '"ruling": "unreadable", "score": 0, "why": "the answer is empty"}'
expect "label" 0 "exact agrees with equal on 3 of 5 lines (60.00%); false accepts: 0; false rejects: 2" \
	"a.jsonl:4: gold \"3\", pred \"three\": equal true, ruled wrong: as text" "a.jsonl:6: gold \"0.25\", pred \"25%\"" -- \
	verify --with exact a.jsonl --label equal -o out.jsonl
expect "a parameter" 0 "right 2, wrong 2" "equal on 4 of 5" -- verify --with exact a.jsonl --label equal --set percent=loose -o out.jsonl
expect "null is also missing" 0 "exact, 3 lines" "passed over: 2" -- \
	verify --with exact a.jsonl --where policy=null --where kind=math -o out.jsonl
expect "a text, a truth, a number" 0 "exact, 1 lines" -- \
	verify --with exact a.jsonl --where policy=odd --where equal=false --where n=2.5 -o out.jsonl
expect "no line is left" 2 "a.jsonl: there is no line to judge: --where lets none through" -- \
	verify --with exact a.jsonl --where kind=prose
expect "other fields" 0 "right 1, wrong 0" -- verify --with exact a.jsonl --gold in.gold --pred in.a.pred --where policy=odd \
	--where equal=true -o out.jsonl
expect "a field's near name" 2 'no field "godl", but "gold"; --gold FIELD' -- verify --with exact a.jsonl --gold godl

# ---- two verifiers ----
expect "two" 0 "exact, 5 lines" "program, 5 lines" "both decide on 3 lines and differ on 1 of them; only exact decides on 1," \
	"a.jsonl:6: gold \"0.25\", pred \"25%\": exact wrong (as numbers: 25% for 0.25), program right (1/4" -- \
	verify --with exact,program a.jsonl -o out.jsonl
holds out.jsonl '"ruling.exact": "right", "score.exact": 1, "why.exact": "as numbers: 0.5 is 1/2", "ruling.program": "right"'
expect "a parameter of one" 0 "both decide on 3 lines and differ on 0" -- \
	verify --with exact,program a.jsonl -o out.jsonl --set exact.percent=value --set program.steps=ignored
expect "a parameter of which" 2 "of which verifier? write exact.KEY=VALUE or program.KEY=VALUE" -- \
	verify --with exact,program a.jsonl --set percent=value

# ---- a long file: batches, threads ----
for i in $(seq 3000); do echo "{\"n\": $i, \"gold\": \"$i\", \"pred\": \"$((i - i % 7 / 6)).0\"}"; done > long.jsonl
expect "batches" 0 "program, 3000 lines: right 2572, wrong 428" -- verify --with program long.jsonl -o one.jsonl --threads 1
expect "threads" 0 -- verify --with program long.jsonl -o three.jsonl --threads 3
cmp -s one.jsonl three.jsonl || wrong "threads change a verdict"

# ---- what is wrong ----
printf '{"gold": 1, "pred": 1}\nnot json\n[1]\n{"gold": null, "pred": 1}\n{"gold": 1, "pred": [1]}\n{"pred": 1}\ncaf\xe9\n{"gold": 1, "pred": null}\n' > bad.jsonl
echo old > keep.jsonl
expect "all of it" 2 "bad.jsonl:2: not JSON" "bad.jsonl:3: the line is JSON but not an object" 'bad.jsonl:4: "gold" is null' \
	'bad.jsonl:5: "pred" must be a string or a number, and is a list' 'bad.jsonl:6: the line has no field "gold"' \
	"bad.jsonl:7: byte 4 of the line (0xe9) is not valid UTF-8" -- verify --with exact bad.jsonl -o keep.jsonl
grep -q "bad.jsonl:8" said && wrong "a null answer is an empty one, and no mistake"
[ "$(cat keep.jsonl)" = old ] || wrong "something was written"
absent keep.jsonl.tmp*
for i in $(seq 100); do echo "no $i"; done > many.jsonl
expect "twenty of them" 2 "many.jsonl:20: not JSON" "and 80 more" -- verify --with exact many.jsonl
grep -q "many.jsonl:21" said && wrong "more than twenty mistakes are told one by one"
expect "a label that is none" 2 'a.jsonl:1: "kind" must be true or false, and is a string' -- verify --with exact a.jsonl --label kind
for misuse in ":which verifier" "--with exact:which file" "--with exact gone.jsonl:gone.jsonl" "--with exakt a.jsonl:--with: verifier.use = \"exakt\": there is no verifier \"exakt\"; did you mean exact?" \
	"--with exact,exact a.jsonl:two names" "--with exact,program,exact a.jsonl:one verifier or two" \
	"--with exact a.jsonl b.jsonl:one FILE" "--with exact a.jsonl --lable equal:did you mean --label" \
	"--with exact a.jsonl --where kind:FIELD=VALUE" "--with exact a.jsonl --threads 0:--threads 0" \
	"--with exact a.jsonl --set tolerence=0.1:did you mean tolerance" "--with exact a.jsonl --set tolerance=7:is not within" \
	"--with exact a.jsonl -o:wants a value" "--with exact a.jsonl -o a.jsonl:would write over" \
	"--with exact .:folder" "--with exact /dev/null:no line to judge"; do
	# shellcheck disable=SC2086
	expect "${misuse%%:*}" 2 "${misuse#*:}" -- verify ${misuse%%:*}
done
expect "no such folder" 1 "no/such/out.jsonl cannot be written" -- verify --with exact a.jsonl -o no/such/out.jsonl
expect "help" 0 "--where FIELD=VALUE" -- verify --help

expect "which verifier, --set cannot say" 2 "use: which verifier it is, --with says" -- \
	verify --with exact a.jsonl --set 'use="program"'
printf '{"gold": 123456789012345678901234567890, "pred": 1}\n' > large.jsonl
expect "a number too large for JSON's readers" 2 "large.jsonl:1: byte 39: too big integer; write a number of this size as a string" -- \
	verify --with exact large.jsonl
printf '{"id": "\\u001b[2Ja", "gold": "\\u001b[31mb", "pred": "\\u001b[0mc", "equal": true, "\\u001bgoal": 1}\n' > terminal.jsonl
expect "control characters" 0 '(id \x1b[2Ja)' 'ruled wrong: as text: \x1b[0mc for' -- \
	verify --with exact terminal.jsonl --label equal -o out.jsonl
expect "control characters of a field" 2 'but "\x1bgoal"' -- verify --with exact terminal.jsonl --gold goal
[ "$(tr -dc '\033' < said | wc -c)" -eq 0 ] || wrong "control characters on the terminal"

# ---- stopped ----
if verify --with sympy a.jsonl -o out.jsonl > said 2>&1; then
	printf '{"gold": "1", "pred": "9^{9^{9^9}}"}\n' > endless.jsonl
	rm -f out.jsonl
	"$RHO_PROGRAM" verify --with sympy endless.jsonl -o out.jsonl --set seconds=60 > said 2>&1 &
	sleep 1
	kill -INT $! && wait $!
	status=$?
	[ $status -eq 130 ] || wrong "Ctrl-C: exit status $status, not 130"
	absent out.jsonl out.jsonl.tmp*
	expect "a limit" 0 '"ruling": "undecided", "score": 0, "why": "no answer within 1 s"' -- \
		verify --with sympy endless.jsonl --set seconds=1
else
	grep -qF "apt-get install python3-sympy" said || wrong "sympy fails, and not for lack of SymPy"
fi

[ $failures -eq 0 ] || { echo "$failures failures" >&2; exit 1; }
echo "verify: all as it should be"
