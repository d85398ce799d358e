# expect.sh: what the scripts of this folder begin with: a folder of their own to work in, removed at the end, and
# `expect`, which counts what is not as it should be in $failures. To be sourced.
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
