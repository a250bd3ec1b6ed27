# SPDX-License-Identifier: GPL-2.0-or-later
#
# Captures: filters, files, lines, directions; readers that stop; netkit's
# uml_dump.
#
# shellcheck disable=SC2016 # what wait_for and other shells evaluate

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

switch() {
  switch_start sw --port "uml:$UML${UML_KEYS:-}" --control "$CTL"
}

# capture_start NAME ARG...: in the background; what it says in $WORK/NAME.out
# and .err
capture_start() {
  local name=$1 before
  shift
  before=$(descriptors "$(proc_pid sw)")
  proc_start "$name" bash -c 'exec "$@" >"$0.out" 2>"$0.err"' "$WORK/$name" \
    "$ROUTERCTL" -s "$CTL" capture "$@"
  # The switch is asked on a connection of its own behind that one.
  wait_for descriptors "$(proc_pid sw)" -gt "$before"
  ctl sw stats >/dev/null
  ctl sw stats >/dev/null
}

# capture_end NAME: interrupt it; it ends by itself
capture_end() {
  kill -INT "$(proc_pid "$1")"
  proc_wait "$1"
}

# dump FILE: a line for each frame of a pcap file
dump() {
  timeout 10 tcpdump -nr "$1" 2>/dev/null
}

@test "capture: to a file that tcpdump reads, every frame once" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --ctl "$UML" --mac "$(mac 2)" --announce idle --drain
  capture_start c -w "$WORK/c.pcap"
  peer --ctl "$UML" send --to "$(mac 1)" --count 100 --size 200
  peer --ctl "$UML" send --count 10
  wait_for is sw uml1 .tx.frames -ge 10
  capture_end c
  grep -qx '110 frames captured, 0 missed' "$WORK/c.err"
  [ "$(dump "$WORK/c.pcap" | grep -c "$(mac 99) > $(mac 1).*length 200")" -eq 100 ]
  [ "$(dump "$WORK/c.pcap" | grep -c ethertype)" -eq 110 ]
  json -j stats '.bad_requests == 0'
}

@test "capture: a port, a direction, a count, a snap length" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --ctl "$UML" --mac "$(mac 2)" --announce idle --drain
  capture_start in -i uml0 --direction in -w "$WORK/in.pcap"
  capture_start out --interface uml0 --direction out --count 3 \
    --snaplen 40 --write "$WORK/out.pcap"
  peer --ctl "$UML" send --to "$(mac 1)" --count 5 --size 1000
  # By itself: the count is reached.
  wait_for proc_ended out
  says_no 1 no_such_port -- -s "$CTL" capture -i uml9
  capture_end in
  grep -qx '0 frames captured, 0 missed' "$WORK/in.err"
  grep -qx '3 frames captured, 0 missed' "$WORK/out.err"
  [ "$(dump "$WORK/out.pcap" | grep -c 'length 1000')" -eq 3 ]
  [ "$(stat -c %s "$WORK/out.pcap")" -eq $((24 + 3 * (16 + 40))) ]
}

@test "capture: of a port that leaves" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  capture_start c -i uml0
  peer_end a
  wait_for proc_ended c
  grep -qx '0 frames captured, 0 missed' "$WORK/c.err"
}

@test "capture: filters of libpcap" {
  local filter
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  capture_start some "ether src $(mac 3)" or vlan 7
  capture_start none ip6
  capture_start long -c 5 "$(printf 'ether host 02:00:00:00:01:%02x or ' {0..99}) greater 500"
  peer --ctl "$UML" --mac "$(mac 3)" send --count 2
  peer --ctl "$UML" --mac "$(mac 4)" send --count 4 --vlan 7
  peer --ctl "$UML" --mac "$(mac 5)" send --count 8 --size 600
  wait_for proc_ended long
  capture_end some
  capture_end none
  grep -qx '6 frames captured, 0 missed' "$WORK/some.err"
  [ "$(grep -c "VLAN 7" "$WORK/some.out")" -eq 4 ]
  grep -qx '0 frames captured, 0 missed' "$WORK/none.err"
  grep -qx '5 frames captured, 0 missed' "$WORK/long.err"
  says_no 1 "filter 'tcp prot 80'" pcap-filter bad_argument -- -s "$CTL" capture tcp prot 80
}

