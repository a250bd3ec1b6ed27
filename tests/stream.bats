# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stream, datagram and multicast ports: what synthetic clients may rely on and
# may do to others, and the programs that these ports are for: QEMU, passt, and
# UML guests with the mcast transport.
#
# shellcheck disable=SC1010 # "then" is a word of peer's

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer
load helpers/guest
load helpers/qemu

setup() {
  setup_peers
  STREAM=$WORK/stream
}

# switch [ARG...]: with a stream, a uml and a management socket
switch() {
  switch_start sw --port "stream:$STREAM${STREAM_KEYS:-}" \
    --port "uml:$UML,policy=block" "$@" --control "$CTL"
}

# stream_peer ARG... / stream_start NAME ARG...: clients of the stream socket
stream_peer() {
  peer --proto stream --ctl "$STREAM" "$@"
}

stream_start() {
  local name=$1
  shift
  peer_start "$name" --proto stream --ctl "$STREAM" "$@"
}

# others_talk: a client sends to another, in order and without loss; not more
# than a port takes at once
others_talk() {
  peer_start "to$BASHPID" --ctl "$UML" --mac "$(mac 201)" --announce \
    recv --count 100 --strict --wait 10 --silence 10
  wait_for mac_port sw "$(mac 201)"
  stream_peer --mac "$(mac 202)" send --to "$(mac 201)" --count 100 --size 60-1514
  peer_done "to$BASHPID" received=100 corrupt=0 missing=0
  stream_start "to$BASHPID" --mac "$(mac 203)" --announce \
    recv --count 100 --strict --wait 10 --silence 10
  wait_for mac_port sw "$(mac 203)"
  peer --ctl "$UML" send --to "$(mac 203)" --count 100 --size 60-1514
  peer_done "to$BASHPID" received=100 corrupt=0 missing=0
}

# --- stream ------------------------------------------------------------------

@test "stream: several clients on one socket, each with each" {
  local i
  STREAM_KEYS=,policy=block switch
  for i in 1 2 3; do
    stream_start "to$i" --mac "$(mac $i)" --announce \
      recv --count 300 --strict --wait 10 --silence 10
  done
  for i in 1 2 3; do
    wait_for mac_port sw "$(mac $i)"
    [[ $(mac_port sw "$(mac $i)") = stream[0-9] ]]
  done
  stream_peer --mac "$(mac 4)" \
    send --to "$(mac 1)" --count 300 --size 34-65550 --burst 64 then \
    send --to "$(mac 2)" --count 300 --size 34-1514 then \
    send --to "$(mac 3)" --count 300 --size 34-9000 --burst 16
  for i in 1 2 3; do
    peer_done "to$i" received=300 missing=0 reordered=0 corrupt=0 other=0
  done
  wait_for ports sw 0
  total sw '.drops | add' -eq 0
  total sw .bad_requests -eq 0
}

@test "stream: who is connected is shown; who leaves is forgotten" {
  switch
  stream_start one --mac "$(mac 1)" --announce idle
  wait_for mac_port sw "$(mac 1)"
  ctl sw -j port show stream0 | jq -e ".[0] | .type == \"stream\" and
    .address == \"$STREAM\" and .peer.pid == $(proc_pid one) and .state == \"up\""
  proc_kill one
  wait_for ports sw 0
  [ -z "$(mac_port sw "$(mac 1)")" ]
}

@test "stream: policy=block: a client that reads slowly loses nothing" {
  STREAM_KEYS=,policy=block,queue=8 switch
  stream_start slow --mac "$(mac 1)" --announce \
    recv --count 2000 --strict --wait 10 --silence 10 --delay 0.0005
  wait_for mac_port sw "$(mac 1)"
  stream_peer send --to "$(mac 1)" --count 2000 --size 1000-9000 --burst 64
  peer_done slow received=2000 missing=0 corrupt=0
  total sw '.drops | add' -eq 0
}

# hold_start: a client on a socket with policy=block that stands still, and
# holds up whoever sends to it
hold_start() {
  peer_start slow --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count "$1" --strict --wait 20 --silence 10
  wait_for mac_port sw "$(mac 1)"
  kill -s STOP "$(proc_pid slow)"
}

# hold_ends: and everything arrives
hold_ends() {
  kill -s CONT "$(proc_pid slow)"
  peer_done slow "received=$1" missing=0 reordered=0 corrupt=0
}

