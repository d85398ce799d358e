#!/bin/bash
# eval.sh: [eval.NAME] changes nothing of the training's bytes; its own bytes are the same with one and two threads, in
# processes shared or not, killed or stopped in the midst of an evaluation; each time it is the same episodes; and what
# cannot be evaluated is said before anything runs.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH, RHO_TEST_PLUGINS (envs, a sampler and an agent for tests) and RHO_TEST_MOVER (an
# env whose actions move).
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets them all
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
export RHO_TEST_PLUGINS=${RHO_TEST_PLUGINS:-$build/tests/unit/run/modules} RHO_TEST_MOVER=${RHO_TEST_MOVER:-$build/tests/check}
. "$(dirname "$0")/expect.sh"

cat > bare.toml <<'TOML'
rho = 1
[run]
name = "t"
steps = 600
lanes = 3
every = 60
seeds = 2
log = "conditional"
checkpoint = 0.02
[env]
use = "corridor"
features = true
[sampler]
use = "mix"
k = 5
top = 2
[agent]
use = "pupil"
keep = 20000
[arms.agent]
bold = { epsilon = 0.5 }
TOML
cat bare.toml - > t.toml <<'TOML'
[eval.test]
every = 200
episodes = 40
lanes = 3
first = true
log = true
[eval.all]
every = 150
episodes = 10
greedy = false
log = true
sampler = { use = "all" }
TOML
cat > words.toml <<'TOML'
rho = 1
[run]
name = "t"
steps = 400
lanes = 2
every = 40
seeds = 2
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
[arms.agent]
thrifty = { epsilon = 0.01 }
[eval.seen]
every = 100
episodes = 50
log = true
env = { order = "file" }
TOML

run() { # RESULTS FILE [OPTION...]
	local results=$1 file=$2
	shift 2
	${become:-} "$RHO_PROGRAM" run "$file.toml" --plugins "$RHO_TEST_PLUGINS" --plugins "$RHO_TEST_MOVER" \
		--results "$results" "$@"
}

# same WHAT RESULTS REFERENCE: every cell has measured what it did in the reference
same() {
	local cell file n=0
	for cell in "$3"/t/cells/*; do
		n=$((n + 1))
		for file in "$cell"/{metrics.jsonl,log.csv,eval-*.jsonl}; do
			[ -e "$file" ] || continue
			cmp "$file" "$2/t/cells/${cell##*/}/${file##*/}" > said 2>&1 || wrong "$1: ${file##*/} differs"
		done
		[ ! -e "$2/t/cells/${cell##*/}/checkpoint" ] || wrong "$1: a checkpoint was left"
	done
	[ $n -eq 4 ] || wrong "$1: $n cells, not 4"
}

# The cell of arm $2 and seed $3 in the results $1.
cell() {
	local toml
	for toml in "$1"/t/cells/*/cell.toml; do
		sed -n '/^\[run\]/,/^$/p' "$toml" | tr '\n' ' ' | grep -qF "arm = \"$2\"" || continue
		sed -n '/^\[run\]/,/^$/p' "$toml" | grep -qx "seed = $3" && dirname "$toml"
	done
}
children() { cat "/proc/$1/task/$1/children" 2> /dev/null; }
wait_for_checkpoints() { # N RESULTS
	local tries=0
	while [ "$(ls "$2"/t/cells/*/checkpoint 2> /dev/null | wc -l)" -lt "$1" ] && [ $tries -lt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# ---- the training does not notice ----
expect "bare" 0 -- run bare bare
expect "plan" 0 "2 400 decisions, at least 800 more in evaluations" -- \
	"$RHO_PROGRAM" plan t.toml --plugins "$RHO_TEST_PLUGINS"
