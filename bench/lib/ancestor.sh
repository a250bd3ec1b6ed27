# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Where things are, and where the ancestor's programs come from. Sourced by
# base.sh, and by tests that compare with the ancestor.

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
top=$(dirname "$bench")
build=${BUILD:-build}
case $build in
/*) ;;
*) build=$top/$build ;;
esac
uml_switch=${UML_SWITCH:-}

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Debian's uml_switch: downloaded once, unpacked below the build folder, never
# installed. Sets uml_switch; leaves it empty where that is not possible.
fetch_uml_switch() {
	local dir=$build/bench/uml-utilities

	[ -z "$uml_switch" ] || return 0
	if [ ! -x "$dir/usr/bin/uml_switch" ]; then
		mkdir -p "$dir"
		(cd "$dir" && timeout 120 apt-get download uml-utilities &&
			dpkg -x uml-utilities_*.deb .) >"$dir/fetch.log" 2>&1 ||
			say "cannot get uml-utilities, see $dir/fetch.log"
	fi
	[ ! -x "$dir/usr/bin/uml_switch" ] ||
		uml_switch=$dir/usr/bin/uml_switch
}