@test "stream: a held client that leaves is missed at once, and nothing of it" {
  local pid
  switch_start sw --port "stream:$STREAM" --port "uml:$UML,policy=block,queue=8" \
    --control "$CTL"
  pid=$(proc_pid sw)
  hold_start 200
  stream_peer --mac "$(mac 2)" send --to "$(mac 1)" --count 200
  wait_for state_is sw stream0 down
  [ -z "$(mac_port sw "$(mac 2)")" ]
  is sw stream0 .rx.frames -lt 200
  # Its end is told once.
  wait_for quiet "$pid"
  rests "$pid" 2 0 5
  hold_ends 200
  wait_for ports sw 0
  total sw '.drops | add' -eq 0
}

@test "stream: a held client that only stops sending still gets frames" {
  switch_start sw --port "stream:$STREAM" --port "uml:$UML,policy=block,queue=8" \
    --control "$CTL"
  hold_start 64
  proc_start half python3 -c 'import socket, sys
frame = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9]) + bytes([0x88] * 48)
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
sock.sendall((bytes([0, 0, 0, 60]) + frame) * 200)
sock.shutdown(socket.SHUT_WR)
print("ready", flush=True)
while True:
    got = sock.recv(65536)
    print("got", len(got), flush=True)
    if not got: break' "$STREAM"
  wait_for state_is sw stream0 held
  peer --ctl "$UML" send --to "$(mac 9)" --count 1 --size 100
  wait_for grep -q 'got 104' "$WORK/proc/half.log"
  state_is sw stream0 held
  kill -s CONT "$(proc_pid slow)"
  wait_for grep -qx 'got 0' "$WORK/proc/half.log"
  wait_for is sw uml0 .tx.frames -eq 200
}

# --- stream: bad peers -------------------------------------------------------

# hung_up_on HEX: a client that says this is closed and counted
hung_up_on() {
  local before
  before=$(total sw .bad_requests)
  stream_peer raw --on ctl --hex "$1" then hangup --seconds 5 >"$WORK/said"
  grep -q hangup=yes "$WORK/said"
  total sw .bad_requests -eq $((before + 1))
}

@test "stream: a length of 2^32-1, 0, 13 or 65551 closes that client alone" {
  local hex
  switch
  stream_start bystander --mac "$(mac 1)" --announce idle --drain
  for hex in ffffffff 00000000 0000000d 0001000f; do
    hung_up_on "$hex"
  done
  # Behind a frame, and with octets behind it.
  hung_up_on "0000000e$(printf 'ff%.0s' {1..6})0200000000098888ffffffff0102"
  wait_for is sw stream0 .tx.frames -ge 1
  others_talk
  proc_alive bystander
}

@test "stream: an octet a second, half a frame: nobody else waits" {
  local pid
  switch
  odd_start drip drip "$STREAM" 1 "0000003c$(printf 'ff%.0s' {1..60})"
  stream_start half raw --on ctl --hex 000005dcffffffffffff then idle
  wait_for ports sw 2
  others_talk
  pid=$(proc_pid sw)
  pid=$(cpu "$pid")
  pass_seconds 2
  [ $(($(cpu "$(proc_pid sw)") - pid)) -le 20 ]
  proc_alive drip
  proc_alive half
}

@test "stream: a frame that comes octet by octet passes whole" {
  local frame
  switch
  frame=$(printf 'ff%.0s' {1..6})020000000009$(printf '88%.0s' {1..48})
  peer_start all --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 1 --wait 10 --silence 10
  wait_for mac_port sw "$(mac 1)"
  odd drip "$STREAM" 0.002 "0000003c$frame" >"$WORK/said"
  grep -q open "$WORK/said"
  wait_for is sw uml0 .tx.frames -eq 1
  is sw uml0 .tx.bytes -eq 60
}

@test "stream: a client that reads nothing costs the others nothing" {
  local port
  STREAM_KEYS=,queue=32 switch
  stream_start deaf --mac "$(mac 1)" --announce idle
  wait_for mac_port sw "$(mac 1)"
  port=$(mac_port sw "$(mac 1)")
  peer --ctl "$UML" send --to "$(mac 1)" --count 3000 --size 1514
  is sw "$port" .drops.queue_full -ge 1000
  state_is sw "$port" stalled
  others_talk
  # Each of the frames that went to it is whole, once it reads.
  is sw "$port" .queue.length -eq 32
  proc_kill deaf
  wait_for ports sw 0
}

