#!/bin/bash
# bad-input.sh: what can go wrong with `rho run`: each mistake has a message that says what to do, the
# right exit status, and leaves nothing half-written.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH, RHO_TEST_PLUGINS (an env, a sampler and an agent for tests) and
# RHO_TEST_MODULES (modules with one thing wrong each).
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets them all
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
export RHO_TEST_PLUGINS=${RHO_TEST_PLUGINS:-$build/tests/unit/run/modules}
export RHO_TEST_MODULES=${RHO_TEST_MODULES:-$build/tests/unit/registry/modules}
. "$(dirname "$0")/expect.sh"

# run NAME [KEY=VALUE...] [OPTION...]: an experiment of the files below
run() {
	local name=$1 set=()
	shift
	while [ $# -gt 0 ] && [[ $1 != --* ]]; do set+=(--set "$1"); shift; done
	${become:-} "$RHO_PROGRAM" run "$name.toml" --plugins "$RHO_TEST_PLUGINS" --results "${results:-results}" "${set[@]}" "$@"
}
run_small() { (ulimit -f "$1"; shift; run "$@"); }
in_background() { become=exec run "$@" > background 2>&1 & pid=$!; }

cat > t.toml <<'TOML'
rho = 1
[run]
name = "t"
steps = 400
lanes = 2
every = 50
seeds = 2
[env]
use = "corridor"
[sampler]
use = "window"
[agent]
use = "pupil"
TOML
sed '/sampler/,/window/d' t.toml > all.toml
sed 's/use = "pupil"/&\n[arms.agent]\nbad = { fault = "crash" }/' t.toml > arms.toml

# ---- the command ----
expect "no file" 2 "which file" -- "$RHO_PROGRAM" run
expect "no such file" 2 "gone.toml" -- "$RHO_PROGRAM" run gone.toml
expect "unknown option" 2 "did you mean --jobs" -- "$RHO_PROGRAM" run t.toml --job 3
expect "no jobs" 2 "--jobs 0 is not a number within 1" -- "$RHO_PROGRAM" run t.toml --jobs 0
expect "not a cell" 2 "not a cell's folder" -- "$RHO_PROGRAM" cell .
for misuse in "--set=:there is no value" "--set=nonsense:there is no value" "--set=.x=1:is not a key" \
	"--set=run.steps=99999999999999999999:at most 9223372036854775807" "--jobs:how many --jobs" \
	"--jobs=-1:not a number within 1" "--results=:which folder" \
	"--quite:did you mean --quiet" "t.toml:not understood"; do
	expect "${misuse%%:*}" 2 "${misuse#*:}" -- "$RHO_PROGRAM" run t.toml "${misuse%%:*}"
done
expect "unknown command" 2 "did you mean run?" -- "$RHO_PROGRAM" rnu
expect "plan, unknown option" 2 "did you mean --cells" -- "$RHO_PROGRAM" plan t.toml --cels
expect "compare, unknown option" 2 "did you mean --markdown" -- "$RHO_PROGRAM" compare . --makrdown
expect "compare, no results" 2 "has no plan.json" "rho run FILE" -- "$RHO_PROGRAM" compare .
expect "compare, no folder" 2 "gone cannot be opened" "rho run FILE" -- "$RHO_PROGRAM" compare gone
expect "relate, no folder" 2 "which results folder" -- "$RHO_PROGRAM" relate
expect "relate, no file" 2 "rho geometry FILE --csv" -- "$RHO_PROGRAM" relate .
expect "relate, unknown option" 2 "did you mean --metric" -- "$RHO_PROGRAM" relate . g.csv --mertic regret
expect "relate, a level" 2 "--level 95: a share such as 0.95" -- "$RHO_PROGRAM" relate . g.csv --level 95
expect "relate, no results" 2 "has no plan.json" -- "$RHO_PROGRAM" relate . g.csv
expect "plugin without its kind" 2 "write rho plugin show agent linucb" -- "$RHO_PROGRAM" plugin show linucb
expect "wrong kind" 2 "did you mean agent" -- "$RHO_PROGRAM" plugin list agnt

# ---- the file: place, sentence, what is allowed, status 2; nothing is written, not even a folder ----
: > empty.toml
printf 'rho = 1\n\377\n' > bytes.toml
printf 'rho = 1\n[run\n' > syntax.toml
mkdir folder.toml
expect "empty file" 2 "run.name is missing" "run.steps is missing" "there is no [env]" "the first line is to be: rho = 1" \
	-- run empty
expect "not UTF-8" 2 "bytes.toml:" "this is not TOML: Encountered invalid utf-8" -- run bytes
expect "not TOML" 2 "syntax.toml:2:" "this is not TOML" -- run syntax
expect "a folder" 2 "folder.toml cannot be read: Is a directory" -- run folder
sed 's/steps/stps/; s/every = 50/every = 0.5/; s/seeds = 2/seeds = 0/; s/use = "pupil"/&\nepsilon = 7/' t.toml \
	> wrong.toml
expect "mistakes of a file, all at once" 2 "wrong.toml:4:1: run.stps: [run] has no such key; did you mean steps?" \
	"wrong.toml:6:9: run.every = 0.5 is a number; an integer is wanted" "wrong.toml:2:1: run.steps is missing" \
	"wrong.toml:7:9: run.seeds = 0 gives no cell to run" "wrong.toml:14:11: agent.epsilon = 7 is not within 0 .. 1" \
	-- run wrong
expect "no such plugin" 2 "--set agent.use: agent.use = \"pupli\": there is no agent \"pupli\"; did you mean pupil?" \
	"gone (there is no such folder)" -- run t agent.use=pupli --plugins gone
[ ! -e results ] || wrong "a folder was made"

# ---- data: the file and the line, and what to do ----
cat > csv.toml <<'TOML'
rho = 1
[run]
name = "csv"
steps = 20
seeds = 1
[dataset]
use = "csv"
items = "items.csv"
interactions = "interactions.csv"
history = 0
[env]
use = "bandit"
[agent]
use = "random"
TOML
sound_csv() {
	printf 'item_id,title\n1,red shoe\n2,blue hat\n' > items.csv
	printf 'user_id,item_id\nu,1\nv,2\n' > interactions.csv
}
csv() { # WHAT TEXT [KEY=VALUE]: what the run says about the files as they are now; then makes them sound again
	expect "csv, $1" 2 "csv.toml:7:7: dataset csv, read: $PWD/$2" -- run csv "${@:3}"
	sound_csv
}
sound_csv
echo 3 >> items.csv
csv "a short row" "items.csv:4: 1 field, but the header has 2; every row must have them all"
echo '3,"green' >> items.csv
csv "a broken quote" "items.csv:4: the quote that opens field 2 here is never closed"
printf '3,\377\n' >> items.csv
csv "invalid UTF-8" "items.csv:4: byte 3 of the line (0xff) is not valid UTF-8; save the file as UTF-8"
echo item_id,title > items.csv
csv "no items" "items.csv: the file has a header but no items"
echo w,7 >> interactions.csv
csv "no such action" "interactions.csv:4: item_id \"7\" is not in $PWD/items.csv; add the item or leave out this row"
seq 1000 | sed 's/$/,item &/; 1i item_id,title' | gzip | head -c 500 > cut.csv.gz
csv "cut gzip" "cut.csv.gz: the gzip data ends too early" dataset.items=cut.csv.gz
printf '\002\377\000\013' > no.csv.gz
csv "no gzip" "no.csv.gz: its name ends in .gz, but this is neither gzip data nor text" dataset.items=no.csv.gz
expect "no such data" 2 "dataset.items = \"gone.csv\" cannot be read: $PWD/gone.csv: No such file" \
	-- run csv dataset.items=gone.csv
[ ! -e results/csv ] || wrong "mistaken data left a folder"
expect "sound data" 0 -- run csv
rm -rf results

# ---- modules ----
expect "another ABI" 2 "agent-major.so: built for rho ABI 7.3, this rho speaks" "Rebuild it" -- \
	run t agent.use=major --plugins "$RHO_TEST_MODULES"
expect "crash while loaded" 2 "agent-load_crash.so: crashed with SIGABRT while it was loaded" -- \
	run t agent.use=load_crash --plugins "$RHO_TEST_MODULES"
expect "end while loaded" 2 "agent-load_exit.so: ended the process while it was loaded" -- \
	run t agent.use=load_exit --plugins "$RHO_TEST_MODULES"
mkdir other same
cp "$RHO_TEST_PLUGINS/agent-pupil.so" same
cp "$RHO_TEST_PLUGINS/agent-pupil.so" other
echo >> other/agent-pupil.so
expect "two of one name" 0 "t.toml:13:7: warning: agent.use = \"pupil\": $RHO_TEST_PLUGINS/agent-pupil.so is used" \
	"$PWD/other/agent-pupil.so, which is another, is not; rename one" -- run t run.steps=20 --plugins other
expect "the same twice" 0 -- run t run.steps=20 --plugins same
grep -q warning said && wrong "a warning about a copy: it is the same plugin"
rm -rf results

# ---- noticed before any cell: place, sentence, status 2, no folder of the experiment ----
expect "crash in open" 2 "t.toml:13:7:" "killed by SIGSEGV in agent pupil, open" "rho plugin check agent pupil" \
	-- run t agent.fault=crash_open
expect "failing open" 2 "t.toml:13:7:" "agent pupil, open: at = 3 is not to its liking" -- run t agent.fault=fail_open
expect "k > K" 2 "t.toml:11:7:" "1000 candidates a decision are asked for, and there are 12 actions" \
	-- run t sampler.k=1000
expect "k > K, uniform" 2 "--set sampler.use: sampler uniform, open" "1000" "12" -- run t sampler.use=uniform sampler.k=1000
expect "no features" 2 "--set agent.use: agent linucb needs action features" -- run t agent.use=linucb
expect "a search, and nothing to search in" 2 "--set sampler.use: sampler topk" "there are none: add an [encoder]" \
	-- run t sampler.use=topk sampler.k=4
expect "a search, and nobody to say for what" 2 "agent random cannot say" "sampler topk searches" \
	-- run t env.features=true sampler.use=topk sampler.k=4 agent.use=random
expect "too little memory" 2 "t.toml:13:7:" "memory" -- run t run.memory=100_000 agent.keep=1_000_000
expect "features that are no numbers" 2 "t.toml:9:7: " "feature 1 of action 4 (from 0) is nan; features must be finite" \
	-- run t env.features=true env.fault=nan_feature
if [ -e "$RHO_PLUGIN_PATH/sampler-hnsw.so" ]; then
	mkdir indexes
	search="env.features=true sampler.use=hnsw sampler.k=4"
	expect "an index is kept" 0 -- run t $search sampler.index=indexes run.steps=20
	rm -rf results
	expect "an index of another matrix" 2 "--set sampler.use: sampler hnsw, open: $PWD/indexes/" \
		"is the index of another matrix: of 12 rows of 2 numbers, and here are 14 rows of 2; name a folder" -- \
		run t $search sampler.index="$(echo indexes/*)" env.actions=14
	expect "an index that is none" 2 "t.toml: is not an index made by" -- run t $search sampler.index=t.toml
fi
[ ! -e results/t ] || wrong "a mistaken experiment left a folder"

# ---- plugins that hand over what they must not ----
for fault in "unknown:action 12 does not exist" "outside:is not among the candidates" \
	"prob:has probability 1.25" "unset:no action was chosen" "fail:has had enough" "stop:stopped, as asked"; do
	expect "agent ${fault%%:*}" 1 "agent pupil, act" "${fault#*:}" "2 of 2 cells failed" -- \
		run t agent.fault="${fault%%:*}"
done
expect "agent blank" 1 "agent pupil, query, lane 0: number 0 of 2 is nan" "2 of 2 cells failed" -- \
	run t agent.fault=blank env.features=true sampler.use=topk sampler.k=4
expect "a search" 0 -- run t env.features=true sampler.use=topk sampler.k=4
for fault in "reward:1.5 is not within the 0 .. 1" "nan_reward:is not within" \
	"huge_reward:reward -1.00000002e+30 is too large to learn from" "end:end is 7" \
	"legal_twice:is twice among the legal" "legal_unknown:legal action 12 does not exist" \
	"legal_none:its list of legal actions runs from 0 to 0; at least 1" \
	"observation:number 1 of the observation is inf" "fail:the corridor has collapsed"; do
	expect "env ${fault%%:*}" 1 "step 6: env corridor, step" "${fault#*:}" -- run t env.fault="${fault%%:*}"
done
for fault in "twice:is given twice" "unknown:candidate 12 does not exist" "illegal:is not legal" \
	"many:candidates run from" "few:candidates run from 0 to 0" "incl:inclusion probability 1.5" \
	"offset:off[0] is 1, not 0"; do
	expect "sampler ${fault%%:*}" 1 "sampler window, draw" "${fault#*:}" -- run t sampler.fault="${fault%%:*}"
done
expect "a metric that is no number" 0 -- run t agent.fault=metric
grep -q "metric loss is nan" results/t/cells/*/log || wrong "nobody said that a metric was no number"

# ---- a crash costs its cells, is blamed, and can be rerun ----
expect "crash" 1 "killed by SIGSEGV in agent pupil, act, at step 6" "rho cell --debug results/t/cells/" \
	"2 of 4 cells failed" "(agent=bad, seed 1)" -- run arms
[ "$(cat results/t/cells/*/status.json | grep -c '"done"')" -ge 2 ] || wrong "the other cells did not go on"
cell=$(grep -l SIGSEGV results/t/cells/*/status.json | head -1)
expect "rerun by hand" 139 "gdb -p" -- "$RHO_PROGRAM" cell "${cell%/status.json}" --debug \
	--plugins "$RHO_TEST_PLUGINS"
expect "checkpoint of a crash" 1 "; checkpoint of step 20 kept;" -- run t agent.fault=crash agent.at=10 \
	run.checkpoint=0.0

# ---- deadlines ----
expect "deadline" 1 "not done after 0.3 s (run.deadline)" "raise the deadline" -- \
	run t run.deadline=0.3 agent.pause=1_000_000 run.steps=100_000 run.seeds=1
(results=wedged run t run.deadline=0.3 agent.fault=hang run.seeds=1) > wedged.said 2>&1 & wedged=$!  # takes 10 s

# ---- done is done; --fresh starts over ----
rm -rf results
expect "first" 0 "4 cells (2 arms, 2 seeds), 4 to run" "done: 4 cells" -- run arms arms.agent.bad.fault=none \
	arms.agent.bad.epsilon=0.5
expect "again" 0 "4 already done" -- run arms arms.agent.bad.fault=none arms.agent.bad.epsilon=0.5
expect "fresh" 0 "4 to run" -- run arms arms.agent.bad.fault=none arms.agent.bad.epsilon=0.5 --fresh
expect "dry" 0 "4 cells" -- "$RHO_PROGRAM" run arms.toml --dry --plugins "$RHO_TEST_PLUGINS"

# ---- results that cannot be written, or are another's ----
: > file
results=file/results expect "results below a file" 1 "file" -- run t
results=/proc/none expect "read-only results" 1 "/proc/none" -- run t
rm -rf results
cat > words.toml <<'TOML'
rho = 1
[run]
name = "words"
steps = 100
seeds = 1
[dataset]
use = "synthetic"
actions = 30_000
contexts = 200
[encoder]
use = "hashing"
project = 64
[env]
use = "bandit"
[agent]
use = "random"
TOML
expect "full disk, tables" 1 "rho run: results/.store/" ".tables cannot be written: File too large" \
	-- run_small 64 words
expect "full disk, embedding" 1 "rho run: results/.store/" ".npy cannot be written: File too large" "must fit" -- \
	run_small 64 words dataset.actions=200 dataset.contexts=10 dataset.topics=20 encoder.project=512
[ ! -e results/words ] || wrong "a folder was made where nothing could be run"
expect "whole" 0 -- run t
sed -i 's/"rho_results": *[0-9]*/"rho_results": 99/' results/t/plan.json
expect "another version's results" 2 "99" "--results" "--fresh" -- run t run.seeds=3
expect "fresh over another version" 0 "3 to run" -- run t run.seeds=3 --fresh
echo '{"rho_results": 1, ' > results/t/plan.json
expect "damaged plan.json" 2 "plan.json" -- run t

# ---- a full disk: nothing half-written is believed, and the run goes on when there is room ----
rm -rf results reference
results=reference expect "reference" 0 -- run t run.steps=20_000 'run.log="conditional"'
expect "full disk" 1 "log.csv: File too large" "make room" -- \
	run_small 64 t run.steps=20_000 'run.log="conditional"'
expect "room again" 0 -- run t run.steps=20_000 'run.log="conditional"'
diff -r -x '*.json' -x '*.toml' -x timing.jsonl -x log -x .lock reference/t results/t > said || wrong "other bytes"
if mkdir tiny && mount -t tmpfs -o size=200k none tiny 2> said; then
	results=tiny expect "full tmpfs" 1 "No space left" -- run t run.steps=20_000 'run.log="conditional"'
	umount tiny
fi

# ---- what is printed: a closed or full standard output is no place to lose a comparison silently ----
rm -rf results
closed() { "$@" >&-; }
full() { "$@" 2>&1 > /dev/full; }
expect "two arms" 0 "Found:" -- run arms arms.agent.bad.fault=none arms.agent.bad.epsilon=0.5
for command in "plan arms.toml --plugins $RHO_TEST_PLUGINS" "compare results/t" "plugin list" "run --help" --version; do
	expect "closed: $command" 1 "Bad file descriptor" -- closed "$RHO_PROGRAM" $command
	expect "full: $command" 1 "No space left" -- full "$RHO_PROGRAM" $command
done
expect "run, closed" 1 "Bad file descriptor" -- closed run arms arms.agent.bad.fault=none arms.agent.bad.epsilon=0.25
[ ! -s results/.store/run-t.lock ] || wrong "what was printed went into a file"
expect "a metric that nothing has" 2 'recorded "rewrad"; did you mean reward? Recorded are: ' -- \
	"$RHO_PROGRAM" compare results/t --metric rewrad
expect "into a device" 1 "/dev/full cannot be written: No space left" -- "$RHO_PROGRAM" compare results/t -o /dev/full
expect "relate, no geometry" 2 "gone.csv: there is no such file" -- "$RHO_PROGRAM" relate results/t gone.csv
[ -c /dev/full ] || wrong "a device was replaced by a file"
"$RHO_PROGRAM" plan arms.toml --plugins "$RHO_TEST_PLUGINS" --set run.seeds=5000 --cells 2> said | head -1 > /dev/null
[ ! -s said ] || wrong "a closed pipe is no news"

# ---- a terminal has one line that is drawn again and again, and gone at the end; a file has whole lines ----
rm -rf results
if script -qec true /dev/null > /dev/null 2>&1; then
	expect "on a terminal" 0 -- env TERM=xterm script -qec "'$RHO_PROGRAM' run t.toml --plugins '$RHO_TEST_PLUGINS' \
		--set run.steps=20_000 --set run.seeds=4 --set agent.pause=30_000 --jobs 2" typescript
	bars=$(tr '\r' '\n' < typescript | grep -c '^\[[#.]*\] [0-4] of 4 cells')
	lines=$(grep -c '\] [0-4] of 4 cells' typescript)
	[ "$bars" -ge 3 ] || wrong "$bars bars were drawn"
	[ "$lines" -le 2 ] || wrong "bars on $lines lines"
	grep -q 'decisions/s, [0-9]* s left' typescript || wrong "no rate, no time left: $(tail -c 300 typescript)"
	grep -qP '\r\x1b\[Kdone: 4 cells' typescript || wrong "the bar was left behind: $(tail -c 300 typescript)"
else
	echo "no pseudo-terminal is to be had here: the bar of a terminal was not tried"
fi

# ---- two at once; stopping and going on ----
rm -rf results
env --default-signal=INT "$RHO_PROGRAM" run words.toml > background 2>&1 & pid=$!
until compgen -G 'results/.store/*.npy.tmp.*' > /dev/null || ! kill -0 $pid 2> /dev/null; do sleep 0.01; done
kill -INT $pid
wait $pid
status=$?
[ $status -eq 130 ] || wrong "stopped while encoding with status $status, not 130"
grep -q "stopped before any cell had begun" background || wrong "nothing about how it stopped: $(cat background)"
[ ! -e results/words ] || wrong "stopped before any cell, and yet there is a folder"
expect "encoding after all" 0 "done: 1 cells" -- run words
[ -z "$(compgen -G 'results/.store/*.tmp.*')" ] || wrong "half an embedding was left"

rm -rf results
in_background t run.steps=20_000 agent.pause=25_000 run.checkpoint=0.05
until [ "$(compgen -G 'results/t/cells/*/checkpoint' | wc -l)" -eq 2 ] || ! kill -0 $pid 2> /dev/null; do
	sleep 0.01
done
expect "a second run" 1 "another rho run is at work on results/t" -- run t
kill -TERM $pid
wait $pid
status=$?
[ $status -eq 130 ] || wrong "stopped with status $status, not 130"
grep -q "stopped: 0 of 2 cells are done" background || wrong "nothing about how it stopped: $(cat background)"
[ "$(cat results/t/cells/*/status.json | grep -c stopped)" -eq 2 ] || wrong "cells are not marked as stopped"
cp -r results stopped

same() { # after a cell was cut off and repaired: what was measured is what an uninterrupted run measures
	expect "$1" 0 -- run t run.steps=20_000 agent.pause=25_000 run.checkpoint=0.05
	for cell in uncut/t/cells/*; do
		cmp -s "$cell/metrics.jsonl" "results/t/cells/${cell##*/}/metrics.jsonl" || wrong "$1: other bytes"
	done
}
results=uncut expect "uncut" 0 -- run t run.steps=20_000 agent.pause=25_000 run.checkpoint=0.05
again() { rm -rf results; cp -r stopped results; }
again
same "going on"
grep -q "goes on at step" results/t/cells/*/log || wrong "it started over"
again
for c in results/t/cells/*/checkpoint; do printf 'x' | dd of="$c" bs=1 seek=200 conv=notrunc 2> /dev/null; done
same "damaged checkpoint"
grep -q "its checksum does not fit" results/t/cells/*/log || wrong "the damage went unnoticed"
again
for c in results/t/cells/*/checkpoint; do truncate -s 100 "$c"; done
same "cut checkpoint"
again
for c in results/t/cells/*/metrics.jsonl; do truncate -s 10 "$c"; done
same "cut metrics"
grep -q "is shorter than" results/t/cells/*/log || wrong "the missing metrics went unnoticed"

# ---- the wedged cell of before ----
ended() { wait $wedged; local status=$?; cat wedged.said; return $status; }
expect "wedged" 1 "killed by SIGKILL in agent pupil, act" "did not stop within" -- ended

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
