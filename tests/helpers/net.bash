# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Throw-away networks for tests: namespaces that vanish with their holder,
# taps, veth pairs, and the switch under test. Needs proc.bash.
#
#   need_root / need_tun           skip the test where namespaces, or taps, fail
#   ns_add NS...                   network namespaces (own /sys), loopback up
#   ns_exec NS CMD [ARG...]        run inside
#   ns_del NS                      gone, with every device in it
#   tap_add NS DEV [ip-tuntap ARG...]   persistent tap, up
#   veth_add NS DEV NS2 DEV2       a cable between two namespaces, up
#   switch_start [-n NS] NAME ARG...    $ROUTER ARG..., until its sockets are there
#   switch_stop NAME               SIGTERM; returns the switch's exit status
#   ctl NAME ARG...                $ROUTERCTL -s <control socket of NAME> ARG...
#   counter NAME PORT JQ-PATH      one number of `port show`, e.g. .drops.queue_full

BUILD=${BUILD:-build}
ROUTER=${ROUTER:-$BUILD/uml_router/uml_router}
ROUTERCTL=${ROUTERCTL:-$BUILD/uml_router/uml_routerctl}

# need_root: namespaces need root, be it that of a user namespace
need_root() {
  [ "$(id -u)" -eq 0 ] || skip "needs root or an unprivileged user namespace"
}

# need_tun: taps need the device besides
need_tun() {
  need_root
  [ -w /dev/net/tun ] || skip "needs /dev/net/tun"
}

# ns_add NS...: each is held by a process of its own, so none is left over in
# /run/netns if a test is killed. /sys is mounted anew: it shows the devices
# of the namespace.
ns_add() {
  # shellcheck disable=SC2034 # read by proc_start
  local ns RUN_AS=()
  for ns; do
    # shellcheck disable=SC2016
    proc_start "ns-$ns" unshare --net --mount sh -c '
      mount -t sysfs sysfs /sys && ip link set lo up && : >"$0" &&
        exec sleep infinity' "$WORK/proc/ns-$ns.ready" || return 1
    wait_for test -e "$WORK/proc/ns-$ns.ready" || return 1
  done
}

# ns_words NS: the words, one a line, that run a command inside
ns_words() {
  printf '%s\n' nsenter --target "$(proc_pid "ns-$1")" --net --mount \
    "--wdns=$PWD" --
}

ns_exec() {
  local enter
  mapfile -t enter < <(ns_words "$1")
  shift
  timeout -k 2 "${NS_LIMIT:-60}" "${enter[@]}" "$@"
}

ns_del() {
  proc_stop "ns-$1"
}

tap_add() {
  local ns=$1 dev=$2
  shift 2
  ns_exec "$ns" ip tuntap add dev "$dev" mode tap "$@" || return 1
  # Router solicitations and the like would spoil exact frame counts.
  ns_exec "$ns" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$dev/disable_ipv6" \
    2>/dev/null || true
  ns_exec "$ns" ip link set dev "$dev" up
}

veth_add() {
  ns_exec "$1" ip link add "$2" type veth \
    peer name "$4" netns "$(proc_pid "ns-$3")" || return 1
  ns_exec "$1" ip link set dev "$2" up || return 1
  ns_exec "$3" ip link set dev "$4" up
}

# switch_sockets ARG...: the paths that a switch with these arguments makes,
# one a line, the control socket for management first
switch_sockets() {
  local spec sockets=()
  while [ $# -gt 0 ]; do
    case $1 in
    --control) printf '%s\n' "$2" ;;
    -unix | --unix) sockets+=("$2") ;;
    --port)
      spec=${2%%,*}
      case $2 in
      vde:*) sockets+=("${spec#*:}/ctl") ;;
      *:connect=*) ;;
      uml:* | seqpacket:* | stream:* | dgram:* | vhost-user:*)
        sockets+=("${spec#*:}")
        ;;
      esac
      ;;
    esac
    shift
  done
  [ ${#sockets[@]} -eq 0 ] || printf '%s\n' "${sockets[@]}"
}

# switch_ready NAME: every socket is there, or the switch has ended
switch_ready() {
  local socket
  proc_ended "$1" && return 0
  while read -r socket; do
    [ -S "$socket" ] || return 1
  done <"$WORK/proc/$1.sockets"
}

# on_second_worker ARG...: sets args, the same but with all ports on worker 1 of
# $UML_ROUTER_WORKERS
on_second_worker() {
  args=(--workers "$UML_ROUTER_WORKERS")
  while [ $# -gt 0 ]; do
    args+=("$1")
    if [ "$1" = --port ]; then
      args+=("$2,worker=1")
      shift
    fi
    shift
  done
}

switch_start() {
  local in=() args=() name
  if [ "$1" = -n ]; then
    in=(-n "$2")
    shift 2
  fi
  name=$1
  shift
  switch_sockets "$@" >"$WORK/proc/$name.sockets"
  args=("$@")
  [ -z "${UML_ROUTER_WORKERS:-}" ] || on_second_worker "$@"
  proc_start "${in[@]}" "$name" "$ROUTER" "${args[@]}" || return 1
  if ! wait_for switch_ready "$name" || proc_ended "$name"; then
    echo "switch did not start: $ROUTER $*" >&2
    proc_log "$name" >&2
    return 1
  fi
}

switch_stop() {
  proc_stop "$1"
  proc_wait "$1"
}

ctl() {
  local socket
  read -r socket <"$WORK/proc/$1.sockets"
  shift
  timeout -k 2 10 "$ROUTERCTL" -s "$socket" "$@"
}

counter() {
  ctl "$1" --json port show "$2" | jq -e "(if type == \"array\" then .[0] else . end) | $3 // 0"
}
