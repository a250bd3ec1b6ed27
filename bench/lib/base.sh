# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every benchmark begins with: where things are, a work folder that goes
# with all processes when the script ends, the command line, and what machine
# this is. Sourced, not run. Processes and namespaces are those of the tests
# (tests/helpers/proc.bash, net.bash).

# shellcheck source=ancestor.sh
. "$(dirname "${BASH_SOURCE[0]}")/ancestor.sh"
uml_router=${UML_ROUTER:-$build/uml_router/uml_router}

# A benchmark may take longer than a test; its processes live as long.
# shellcheck disable=SC2034
PROC_LIFE=${PROC_LIFE:-14400}

# shellcheck source=../../tests/helpers/proc.bash
. "$top/tests/helpers/proc.bash"
# shellcheck source=results.sh
. "$bench/lib/results.sh"

# Options of every benchmark; a script sets other defaults before parse().
peers=()
all_peers=()
seconds=2
rounds=5
json=
plot=
perf=
common_help="  --seconds S    measured time of each run
  --rounds N     rounds, interleaved
  --json FILE    the results as JSON too
  --plot FILE    and as a plot, .svg or .png
  --perf DIR     profiles of the switches there (slows them down a little)
  --help         this text"

fail() {
	say "$*"
	exit 1
}

# parse ARG... - the common options; others go to the script's own_option NAME
# VALUE, which returns 1 for those it does not know.
parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help)
			usage
			exit 0
			;;
		--*) [ $# -ge 2 ] || fail "$1 needs a value" ;;
		*) fail "unknown argument '$1' (see --help)" ;;
		esac
		case $1 in
		--peer) peers+=("$2") ;;
		--seconds) seconds=$2 ;;
		--rounds) rounds=$2 ;;
		--json) json=$2 ;;
		--plot) plot=$2 ;;
		--perf) perf=$2 ;;
		*) own_option "$1" "$2" ||
			fail "unknown argument '$1' (see --help)" ;;
		esac
		shift 2
	done
	[ ${#peers[@]} -gt 0 ] || peers=("${all_peers[@]}")
	is_count "$rounds" || fail "--rounds: '$rounds' is not a count"
	[[ $seconds =~ ^[0-9]+([.][0-9]+)?$ && $seconds =~ [1-9] ]] ||
		fail "--seconds: '$seconds' is not a time"
	case $plot in
	'' | *.svg | *.png) ;;
	*) fail "--plot: '$plot' ends in neither .svg nor .png" ;;
	esac
	[ -z "$plot" ] || command -v gnuplot >/dev/null ||
		fail "--plot needs gnuplot (Debian: gnuplot-nox)"
	[ -z "$perf" ] || command -v perf >/dev/null ||
		fail "--perf needs perf (Debian: linux-perf)"
	[ -z "$perf" ] || mkdir -p "$perf" || exit 1
}

own_option() {
	return 1
}

is_count() {
	case $1 in
	'' | *[!0-9]* | 0) return 1 ;;
	esac
}

need() {
	local program

	for program; do
		command -v "$program" >/dev/null || fail "needs $program"
	done
}

begin() {
	need jq
	work_make || exit 1
	mkfifo "$WORK/stdin"
	: >"$WORK/results"
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	ulimit -n "$(ulimit -Hn)" || true
}

# start_quiet NAME CMD... - in the background, output thrown away (uml_switch
# writes a line for much of what it does), standard input that never ends.
start_quiet() {
	local in=() name

	if [ "$1" = -n ]; then
		in=(-n "$2")
		shift 2
	fi
	name=$1
	shift
	# shellcheck disable=SC2016
	PROC_STDIN=$WORK/stdin proc_start "${in[@]}" "$name" \
		sh -c 'exec "$@" >/dev/null 2>"$0"' "$WORK/$name.err" "$@"
}

# ready NAME TEST... - until it is so; says what the process said if it ended.
ready() {
	local name=$1

	shift
	wait_for -t 10 eval "proc_ended $name || $(printf '%q ' "$@")" &&
		! proc_ended "$name" && return 0
	say "$name did not start: $(head -n 2 "$WORK/$name.err")"
	return 1
}

# profile NAME PEER - where a process spends its time until it ends, if --perf
# asks: PEER.N.data for `perf report`, N counting from 1
profile() {
	local n=1

	[ -n "$perf" ] || return 0
	profiled
	while [ -e "$perf/$2.$n.data" ]; do
		n=$((n + 1))
	done
	proc_start perf perf record -q -e cpu-clock -F 2999 -g \
		-p "$(proc_pid "$1")" -o "$perf/$2.$n.data"
}

# What was recorded last is written; perf ends with what it looks at.
profiled() {
	[ ! -e "$WORK/proc/perf.pid" ] || proc_wait perf
}

# have PROGRAM - one of the switches is there
have() {
	case $1 in
	uml_router) [ -x "$uml_router" ] ;;
	uml_switch)
		fetch_uml_switch
		[ -x "$uml_switch" ]
		;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# choose_peers - leave out those for which the script's peer_available says no
choose_peers() {
	local peer usable=()

	for peer in "${peers[@]}"; do
		if peer_available "$peer"; then
			usable+=("$peer")
		else
			say "$peer is not there, left out"
		fi
	done
	peers=("${usable[@]}")
	[ ${#peers[@]} -gt 0 ] || fail "nothing to measure"
}

package_version() {
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null
}

uml_switch_version() {
	local deb

	for deb in "$build"/bench/uml-utilities/uml-utilities_*.deb; do
		[ ! -f "$deb" ] || dpkg-deb -f "$deb" Version
	done
}

# Pairs "name<TAB>value" that say what the figures were taken on.
platform() {
	printf 'kernel\t%s %s\n' "$(uname -sr)" "$(uname -m)"
	awk -F ': ' '/^model name/ { print "cpu\t" $2; exit }' /proc/cpuinfo
	printf 'cpus\t%s\n' "$(nproc)"
	printf 'max_dgram_qlen\t%s\n' \
		"$(cat /proc/sys/net/unix/max_dgram_qlen 2>/dev/null)"
	printf 'uml_switch\t%s\n' "$(uml_switch_version)"
	printf 'vde_switch\t%s\n' "$(package_version vde2)"
	printf 'guest\t%s\n' "$(package_version user-mode-linux)"
	[ ! -x "$uml_router" ] || printf 'uml_router\t%s\n' \
		"$("$uml_router" --version 2>/dev/null | head -n 1)"
	printf 'load\t%s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
	printf 'date\t%s\n' "$(date -u +%Y-%m-%dT%H:%MZ)"
}
