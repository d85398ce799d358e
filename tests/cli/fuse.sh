#!/bin/bash
# fuse.sh: cells that share a process measure, byte for byte, what cells of their own processes measure: with one and
# two threads, killed in the middle and gone on apart, stopped and gone on the other way; a cell that crashes or
# fails costs only itself.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and RHO_TEST_PLUGINS (an agent for tests).
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets all three
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
export RHO_TEST_PLUGINS=${RHO_TEST_PLUGINS:-$build/tests/unit/run/modules}
. "$(dirname "$0")/expect.sh"

# 8 cells whose every decision looks at all of 3,000 x 128 numbers in each of the three ways there are.
cat > t.toml <<'TOML'
rho = 1
[run]
name = "t"
steps = 400
lanes = 2
every = 20
seeds = 4
log = "conditional"
checkpoint = 0.02
[dataset]
use = "synthetic"
actions = 3000
contexts = 100
[encoder]
use = "hashing"
project = 128
[env]
use = "bandit"
[agent]
use = "pupil"
scan = 1
keep = 20000
[arms.agent]
bold = { epsilon = 0.5 }
TOML
sed 's/^bold.*/&\nbad = { fault = "crash", at = 60 }/' t.toml > crash.toml
sed 's/^bold.*/&\nbad = { fault = "fail", at = 60 }/' t.toml > fail.toml

run() { # RESULTS FILE [OPTION...]
	local results=$1 file=$2
	shift 2
	${become:-} "$RHO_PROGRAM" run "$file.toml" --plugins "$RHO_TEST_PLUGINS" --results "$results" "$@"
}

# same WHAT RESULTS: each of the 8 cells has measured what it did in a process of its own
same() {
	local cell file n=0
	for cell in alone/t/cells/*; do
		n=$((n + 1))
		for file in metrics.jsonl log.csv; do
			cmp "$cell/$file" "$2/t/cells/${cell##*/}/$file" > said 2>&1 || wrong "$1: $file differs"
		done
		[ ! -e "$2/t/cells/${cell##*/}/checkpoint" ] || wrong "$1: a checkpoint was left"
	done
	[ $n -eq 8 ] || wrong "$n cells, not 8"
}

logs() { cat "$1"/t/cells/*/log; }
children() { cat "/proc/$1/task/$1/children" 2> /dev/null; }

# Waits until $1 of the cells in $2 have a checkpoint.
wait_for_checkpoints() {
	local tries=0
	while [ "$(ls "$2"/t/cells/*/checkpoint 2> /dev/null | wc -l)" -lt "$1" ] && [ $tries -lt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# ---- the same bytes ----
