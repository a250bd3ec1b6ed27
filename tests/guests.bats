# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real User-mode Linux guests on uml_router: every transport it takes them by,
# and what they do to each other when one of them is slow, stopped or killed.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/guest

setup() {
  work_make
  PEER=$BUILD/tests/helpers/peer
  UML=$WORK/uml.ctl
  BESS=$WORK/bess
}

teardown() {
  if [ -z "${BATS_TEST_COMPLETED:-}" ] && [ -e "$WORK/proc/sw.log" ]; then
    ctl sw port show || true
    proc_log sw
  fi
  cleanup
}

# daemon_guest NAME N [NS]: boots a guest with address 02:...:N on the uml
# socket, which it joins while it boots. Its data socket has an abstract name,
# so it must live in the switch's network namespace.
daemon_guest() {
  guest_start ${3:+-n "$3"} "$1" "eth0=daemon,02:00:00:00:00:0$2,unix,$UML"
}

# bess_guest NAME N [OPTION]: the same on the seqpacket socket, which it joins
# when its interface comes up
bess_guest() {
  guest_start "$1" \
    "vec0:transport=bess,dst=$BESS,depth=128,mac=02:00:00:00:00:0$2${3:+,$3}"
}

# no_drops SWITCH PORT: the switch dropped nothing that was for or from it
no_drops() {
  is "$1" "$2" '(.drops | add)' -eq 0
}

# port_of SWITCH NAME: name of the port that a guest is on
port_of() {
  ctl "$1" --json port show |
    jq -er ".[] | select(.peer.pid == $(guest_pid "$2")) | .name"
}

# is SWITCH PORT JQ-PATH OP N: compares a counter; OP as for test(1)
is() {
  test "$(counter "$1" "$2" "$3")" "$4" "$5"
}

# ports SWITCH N: it has N ports
ports() {
  [ "$(ctl "$1" --json port show | jq length)" -eq "$2" ]
}

# pings NAME ADDR [ARG...]: ten pings, all answered
pings() {
  guest_run "$1" "ping -c 10 -i 0.05 -w 20 ${*:3} $2 | tee /dev/stderr |
    grep -q ' 10 packets received'"
}

# copies NAME NAME2 ADDR2: 4 MiB of noise come unchanged from the second
copies() {
  local sum
  sum=$(guest_run "$2" '
    dd if=/dev/urandom of=/tmp/noise bs=64k count=64 2>/dev/null
    httpd -p 80 -h /tmp && md5sum </tmp/noise')
  [ "$(guest_run "$1" "wget -q -O - http://$3/noise | md5sum")" = "$sum" ]
}

# talk NAME ADDR NAME2 ADDR2: everything that two guests can do
talk() {
  pings "$1" "$4"
  pings "$3" "$2"
  pings "$1" "$4" -s 1472
  copies "$1" "$3" "$4"
  copies "$3" "$1" "$2"
  guest_iperf_server "$3"
  up=$(guest_iperf "$1" "$4")
  down=$(guest_iperf "$1" "$4" -R)
  echo "$1 to $3: $up Mbit/s, back: $down Mbit/s"
  [ "$up" -ge 20 ]
  [ "$down" -ge 20 ]
}

@test "two guests on the daemon transport" {
  switch_start sw --port "uml:$UML" --control "$WORK/c"
  daemon_guest a 1
  daemon_guest b 2
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  ports sw 2
  talk a 10.0.0.1 b 10.0.0.2
  [ "$(ctl sw --json fdb show | jq -r 'map(.mac + " " + .port) | sort | join(" ")')" = \
    "02:00:00:00:00:01 $(port_of sw a) 02:00:00:00:00:02 $(port_of sw b)" ]
}

@test "two guests on the old command line" {
  switch_start sw -unix "$UML"
  daemon_guest a 1
  daemon_guest b 2
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  pings a 10.0.0.2
}

@test "a daemon guest and a BESS guest" {
  switch_start sw --port "uml:$UML" --port "seqpacket:$BESS" --control "$WORK/c"
  daemon_guest a 1
  bess_guest b 2
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b vec0 10.0.0.2/24
  talk a 10.0.0.1 b 10.0.0.2
}

@test "two BESS guests" {
  switch_start sw --port "seqpacket:$BESS" --control "$WORK/c"
  bess_guest a 1
  bess_guest b 2
  guest_wait_up a b
  guest_addr a vec0 10.0.0.1/24
  guest_addr b vec0 10.0.0.2/24
  talk a 10.0.0.1 b 10.0.0.2
}

@test "a guest and the host through a tap" {
  need_tun
  ns_add host
  tap_add host tap0
  ns_exec host ip addr add 10.0.0.254/24 dev tap0
  switch_start -n host sw --port tap:tap0 --port "uml:$UML" --control "$WORK/c"
  proc_start -n host iperf iperf3 -s
  daemon_guest a 1 host
  guest_wait_up a
  guest_addr a eth0 10.0.0.1/24
  pings a 10.0.0.254
  pings a 10.0.0.254 -s 1472
  ns_exec host busybox ping -c 10 -i 0.05 -w 20 10.0.0.1
  up=$(guest_iperf a 10.0.0.254)
  down=$(guest_iperf a 10.0.0.254 -R)
  echo "guest to host: $up Mbit/s, host to guest: $down Mbit/s"
  [ "$up" -ge 20 ]
  [ "$down" -ge 20 ]
}

@test "a hub sends everything to everyone, a switch does not" {
  local mode seen
  for mode in switch hub; do
    [ $mode = hub ] && set -- --hub || set --
    switch_start $mode "$@" --port "uml:$UML" --control "$WORK/$mode"
    proc_start third-$mode "$PEER" --proto v3 --ctl "$UML" --timeout 60 \
      --mac 02:00:00:00:00:03 idle --drain
    wait_for ports $mode 1
    daemon_guest a-$mode 1
    daemon_guest b-$mode 2
    guest_wait_up a-$mode b-$mode
    guest_addr a-$mode eth0 10.0.0.1/24
    guest_addr b-$mode eth0 10.0.0.2/24
    # The first pings ask for addresses, with broadcasts.
    pings a-$mode 10.0.0.2
    seen=$(counter $mode uml0 .tx.frames)
    pings a-$mode 10.0.0.2
    seen=$(($(counter $mode uml0 .tx.frames) - seen))
    echo "$mode: a third port saw $seen frames of 10 pings"
    case $mode in
    hub) [ "$seen" -ge 20 ] ;;
    # An address may be asked for again meanwhile.
    switch) [ "$seen" -le 4 ] ;;
    esac
    guest_stop a-$mode
    guest_stop b-$mode
    proc_stop third-$mode
    proc_stop $mode
  done
}

