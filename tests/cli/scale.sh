#!/bin/bash
# scale.sh: `rho scale` from the command line, and run.scan: whatever bits the best are looked for in, a run records the
# same. Needs RHO_PROGRAM and RHO_PLUGIN_PATH.
set -u
build=$(cd "$(dirname "$0")/../.." && pwd)/build        # meson test sets them
export RHO_PROGRAM=${RHO_PROGRAM:-$build/rho} RHO_PLUGIN_PATH=${RHO_PLUGIN_PATH:-$build/plugins}
. "$(dirname "$0")/expect.sh"
rho() { "$RHO_PROGRAM" "$@"; }

{ echo item_id,title,price; for i in $(seq 900); do echo "i$i,tool $((i * 7919 % 311)) for city $((i % 17)) and $i,$i"; done; } > items.csv
{ echo user_id,item_id,weight; for i in $(seq 60); do echo "u$((i % 20)),i$((i * 13)),1"; done; } > seen.csv
{ echo user_id,age,gender,location; for i in $(seq 0 19); do echo "u$i,3$((i % 10)),f,city $i"; done; } > users.csv
cat > x.toml <<'END'
rho = 1
[run]
name = "x"
steps = 120
seeds = 2
every = 10
[dataset]
use = "csv"
items = "items.csv"
interactions = "seen.csv"
users = "users.csv"
[encoder]
use = "hashing"
project = 48
[sampler]
use = "topk"
query = "context"
k = 20
[env]
use = "bandit"
[agent]
use = "linucb"
[arms.sampler]
topk = {}
all = { use = "all" }
END

# ---- the same, whatever the scan ----
metrics() { (cd "$1" && find . -name metrics.jsonl | sort | xargs -r sha256sum); }
for scan in f32 bf16 int8; do
	expect "run $scan" 0 -- rho run x.toml --results $scan --set run.scan=$scan --quiet
	metrics $scan > $scan.sums
	[ "$(wc -l < $scan.sums)" = 4 ] || wrong "$scan: not the metrics of 4 cells"
	cmp -s f32.sums $scan.sums || wrong "$scan records something else"
done
for scan in bf16 int8; do
	[ "$(ls $scan/.store/*.$scan 2> /dev/null | wc -l)" = 1 ] || wrong "the store has no .$scan"
	[ "$(ls f32/.store/*.$scan 2> /dev/null | wc -l)" = 0 ] || wrong "the store of f32 has a .$scan"
done
# part of no cell's identity: nothing is left to do
expect "another scan" 0 -- rho run x.toml --results f32 --set run.scan=int8 --quiet
metrics f32 | cmp -s - f32.sums || wrong "another scan made other cells"
# codes that were damaged are made again, and change nothing
file=$(ls int8/.store/*.int8)
printf 'x' | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
rm -r int8/x
expect "damaged codes" 0 "is damaged" "making it again" -- rho run x.toml --results int8 --set run.scan=int8 --quiet
metrics int8 | cmp -s - f32.sums || wrong "damaged codes changed the results"
# vectors that no encoder made are not kept in fewer bits, and the log says so
sed '/^use = "csv"/,/^users/d; /^\[encoder\]/,/^project/d; s/^\[dataset\]/[dataset]\nuse = "synthetic"\nfeatures = 16/' x.toml > own.toml
expect "own features" 0 -- rho run own.toml --results own --set run.scan=int8 --set run.seeds=1 --set run.fuse=1 --quiet
grep -rqF 'scan is f32' own || wrong "no log says that scan is f32"
expect "no such scan" 2 "--set run.scan: " 'did you mean "int8"?' -- rho plan x.toml --set run.scan=int9

# ---- rho scale ----
expect "an experiment" 0 "hashing: 900 actions of 48 numbers" "int8, 20 at once" "sampling stops being worth it" \
	"decisions of env bandit" -- rho scale x.toml --k 10,100 --store f32/.store
expect "json" 0 '"hits_best"' '"measured_seconds"' -- rho scale x.toml --k 10,100 --store f32/.store --json - --quiet
expect "rewards of its own" 0 "exact, of --reward price" -- rho scale x.toml --reward price --store f32/.store --quiet
expect "k beyond" 2 "k goes from 1 to 900" -- rho scale x.toml --k 901 --store f32/.store --quiet
expect "column" 2 "did you mean price?" -- rho scale x.toml --reward pric --store f32/.store --quiet
expect "bad parameter" 2 "--set dataset.itens: " "did you mean items?" -- rho scale x.toml --set dataset.itens=y --store f32/.store
sed 's/"bandit"/"bandid"/' x.toml > y.toml
expect "bad env" 2 "y.toml:2" "did you mean bandit?" -- rho scale y.toml --store f32/.store

exit $((failures > 0))
