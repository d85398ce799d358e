#!/bin/bash
# shown.sh: what an env shows arrives at the agent: a context's vector with numbers behind it, the actions of the
# episode so far, an episode's last observation; with and without a sampler, resumed or not. And what cannot be
# shown is refused.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and RHO_TEST_PLUGINS.
set -u
. "$(dirname "$0")/expect.sh"

file() { # NAME AGENT SAMPLER
	cat > "$1.toml" <<TOML
rho = 1
[run]
name = "$1"
steps = 450
lanes = 3
seeds = 2
checkpoint = 0
[dataset]
use = "synthetic"
actions = 50
contexts = 30
[encoder]
use = "hashing"
project = 8
[sampler]
$3
[env]
use = "walker"
[agent]
use = "$2"
TOML
}
rho() { "$RHO_PROGRAM" run "$1.toml" --results "$2" --plugins "$RHO_TEST_PLUGINS" --jobs 1 --quiet "${@:3}"; }

file all witness 'use = "all"'
file some witness 'use = "uniform"
k = 10'
for name in all some; do
	expect "$name" 0 -- rho $name whole-$name
	# Killed again and again, with a checkpoint after every batch: the witness has to recognise each next decision.
	for ms in 040 060 090 130 200; do
		(timeout -s KILL "0.$ms" "$RHO_PROGRAM" run $name.toml --results parts-$name \
			--plugins "$RHO_TEST_PLUGINS" --jobs 1 --quiet; :) > /dev/null 2>&1
	done
	expect "$name, gone on with" 0 -- rho $name parts-$name
	for cell in whole-$name/$name/cells/*/; do
		cmp -s "$cell/metrics.jsonl" "parts-$name/$name/cells/$(basename "$cell")/metrics.jsonl" \
			|| wrong "$name: $(basename "$cell") measured something else"
	done
done

file keeps epsilon_greedy 'use = "all"'
sed -i 's/^use = "walker"/use = "good_mover"/; /^\[dataset\]/,/^project/d' keeps.toml
expect 'actions that move, an agent that keeps them' 2 'remembers what each action was worth' -- \
	"$RHO_PROGRAM" run keeps.toml --results keeps --plugins "$RHO_TEST_MOVER" --jobs 1 --quiet
sed 's/"epsilon_greedy"/"linucb"/; s/name = "keeps"/name = "moves"/' keeps.toml > moves.toml
expect 'actions that move, an agent that learns from features' 0 -- \
	"$RHO_PROGRAM" run moves.toml --results moves --plugins "$RHO_TEST_MOVER" --jobs 1 --quiet
sed 's/use = "all"/use = "topk"\nk = 3/; s/name = "moves"/name = "searched"/' moves.toml > searched.toml
expect 'actions that move, a sampler that searches' 2 'there are none' -- \
	"$RHO_PROGRAM" run searched.toml --results searched --plugins "$RHO_TEST_MOVER" --jobs 1 --quiet

exit $((failures > 0))