@test "stream: a client that stood still finds the next length in its place" {
  local sent
  STREAM_KEYS=,queue=32 switch
  stream_start deaf --mac "$(mac 1)" --announce recv --count 100000 \
    --seconds 20 --silence 4 --wait 10
  wait_for mac_port sw "$(mac 1)"
  kill -s STOP "$(proc_pid deaf)"
  peer --ctl "$UML" send --to "$(mac 1)" --count 3000 --size 100-9000
  is sw stream0 .drops.queue_full -ge 100
  kill -s CONT "$(proc_pid deaf)"
  wait_for is sw stream0 .queue.length -eq 0
  sent=$(counter sw stream0 .tx.frames)
  proc_wait deaf 30 || true
  [ "$(peer_word deaf received)" -eq "$sent" ]
  peer_word deaf corrupt | grep -qx 0
}

# --- stream:connect= ---------------------------------------------------------

# far_start: a switch that listens on a stream socket, and a client on it
far_start() {
  switch_start far --port "stream:$STREAM.far" --port "uml:$UML.far,policy=block" \
    --control "$CTL.far"
}

@test "stream:connect=: two switches; one dies and returns" {
  local down
  switch --port "stream:connect=$STREAM.far,reconnect=1,name=up,policy=block"
  # Nobody is there yet: the port is, and frames for it are counted.
  state_is sw up down
  peer --ctl "$UML" send --count 5
  is sw up .drops.link_down -eq 5
  far_start
  wait_for state_is sw up up
  ctl sw -j port show up | jq -e ".[0] | .type == \"stream\" and
    .address == \"$STREAM.far\" and .peer.pid == $(proc_pid far)"
  peer_start there --ctl "$UML.far" --mac "$(mac 1)" --announce \
    recv --count 500 --strict --wait 10 --silence 10
  wait_for mac_port sw "$(mac 1)"
  [ "$(mac_port sw "$(mac 1)")" = up ]
  peer --ctl "$UML" send --to "$(mac 1)" --count 500 --size 60-9000
  peer_done there received=500 corrupt=0

  proc_kill far
  wait_for state_is sw up down
  [ -z "$(mac_port sw "$(mac 1)")" ]
  ctl sw -j port show up | jq -e '.[0].peer == null'
  down=$(counter sw up .drops.link_down)
  others_talk
  peer --ctl "$UML" send --count 7
  is sw up .drops.link_down -ge $((down + 7))

  far_start
  wait_for state_is sw up up
  peer_start there --ctl "$UML.far" --mac "$(mac 1)" --announce \
    recv --count 500 --strict --wait 10 --silence 10
  wait_for mac_port sw "$(mac 1)"
  peer --ctl "$UML" send --to "$(mac 1)" --count 500 --size 60-9000
  peer_done there received=500 corrupt=0
}

@test "stream:connect=: attempts become rare, and wake nobody in between" {
  switch --port "stream:connect=$STREAM.far,reconnect=2"
  pass_seconds 2
  # At most two attempts.
  rests "$(proc_pid sw)" 2 2 5
  state_is sw stream0 down
}

@test "stream:connect=: whoever sends nonsense is hung up on, and asked again" {
  switch --port "stream:connect=$STREAM.far,reconnect=1"
  proc_start far python3 -c 'import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.bind(sys.argv[1])
sock.listen()
for n in range(3):
    client = sock.accept()[0]
    client.sendall(bytes([255] * 64))
    while client.recv(4096): pass
    print("hung up", n, flush=True)' "$STREAM.far"
  wait_for grep -q 'hung up 2' "$WORK/proc/far.log"
  total sw .bad_requests -ge 3
  others_talk
}

@test "stream:connect=: half a frame of a lost connection does not spoil the next" {
  switch --port "stream:connect=$STREAM.far,reconnect=200ms"
  proc_start far python3 -c 'import socket, sys
frame = bytes([255] * 6 + [2, 0, 0, 0, 0, 9] + [0x88] * 48)
sock = socket.socket(socket.AF_UNIX)
sock.bind(sys.argv[1])
sock.listen()
client = sock.accept()[0]
client.sendall(bytes([0, 0, 0, 60]) + frame[:30])
client.close()
client = sock.accept()[0]
client.sendall(bytes([0, 0, 0, 60]) + frame)
while client.recv(4096): pass' "$STREAM.far"
  wait_for is sw stream0 .rx.frames -eq 1
  [ "$(mac_port sw "$(mac 9)")" = stream0 ]
  is sw stream0 .rx.bytes -eq 60
  total sw .bad_requests -eq 0
}

