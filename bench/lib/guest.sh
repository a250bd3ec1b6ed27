# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A User-mode Linux guest and its host, which is a namespace with a tap, and
# what carries frames between them: a switch or nothing. Needs base.sh, net.sh.

# shellcheck source=../../tests/helpers/guest.bash
. "$top/tests/helpers/guest.bash"

host_addr=10.9.0.254
guest_ip=10.9.0.1
second_ip=10.9.0.2

# Peers of a benchmark with a guest; uml_router-* may be followed by keys for
# its tap, ",offload=off".
guest_peers=(tuntap vector uml_switch vde_switch uml_router-daemon
	uml_router-bess uml_router-vhost)
guest_peers_help="  tuntap             no switch: the legacy transport on the tap
  vector             no switch: the vector driver on the tap, with offloads
  uml_switch         Debian's uml-utilities; daemon transport
  vde_switch         vde2; daemon transport
  uml_router-daemon  this switch; daemon transport
  uml_router-bess    this switch; the vector driver's BESS transport
  uml_router-vhost   this switch; vhost-user"

guest_peer_available() {
	case $1 in
	tuntap | vector | bridge) true ;;
	uml_switch | vde_switch) have "$1" ;;
	uml_router-daemon* | uml_router-bess* | uml_router-vhost*)
		have uml_router
		;;
	*) fail "unknown peer '$1'" ;;
	esac
}

need_guests() {
	need_iperf
	need busybox "$GUEST_KERNEL"
}

# Someone has the tap open.
tap_held() {
	ns_exec host grep -qs 1 /sys/class/net/tap0/carrier
}

# host_up PEER - the tap and, if there is one, the switch
host_up() {
	local peer=$1 socket=$WORK/uml keys

	tap_add host tap0 &&
		ns_exec host ip addr add "$host_addr/24" dev tap0 || return 1
	case $1 in
	tuntap | vector) return 0 ;;
	bridge)
		tap_add host tap1 && host_bridge
		return
		;;
	uml_switch) set -- "$uml_switch" -unix "$socket" -tap tap0 ;;
	vde_switch)
		set -- vde_switch -s "$WORK/vde" -t tap0
		socket=$WORK/vde/ctl
		;;
	*)
		keys=${1#uml_router-daemon}
		keys=${keys#uml_router-bess}
		keys=${keys#uml_router-vhost}
		set -- "$uml_router" --port "tap:tap0$keys" \
			--port "uml:$socket" --port "seqpacket:$WORK/bess" \
			--port "vhost-user:$WORK/vhost" \
			--control "$WORK/control"
		;;
	esac
	start_quiet -n host switch "$@" && ready switch tap_held &&
		ready switch test -S "$socket" && profile switch "$peer"
}

# The two taps in a bridge of the host's.
host_bridge() {
	# shellcheck disable=SC2016
	ns_exec host sh -e -c '
		ip link add br0 type bridge
		for i in 0 1; do
			ip link set tap$i master br0
		done
		ip addr flush dev tap0
		ip link set br0 up'
}

# guest_device PEER [N] - network device on the kernel's command line, of the
# first guest (0) or the second one (1)
guest_device() {
	local n=${2:-0} mac

	mac=02:00:00:00:00:0$((n + 1))
	case $1 in
	tuntap) echo "eth0=tuntap,tap$n,$mac" ;;
	vector | bridge)
		echo "vec0:transport=tap,ifname=tap$n,depth=128,gro=1,mac=$mac"
		;;
	vde_switch) echo "eth0=daemon,$mac,unix,$WORK/vde/ctl" ;;
	uml_router-bess*)
		echo "vec0:transport=bess,dst=$WORK/bess,depth=512,mac=$mac"
		;;
	uml_router-vhost*) echo "virtio_uml.device=$WORK/vhost:1" ;;
	*) echo "eth0=daemon,$mac,unix,$WORK/uml" ;;
	esac
}

# guest_up_on PEER NAME N ADDR
guest_up_on() {
	local device

	device=$(guest_device "$1" "$3")
	guest_start -n host "$2" "$device" && guest_wait_up "$2" || return 1
	case $device in
	virtio_uml.*)
		guest_run "$2" "modprobe virtio_net" || return 1
		device=eth0
		;;
	esac
	guest_addr "$2" "${device%%[=:]*}" "$4/24"
}

# start_peer PEER - host, switch and guest; stop_peer ends all
start_peer() {
	host_up "$1" && guest_up_on "$1" g 0 "$guest_ip" &&
		wait_for guest_run g "ping -c 1 -W 1 $host_addr" && return 0
	say "$1 is not usable"
	return 1
}

# start_pair PEER - the same with two guests; stop_peer ends all
start_pair() {
	host_up "$1" && guest_up_on "$1" g 0 "$guest_ip" &&
		guest_up_on "$1" h 1 "$second_ip" &&
		wait_for guest_run g "ping -c 1 -W 1 $second_ip" &&
		guest_iperf_server h && return 0
	say "$1 is not usable"
	return 1
}

stop_peer() {
	local guest link

	for guest in g h; do
		[ ! -e "$WORK/guest-$guest" ] || guest_kill "$guest"
		rm -rf "$WORK/guest-$guest"
	done
	proc_stop switch
	for link in br0 tap0 tap1; do
		ns_exec host ip link del "$link" 2>/dev/null
	done
	rm -rf "$WORK/vde" "$WORK/uml" "$WORK/bess" "$WORK/vhost" "$WORK/control"
}

tap_drops() {
	ns_exec host cat /sys/class/net/tap0/statistics/tx_dropped
}

# guest_measure NAME CMD - guest_run of what takes $seconds. To wait takes several
# per cent of a processor, so that begins when the time is over.
guest_measure() {
	local id

	id=$(guest_spawn -t $((seconds + 20)) "$@") || return 1
	sleep "$seconds"
	guest_join "$1" "$id"
}

# guest_tcp up|down [FLOWS] - iperf3's JSON of one run between the guest and the
# host
guest_tcp() {
	local reverse="-P ${2:-1}"

	[ "$1" = up ] || reverse+=" -R"
	proc_start -n host iperf iperf3 -s -1 -p 5201 &&
		wait_for listening host &&
		guest_measure g \
			"iperf3 -c $host_addr -t $seconds -i 0 -J $reverse"
	set -- $?
	proc_stop iperf
	return "$1"
}

# pair_tcp FLOWS - iperf3's JSON of one run from the first guest to the second
pair_tcp() {
	guest_measure g \
		"iperf3 -c $second_ip -t $seconds -i 0 -J -P $1"
}

# tcp_record CASE PEER ROUND up|down [FLOWS] - one run, with the tap's drops
tcp_record() {
	iperf_record tcp "$1" "$2" "$3" switch with_drops guest_tcp "$4" "${5:-1}"
}

# with_drops CMD... - iperf3's JSON with the drops of the tap meanwhile
with_drops() {
	local drops

	drops=$(tap_drops)
	"$@" >"$WORK/iperf.json" &&
		jq --argjson n "$(($(tap_drops) - drops))" \
			'.tap_drops = $n' "$WORK/iperf.json"
}

# guest_rounds RUN [START] - each round, each peer: RUN PEER ROUND with its guest
# up; with START start_pair, both guests
guest_rounds() {
	local round peer

	ns_add host || fail "no namespace"
	for ((round = 1; round <= rounds; round++)); do
		for peer in "${peers[@]}"; do
			! "${2:-start_peer}" "$peer" || "$1" "$peer" "$round"
			stop_peer
		done
		say "round $round of $rounds"
	done
}