expect "with evaluations" 0 -- run alone t
number='[0-9.e+-]+'
line="^\{\"step\": 201, \"episode\": 39, \"context\": null, \"return\": $number, \"reward\": $number, "
line+="\"length\": [0-9]+, \"end\": \"(terminated|truncated)\"\}\$"
steps_of() { grep "\"eval\": \"$1\"" "$2/metrics.jsonl" | grep -o '^{"step": [0-9]*' | cut -d' ' -f2 | tr '\n' ' '; }
for seed in 1 2; do
	for arm in base agent=bold; do
		with=$(cell alone $arm $seed) without=$(cell bare $arm $seed)
		[ "$with" != "alone/${without#bare/}" ] || wrong "the same identity with and without [eval]"
		grep -v '"eval"' "$with/metrics.jsonl" | cmp - "$without/metrics.jsonl" > said 2>&1 \
			|| wrong "the training was disturbed"
		cmp "$with/log.csv" "$without/log.csv" > said 2>&1 || wrong "the training's decisions were disturbed"
		[ "$(steps_of test "$with")" = "0 201 402 600 " ] || wrong "test was not made as asked"
		[ "$(steps_of all "$with")" = "150 300 450 600 " ] || wrong "all was not made as asked"
		[ "$(wc -l < "$with/eval-test.jsonl")" -eq 160 ] || wrong "not 4 times 40 episodes"
		grep -qE "$line" "$with/eval-test.jsonl" || wrong "an episode's line is not as it should be"
	done
done

# ---- the same episodes each time: an agent that does not learn gets the same of them ----
expect "does not learn" 0 -- run still bare --set agent.use=random --set 'arms.agent.bold={use="pupil"}' \
	--set sampler.use=window --set 'eval.x={episodes=30,every=100,greedy=false,log=true}'
for file in {"$(cell still base 1)","$(cell still base 2)"}/eval-x.jsonl; do
	[ "$(sed 's/"step": [0-9]*, //' "$file" | sort -u | wc -l)" -eq 30 ] || wrong "other episodes each time"
done
grep -h '"step": 600' "$(cell still base 1)/eval-x.jsonl" > one
grep -h '"step": 600' "$(cell still base 2)/eval-x.jsonl" > said
cmp -s one said && wrong "the same episodes for two seeds"

# ---- contexts with numbers behind them, a past, actions that move; a simulated world that is the training's ----
sed 's/"bandit"/"walker"/; s/"pupil"/"linucb"/; s/^scan.*//; s/{ epsilon = 0.01 }/{ alpha = 2.0 }/; s/^env = .*/lanes = 5/' \
	words.toml > walk.toml
expect "a past" 0 -- run walk walk
grep -q '"episode": 4, "context": 4, "return": 5, ' "$(cell walk base 1)/eval-seen.jsonl" || wrong "another walk"
sed 's/"walker"/"good_mover"/; /^\[dataset\]/,/^project/d; s/^every = 100/&\nfirst = true/' walk.toml > move.toml
expect "actions that move" 0 -- run move move
for seed in 1 2; do
	[ "$(grep -o '"seen.best": [0-9.]*' "$(cell move base $seed)/metrics.jsonl" | sort -u | wc -l)" -eq 1 ] \
		|| wrong "other decisions each time"
	grep -o '"seen.regret": [0-9.e-]*' "$(cell move base $seed)/metrics.jsonl" \
		| awk '{ r[NR] = $2 } END { exit !(NR == 5 && r[5] < r[1] / 4) }' \
		|| wrong "what was learned is of no use in the evaluation: it is another world"
done

# ---- greedy is what an agent that always explores is not ----
expect "greedy" 0 -- run greedy words --set run.steps=2000 --set agent.use=epsilon_greedy --set agent.epsilon=1.0 \
	--set dataset.actions=20 --set 'arms={}' --set 'eval.free={episodes=400,greedy=false}' --set eval.seen.episodes=400
mean() { grep -o "\"$1.reward\": [0-9.e-]*" "$(cell greedy base 1)/metrics.jsonl" | awk '{ s = $2 } END { print s }'; }
awk -v seen="$(mean seen)" -v free="$(mean free)" 'BEGIN { exit !(seen > 1.2 * free && free > 0) }' \
	|| wrong "greedy, $(mean seen), is not above $(mean free)"