# far_sends N: a client on that switch, more than a port reads at a time; all has
# gone out to ours. Those that are sent one by one take 768 octets each of the 212992
# that the socket has room for: 200 do, though not with frames of 400
far_sends() {
  local sent
  sent=$(counter far stream0 .tx.frames)
  peer --ctl "$UML.far" --mac "$(mac 2)" send --to "$(mac 1)" --count "$1" --size 100
  wait_for is far stream0 .tx.frames -eq $((sent + $1))
}

# connected_to PROC: the port "up" is, to that switch
connected_to() {
  ctl sw -j port show up | jq -e ".[0].peer.pid == $(proc_pid "$1")"
}

@test "stream:connect=: held, and the other end returns: both are read" {
  switch_start sw --port "stream:connect=$STREAM.far,reconnect=200ms,name=up" \
    --port "uml:$UML,policy=block,queue=8" --control "$CTL"
  ctl sw fdb add "$(mac 5)" up
  hold_start 300
  far_start
  wait_for connected_to far
  far_sends 200
  state_is sw up held
  proc_kill far
  wait_for state_is sw up down
  [ -z "$(mac_port sw "$(mac 2)")" ]
  far_start
  wait_for connected_to far
  state_is sw up held
  is sw up .rx.frames -lt 200
  # The other direction goes.
  peer --ctl "$UML" --mac "$(mac 3)" send --to "$(mac 5)" --count 5
  wait_for is far stream0 .rx.frames -eq 5
  far_sends 100
  # That one leaves as well, while what came before is still to be read.
  proc_kill far
  works_little "$(proc_pid sw)" 1 5
  hold_ends 300
  wait_for state_is sw up down
  far_start
  wait_for connected_to far
  total sw .bad_requests -eq 0
}

# --- dgram -------------------------------------------------------------------

@test "dgram: frames both ways; the other end dies and returns" {
  local round
  switch --port "dgram:$WORK/dgram,remote=$WORK/there,policy=block,reconnect=60"
  state_is sw dgram0 down
  peer --ctl "$UML" send --count 3
  is sw dgram0 .drops.link_down -eq 3
  # By now seconds lie between two attempts.
  pass_seconds 4
  for round in 1 2 3; do
    # Whoever sends is there: no wait for the next attempt.
    peer_start there --proto dgram --ctl "$WORK/dgram" --data "$WORK/there" \
      --mac "$(mac 1)" --announce recv --count 500 --strict --wait 10 --silence 10
    wait_for -t 1 state_is sw dgram0 up
    wait_for mac_port sw "$(mac 1)"
    [ "$(mac_port sw "$(mac 1)")" = dgram0 ]
    peer --ctl "$UML" send --to "$(mac 1)" --count 500 --size 60-9000
    peer_done there received=500 corrupt=0 missing=0
    # It returns before or after the switch has noticed that it was away.
    [ $round -eq 1 ] || peer --ctl "$UML" send --count 3
  done
  peer_start here --ctl "$UML" --mac "$(mac 2)" --announce \
    recv --count 500 --strict --wait 10 --silence 10
  wait_for mac_port sw "$(mac 2)"
  peer --proto dgram --ctl "$WORK/dgram" --data "$WORK/there" \
    send --to "$(mac 2)" --count 500 --size 60-9000
  peer_done here received=500 corrupt=0 missing=0
  others_talk
  switch_stop sw || true
  [ ! -e "$WORK/dgram" ]
}

@test "dgram: two switches as each other's remote" {
  switch --port "dgram:$WORK/d1,remote=$WORK/d2,policy=block"
  switch_start far --port "dgram:$WORK/d2,remote=$WORK/d1,policy=block" \
    --port "uml:$UML.far,policy=block" --control "$CTL.far"
  peer_start there --ctl "$UML.far" --mac "$(mac 1)" --announce \
    recv --count 2000 --strict --wait 10 --silence 10
  wait_for state_is sw dgram0 up
  wait_for state_is far dgram0 up
  peer --ctl "$UML" send --to "$(mac 1)" --count 2000
  peer_done there received=2000 corrupt=0 missing=0
}

