#!/bin/bash
# bad-input.sh: what can go wrong with `rho run`: each mistake has a message that says what to do, the
# right exit status, and leaves nothing half-written.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and RHO_TEST_PLUGINS (an env, a sampler and an agent for tests).
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0:detect_leaks=0
failures=0
cd "$dir" || exit 1

wrong() { echo "FAIL: $*" >&2; sed 's/^/    /' said >&2; failures=$((failures + 1)); }

# expect WHAT STATUS TEXT... -- COMMAND...: its exit status, and every TEXT in what it says
expect() {
	local what=$1 status=$2 texts=() got
	shift 2
	while [ "$1" != -- ]; do texts+=("$1"); shift; done
	shift
	"$@" > said 2>&1
	got=$?
	[ $got -eq "$status" ] || wrong "$what: exit status $got, not $status"
	for text in "${texts[@]}"; do
		grep -qF -- "$text" said || wrong "$what: nothing about '$text'"
	done
}

# experiment NAME [LINE...]: a small experiment; LINEs such as run.steps=10 go to --set
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
[ ! -e results ] || wrong "a folder was made"

# ---- noticed before any cell: place, sentence, status 2, no folder of the experiment ----
expect "crash in open" 2 "t.toml:13:7:" "killed by SIGSEGV in agent pupil, open" -- run t agent.fault=crash_open
expect "failing open" 2 "t.toml:13:7:" "agent pupil, open: at = 3 is not to its liking" -- run t agent.fault=fail_open
expect "k > K" 2 "t.toml:11:7:" "1000 candidates a decision are asked for, and there are 12 actions" \
	-- run t sampler.k=1000
expect "k > K, uniform" 2 "--set sampler.use: sampler uniform, open" "1000" "12" -- run t sampler.use=uniform sampler.k=1000
expect "no features" 2 "--set agent.use: agent linucb needs action features" -- run t agent.use=linucb
expect "too little memory" 2 "t.toml:13:7:" "memory" -- run t run.memory=100_000 agent.keep=1_000_000
[ ! -e results/t ] || wrong "a mistaken experiment left a folder"

# ---- plugins that hand over what they must not ----
for fault in "unknown:action 12 does not exist" "outside:is not among the candidates" \
	"prob:has probability 1.25" "unset:no action was chosen" "fail:has had enough" "stop:stopped, as asked"; do
	expect "agent ${fault%%:*}" 1 "agent pupil, act" "${fault#*:}" "2 of 2 cells failed" -- \
		run t agent.fault="${fault%%:*}"
done
for fault in "reward:1.5 is not within the 0 .. 1" "nan_reward:is not within" "end:end is 7" \
	"legal_twice:is twice among the legal" "legal_unknown:legal action 12 does not exist" \
	"observation:number 1 of the observation is inf" "fail:the corridor has collapsed"; do
	expect "env ${fault%%:*}" 1 "env corridor, step" "${fault#*:}" -- run t env.fault="${fault%%:*}"
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
expect "wedged" 1 "killed by SIGKILL in agent pupil, act" "did not stop within" -- \
	run t run.deadline=0.3 agent.fault=hang run.seeds=1

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

# ---- two at once; stopping and going on ----
rm -rf results
in_background t run.steps=20_000 agent.pause=20_000 run.checkpoint=0.1
sleep 1
expect "a second run" 1 "another rho run is at work on results/t" -- run t
kill -TERM $pid
wait $pid
status=$?
[ $status -eq 130 ] || wrong "stopped with status $status, not 130"
grep -q "stopped: 0 of 2 cells are done" background || wrong "nothing about how it stopped: $(cat background)"
[ "$(cat results/t/cells/*/status.json | grep -c stopped)" -eq 2 ] || wrong "cells are not marked as stopped"
cp -r results stopped

same() { # after a cell was cut off and repaired: what was measured is what an uninterrupted run measures
	expect "$1" 0 -- run t run.steps=20_000 agent.pause=20_000 run.checkpoint=0.1
	for cell in uncut/t/cells/*; do
		cmp -s "$cell/metrics.jsonl" "results/t/cells/${cell##*/}/metrics.jsonl" || wrong "$1: other bytes"
	done
}
results=uncut expect "uncut" 0 -- run t run.steps=20_000 agent.pause=20_000 run.checkpoint=0.1
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

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