# ---- threads, shared processes ----
expect "two threads" 0 -- run threads t --set run.threads=2
same "two threads" threads alone
expect "in one process" 0 "in 1 process" -- run fused t --set run.fuse=4
same "in one process" fused alone
expect "words" 0 -- run words words --set run.fuse=1
expect "words, fused" 0 "in 1 process" -- run words_fused words --set run.fuse=4
same "words, in one process" words_fused words
grep -q '"context": [0-9]' words/t/cells/*/eval-seen.jsonl || wrong "no contexts in the episodes"

# ---- killed and stopped, mostly within evaluations ----
slow="--set agent.pause=100000 --set eval.test.episodes=150"
expect "slow" 0 -- run slow t $slow
for signal in KILL TERM; do
	rm -rf ended
	for round in 1 2 3 4; do
		become=exec run ended t --quiet --jobs 2 $slow > background 2>&1 & pid=$!
		[ $round -eq 1 ] && wait_for_checkpoints 2 ended
		sleep 0.$((RANDOM % 4 + 1))
		if [ $signal = KILL ]; then kill -9 $(children $pid) 2> /dev/null; else kill -TERM $pid; fi
		wait $pid
	done
	expect "gone on after SIG$signal" 0 -- run ended t $slow
	same "after SIG$signal" ended slow
	grep -q 'goes on at step' ended/t/cells/*/log || wrong "SIG$signal: no cell went on from a checkpoint"
done
expect "a deadline within an evaluation" 1 "not done after 0.3 s (run.deadline), at step 0 of 600" -- \
	run late t --set run.deadline=0.3 --set agent.pause=1000000 --set eval.test.episodes=100000
expect "and on from there" 0 -- run late t

# ---- an evaluation that cannot be ----
expect "lanes" 2 "eval.test: agent bootstrap keeps head (1, 3) in training and head (1, 2) here" \
	"evaluate with lanes = 3" -- \
	run no t --set 'arms.agent.bold={use="bootstrap"}' --set sampler.use=window --set eval.test.lanes=2
expect "other actions" 2 "eval.test: the agent learns with 12 actions and would be evaluated with 14" -- \
	run no t --set eval.test.env.actions=14
expect "its own fault" 2 "eval.all: env corridor, open: feature 1 of action 4 (from 0) is nan" -- \
	run no t --set 'eval.all.env.fault=nan_feature'
expect "a wrong reward" 1 "step 0: env corridor, step, lane 0: reward 1.5 is not within" -- \
	run no t --set 'eval.test.env.fault=reward'
[ ! -e no/t ] || rm -rf no

# ---- rho rollouts ----
expect "rollouts" 0 "t: evaluation seen at step 400; an episode is a success where return>=0.5" "solve@n" \
	"agent=thrifty" -- "$RHO_PROGRAM" rollouts words/t --success 'return>=0.5' --threshold 0.9
expect "rollouts of one problem" 0 "all episodes are one problem's" "40  " -- \
	"$RHO_PROGRAM" rollouts alone/t --eval test --by seed --step 201
expect "rollouts, JSON" 0 '"eval": "all"' -- "$RHO_PROGRAM" rollouts alone/t --eval=all --json
expect "rollouts, which evaluation" 2 "there are several evaluations: name one with --eval; there are" -- \
	"$RHO_PROGRAM" rollouts alone/t
expect "rollouts, no such evaluation" 2 'is called "tset" and has log = true; did you mean test?' -- \
	"$RHO_PROGRAM" rollouts alone/t --eval tset
expect "rollouts, no such step" 2 "no evaluation at step 200; there is one at 0, 201, 402, 600" -- \
	"$RHO_PROGRAM" rollouts alone/t --eval test --step 200
expect "rollouts, no evaluation" 2 "give the experiment a table [eval.NAME] with log = true" -- \
	"$RHO_PROGRAM" rollouts bare/t
expect "rollouts, no such arm" 2 'there is no arm "bald" to compare with' -- \
	"$RHO_PROGRAM" rollouts alone/t --eval test --baseline bald
for misuse in "--success=x:a rule such as 'reward>=1'" "--threshold=1:a share above 0 and below 1" \
	"--by=arms:arm or seed is wanted" "--rollouts=0:a whole number within 1" "--jsn:did you mean --json" \
	"--csv --json:one of --csv, --markdown and --json"; do
	expect "rollouts ${misuse%%:*}" 2 "${misuse#*:}" -- \
		"$RHO_PROGRAM" rollouts alone/t --eval test ${misuse%%:*}
done
echo '{"step": 400, "episode":' >> "$(ls words/t/cells/*/eval-seen.jsonl | head -1)"
expect "rollouts, a damaged file" 2 "eval-seen.jsonl:201: not JSON at byte" -- "$RHO_PROGRAM" rollouts words/t

[ $failures -eq 0 ] || { echo "$failures failures" >&2; exit 1; }
echo "all bytes are the same"
