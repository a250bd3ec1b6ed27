# SPDX-License-Identifier: GPL-2.0-or-later
#
# VLANs and rules for ports: real guests with the 8021q module on access ports
# and trunks, guests that are kept apart or pretend to be others, links that
# are slow or lose frames; synthetic clients where octets and numbers count.
#
# shellcheck disable=SC1010 # then is a word of peer's

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer
load helpers/guest

# guest NAME N SOCKET [KERNEL-ARG...]: a guest with address 02:...:N
guest() {
  guest_start "$1" "eth0=daemon,$(mac "$2"),unix,$WORK/$3" "${@:4}"
}

# tagged NAME VID ADDR/LEN: an interface of that VLAN in a guest
tagged() {
  guest_run "$1" "modprobe 8021q && ip link set eth0 up &&
    { [ -e /sys/class/net/eth0.$2 ] ||
      ip link add link eth0 name eth0.$2 type vlan id $2; }"
  guest_addr "$1" "eth0.$2" "$3"
}

# pings NAME ADDR [ARG...]: five pings, all answered
pings() {
  guest_run "$1" "ping -c 5 -i 0.05 -w 20 ${*:3} $2 | tee /dev/stderr |
    grep -q ' 5 packets received'"
}

# no_ping NAME ADDR: none is answered
no_ping() {
  guest_run "$1" "ping -c 4 -i 0.2 -W 1 -w 3 $2 | tee /dev/stderr |
    grep -q ' 0 packets received'"
}