# best OLD NEW: the larger number
best() {
  echo $(($1 > $2 ? $1 : $2))
}

@test "a stopped guest does not slow the others; its losses are counted" {
  local free=0 stopped=0 round port sent lost
  switch_start sw --port "uml:$UML,policy=drop" --control "$WORK/c"
  daemon_guest a 1
  daemon_guest b 2
  daemon_guest c 3
  guest_wait_up a b c
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_addr c eth0 10.0.0.3/24
  guest_iperf_server b
  pings c 10.0.0.1
  port=$(port_of sw c)
  # Turns of both, so that what else the machine does meets both.
  for round in 1 2; do
    free=$(best "$free" "$(guest_iperf a 10.0.0.2)")
    guest_pause c
    proc_start "flood$round" "$PEER" --proto v3 --ctl "$UML" --timeout 60 \
      --mac 02:00:00:00:00:04 send --to 02:00:00:00:00:03 \
      --rate 2000 --count 8000 --size 1000
    stopped=$(best "$stopped" "$(guest_iperf a 10.0.0.2)")
    proc_wait "flood$round" 30
    guest_resume c
  done
  echo "others: $free Mbit/s, with a stopped one beside them: $stopped Mbit/s"
  [ $((stopped * 2)) -ge "$free" ]

  # 16000 frames went to c. Those it could not take are counted, no other is.
  wait_for is sw "$port" .queue.length -eq 0
  sent=$(counter sw "$port" .tx.frames)
  lost=$(counter sw "$port" .drops.queue_full)
  echo "to the stopped guest: $sent sent, $lost dropped"
  [ "$lost" -ge 1000 ]
  [ $((sent + lost)) -ge 16000 ]
  is sw "$port" '(.drops | del(.queue_full) | add)' -eq 0
  pings c 10.0.0.1
}

@test "jumbo frames between BESS guests" {
  local port frames bytes
  switch_start sw --port "seqpacket:$BESS" --control "$WORK/c"
  bess_guest a 1 mtu=9000
  bess_guest b 2 mtu=9000
  guest_wait_up a b
  guest_addr a vec0 10.0.0.1/24
  guest_addr b vec0 10.0.0.2/24
  pings a 10.0.0.2
  port=$(port_of sw a)
  frames=$(counter sw "$port" .rx.frames)
  bytes=$(counter sw "$port" .rx.bytes)
  # 8 octets of ICMP, 20 of IP and 14 of Ethernet make 9014, in one frame.
  pings a 10.0.0.2 -s 8972
  frames=$(($(counter sw "$port" .rx.frames) - frames))
  bytes=$(($(counter sw "$port" .rx.bytes) - bytes))
  echo "10 pings: $frames frames, $bytes octets"
  [ "$frames" -le 12 ]
  [ "$bytes" -ge 90140 ]
  guest_iperf_server b
  rate=$(guest_iperf a 10.0.0.2)
  echo "$rate Mbit/s"
  [ "$rate" -ge 20 ]
  no_drops sw "$port"
}

