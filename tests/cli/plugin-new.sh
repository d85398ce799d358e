#!/bin/sh
# A folder made by `rho plugin new` builds against an installed rho with pkg-config alone, exports
# one symbol, passes the checks, and runs in its try.toml: every kind.
#   plugin-new.sh BUILD_DIR
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

meson install -C "$build" --no-rebuild --destdir "$work/root" >"$work/install.log" 2>&1 ||
	{ cat "$work/install.log"; exit 1; }
pc=$(find "$work/root" -name rho-plugin.pc)
rho=$(find "$work/root" -path '*/bin/rho')
export PKG_CONFIG_PATH="$(dirname "$pc")" PKG_CONFIG_SYSROOT_DIR="$work/root"
export RHO_PLUGIN_PATH="$(dirname "$(find "$work/root" -name 'agent-*.so' | head -n 1)")"
unset RHO_REAL_DATA

cd "$work"
for kind in dataset encoder sampler env agent verifier reporter; do
	"$rho" plugin new "$kind" "my_$kind" >/dev/null
	(
		cd "my_$kind"
		so="$kind-my_$kind.so"
		# shellcheck disable=SC2046
		${CC:-cc} $(pkg-config --cflags rho-plugin) -Wall -Wextra -Wno-unused-parameter -Werror -O2 \
			${RHO_TEST_CFLAGS:-} -shared -o "$so" plugin.c -lm
		if [ -z "${RHO_TEST_CFLAGS:-}" ]; then
			symbols=$(nm -D --defined-only "$so" | awk '{print $3}')
			[ "$symbols" = rho_plugin ] || { echo "$so exports: $symbols"; exit 1; }
		fi
		"$rho" plugin check "./$so" >check.log 2>&1 || { cat check.log; echo "$kind: the template fails its checks"; exit 1; }
		if [ -f try.toml ]; then
			RHO_PLUGIN_PATH=".:$RHO_PLUGIN_PATH" "$rho" run try.toml >run.log 2>&1 ||
				{ cat run.log; echo "$kind: try.toml does not run"; exit 1; }
			"$rho" compare results/try >/dev/null
		fi
	)
	echo "ok: $kind"
done

# What cannot be made is refused with status 2 and leaves nothing behind.
for bad in "agnet x" "agent X" "agent 1x" "agent my_agent"; do
	status=0
	# shellcheck disable=SC2086
	"$rho" plugin new $bad >bad.log 2>&1 || status=$?
	[ "$status" = 2 ] || { cat bad.log; echo "plugin new $bad: status $status, not 2"; exit 1; }
done
"$rho" plugin new agnet x 2>&1 | grep -q 'did you mean agent'
[ ! -e x ] && [ ! -e X ]