@test "dgram: without a remote socket it is refused, with the remedy" {
  run -1 timeout 10 "$ROUTER" --port "dgram:$WORK/d"
  [[ $output = *"dgram:SOCKET,remote=SOCKET"* ]]
  [ ! -e "$WORK/d" ]
}

# --- mcast -------------------------------------------------------------------

# mcast_net: a namespace with a device that multicast goes out by
mcast_net() {
  need_root
  ns_add net far
  veth_add net wire far wire
  ns_exec net ip addr add 192.0.2.1/24 dev wire
  # shellcheck disable=SC2034 # read by peer
  PEER_NS=net
}

@test "mcast: switches on one host hear each other, and not themselves" {
  local sw
  mcast_net
  for sw in 1 2 3; do
    switch_start -n net sw$sw --port "uml:$UML.$sw" \
      --port mcast:239.192.0.1:4000,interface=wire --control "$CTL.$sw"
  done
  for sw in 2 3; do
    peer_start to$sw --ctl "$UML.$sw" --mac "$(mac $sw)" --announce \
      recv --count 40 --strict --wait 10 --silence 10
  done
  wait_for mac_port sw1 "$(mac 2)"
  wait_for mac_port sw1 "$(mac 3)"
  [ "$(mac_port sw1 "$(mac 2)")" = mcast0 ]
  # What a switch sent does not come back: the address stays where it is.
  [ "$(mac_port sw2 "$(mac 2)")" = uml0 ]
  is sw2 mcast0 .rx.frames -eq 1
  # As many as a socket takes, whoever does not read for a while.
  peer --ctl "$UML.1" send --to "$(mac 2)" --count 40
  peer_done to2 received=40 corrupt=0
  peer --ctl "$UML.1" send --to "$(mac 3)" --count 40 --size 2000
  peer_done to3 received=40 corrupt=0
  is sw1 mcast0 .rx.frames -eq 2
  is sw1 mcast0 .tx.frames -eq 80
}

@test "mcast: two groups on one UDP port stay apart; ttl and interface count" {
  mcast_net
  switch_start -n net sw --port "uml:$UML" \
    --port mcast:239.192.0.1:4000,interface=wire,ttl=3 \
    --port mcast:239.192.0.2:4000,interface=wire --control "$CTL"
  command -v tcpdump >/dev/null || skip "needs tcpdump"
  proc_start -n net dump tcpdump -i wire -n -v -l -c 2 udp
  wait_for grep -q listening "$WORK/proc/dump.log"
  peer --ctl "$UML" send --count 1
  proc_wait dump
  grep -q 'ttl 3.*' "$WORK/proc/dump.log"
  grep -q 'ttl 1.*' "$WORK/proc/dump.log"
  is sw mcast0 .rx.frames -eq 0
  is sw mcast1 .rx.frames -eq 0
}

@test "mcast: what is no group, or has no route, is refused with the reason" {
  local spec
  for spec in 192.0.2.1:4000 239.1.1.1 239.1.1.1:0 239.1.1.1:65536 \
    1239.100.100.100:1 x:1 :1; do
    run -1 timeout 10 "$ROUTER" --port "mcast:$spec" --port "uml:$UML"
    [[ $output = *"mcast"* || $output = *"UDP port"* ]]
  done
  need_root
  ns_add net
  run -1 ns_exec net "$ROUTER" --port mcast:239.1.1.1:4000
  [[ $output = *"interface=DEV"* ]]
  run -1 ns_exec net "$ROUTER" --port mcast:239.1.1.1:4000,interface=nosuch
  [[ $output = *"'nosuch'"* ]]
}

# mcast_pair [KEYS]: switches sw1 and sw2 on one group, an address behind each: 1
# and 2
mcast_pair() {
  local sw keys=${1-,interface=wire}
  for sw in 1 2; do
    switch_start -n net sw$sw --port "uml:$UML.$sw" \
      --port "mcast:239.192.0.1:4000$keys" --control "$CTL.$sw"
    peer_start idle$sw --ctl "$UML.$sw" --mac "$(mac $sw)" --announce idle --drain
    wait_for mac_port sw$sw "$(mac $sw)"
  done
}

