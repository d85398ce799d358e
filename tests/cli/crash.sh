#!/bin/bash
# crash.sh: 50 cells, killed with SIGKILL at random moments, up to twice each, then `rho run` itself; run
# again until done. What was measured must be, byte for byte, what an uninterrupted run measures; with 1,
# 2 and 4 jobs.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and RHO_TEST_PLUGINS (an env, a sampler and an agent for tests).
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets all three
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
export RHO_TEST_PLUGINS=${RHO_TEST_PLUGINS:-$build/tests/unit/run/modules}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0:detect_leaks=0

fail() { echo "FAIL: $*" >&2; exit 1; }

# 36 cells on the built-in plugins: kept matrices, keyed draws, a log with marginal propensities.
cat > "$dir/bandit.toml" <<'TOML'
rho = 1
[run]
name = "bandit"
steps = 2000
lanes = 4
every = 100
seeds = 9
log = "marginal"
checkpoint = 0.03
[dataset]
use = "synthetic"
actions = 1000
contexts = 200
[encoder]
use = "hashing"
project = 24
[sampler]
use = "uniform"
k = 100
[env]
use = "bandit"
[agent]
use = "linucb"
[arms.agent]
bold = { alpha = 2.0 }
thompson = { use = "thompson" }
epsilon = { use = "epsilon_greedy" }
[compare]
design = "one-at-a-time"
TOML

# 14 cells with episodes, lists of legal actions, and streams that depend on every earlier draw, or a sampler
# that asks the agent what it looks for.
cat > "$dir/corridor.toml" <<'TOML'
rho = 1
[run]
name = "corridor"
steps = 6000
lanes = 3
every = 90
seeds = 7
log = "conditional"
checkpoint = 0.03
[env]
use = "corridor"
features = true
[sampler]
use = "window"
[agent]
use = "pupil"
pause = 20000
keep = 20000
[arms.sampler]
search = { use = "mix", k = 5, top = 2 }
TOML

run() { # RESULTS JOBS NAME; to be called in the background, where it becomes rho, or in parentheses
	exec "$RHO_PROGRAM" run "$dir/$3.toml" --results "$dir/$1" --plugins "$RHO_TEST_PLUGINS" --jobs "$2" --quiet
}

children() { cat "/proc/$1/task/$1/children" 2> /dev/null; }

# A number of milliseconds below $1, as seconds for sleep.
moment() { local ms=$(((RANDOM * 32768 + RANDOM) % $1)); printf '%d.%03d' $((ms / 1000)) $((ms % 1000)); }

# Milliseconds that the cells of the reference run of $1 took in the mean: what a kill should fall into.
mean_ms() {
	cat "$dir"/reference/"$1"/cells/*/status.json | grep -o '"seconds": [0-9.e-]*' \
		| awk '{ s += $2; n++ } END { printf "%d", 1000 * s / n + 20 }'
}

# Kills each cell of run $1 once, if it lives, within $3 ms after it was first seen. Appends to $2.
kill_each() {
	declare -A met
	local pid cell
	while kill -0 "$1" 2> /dev/null; do
		for pid in $(children "$1"); do
			cell=$( { tr '\0' '\n' < "/proc/$pid/cmdline" | grep /cells/; } 2> /dev/null) || continue
			[ -n "${met[$cell]:-}" ] && continue
			met[$cell]=1
			( sleep "$(moment "$3")"; kill -9 "$pid" 2> /dev/null && echo "$cell" >> "$2" ) &
		done
		sleep 0.01
	done
	wait
}

killed=0
for name in bandit corridor; do
	(run reference 2 $name) 2> "$dir/said" || fail "the uninterrupted run of $name: $(cat "$dir/said")"
done

for jobs in 1 2 4; do
	for name in bandit corridor; do
		: > "$dir/killed"
		for round in 1 2; do
			run "jobs$jobs" $jobs $name 2> "$dir/said" &
			kill_each $! "$dir/killed" $(($(mean_ms $name) * 2 / 3))
		done
		killed=$((killed + $(wc -l < "$dir/killed")))
		# the run itself: its cells stop by themselves
		run "jobs$jobs" $jobs $name 2> "$dir/said" &
		pid=$!
		sleep "$(moment $(($(mean_ms $name) * 4)))"
		kill -9 $pid 2> /dev/null
		wait $pid 2> /dev/null
		tries=0
		until (run "jobs$jobs" $jobs $name) 2> "$dir/said"; do
			tries=$((tries + 1))
			[ $tries -lt 3 ] || fail "$name with $jobs jobs is never done: $(cat "$dir/said")"
		done
		for cell in "$dir/reference/$name"/cells/*; do
			for file in metrics.jsonl log.csv; do
				cmp "$cell/$file" "$dir/jobs$jobs/$name/cells/${cell##*/}/$file" \
					|| fail "$name with $jobs jobs: $file differs"
			done
			[ ! -e "$dir/jobs$jobs/$name/cells/${cell##*/}/checkpoint" ] || fail "a checkpoint was left"
		done
	done
	cells=$(ls -d "$dir/jobs$jobs"/*/cells/* | wc -l)
	[ "$cells" -eq 50 ] || fail "$cells cells, not 50"
done
resumed=$(grep -l 'goes on at step [1-9]' "$dir"/jobs*/*/cells/*/log | wc -l)
echo "killed $killed times, $resumed of 150 cells went on from a checkpoint; all bytes are the same"
[ "$killed" -ge 150 ] || fail "only $killed kills met their cell"
[ "$resumed" -ge 20 ] || fail "too few cells went on from a checkpoint to show anything"