@test "capture: programs that are none" {
  local answers
  switch
  for filter in 00050000ffffffff0006000000000000 ffff0000000000000006000000000000 \
    0028000000000010 00 x; do
    run -0 odd ask "$CTL" "{\"object\":\"capture\",\"args\":[\"filter=$filter\"]}"
    [[ $output = *bad_argument* ]]
  done
  answers=$(odd ask "$CTL" '{"object":"capture","args":["snaplen=0"]}' \
    '{"object":"capture","args":["colour=red"]}' '{"object":"capture","args":["direction=up"]}')
  [ "$(grep -c bad_argument <<<"$answers")" -eq 3 ]
  still_serves sw
}

@test "capture: readable lines, and JSON" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  capture_start text -c 1
  capture_start json -c 1 -j
  peer --ctl "$UML" raw --hex "ffffffffffff02000000000208060001080006040001020000000002\
0a0000020000000000000a000001"
  wait_for proc_ended text
  wait_for proc_ended json
  grep -qE '^[0-9:]{8}\.[0-9]{6} uml1 in 02:00:00:00:00:02 > ff:ff:ff:ff:ff:ff ARP who has 10.0.0.1, tell 10.0.0.2 \(42\)$' \
    "$WORK/text.out"
  jq -e 'keys == ["direction", "length", "port", "text", "time"] and .port == "uml1" and
    .direction == "in" and .length == 42 and (.text | contains("ARP"))' "$WORK/json.out"
}

@test "capture: to standard output, at once" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  proc_start pipe bash -c "'$ROUTERCTL' -s '$CTL' capture -w - | tcpdump -lnr - >'$WORK/lines'"
  wait_for descriptors "$(proc_pid sw)" -ge 8
  wait_for eval 'peer --ctl "$UML" send --to "$(mac 1)" && grep -q ethertype "$WORK/lines"'
  # Whoever reads it goes: so does the capture.
  proc_stop pipe
}

@test "capture: large frames between taps" {
  need_tun
  local ns
  for ns in wire left right; do
    ns_add "$ns"
  done
  switch_start -n wire sw --port tap:tapl --port tap:tapr --control "$CTL"
  for ns in left right; do
    ns_exec wire ip link set "tap${ns:0:1}" netns "$(proc_pid "ns-$ns")"
    ns_exec "$ns" ip link set "tap${ns:0:1}" up
  done
  ns_exec left ip addr add 10.98.0.1/24 dev tapl
  ns_exec right ip addr add 10.98.0.2/24 dev tapr
  capture_start c -w "$WORK/c.pcap" tcp
  proc_start -n right server iperf3 -s -1
  wait_for ns_exec right sh -c 'ss -ltn | grep -q :5201'
  ns_exec left iperf3 -c 10.98.0.2 -n 20M >/dev/null
  capture_end c
  cat "$WORK/c.err"
  [ "$(dump "$WORK/c.pcap" | sed -n 's/.*length \([0-9]*\)$/\1/p' | sort -n |
    tail -n 1)" -gt 9000 ]
}

