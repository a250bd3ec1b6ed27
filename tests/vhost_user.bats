# SPDX-License-Identifier: GPL-2.0-or-later
#
# vhost-user ports: real UML and QEMU guests whose memory the switch shares,
# with each other, with the host and with guests that have other transports;
# drivers that are loaded again, guests that are killed, and clients that are
# none.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/guest
load helpers/qemu
load helpers/peer

setup() {
  setup_peers
  VU=$WORK/vu
}

# start SW [SPEC...]: a switch with a vhost-user socket and the host's tap
start() {
  local specs=()
  need_tun
  ns_add host
  tap_add host tap0
  ns_exec host ip addr add 10.0.0.254/24 dev tap0
  for spec in "${@:2}"; do
    specs+=(--port "$spec")
  done
  switch_start -n host "$1" --control "$CTL" --port tap:tap0 \
    --port "vhost-user:$VU" "${specs[@]}"
  proc_start -n host iperf iperf3 -s
}

uml() {
  guest_start "$1" "virtio_uml.device=$VU:1"
}

# up NAME N: its driver is loaded, with 10.0.0.N
up() {
  guest_run "$1" "modprobe virtio_net && ip addr add 10.0.0.$2/24 dev eth0 &&
    ip link set eth0 up"
}

# two_guests: a with 10.0.0.1 and b with 10.0.0.2
two_guests() {
  uml a
  uml b
  guest_wait_up a b
  up a 1
  up b 2
}

# qemu NAME N [OPTION [MORE]]: with 192 MiB that it shares; OPTION of -netdev,
# MORE of the network card
qemu() {
  qemu_start "$1" -object memory-backend-memfd,id=m,size=192M,share=on \
    -machine memory-backend=m -chardev "socket,id=c,path=$VU,reconnect=1" \
    -netdev "vhost-user,id=n,chardev=c${3:+,$3}" \
    -device "virtio-net-pci,netdev=n,mac=02:00:00:00:00:0$2,vectors=0,romfile=${4:+,$4}"
}

# pings NAME N [ARG...]: ten pings from a UML guest, all answered
pings() {
  guest_run "$1" "ping -c 10 -i 0.05 -w 20 ${*:3} 10.0.0.$2 | tee /dev/stderr |
    grep -q ' 10 packets received'"
}

qemu_pings() {
  qemu_run "$1" "ping -c 5 -w 20 ${*:3} 10.0.0.$2 | grep -q ' 5 packets received'"
}

# at_least N RATE...: throughputs, Mbit/s
at_least() {
  local least=$1 rate
  shift
  echo "Mbit/s: $*"
  for rate; do
    [ "$rate" -ge "$least" ]
  done
}

# still_serves_host: a guest that comes now
still_serves_host() {
  uml late
  guest_wait_up late
  up late 9
  pings late 254
}

# rings SW PORT: how many run
rings() {
  counter "$1" "$2" '(.vhost_user.rings | length)'
}

rings_are() {
  [ "$(rings "$1" "$2")" -eq "$3" ]
}

# port_of_guest NAME: of its kernel
port_of_guest() {
  ctl sw --json port show |
    jq -er ".[] | select(.peer.pid == $(guest_pid "$1")) | .name"
}

# drops SW REASON: of all ports, those that left too
drops() {
  total "$1" ".drops.$2"
}

@test "two UML guests and the host" {
  start sw
  uml a
  uml b
  guest_wait_up a b
  ports sw 3
  state_is sw vhost-user0 down
  up a 1
  up b 2
  state_is sw vhost-user0 up
  pings a 254
  pings a 2
  pings b 1 -s 1472
  at_least 100 "$(guest_iperf a 10.0.0.254)" "$(guest_iperf a 10.0.0.254 -R)"
  guest_iperf_server b
  at_least 100 "$(guest_iperf a 10.0.0.2)" "$(guest_iperf a 10.0.0.2 -P 4 -R)"
  rings_are sw vhost-user0 2
  ctl sw --json port show vhost-user0 |
    jq -e '.[0] | .offload == ["csum", "tso4", "tso6", "ecn"] and
      .vhost_user.rings[0].length == 256 and .vhost_user.features > 0'
  # Large frames pass as they are.
  is sw tap0 '(.tx.bytes / .tx.frames | floor)' -ge 4000
  [ "$(drops sw malformed)" -eq 0 ]
}

# policy_is SW N: its scheduling policy, as the kernel numbers them
policy_is() {
  [ "$(proc_sched "$(proc_pid "$1")" policy)" = "$2" ]
}

@test "guests that send to each other are not interrupted, others are" {
  start sw
  two_guests
  [ -n "$(proc_sched self policy)" ] || skip "this kernel does not tell policies"
  guest_iperf_server b
  guest_iperf a 10.0.0.254 >/dev/null
  policy_is sw 0
  guest_spawn a 'iperf3 -c 10.0.0.2 -t 20' >/dev/null
  wait_for policy_is sw 3
  guest_kill a
  wait_for policy_is sw 0
}

