#!/bin/sh
# Exactly the checks named fail for a module, and no other.
#   only.sh RHO FILE.so ID|none [OPTIONS of rho plugin check]
set -u
rho=$1 file=$2 want=$3
shift 3
out=$("$rho" plugin check "$file" "$@" 2>&1)
status=$?
got=$(printf '%s\n' "$out" | awk '$2 == "FAIL" { printf "%s%s", sep, $1; sep = " " }')
ran=$(printf '%s\n' "$out" | grep -c -E '^[A-Z][0-9]+ +(pass|FAIL|skip)')
[ "$want" = none ] && want=
n=$(printf '%s' "$want" | wc -w)
if [ "$got" != "$want" ] || [ "$status" -ne "$n" ] || [ "$ran" -lt 23 ]; then
	printf '%s\n' "$out"
	echo "expected to fail: ${want:-none}; failed: ${got:-none}; exit status $status; $ran checks"
	exit 1
fi
