# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Taps in namespaces of their own, and what is measured through them. Needs
# base.sh.

# shellcheck source=../../tests/helpers/net.bash
. "$top/tests/helpers/net.bash"

need_namespaces() {
	unshare --net true 2>/dev/null ||
		fail "needs root, for network namespaces"
	[ -w /dev/net/tun ] || fail "needs /dev/net/tun"
}

need_iperf() {
	need iperf3 ping ss
	is_count "$seconds" || fail "--seconds: iperf3 takes whole ones"
}

# move FROM DEV TO [ADDR/LEN...] - a device into another namespace, and up
move() {
	local from=$1 dev=$2 to=$3 addr

	shift 3
	ns_exec "$from" ip link set "$dev" netns "$(proc_pid "ns-$to")" &&
		no_chatter "$to" "$dev" || return 1
	for addr; do
		ns_exec "$to" ip addr add "$addr" dev "$dev" || return 1
	done
	ns_exec "$to" ip link set "$dev" up
}

# Router solicitations and the like are no part of what is measured.
no_chatter() {
	ns_exec "$1" sh -c \
		"echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6" 2>/dev/null ||
		true
}

listening() {
	[ -n "$(ns_exec "$1" ss -Hltn "sport = :5201")" ]
}

# iperf NS ADDR NS2 [ARG...] - one run of iperf3 from NS to ADDR in NS2; its
# JSON. The server serves one client.
iperf() {
	local from=$1 addr=$2 to=$3

	shift 3
	proc_start -n "$to" "iperf-$from" iperf3 -s -1 -p 5201 &&
		wait_for listening "$to" &&
		NS_LIMIT=$((seconds + 20)) ns_exec "$from" \
			iperf3 -c "$addr" -t "$seconds" -i 0 -J "$@"
	set -- $?
	proc_stop "iperf-$from"
	return "$1"
}

# Words for record out of iperf3's JSON.
tcp_words() {
	jq -re '"value=\(.end.sum_received.bits_per_second / 1e6)" +
		" retransmits=\(.end.sum_sent.retransmits // 0)" +
		if .tap_drops then " tap_drops=\(.tap_drops)" else "" end'
}

# Datagrams that arrived, per second; shares of the sent ones that did not.
udp_words() {
	jq -re '.end | .sum_received // .sum |
		"value=\((.packets - .lost_packets) / .seconds)" +
		" lost_percent=\(.lost_percent)"'
}

# cpu_ns NAME - processor time of all threads of a process so far; 0 without
cpu_ns() {
	local pid

	pid=$(proc_pid "$1" 2>/dev/null) || pid=none
	cat "/proc/$pid/task/"*/schedstat 2>/dev/null |
		awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# iperf_record tcp|udp CASE PEER ROUND NAME CMD... - CMD prints the JSON of
# iperf3; what it found, and what the process NAME worked for it
iperf_record() {
	local kind=$1 case=$2 peer=$3 round=$4 name=$5 since words unit=frames/s

	[ "$kind" = udp ] || unit=Mbit/s
	shift 5
	since=$(cpu_ns "$name")
	if ! words=$("$@" | "${kind}_words"); then
		say "$peer fails: $case"
		return 1
	fi
	since=$(($(cpu_ns "$name") - since))
	# shellcheck disable=SC2046,SC2086
	record "$case" "$unit" "$peer" "$round" $words \
		$(cost "$kind" "$since" "$words")
}

# cost tcp|udp NS WORDS - milliseconds per Gbit or microseconds per frame: both
# are a thousandth of NS divided by what passed in the unit of the rate
cost() {
	local key=cpu_us_per_frame

	[ "$1" = udp ] || key=cpu_ms_per_Gbit
	awk -v key="$key" -v ns="$2" -v seconds="$seconds" '{
		sub(/^value=/, "", $1)
		if (ns > 0 && $1 > 0)
			print key "=" ns / 1000 / ($1 * seconds)
	}' <<<"$3"
}

# ping_record CASE NS ADDR PEER ROUND - pings, 5 ms apart, one after the other:
# median, least and 99th percentile of their times
ping_record() {
	local words

	if words=$(NS_LIMIT=30 ns_exec "$2" ping -n -c 200 -i 0.005 "$3" |
		ping_words); then
		# shellcheck disable=SC2086
		record "$1" us "$4" "$5" $words
	else
		say "$4 fails: $1"
	fi
}

ping_words() {
	sed -n 's/.* time=\([0-9.]*\) ms/\1/p' | sort -n | awk '
	{ us[NR] = $1 * 1000 }
	END {
		if (!NR)
			exit 1
		print "value=" us[int((NR + 1) / 2)], "least=" us[1],
			"p99=" us[int(NR * 0.99 + 0.5)]
	}'
}