# mcast_passes N: N frames go from sw1 to sw2, and sw1 does not hear itself
mcast_passes() {
  local before heard
  before=$(counter sw2 mcast0 .rx.frames)
  heard=$(counter sw1 mcast0 .rx.frames)
  peer --ctl "$UML.1" send --to "$(mac 2)" --count "$1"
  wait_for is sw2 mcast0 .rx.frames -eq $((before + $1))
  is sw1 mcast0 .rx.frames -eq "$heard"
}

@test "mcast: the device gets another address" {
  mcast_net
  mcast_pair
  mcast_passes 20
  ns_exec net ip addr flush dev wire
  ns_exec net ip addr add 192.0.2.7/24 dev wire
  mcast_passes 20
  is sw1 mcast0 '.drops | add' -eq 0
  # The other one, which sends for the first time since then.
  peer --ctl "$UML.2" send --to "$(mac 1)" --count 5
  wait_for is sw1 mcast0 .rx.frames -ge 5
}

@test "mcast: the device goes down, loses its address, goes and comes back" {
  mcast_net
  mcast_pair
  mcast_passes 20
  ns_exec net ip link set wire down
  peer --ctl "$UML.1" send --to "$(mac 2)" --count 5
  wait_for is sw1 mcast0 .drops.link_down -eq 5
  ns_exec net ip link set wire up
  mcast_passes 20

  ns_exec net ip addr flush dev wire
  peer --ctl "$UML.1" send --to "$(mac 2)" --count 5
  wait_for is sw1 mcast0 .drops.link_down -eq 10
  ns_exec net ip addr add 192.0.2.1/24 dev wire
  mcast_passes 20

  ns_exec net ip link del wire
  peer --ctl "$UML.1" send --to "$(mac 2)" --count 5
  wait_for is sw1 mcast0 .drops.link_down -eq 15
  # Each attempt to repair it is a second behind the one before.
  pass_seconds 1
  veth_add net wire far wire
  ns_exec net ip addr add 192.0.2.1/24 dev wire
  # Who sends is a member again.
  peer --ctl "$UML.2" send --to "$(mac 1)" --count 1
  mcast_passes 20
  is sw1 mcast0 .drops.link_down -eq 15
  is sw1 mcast0 .drops.send_error -eq 0
}

@test "mcast: without interface=, the route leads to another device" {
  mcast_net
  ns_exec net ip route add 239.192.0.0/16 dev wire
  mcast_pair ''
  mcast_passes 20
  ns_exec net ip link del wire
  veth_add net other far other
  ns_exec net ip addr add 192.0.3.1/24 dev other
  ns_exec net ip route add 239.192.0.0/16 dev other
  peer --ctl "$UML.2" send --to "$(mac 1)" --count 1
  mcast_passes 20
  is sw1 mcast0 '.drops | add' -eq 0
}

# source_port SW: the UDP port that the frames of an mcast port come from
source_port() {
  ns_exec net ss -Hunp | sed -n "s/.*192\.0\.2\.[0-9]*%*[a-z]*:\([0-9]*\) .*239\.192\.0\.1:4000.*pid=$(proc_pid "$1"),.*/\1/p"
}

@test "mcast: somebody else with the former address and port is heard" {
  local was
  mcast_net
  mcast_pair
  was=$(source_port sw1)
  ns_exec net ip addr flush dev wire
  ns_exec net ip addr add 192.0.2.7/24 dev wire
  mcast_passes 1
  [ "$(source_port sw1)" != "$was" ]
  ns_exec far ip addr add 192.0.2.1/24 dev wire
  proc_start -n far heir python3 -c 'import socket, sys, time
frame = bytes([255] * 6 + [2, 0, 0, 0, 0, 9]) + bytes([0x88] * 48)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("192.0.2.1", int(sys.argv[1])))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.1"))
while True:
    sock.sendto(frame, ("239.192.0.1", 4000))
    time.sleep(0.1)' "$was"
  wait_for mac_port sw1 "$(mac 9)"
  [ "$(mac_port sw1 "$(mac 9)")" = mcast0 ]
}

@test "mcast: a device that is down or has no address is refused, with the remedy" {
  mcast_net
  ns_exec net ip addr flush dev wire
  run -1 ns_exec net "$ROUTER" --port mcast:239.1.1.1:4000,interface=wire
  [[ $output = *"'wire' has to be up and to have an IPv4 address"* ]]
  ns_exec net ip addr add 192.0.2.1/24 dev wire
  ns_exec net ip link set wire down
  run -1 ns_exec net "$ROUTER" --port mcast:239.1.1.1:4000,interface=wire
  [[ $output = *"'wire' has to be up and to have an IPv4 address"* ]]
}