expect "apart" 0 "8 to run, 2 at a time" -- run alone t --set run.fuse=1 --jobs 2
expect "all in one process" 0 "8 to run, in 1 process, 1 at a time" -- run all t --set run.fuse=8 --jobs 2
same "all in one process" all
expect "two threads" 0 "in 1 process" -- run threads t --set run.fuse=8 --set run.threads=2
same "two threads" threads
expect "three at a time" 0 "in 3 processes, 2 at a time" -- run three t --set run.fuse=3 --jobs 2
same "three at a time" three
[ "$(cat all/t/cells/*/cell.toml)" = "$(cat alone/t/cells/*/cell.toml)" ] || wrong "cell.toml differs"
for cell in all/t/cells/*; do
	[ "$(grep -c 'are posed' "$cell/log")" -eq 1 ] || wrong "a cell's log is not its own"
done

# ---- killed in the middle: each goes on apart ----
slow="--set agent.pause=150000"
expect "slow, apart" 0 -- run slow t --set run.fuse=1 $slow
rm -rf alone; mv slow alone
become=exec run killed t --set run.fuse=8 --quiet $slow > background 2>&1 & pid=$!
wait_for_checkpoints 8 killed
kill -9 $(children $pid) || wrong "there was nothing to kill"
wait $pid || { cp background said; wrong "a killed process was not made up for"; }
same "killed" killed
[ "$(logs killed | grep -c 'in a process of its own')" -eq 8 ] || wrong "not every cell went on apart"
[ "$(logs killed | grep -c 'goes on at step [1-9]')" -eq 8 ] || wrong "not every cell went on from its checkpoint"

# ---- stopped, and gone on with the other way ----
for order in "8 1" "1 8"; do
	set -- $order
	rm -rf stopped
	become=exec run stopped t --set run.fuse=$1 --jobs 2 --quiet $slow > background 2>&1 & pid=$!
	wait_for_checkpoints 2 stopped
	kill -TERM $pid
	wait $pid
	[ $? -eq 130 ] || wrong "a stopped run does not say so"
	expect "gone on, fuse = $2" 0 -- run stopped t --set run.fuse=$2 $slow
	same "stopped with fuse = $1, gone on with $2" stopped
	logs stopped | grep -q 'goes on at step [1-9]' || wrong "fuse = $order: no cell went on from a checkpoint"
done
become=exec run orphan t --set run.fuse=8 --quiet $slow > background 2>&1 & pid=$!
wait_for_checkpoints 8 orphan
kill -9 $pid   # its cells end by themselves
wait $pid 2> /dev/null
expect "after its parent was killed" 0 -- run orphan t --set run.fuse=8 $slow
same "after its parent was killed" orphan

# ---- a cell that crashes, one that fails ----
expect "apart" 0 -- run fast t --set run.fuse=1
rm -rf alone; mv fast alone
expect "a crash" 1 "killed by SIGSEGV in agent pupil, act, at step" "4 of 12 cells failed" -- \
	run crash crash --set run.fuse=12
same "beside a crash" crash
logs crash | grep -q "killed by SIGSEGV in agent pupil, act, at step 120, in cell" || wrong "no log says who crashed"
[ "$(grep -l '"failed"' crash/t/cells/*/status.json | wc -l)" -eq 4 ] || wrong "not 4 cells failed"
expect "an error" 1 "agent pupil, act: has had enough" "4 of 12 cells failed" "in 1 process" -- \
	run fail fail --set run.fuse=12
same "beside an error" fail
logs fail | grep -q "process of its own" && wrong "an error was taken for a crash"
expect "deadlines" 1 "not done after 0.05 s (run.deadline)" "8 of 8 cells failed" -- \
	run late t --set run.fuse=8 --set run.deadline=0.05 --set agent.pause=1000000

# ---- by itself, by hand, wrongly ----
sed 's/actions = 3000/actions = 20000/; s/seeds = 4/seeds = 3/; s/steps = 400/steps = 20/' t.toml > big.toml
expect "by itself" 0 "6 to run, in 2 processes, 2 at a time" -- run big big --jobs 2
expect "not with few candidates" 0 "6 to run, 2 at a time" -- \
	run few big --jobs 2 --set sampler.use=uniform --set agent.scan=0
expect "not with few actions" 0 "8 to run, 2 at a time" -- run small t --jobs 2
cells=(all/t/cells/*)
rm -f all/t/cells/*/status.json
expect "by hand" 0 -- "$RHO_PROGRAM" cell "${cells[@]}" --plugins "$RHO_TEST_PLUGINS"
same "by hand" all
rm -f "${cells[0]}/status.json" "${cells[1]}/status.json"
sed -i 's/^steps = 400/steps = 402/' "${cells[1]}/cell.toml"
expect "one of them edited" 2 -- "$RHO_PROGRAM" cell "${cells[@]}" --plugins "$RHO_TEST_PLUGINS"
grep -q "this cell was planned as" "${cells[1]}/log" || wrong "the edited cell's log does not say so"
grep -q '"done"' "${cells[0]}/status.json" || wrong "the other cell is not done"
expect "pages" 2 "1 pages for 2 cells" -- "$RHO_PROGRAM" cell a b --page 3
expect "fuse = 300" 2 "run.fuse = 300 is not within 0 .. 256" -- run x t --set run.fuse=300
expect "fuse = true" 2 "run.fuse = true is" -- run x t --set run.fuse=true

[ $failures -eq 0 ] || { echo "$failures failures" >&2; exit 1; }
echo "all bytes are the same"