@test "copies come unchanged, long plain frames too" {
  local sum
  start sw
  two_guests
  sum=$(guest_run b 'dd if=/dev/urandom of=/tmp/noise bs=64k count=128 2>/dev/null
    httpd -p 80 -h /tmp && md5sum </tmp/noise')
  [ "$(guest_run a 'wget -q -O - http://10.0.0.2/noise | md5sum')" = "$sum" ]
  ns_exec host timeout 20 busybox wget -q -O - http://10.0.0.2/noise >"$WORK/noise"
  [ "$(md5sum <"$WORK/noise")" = "$sum" ]
  for name in a b; do
    guest_run $name 'ip link set eth0 mtu 65000'
  done
  pings a 2 -s 60000
  [ "$(guest_run a 'wget -q -O - http://10.0.0.2/noise | md5sum')" = "$sum" ]
}

@test "a UML guest and one that takes no large frame" {
  start sw "seqpacket:$SEQ"
  uml a
  guest_start b "vec0:transport=bess,dst=$SEQ,depth=128,mac=02:00:00:00:00:02"
  guest_wait_up a b
  up a 1
  guest_addr b vec0 10.0.0.2/24
  pings a 2
  guest_iperf_server b
  at_least 20 "$(guest_iperf a 10.0.0.2)" "$(guest_iperf a 10.0.0.2 -R)"
  [ "$(drops sw uncut)" -eq 0 ]
}

@test "a UML guest's driver is loaded again and again" {
  start sw
  uml a
  guest_wait_up a
  for _ in 1 2 3; do
    up a 1
    pings a 254
    guest_run a 'rmmod virtio_net'
    wait_for rings_are sw vhost-user0 0
    state_is sw vhost-user0 down
  done
  up a 1
  pings a 254
}

@test "a guest that is killed leaves, the others go on" {
  start sw
  two_guests
  pings a 2
  guest_iperf_server b
  guest_spawn a 'iperf3 -c 10.0.0.2 -t 20' >/dev/null
  wait_for is sw vhost-user1 .tx.frames -gt 1000
  guest_kill a
  wait_for ports sw 2
  guest_start c "virtio_uml.device=$VU:1"
  guest_wait_up c
  up c 3
  guest_run c 'ping -c 5 -i 0.1 10.0.0.2'
}

@test "a guest that stands still does not hold up the others" {
  start sw
  two_guests
  pings a 2
  pings b 254
  guest_pause b
  # Until its ring and its queue are full.
  ns_exec host timeout 20 python3 "$ODD" flood 10.0.0.2 1
  wait_for is sw "$(port_of_guest b)" .drops.queue_full -gt 0
  pings a 254
  guest_resume b
  pings a 2
}

@test "QEMU and UML on one switch, and a switch that is restarted" {
  qemu_need
  start sw
  qemu q 5
  uml a
  guest_wait_up a
  up a 1
  qemu_wait_up q
  qemu_addr q 10.0.0.5/24
  pings a 5
  qemu_pings q 254
  qemu_pings q 1 -s 1472
  qemu_run q 'nc -l -p 5000 >/dev/null & sleep 1'
  ns_exec host timeout 30 sh -c 'head -c 50000000 /dev/zero | busybox nc 10.0.0.5 5000'
  switch_stop sw || true
  switch_start -n host sw --control "$CTL" --port tap:tap0 --port "vhost-user:$VU"
  wait_for -t 20 rings_are sw vhost-user0 2
  qemu_pings q 254
  # UML gives its interface up for good.
  guest_run a '! ip link show eth0'
}

@test "QEMU with several queues" {
  qemu_need
  start sw
  qemu q 5 queues=2 mq=on
  qemu_wait_up q
  qemu_addr q 10.0.0.5/24
  qemu_pings q 254
  [ "$(rings sw vhost-user0)" -ge 2 ]
  rings sw vhost-user0
}

@test "clients that say nothing, or half a message, hold up nobody" {
  start sw
  uml a
  guest_wait_up a
  up a 1
  odd_start silent crowd "$VU" 50
  odd_start half say "$VU" 0200000001000000
  grep -q closed=no <(proc_log half)
  odd_start body say "$VU" 02000000010000000800000000
  wait_for ports sw 54
  pings a 254
  # They are turned out after ten seconds.
  wait_for -t 20 ports sw 2
  proc_wait half 5
  grep -q closed=later <(proc_log half)
  pings a 254
}

@test "clients that say nonsense are turned out" {
  start sw
  # Version 2, a reply, a payload beyond all, a table without files.
  odd say "$VU" 010000000200000000000000 | grep closed=yes
  odd say "$VU" 010000000500000000000000 | grep closed=yes
  odd say "$VU" 0100000001000000ffffffff | grep closed=yes
  odd say "$VU" 050000000100000028000000"0100000000000000$(printf '%064d' 0)" |
    grep closed=yes
  # The log of migration is refused, and that is an answer.
  odd say "$VU" 060000000900000008000000"$(printf '%016d' 0)" | grep closed=yes
  total sw .bad_requests -ge 4
  still_serves_host
}

@test "an idle guest costs nothing" {
  start sw
  uml a
  guest_wait_up a
  up a 1
  pings a 254
  guest_run a 'ip link set eth0 arp off'
  rests "$(proc_pid sw)" 3 15 2
}