# --- real guests -------------------------------------------------------------

# pings RUN NAME ADDR: five pings, all answered; RUN is guest_run or qemu_run
pings() {
  "$1" "$2" "ping -c 5 -i 0.05 -w 20 $3 | tee /dev/stderr |
    grep -q ' 5 packets received'"
}

# uml_guest [-n NS] NAME N: boots a guest with address 02:...:N and 10.0.0.N on
# the uml socket
uml_guest() {
  local in=()
  if [ "$1" = -n ]; then
    in=(-n "$2")
    shift 2
  fi
  guest_start "${in[@]}" "$1" "eth0=daemon,$(mac "$2"),unix,$UML"
  guest_wait_up "$1"
  guest_addr "$1" eth0 "10.0.0.$2/24"
}

# noise NAME: 4 MiB of it on a web server of a UML guest; prints its sum
noise() {
  guest_run "$1" 'dd if=/dev/urandom of=/tmp/noise bs=64k count=64 2>/dev/null
    httpd -p 80 -h /tmp && md5sum </tmp/noise'
}

@test "QEMU -netdev stream: two on one socket, and a UML guest" {
  local name sum
  qemu_need
  switch
  for name in 1 2; do
    # shellcheck disable=SC2046 # words
    qemu_start $name $(qemu_nic n "$(mac $name)") -netdev \
      "stream,id=n,server=off,addr.type=unix,addr.path=$STREAM"
  done
  uml_guest uml 3
  qemu_wait_up 1 2
  qemu_addr 1 10.0.0.1/24
  qemu_addr 2 10.0.0.2/24
  pings qemu_run 1 10.0.0.2
  pings qemu_run 2 10.0.0.3
  pings guest_run uml 10.0.0.1
  [[ $(mac_port sw "$(mac 1)") = stream? && $(mac_port sw "$(mac 2)") = stream? ]]
  sum=$(noise uml)
  [ "$(qemu_run 1 'wget -q -O - http://10.0.0.3/noise | md5sum')" = "$sum" ]
  total sw '.drops | add' -eq 0
  total sw .bad_requests -eq 0
  qemu_kill 2
  wait_for ports sw 2
  pings qemu_run 1 10.0.0.3
}

@test "QEMU -netdev stream,server=on: the switch connects, and again" {
  local round
  qemu_need
  switch --port "stream:connect=$WORK/qemu,name=vm,reconnect=200ms"
  uml_guest uml 3
  for round in 1 2; do
    # shellcheck disable=SC2046
    qemu_start $round $(qemu_nic n "$(mac 1)") -netdev \
      "stream,id=n,server=on,addr.type=unix,addr.path=$WORK/qemu"
    qemu_wait_up $round
    wait_for state_is sw vm up
    qemu_addr $round 10.0.0.1/24
    pings qemu_run $round 10.0.0.3
    qemu_kill $round
    wait_for state_is sw vm down
  done
}

@test "QEMU -netdev dgram" {
  local sum
  qemu_need
  switch --port "dgram:$WORK/dgram,remote=$WORK/qemu"
  # shellcheck disable=SC2046
  qemu_start 1 $(qemu_nic n "$(mac 1)") -netdev \
    "dgram,id=n,local.type=unix,local.path=$WORK/qemu,remote.type=unix,remote.path=$WORK/dgram"
  uml_guest uml 3
  qemu_wait_up 1
  qemu_addr 1 10.0.0.1/24
  pings qemu_run 1 10.0.0.3
  pings guest_run uml 10.0.0.1
  [ "$(mac_port sw "$(mac 1)")" = dgram0 ]
  sum=$(noise uml)
  [ "$(qemu_run 1 'wget -q -O - http://10.0.0.3/noise | md5sum')" = "$sum" ]
}

