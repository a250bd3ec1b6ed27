# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Frames from client to client: a fresh switch and framebench for each run.
# Needs base.sh.

framebench=$build/bench/framebench
routerctl=${UML_ROUTERCTL:-$build/uml_router/uml_routerctl}
tries=3
tries_help="  --tries N      repeat a run that other load disturbed, at most N (3)"

# The script's own_option, or part of it.
frames_option() {
	case $1 in
	--tries) tries=$2 ;;
	*) return 1 ;;
	esac
}

# peer_available NAME - can this switch be measured here?
peer_available() {
	case $1 in
	direct) true ;;
	uml_switch | vde_switch) have "$1" ;;
	uml_router-*) have uml_router ;;
	*) fail "unknown peer '$1'" ;;
	esac
}

# start_capture PEER - of all frames, one that goes on or one that has ended
start_capture() {
	local ctl=("$routerctl" -s "$WORK/control")

	case $1 in
	uml_router-capturing)
		start_quiet capture "${ctl[@]}" capture --snaplen 96 \
			-w "$WORK/pcap" &&
			ready capture test -s "$WORK/pcap"
		;;
	uml_router-captured)
		timeout -s INT 0.5 "${ctl[@]}" capture -w "$WORK/pcap" \
			>/dev/null 2>&1
		[ -s "$WORK/pcap" ]
		;;
	esac
}

# start_peer NAME - a switch; sets peer_args, the words for framebench
start_peer() {
	local socket=$WORK/ctl proto=v3 switch

	peer_args=(--direct)
	case $1 in
	direct) return 0 ;;
	uml_switch) switch=("$uml_switch" -unix "$WORK/ctl") ;;
	vde_switch)
		proto=vde
		socket=$WORK/ctl/ctl
		switch=(vde_switch -n 1100 -s "$WORK/ctl")
		;;
	uml_router-seqpacket)
		proto=seqpacket
		switch=("$uml_router"
			--port "seqpacket:$WORK/ctl,policy=block")
		;;
	uml_router-captur*)
		switch=("$uml_router" --port "uml:$WORK/ctl,policy=block"
			--control "$WORK/control")
		;;
	uml_router-*)
		switch=("$uml_router"
			--port "uml:$WORK/ctl,policy=${1#uml_router-}")
		;;
	esac
	start_quiet peer "${switch[@]}" && ready peer test -S "$socket" ||
		return 1
	start_capture "$1" || return 1
	peer_args=(--proto "$proto" --ctl "$WORK/ctl" --pid "$(proc_pid peer)")
	profile peer "$1"
}

stop_peer() {
	proc_stop peer
	rm -rf "$WORK/ctl" "$WORK/pcap"
}

# word KEY LINE - value of one word of a line of key=value words
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

# frames CASE PEER ROUND WORDS... - load, recorded
frames() {
	local line words

	line=$(load "$2" --seconds "$seconds" "${@:4}") || return 1
	words=$(awk '{
		for (i = 1; i <= NF; i++) {
			split($i, kv, "=")
			v[kv[1]] = kv[2]
		}
		printf "value=%s lost_percent=%s", v["delivered"],
			v["loss"] * 100
		if (v["switch_us"] > 0)
			printf " us_per_frame=%s", v["switch_us"]
		if ("least_share" in v)
			printf " least_share=%s", v["least_share"]
		print " others_percent=" v["others"] * 100
	}' <<<"$line")
	# shellcheck disable=SC2086
	record "$1" frames/s "$2" "$3" $words
}

need_framebench() {
	[ -x "$framebench" ] || fail "$framebench is not built (make bench)"
}