@test "capture: a reader that stops misses frames, and stops nobody" {
  local pid
  UML_KEYS=,policy=block switch
  pid=$(proc_pid sw)
  odd_start mute mute "$CTL" '{"object":"capture"}'
  capture_start stopped -w "$WORK/stopped.pcap"
  kill -STOP "$(proc_pid stopped)"
  traffic 3
  peer_start sink --ctl "$UML" --mac "$(mac 3)" --announce idle --drain
  peer_start more --ctl "$UML" --mac "$(mac 7)" \
    send --to "$(mac 3)" --count 8000 --size 1500 --rate 5000
  peer_done more
  most_arrived
  [ "$(proc_status "$pid" VmRSS)" -le 40000 ]
  works_little "$pid" 1 5
  kill -CONT "$(proc_pid stopped)"
  capture_end stopped
  [[ $(cat "$WORK/stopped.err") =~ ^([0-9]+)\ frames\ captured,\ ([0-9]+)\ missed$ ]]
  [ "${BASH_REMATCH[2]}" -gt 0 ]
  [ "$(dump "$WORK/stopped.pcap" | grep -c ethertype)" -eq "${BASH_REMATCH[1]}" ]
  [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -eq "$(total sw .rx.frames)" ]
}

@test "capture: no more than 32 at a time, monitors included" {
  local i
  switch
  for ((i = 0; i < 32; i++)); do
    odd_start "mute$i" mute "$CTL" '{"object":"capture"}'
  done
  wait_for eval 'ctl sw capture -c 1 2>&1 | grep -q busy'
  json -j stats '.ports.now == 0'
  proc_kill mute0
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  wait_for eval 'timeout 5 "$ROUTERCTL" -s "$CTL" monitor | head -n 1 | grep -q listening'
}

@test "uml_dump of netkit: a copy of every frame, and nothing stands still for it" {
  UML_KEYS=,policy=block switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start dump --ctl "$UML" --type 1 recv --silence 2 --wait 20
  wait_for ports sw 2
  # Unicast, flooded, and none of it twice.
  peer --ctl "$UML" send --to "$(mac 1)" --count 50 --size 1514 --rate 1000
  peer --ctl "$UML" send --count 5 --rate 1000
  peer_done dump received=55 duplicate=0
  wait_for is sw uml0 .tx.frames -eq 55
  # One that stops reading.
  peer_start deaf --ctl "$UML" --type 1 idle
  wait_for ports sw 2
  traffic 2
  most_arrived
  json -j port show 'map(select(.drops.queue_full > 0)) | length == 1'
  still_serves sw
}

# shellcheck disable=SC2034 # RUN_AS is read by proc_start
@test "uml_dump: on a switch not for others than its owner, on a hub for all" {
  local other=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  need_root
  "${other[@]}" true || skip "cannot change the user"
  switch_start sw --port "uml:$UML" --mode 0666 --control "$CTL"
  RUN_AS=("${other[@]}")
  proc_start dump "$PEER" --ctl "$UML" --type 1 idle
  run -5 proc_wait dump
  proc_log sw | grep "not for user $(id -u nobody)"
  proc_start plain "$PEER" --ctl "$UML" idle
  wait_for ports sw 1
  switch_stop sw || true
  RUN_AS=()
  switch_start sw -hub --port "uml:$UML" --mode 0666 --control "$CTL"
  RUN_AS=("${other[@]}")
  proc_start dump2 "$PEER" --ctl "$UML" --type 1 idle
  wait_for ports sw 1
}

@test "uml_dump and capture: a priority tag as it came, before a VLAN is in it" {
  switch
  ctl sw port add "uml:$SEQ,vlan=10,name=access"
  ctl sw port add "uml:$WORK/trunk,trunk=10,name=trunk"
  peer_start dump --ctl "$UML" --type 1 recv --count 2 --show 2 --wait 20
  peer_start far --ctl "$WORK/trunk" recv --count 2 --show 2 --wait 20
  capture_start in -w "$WORK/in.pcap"
  peer --ctl "$SEQ" send --count 2 --priority 5
  peer_done dump received=2
  peer_done far received=2
  capture_end in
  [ "$(proc_log dump | grep -c 'vlan=0 priority=5')" -eq 2 ]
  [ "$(proc_log far | grep -c 'vlan=10 priority=5')" -eq 2 ]
  [ "$(timeout 10 tcpdump -enr "$WORK/in.pcap" 2>/dev/null |
    grep -c 'vlan 0, p 5')" -eq 2 ]
}