@test "QEMU -netdev socket,mcast= and UML eth0=mcast on one group" {
  qemu_need
  mcast_net
  ns_exec net ip route add 239.192.0.0/16 dev wire
  switch_start -n net sw --port mcast:239.192.0.1:4000 --port "uml:$UML" \
    --control "$CTL"
  # shellcheck disable=SC2046
  qemu_start -n net 1 $(qemu_nic n "$(mac 1)") -netdev \
    socket,id=n,mcast=239.192.0.1:4000,localaddr=192.0.2.1
  guest_start -n net 2 "eth0=mcast,$(mac 2),239.192.0.1,4000,1"
  uml_guest -n net uml 3
  guest_wait_up 2
  guest_addr 2 eth0 10.0.0.2/24
  qemu_wait_up 1
  qemu_addr 1 10.0.0.1/24
  pings guest_run uml 10.0.0.1
  pings guest_run uml 10.0.0.2
  pings qemu_run 1 10.0.0.2
  pings qemu_run 1 10.0.0.3
  [ "$(mac_port sw "$(mac 1)")" = mcast0 ]
  [ "$(mac_port sw "$(mac 2)")" = mcast0 ]
  [ "$(mac_port sw "$(mac 3)")" = uml0 ]
}

# --- passt -------------------------------------------------------------------

# passt_net: a host with a way to the internet, which is another namespace
passt_net() {
  command -v passt >/dev/null || skip "needs passt"
  need_root
  ns_add host inet
  veth_add host wan inet lan
  ns_exec host ip addr add 198.51.100.2/24 dev wan
  ns_exec host ip route add default via 198.51.100.1
  ns_exec inet ip addr add 203.0.113.1/32 dev lo
  ns_exec inet ip route add 198.51.100.0/24 dev lan
  ns_exec inet ip addr add 198.51.100.1/24 dev lan
  proc_start -n inet internet python3 "$BATS_TEST_DIRNAME/helpers/internet.py" \
    203.0.113.1
  wait_for grep -q ready "$WORK/proc/internet.log"
}

# passt_start NAME: it listens, as nobody
passt_start() {
  proc_start -n host "$1" passt -f -e -q -s "$WORK/passt" -D 203.0.113.1
  wait_for test -S "$WORK/passt"
}

@test "passt: a guest without privilege gets DHCP, names and TCP; passt returns" {
  passt_net
  run_as_nobody || skip "cannot run as nobody"
  install -m 755 "$ROUTER" "$ROUTERCTL" "$WORK/"
  ROUTER=$WORK/uml_router
  passt_start first
  switch_start -n host sw --port "uml:$UML" --port "seqpacket:$SEQ" \
    --port "stream:connect=$WORK/passt,name=out,reconnect=1" --control "$CTL"
  grep -q '^Uid:.*65534' "/proc/$(proc_pid sw)/status"
  wait_for state_is sw out up
  guest_start -n host a "eth0=daemon,$(mac 1),unix,$UML"
  guest_start -n host b "vec0:transport=bess,dst=$SEQ,depth=128,mac=$(mac 2)"
  guest_wait_up a b
  guest_dhcp a eth0
  guest_run a 'ip addr show eth0' | grep 'inet 198.51.100.2/'
  guest_run a 'nslookup www.example.org' | grep 203.0.113.1
  [ "$(guest_run a 'wget -q -O - http://www.example.org/first')" = "hello /first" ]
  # passt answers whoever asks for an address, whosever it is: these two know.
  guest_addr b vec0 10.0.0.2/24
  guest_run b "arp -s 10.0.0.1 $(mac 1)"
  guest_run a "ip addr add 10.0.0.1/24 dev eth0 && arp -s 10.0.0.2 $(mac 2)"
  pings guest_run b 10.0.0.1

  proc_kill first
  wait_for state_is sw out down
  pings guest_run b 10.0.0.1
  run ! guest_run a 'timeout 2 wget -q -O - http://203.0.113.1/none'
  is sw out .drops.link_down -ge 1
  passt_start second
  wait_for state_is sw out up
  [ "$(guest_run a 'wget -q -O - http://www.example.org/again')" = "hello /again" ]
  total sw .bad_requests -eq 0
}

@test "examples/rootless-lab" {
  passt_net
  NS_LIMIT=120 ns_exec host env "BUILD=$BUILD" PASST_OPTIONS='-D 203.0.113.1' \
    examples/rootless-lab http://www.example.org/lab >"$WORK/lab.log" 2>&1 || {
    cat "$WORK/lab.log"
    return 1
  }
  grep -q '| hello /lab' "$WORK/lab.log"
  grep -q 'inet 198.51.100.2/' "$WORK/lab.log"
  grep -q 'no root\.$' "$WORK/lab.log"
}