# copies NAME NAME2 ADDR2: 2 MiB of noise come unchanged from the second
copies() {
  local sum
  sum=$(guest_run "$2" '
    dd if=/dev/urandom of=/tmp/noise bs=64k count=32 2>/dev/null
    httpd -p 80 -h /tmp && md5sum </tmp/noise')
  [ "$(guest_run "$1" "wget -q -O - http://$3/noise | md5sum")" = "$sum" ]
}

# drops SW PORT REASON OP N
drops() {
  is "$1" "$2" ".drops.$3" "$4" "$5"
}

# says_no TEXT SPEC: the switch refuses the port
says_no() {
  run -1 timeout 10 "$ROUTER" --port "$2"
  [[ $output == *"$1"* ]] || {
    echo "$2: no '$1' in: $output"
    return 1
  }
}

# --- VLANs --------------------------------------------------------------------

@test "guests on access ports and on a trunk: who can ping whom" {
  switch_start sw --control "$CTL" --port "uml:$WORK/ten,vlan=10,name=ten" \
    --port "uml:$WORK/twenty,vlan=20,name=twenty" \
    --port "uml:$WORK/trunk,trunk=10+20-21,name=trunk"
  guest a 1 ten
  guest b 2 ten
  guest c 3 twenty
  guest t 4 trunk
  guest_wait_up a b c t
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_addr c eth0 10.0.0.3/24
  guest_run c 'ip addr add 10.0.20.3/24 dev eth0'
  tagged t 10 10.0.0.4/24
  tagged t 20 10.0.20.4/24

  pings a 10.0.0.2
  pings a 10.0.0.4
  pings t 10.0.0.2
  pings c 10.0.20.4
  pings t 10.0.20.3
  # Full size: 1514 octets without a tag, 1518 with one.
  pings a 10.0.0.4 -s 1472
  pings t 10.0.20.3 -s 1472
  copies a t 10.0.0.4
  copies t b 10.0.0.2
  # The same network, another VLAN.
  no_ping a 10.0.0.3
  no_ping c 10.0.0.1
  no_ping t 10.0.0.3
  is sw ten0 '(.drops | add)' -eq 0
  is sw trunk0 '(.drops | del(.untagged) | add)' -eq 0

  # A guest that puts tags into its frames itself gets nowhere.
  tagged a 20 10.0.20.1/24
  no_ping a 10.0.20.3
  # Which of ten0 and ten1 it is depends on who was up first.
  wait_for drops sw "$(mac_port sw "$(mac 1)")" not_in_vlan -ge 1
  # Nor does one on a trunk that has no native VLAN, without a tag.
  guest_addr t eth0 10.0.0.5/24
  guest_run t 'ip route del 10.0.0.0/24 dev eth0.10; true'
  no_ping t 10.0.0.1
  drops sw trunk0 untagged -ge 1

  # The guest on the trunk is at two places in the table, the others at one.
  [ "$(fdb sw 'map(select(.port == "trunk0").vlan) | sort | join(" ")')" = "10 20" ]
  [ "$(fdb sw 'map(select(.port == "ten0" or .port == "ten1").vlan) | unique |
    join(" ")')" = 10 ]
  [ "$(fdb sw 'map(select(.port == "twenty0").vlan) | join(" ")')" = 20 ]
}

@test "guests on a trunk with a native VLAN, and on a port without VLANs" {
  switch_start sw --control "$CTL" --port "uml:$WORK/access,vlan=5" \
    --port "uml:$WORK/trunk,trunk=all,native=5" --port "uml:$WORK/plain"
  guest a 1 access
  guest_wait_up a
  guest t 2 trunk
  guest_wait_up t
  guest p 3 plain
  guest q 4 plain
  guest_wait_up p q
  guest_addr a eth0 10.0.0.1/24
  guest_addr t eth0 10.0.0.2/24
  guest_addr p eth0 10.0.0.3/24
  guest_addr q eth0 10.0.0.4/24
  pings a 10.0.0.2
  pings t 10.0.0.1 -s 1472
  pings p 10.0.0.4
  no_ping p 10.0.0.1
  no_ping a 10.0.0.3
  # Between ports without VLANs tags pass, and lead nowhere else.
  tagged p 5 10.0.5.3/24
  tagged q 5 10.0.5.4/24
  tagged t 6 10.0.5.2/24
  pings p 10.0.5.4 -s 1472
  no_ping t 10.0.5.3
  no_ping p 10.0.5.2
  is sw uml2 '(.drops | add)' -eq 0
}

@test "the host on an access port, a guest on a trunk" {
  local up down
  need_tun
  ns_add host
  tap_add host tap0
  ns_exec host ip addr add 10.0.0.254/24 dev tap0
  switch_start -n host sw --control "$CTL" --port tap:tap0,vlan=10 \
    --port "uml:$WORK/trunk,trunk=10+20"
  proc_start -n host iperf iperf3 -s
  guest_start -n host a "eth0=daemon,$(mac 1),unix,$WORK/trunk"
  guest_wait_up a
  tagged a 10 10.0.0.1/24
  pings a 10.0.0.254 -s 1472
  # Frames that are large or have no checksum yet get their tags as well.
  up=$(guest_iperf a 10.0.0.254)
  down=$(guest_iperf a 10.0.0.254 -R)
  echo "guest to host: $up Mbit/s, host to guest: $down Mbit/s"
  [ "$up" -ge 20 ]
  [ "$down" -ge 20 ]
  [ "$(guest_run a "awk '/^Tcp: [0-9]/ { print \$14 + \$16 }' /proc/net/snmp")" -eq 0 ]
  tagged a 20 10.0.20.1/24
  ns_exec host ip addr add 10.0.20.254/24 dev tap0
  no_ping a 10.0.20.254
}

@test "every length comes through whole, with and without its tag" {
  switch_start sw --control "$CTL" --port "seqpacket:$WORK/t,trunk=10,name=t" \
    --port "uml:$WORK/a,vlan=10,policy=block,name=a" \
    --port "seqpacket:$WORK/u,trunk=10,policy=block,name=u"
  # The first has no tag and the second one; both ways.
  peer_start access --ctl "$WORK/a" --mac "$(mac 1)" --announce recv --count 3000
  peer_start trunk --proto seqpacket --ctl "$WORK/u" --mac "$(mac 2)" recv --count 2911
  peer --proto seqpacket --ctl "$WORK/t" send --to "$(mac 1)" --vlan 10 \
    --priority 5 --size 64-1518 --count 2911 then send --to "$(mac 1)" \
    --vlan 10 --size 9018 --count 89
  peer_done access received=3000 corrupt=0 tagged=0 missing=0
  peer --proto seqpacket --ctl "$WORK/t" send --vlan 10 --size 64 --count 1
  peer --ctl "$WORK/a" send --size 60-1514 --count 2910
  peer_done trunk received=2911 corrupt=0 tagged=2911 first_vlan=10
  total sw '(.drops | del(.closed) | add)' -eq 0
}

@test "port show tells the rules of a port" {
  switch_start sw --control "$CTL" --port "seqpacket:$WORK/all,name=all" \
    --port "seqpacket:$WORK/t,name=t,native=7,trunk=30-40+10" \
    --port "seqpacket:$WORK/a,name=a,vlan=9,isolated,broadcast-limit=100" \
    --port "seqpacket:$WORK/m,name=m,mac=$(mac 7)+$(mac 8),down" \
    --port "seqpacket:$WORK/l,name=l,loss=0.5,delay=20ms+-3ms,rate=1.5mbit,maxmac=2"
  local name
  for name in all t a m l; do
    peer_start "$name" --proto seqpacket --ctl "$WORK/$name" idle --drain
  done
  wait_for ports sw 5
  ctl sw -j port show | jq -e '
    map({(.name): .}) | add |
    (.all0 | [.vlan, .isolated, .maxmac, .mac, .broadcast_limit, .link] ==
      [{mode: "none", untagged: null, tagged: ""}, false, 0, [], 0,
       {loss: 0, delay: 0, jitter: 0, rate: 0}]) and
    .t0.vlan == {mode: "trunk", untagged: 7, tagged: "10+30-40"} and
    .a0.vlan == {mode: "access", untagged: 9, tagged: ""} and
    .a0.isolated and .a0.broadcast_limit == 100 and
    .m0.mac == ["02:00:00:00:00:07", "02:00:00:00:00:08"] and
    .m0.state == "down" and .m0.addresses == 2 and
    .l0.link == {loss: 0.5, delay: 20, jitter: 3, rate: 1500000} and
    .l0.maxmac == 2'
  ctl sw -j fdb show | jq -e 'map([.mac, .port, .static, .vlan]) | sort ==
    [["02:00:00:00:00:07", "m0", true, 0], ["02:00:00:00:00:08", "m0", true, 0]]'
  run -0 ctl sw fdb show
  grep -qx "$(mac 7)    0  static m0" <<<"$output"
  [ "$(ctl sw port show | wc -L)" -le 100 ]
}

@test "rules that make no sense are refused, with the reason" {
  says_no "1 to 4094" "uml:$WORK/s,vlan=4095"
  says_no "VLAN 'x'" "uml:$WORK/s,trunk=1+x"
  says_no "exclude each other" "uml:$WORK/s,vlan=1,trunk=2"
  says_no "for a port with trunk=" "uml:$WORK/s,native=2"
  says_no "exclude each other" "uml:$WORK/s,maxmac=1,mac=$(mac 1)"
  says_no "no Ethernet address" "uml:$WORK/s,mac=1"
  says_no "0 to 100" "uml:$WORK/s,loss=101"
  says_no "20ms" "uml:$WORK/s,delay=fast"
  says_no "rate '0'" "uml:$WORK/s,rate=0"
  says_no "1 to 10000000" "uml:$WORK/s,broadcast-limit=0"
  says_no "neither on nor off" "uml:$WORK/s,isolated=perhaps"
  says_no "key=value" "uml:$WORK/s,vlan"
  [ ! -e "$WORK/s" ]
}

# --- containment --------------------------------------------------------------

@test "isolated guests reach a server, but not each other" {
  switch_start sw --control "$CTL" --port "uml:$WORK/lone,isolated,name=lone" \
    --port "uml:$WORK/free,name=free"
  guest a 1 lone
  guest b 2 lone
  guest s 3 free
  guest_wait_up a b s
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_addr s eth0 10.0.0.3/24
  pings a 10.0.0.3
  pings b 10.0.0.3
  pings s 10.0.0.1
  no_ping a 10.0.0.2
  # Not even when it knows the address.
  guest_run a "arp -s 10.0.0.2 $(mac 2)"
  no_ping a 10.0.0.2
  [ "$(($(counter sw lone0 .drops.isolated) + $(counter sw lone1 .drops.isolated)))" -ge 4 ]
}

@test "a guest that pretends to be another is not heard, and counted" {
  switch_start sw --control "$CTL" \
    --port "uml:$WORK/a,mac=$(mac 1),name=a" --port "uml:$WORK/b,name=b"
  guest a 1 a
  guest b 2 b
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  pings a 10.0.0.2
  drops sw a0 spoofed -eq 0
  # The address of nobody, and that of the other one.
  guest_run a "ip link set eth0 down && ip link set eth0 address $(mac 9) &&
    ip link set eth0 up"
  no_ping a 10.0.0.2
  drops sw a0 spoofed -ge 1
  guest_run a "ip link set eth0 down && ip link set eth0 address $(mac 1) &&
    ip link set eth0 up"
  pings a 10.0.0.2
  guest_run b "ip link set eth0 down && ip link set eth0 address $(mac 1) &&
    ip link set eth0 up"
  no_ping b 10.0.0.1
  drops sw b0 spoofed -ge 1
  [ "$(mac_port sw "$(mac 1)")" = a0 ]
}

@test "maxmac: what comes from further addresses is dropped" {
  switch_start sw --control "$CTL" --port "uml:$WORK/a,maxmac=3,name=a" \
    --port "uml:$WORK/b,name=b,policy=block"
  peer_start b --ctl "$WORK/b" --mac "$(mac 200)" --announce recv --count 30
  peer_start a --ctl "$WORK/a" --mac "$(mac 10)" send --to "$(mac 200)" \
    --count 100 --sources 10 then idle
  peer_done b received=30
  drops sw a0 maxmac -eq 70
  is sw a0 .addresses -eq 3
}

@test "broadcast-limit: a storm gets through at its rate only" {
  switch_start sw --control "$CTL" --port "uml:$WORK/a,broadcast-limit=50,name=a" \
    --port "uml:$WORK/b,name=b,policy=block"
  peer_start b --ctl "$WORK/b" --mac "$(mac 200)" --announce recv --silence 2
  peer_start a --ctl "$WORK/a" --mac "$(mac 10)" send --count 5000 then \
    send --to "$(mac 200)" --count 1000 then idle
  wait_for is sw a0 .rx.frames -eq 6000
  # As many as in a second at once; more in each second that it took.
  drops sw a0 broadcast_limit -ge 3500
  drops sw a0 broadcast_limit -le 4950
  peer_done b "received=$((6000 - $(counter sw a0 .drops.broadcast_limit)))" corrupt=0
}

@test "down: nothing in and nothing out, but counted" {
  switch_start sw --control "$CTL" --port "uml:$WORK/a,name=a" \
    --port "uml:$WORK/b,name=b,down"
  guest a 1 a
  guest b 2 b
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  no_ping a 10.0.0.2
  no_ping b 10.0.0.1
  is sw b0 .tx.frames -eq 0
  is sw b0 .rx.frames -ge 1
  is sw b0 ".rx.frames - .drops.admin_down" -lt 0
  is sw a0 .tx.frames -eq 0
  state_is sw b0 down
}

# --- links --------------------------------------------------------------------

# line KEYS: two guests with addresses, keys for the link to the second
line() {
  switch_start sw --control "$CTL" --port "uml:$WORK/a,name=a" \
    --port "uml:$WORK/b,name=b,$1"
  guest a 1 a
  guest b 2 b
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
}

@test "delay: a ping takes so long, and others nothing" {
  local least
  line delay=80ms
  guest_run a 'ping -c 10 -i 0.1 -w 20 10.0.0.2' | tee "$WORK/ping"
  grep -q ' 10 packets received' "$WORK/ping"
  least=$(sed -nE 's,^round-trip min/avg/max = ([0-9]+).*,\1,p' "$WORK/ping")
  [ "$least" -ge 79 ]
  is sw b0 '(.drops | add)' -eq 0
}

@test "loss: so many pings get lost, and are counted" {
  local got lost
  line loss=50
  guest_run a "arp -s 10.0.0.2 $(mac 2)"
  guest_run b "arp -s 10.0.0.1 $(mac 1)"
  lost=$(counter sw b0 .drops.lost)
  guest_run a 'ping -c 100 -i 0.02 -W 1 -w 20 10.0.0.2' | tee "$WORK/ping"
  got=$(sed -nE 's/.* ([0-9]+) packets received.*/\1/p' "$WORK/ping")
  lost=$(($(counter sw b0 .drops.lost) - lost))
  echo "$got answers, $lost lost"
  # Six standard deviations are 30.
  [ "$got" -ge 20 ]
  [ "$got" -le 80 ]
  [ "$lost" -ge 20 ]
}

@test "rate: a stream goes no faster, the other way it does" {
  local slow fast
  line rate=2mbit,queue=32
  guest_iperf_server b
  slow=$(guest_iperf a 10.0.0.2)
  fast=$(guest_iperf a 10.0.0.2 -R)
  echo "$slow Mbit/s, the other way $fast Mbit/s"
  [ "$slow" -le 2 ]
  [ "$slow" -ge 1 ]
  [ "$fast" -ge 4 ]
}

@test "a slow link with policy=block loses nothing, with policy=drop it counts" {
  local policy
  for policy in block drop; do
    switch_start "$policy" --control "$WORK/c-$policy" --port "uml:$WORK/a-$policy" \
      --port "uml:$WORK/b-$policy,rate=2mbit,queue=16,policy=$policy,name=b"
    peer_start "to-$policy" --ctl "$WORK/b-$policy" --mac "$(mac 1)" --announce \
      recv --silence 3
    peer --ctl "$WORK/a-$policy" send --to "$(mac 1)" --size 1000 --count 200
    wait_for is "$policy" b0 '.tx.frames + (.drops | add)' -ge 200
    if [ "$policy" = block ]; then
      peer_done to-block received=200 missing=0 corrupt=0
    else
      is drop b0 .drops.queue_full -ge 100
    fi
  done
}
