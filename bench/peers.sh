# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the benchmarks share: getting, starting and stopping the switches that
# are compared, what machine this is, medians and JSON. Sourced, not run.
#
# Each switch is started anew for each measurement, with its standard output
# thrown away (uml_switch writes a line for much of what it does) and a standard
# input that never ends.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
build=${BUILD:-build}
case $build in
/*) ;;
*) build=$top/$build ;;
esac
framebench=$build/bench/framebench
uml_router=${UML_ROUTER:-$build/uml_router/uml_router}
uml_switch=${UML_SWITCH:-}
tries=3
peer_pid=
peer_args=()

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

fail() {
	say "$*"
	exit 1
}

# A folder for sockets and results that goes when the script ends.
make_workdir() {
	work=$(mktemp -d) || exit 1
	mkfifo "$work/stdin"
	trap 'stop_peer; rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM
	ulimit -n "$(ulimit -Hn)" || true
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

# peer_available NAME - can this switch be measured here?
peer_available() {
	case $1 in
	direct) true ;;
	uml_switch)
		fetch_uml_switch
		[ -x "$uml_switch" ]
		;;
	vde_switch) command -v vde_switch >/dev/null ;;
	uml_router*) [ -x "$uml_router" ] ;;
	*) fail "unknown peer '$1'" ;;
	esac
}

# Run a switch in the background with our endless standard input.
spawn() {
	"$@" 0<>"$work/stdin" >/dev/null 2>"$work/peer.log" &
	peer_pid=$!
}

# start_peer NAME - sets peer_pid and peer_args, the words for framebench
start_peer() {
	local ctl=$work/ctl

	case $1 in
	direct)
		peer_args=(--direct)
		return 0
		;;
	uml_switch) spawn "$uml_switch" -unix "$ctl" ;;
	vde_switch) spawn vde_switch -n 1100 -s "$ctl" ;;
	uml_router-seqpacket)
		spawn "$uml_router" --port "seqpacket:$ctl,policy=block" ;;
	uml_router-*)
		spawn "$uml_router" --port "uml:$ctl,policy=${1#uml_router-}" ;;
	esac
	peer_args=(--proto v3 --ctl "$ctl" --pid "$peer_pid")
	case $1 in
	vde_switch)
		peer_args[1]=vde
		ctl=$ctl/ctl
		;;
	uml_router-seqpacket) peer_args[1]=seqpacket ;;
	esac
	wait_socket "$ctl" && return 0
	say "$1 did not start: $(head -n 3 "$work/peer.log")"
	stop_peer
	return 1
}

wait_socket() {
	local i

	for ((i = 0; i < 100; i++)); do
		[ ! -S "$1" ] || return 0
		kill -0 "$peer_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

stop_peer() {
	local i

	[ -n "$peer_pid" ] || return 0
	kill "$peer_pid" 2>/dev/null
	for ((i = 0; i < 40; i++)); do
		kill -0 "$peer_pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$peer_pid" 2>/dev/null
	wait "$peer_pid" 2>/dev/null
	peer_pid=
	rm -rf "$work/ctl"
}

# Value of one word of a key=value line.
word() {
	local w

	for w in $2; do
		[ "${w%%=*}" != "$1" ] || printf '%s' "${w#*=}"
	done
}

# load PEER WORDS... - one measurement with a fresh switch: prints framebench's
# line. Repeated, at most $tries times, while others took more than 5 % of the
# machine's time; of these runs the one least disturbed counts.
load() {
	local peer=$1 i line others best='' least=1000000

	shift
	for ((i = 0; i < tries; i++)); do
		start_peer "$peer" || return 1
		line=$(timeout 300 "$framebench" "${peer_args[@]}" "$@")
		stop_peer
		[ -n "$line" ] || return 1
		others=$(word others "$line")
		others=${others/./}
		others=$((10#$others))
		if [ "$others" -lt "$least" ]; then
			least=$others
			best=$line
		fi
		[ "$least" -gt 50 ] || break
	done
	printf '%s\n' "$best"
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
	if [ -x "$uml_router" ]; then
		printf 'uml_router\t%s\n' "$("$uml_router" --version 2>/dev/null |
			head -n 1)"
	fi
	printf 'date\t%s\n' "$(date -u +%Y-%m-%dT%H:%MZ)"
}

# Results are lines "case<TAB>peer<TAB>round<TAB>key=value words". A summary has
# one line "case peer rounds delivered min max loss switch_us others ratio" for
# each case and peer, in the order of first appearance: medians over the rounds.
# The ratio is that of the medians, to uml_switch in the same case.
summarise() {
	awk -F '\t' '
	function value(key, words,   n, i, w, kv) {
		n = split(words, w, " ")
		for (i = 1; i <= n; i++) {
			split(w[i], kv, "=")
			if (kv[1] == key)
				return kv[2] + 0
		}
		return 0
	}
	function sort(n,   i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && s[j - 1] > s[j]; j--) {
				t = s[j]; s[j] = s[j - 1]; s[j - 1] = t
			}
	}
	function middle(n) {
		if (n == 0)
			return 0
		sort(n)
		return n % 2 ? s[(n + 1) / 2] : (s[n / 2] + s[n / 2 + 1]) / 2
	}
	function median(id, key,   i) {
		for (i = 1; i <= count[id]; i++)
			s[i] = value(key, words[id, i])
		return middle(count[id])
	}
	function ratio(id,   to) {
		to = median(in_case[id] "\tuml_switch", "delivered")
		return to > 0 ? median(id, "delivered") / to : 0
	}
	{
		id = $1 "\t" $2
		if (!(id in count))
			order[++ids] = id
		words[id, ++count[id]] = $4
		in_case[id] = $1
	}
	END {
		for (k = 1; k <= ids; k++) {
			id = order[k]
			mid = median(id, "delivered")
			low = s[1]
			high = s[count[id]]
			printf "%s\t%d\t%.0f\t%.0f\t%.0f\t%.5f\t%.3f\t%.3f\t",
				id, count[id], mid, low, high,
				median(id, "loss"), median(id, "switch_us"),
				median(id, "others")
			printf "%.3f\n", ratio(id)
		}
	}' "$1"
}

# write_json SUMMARY FILE SECONDS ROUNDS
write_json() {
	platform >"$work/platform"
	awk -F '\t' -v seconds="$3" -v rounds="$4" '
	function quote(text) {
		gsub(/\\/, "\\\\", text)
		gsub(/"/, "\\\"", text)
		return "\"" text "\""
	}
	FNR == 1 { file++ }
	file == 1 {
		host = host (host ? ", " : "") quote($1) ": " quote($2)
		next
	}
	{
		rows = rows (rows ? ",\n" : "") sprintf("    {\"case\": %s, " \
			"\"peer\": %s, \"rounds\": %d, \"delivered_per_s\": " \
			"{\"median\": %d, \"min\": %d, \"max\": %d}, " \
			"\"loss\": %s, \"switch_us_per_frame\": %s, " \
			"\"others\": %s, \"ratio_to_uml_switch\": %s}",
			quote($1), quote($2), $3, $4, $5, $6, $7, $8, $9,
			($10 > 0) ? $10 : "null")
	}
	END {
		printf "{\n  \"host\": {%s},\n  \"seconds\": %s,\n", host,
			seconds
		printf "  \"rounds\": %s,\n  \"results\": [\n%s\n  ]\n}\n",
			rounds, rows
	}' "$work/platform" "$1" >"$2"
}

# print_table SUMMARY - one block per case
print_table() {
	awk -F '\t' '
	$1 != last {
		last = $1
		printf "\n%s\n%-22s %11s %23s %8s %9s %6s %6s\n", $1, "",
			"delivered/s", "(min - max)", "lost", "us/frame",
			"others", "ratio"
	}
	{
		range = sprintf("(%d - %d)", $5, $6)
		ratio = $10 > 0 ? sprintf("%.2f", $10) : "-"
		us = $8 > 0 ? sprintf("%.2f", $8) : "-"
		printf "%-22s %11d %23s %7.2f%% %9s %5.0f%% %6s\n", $2, $4,
			range, $7 * 100, us, $9 * 100, ratio
	}' "$1"
}

print_platform() {
	platform | awk -F '\t' '{ printf "%-15s %s\n", $1, $2 }'
}