@test "VLAN-tagged frames of full size pass whole" {
  local guest port frames bytes
  switch_start sw --port "uml:$UML" --port "seqpacket:$BESS" --control "$WORK/c"
  daemon_guest a 1
  bess_guest b 2
  guest_wait_up a b
  for guest in 'a eth0 10.5.0.1/24' 'b vec0 10.5.0.2/24'; do
    # shellcheck disable=SC2086
    set -- $guest
    guest_run "$1" "modprobe 8021q && ip link set $2 up &&
      ip link add link $2 name vlan5 type vlan id 5"
    guest_addr "$1" vlan5 "$3"
  done
  pings a 10.5.0.2
  port=$(port_of sw a)
  frames=$(counter sw "$port" .rx.frames)
  bytes=$(counter sw "$port" .rx.bytes)
  # 1500 octets of IP with a tagged header are 1518.
  pings a 10.5.0.2 -s 1472
  frames=$(($(counter sw "$port" .rx.frames) - frames))
  bytes=$(($(counter sw "$port" .rx.bytes) - bytes))
  echo "10 pings: $frames frames, $bytes octets"
  [ "$frames" -le 12 ]
  [ "$bytes" -ge 15180 ]
  copies a b 10.5.0.2
  copies b a 10.5.0.1
}

@test "a guest is killed and comes back with the same address" {
  switch_start sw --port "uml:$UML" --control "$WORK/c"
  daemon_guest a 1
  daemon_guest b 2
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  pings a 10.0.0.2
  guest_kill b
  wait_for ports sw 1
  # Nothing of it is left; frames for it go nowhere, and nobody minds.
  [ "$(ctl sw --json fdb show | jq -r 'map(.mac) | join(",")')" = 02:00:00:00:00:01 ]
  run ! guest_run a 'ping -c 2 -i 0.1 -W 1 10.0.0.2'
  daemon_guest again 2
  guest_wait_up again
  guest_addr again eth0 10.0.0.2/24
  pings a 10.0.0.2
  pings again 10.0.0.1
  [ "$(ctl sw --json fdb show | jq length)" -eq 2 ]
}

# burst NS ADDR N: N datagrams of 1000 octets at once
burst() {
  # shellcheck disable=SC2016
  ns_exec "$1" bash -c '
    printf -v text "%0*d" 1000 0
    exec 4>"/dev/udp/$0/9"
    for ((i = 0; i < $1; i++)); do printf "%s" "$text" >&4 || exit 1; done' "$2" "$3"
}

# datagrams NAME OP N: compares how many have come up to UDP in a guest
datagrams() {
  local n
  n=$(guest_run "$1" "awk '/^Udp: [0-9]/ { print \$2 + \$3 + \$4 }' /proc/net/snmp")
  echo "$n datagrams have come"
  test "$n" "$2" "$3"
}

# slow_guest POLICY: a stopped guest behind a port of 64 frames, and a burst of
# 400 into the tap, whose queue can hold it. Then silence.
slow_guest() {
  need_tun
  ns_add host
  tap_add host tap0
  ns_exec host ip link set tap0 txqueuelen 1000
  ns_exec host ip addr add 10.0.0.254/24 dev tap0
  ns_exec host ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev tap0
  switch_start -n host sw --port tap:tap0 \
    --port "uml:$UML,policy=$1,queue=64" --control "$WORK/c"
  daemon_guest a 1 host
  guest_wait_up a
  guest_addr a eth0 10.0.0.1/24
  pings a 10.0.0.254
  datagrams a -eq 0
  guest_pause a
  burst host 10.0.0.1 400
  wait_for is sw uml0 .queue.length -ge 32
  [ "$(ns_exec host cat /sys/class/net/tap0/statistics/tx_dropped)" -eq 0 ]
  guest_resume a
}

@test "policy=block: a burst into the tap, then silence, arrives whole" {
  slow_guest block
  wait_for datagrams a -ge 400
  datagrams a -eq 400
  no_drops sw uml0
  no_drops sw tap0
}

@test "policy=drop: what such a burst loses is counted" {
  local lost
  slow_guest drop
  wait_for is sw uml0 .queue.length -eq 0
  lost=$(counter sw uml0 .drops.queue_full)
  echo "$lost dropped"
  [ "$lost" -ge 100 ]
  wait_for datagrams a -ge $((400 - lost))
  datagrams a -eq $((400 - lost))
}

# UML's vector driver panics the guest when its transmit queue stands still for
# a second or so: a port that blocks may hold it, but not for that long.
@test "policy=block: a BESS guest survives sending to a stopped one" {
  local to
  switch_start sw --port "seqpacket:$BESS,policy=block" --control "$WORK/c"
  bess_guest a 1
  bess_guest b 2
  guest_wait_up a b
  guest_addr a vec0 10.0.0.1/24
  guest_addr b vec0 10.0.0.2/24
  pings a 10.0.0.2
  to=$(port_of sw b)
  guest_iperf_server b
  guest_spawn -t 60 a 'iperf3 -u -b 0 -l 1000 -t 30 -c 10.0.0.2' >/dev/null
  wait_for is sw "$to" .tx.frames -ge 3000
  guest_pause b
  # The guest sends some 5,000 frames a second: this takes seconds.
  wait_for -t 30 is sw "$to" .drops.hold_limit -ge 15000
  guest_resume b
  pings a 10.0.0.2
  run ! grep -i panic <(guest_log a)
}
