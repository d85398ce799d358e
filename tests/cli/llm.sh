#!/bin/bash
# llm.sh: candidates from a language model, over real HTTP: a server that fails in every way changes nothing; a run that
# is killed goes on without asking again; without the server everything is replayed to the byte; a server that is not
# there is said, and waited for by running again; the key stands in no file.
# Needs RHO_PROGRAM, RHO_PLUGIN_PATH and python3.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build        # meson test sets them
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
. "$here/expect.sh"
export RHO_TEST_LLM_KEY=sk-dont-write-me-down
server=
trap '[ -n "$server" ] && kill $server 2> /dev/null; rm -rf "$dir"' EXIT

# serve [OPTION...]: on the port of the first time
serve() {
	rm -f port.now
	python3 "$here/openai_server.py" port.now --log asked --port "$(cat port 2> /dev/null || echo 0)" "$@" & server=$!
	for _ in $(seq 200); do
		[ -e port.now ] && break
		sleep 0.05
	done
	[ -e port.now ] || { echo "FAIL: the server did not start" >&2; exit 1; }
	cp port.now port
}
gone() { kill $server; wait $server 2> /dev/null; server=; }

python3 "$here/openai_server.py" --problems problems || exit 1
serve
cat > t.toml <<TOML
rho = 1
[run]
name = "t"
steps = 300
lanes = 2
every = 50
seeds = 2
checkpoint = 0.05
[dataset]
use = "gsm8k"
path = "problems"
steps = "none"
[env]
use = "math"
source = "llm"
split = "train"
answers = 5
steps = 5
base_url = "http://127.0.0.1:$(cat port)/v1"
model = "by-rule"
key = "RHO_TEST_LLM_KEY"
timeout = 1.5
patience = 20
[env.verifier]
use = "exact"
[eval.test]
episodes = 8
log = true
env = { split = "test" }
[agent]
use = "random"
[arms.agent]
linucb = { use = "linucb", features = "action" }
TOML
run() { # NAME [OPTION...]: results NAME, cache.NAME
	local name=$1
	shift
	${become:-} "$RHO_PROGRAM" run t.toml --results "$name" --set "env.cache=$PWD/cache.$name" "$@"
}
same() { # WHAT NAME: the cells measured what those of `well` did
	local cell file n=0
	for cell in well/t/cells/*; do
		n=$((n + 1))
		for file in metrics.jsonl eval-test.jsonl; do
			cmp "$cell/$file" "$2/t/cells/${cell##*/}/$file" > said 2>&1 || wrong "$1: $file differs"
		done
	done
	[ $n -eq 4 ] || wrong "$1: $n cells, not 4"
}
answers() { grep -c ' ok$' asked; }
questions() { grep ' ok$' asked | sort -u | wc -l; }
children() { cat "/proc/$1/task/$1/children" 2> /dev/null; }

# ---- a server that is well ----
: > asked
expect "well" 0 -- run well --jobs 1
[ "$(answers)" -eq "$(questions)" ] || wrong "$(answers) answers to $(questions) questions: some were asked again"
[ "$(find cache.well -name '*.json' | wc -l)" -eq "$(questions)" ] || wrong "not every answer was kept"
echo "$(questions) questions" >&2
arm() { # METRIC ARM: its mean over the second half and the seeds
	local toml
	for toml in well/t/cells/*/cell.toml; do
		grep -q "^arm = \"$2\"" "$toml" && sed -n '/"step": [123][05]0/s/.*"'"$1"'": \([-0-9.e]*\).*/\1/p' \
			"${toml%/*}/metrics.jsonl"
	done | awk '{ s += $1 } END { printf "%.3f", NR ? s / NR : -1 }'
}
awk -v random="$(arm solved base)" -v linucb="$(arm solved agent=linucb)" \
	'BEGIN { exit !(linucb > random + 0.1 && random > 0) }' \
	|| wrong "solved: linucb $(arm solved agent=linucb), random $(arm solved base)"
grep -q '"llm.lines": ' well/t/cells/*/metrics.jsonl || wrong "no candidates were counted"
grep -q 'questions were asked' well/t/cells/*/log || wrong "the log does not say how many were asked"

# ---- one that fails in every way ----
gone
fair=ok,ok,ok,ok,ok,ok,ok,ok,ok
serve --faults 500,$fair,429,$fair,html,$fair,half,$fair,schema,$fair,slow,$fair,close,$fair,500,html,close
: > asked
expect "faults" 0 -- run faults --jobs 1
same "faults" faults
[ "$(grep -vc ' ok$' asked)" -eq 10 ] || wrong "not every fault was met: $(cut -d' ' -f2 asked | sort | uniq -c)"
grep -q 'asking again' faults/t/cells/*/log || wrong "the log does not tell of the faults"

# ---- killed in the midst ----
gone
serve --delay 0.004
: > asked
kills=0
for round in 1 2 3 4; do
	become=exec run killed --jobs 1 --quiet > background 2>&1 & pid=$!
	sleep 0.$((RANDOM % 5 + 3))
	kill -9 $(children $pid) $pid 2> /dev/null && kills=$((kills + 1))
	wait $pid 2> /dev/null
done
expect "gone on" 0 -- run killed --jobs 1
same "killed" killed
[ $kills -ge 2 ] || wrong "it was killed $kills times only"
# What was being answered when it was killed is lost, no more.
[ $(($(answers) - $(questions))) -le $kills ] || wrong "$(answers) answers to $(questions) questions, killed $kills times"

# ---- replayed without a server ----
gone
cp -r cache.killed cache.again
expect "offline" 0 -- run again --set env.offline=true --set 'env.base_url=""'
same "offline" again
cp -r cache.killed cache.less
rm -r "$(find cache.less -mindepth 1 -maxdepth 1 | sort | head -1)"
expect "an answer is missing" 1 "offline = true, and" "holds no answer to" "run once with an endpoint" -- \
	run less --set env.offline=true

# ---- nobody there, then somebody ----
expect "nobody there" 2 "onnect" "patience = 0.3 s" "run again when the endpoint is well" -- \
	run late --set env.patience=0.3
serve
expect "somebody there" 0 -- run late
same "late" late
gone

# ---- what cannot be ----
expect "no cache" 2 "set cache to a folder" -- "$RHO_PROGRAM" run t.toml --results no
expect "no model" 2 "model is empty" -- run no --set 'env.model=""'
expect "no address" 2 "http:// or https://" -- run no --set env.base_url="localhost:8080"
if grep -rlF "$RHO_TEST_LLM_KEY" . > said; then wrong "the key was written"; fi
grep -rqF RHO_TEST_LLM_KEY well || wrong "not even the key's name stands in the results"

[ $failures -eq 0 ] || { echo "$failures failures" >&2; exit 1; }
echo "all bytes are the same"
