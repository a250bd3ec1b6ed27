# SPDX-License-Identifier: GPL-2.0-or-later
#
# Taps: the host as a client of the switch, with real devices in throw-away
# namespaces. And descriptors that a parent process hands over.
#
# shellcheck disable=SC1010 # "then" is a word of peer's

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

TUNCTL=${TUNCTL:-$BUILD/tunctl/tunctl}

# host: a namespace, in which the switch and its clients are
host() {
  need_tun
  ns_add host
  # shellcheck disable=SC2034 # read by peer
  PEER_NS=host
}

# link DEV JQ-PATH: of `ip link show`
link() {
  ns_exec host ip -d -j link show dev "$1" | jq -r ".[0]$2"
}

# dev_is DEV COUNTER OP N: of the device's statistics
dev_is() {
  test "$(ns_exec host cat "/sys/class/net/$1/statistics/$2")" "$3" "$4"
}

# has_dev DEV
has_dev() {
  ns_exec host ip link show dev "$1"
}

# quiet DEV...: no frames of the host's own, and up
quiet() {
  local dev
  for dev; do
    ns_exec host sh -c "echo 1 >/proc/sys/net/ipv6/conf/$dev/disable_ipv6" \
      2>/dev/null || true
    ns_exec host ip link set dev "$dev" up
  done
}

# --- traffic -----------------------------------------------------------------

@test "two namespaces, each with a tap of one switch: ping and iperf3" {
  local ns rate drops
  need_tun
  ns_add host a b
  switch_start -n host sw -tap tapa -tap tapb -unix "$UML" --control "$CTL"
  for ns in a b; do
    ns_exec host ip link set dev tap$ns netns "$(proc_pid ns-$ns)"
  done
  ns_exec a ip addr add 10.9.0.1/24 dev tapa
  ns_exec b ip addr add 10.9.0.2/24 dev tapb
  ns_exec a ip link set dev tapa up
  ns_exec b ip link set dev tapb up
  ns_exec a busybox ping -c 10 -i 0.02 -w 20 10.9.0.2 | grep -q ' 10 packets received'
  ns_exec b busybox ping -c 10 -i 0.02 -w 20 -s 1472 10.9.0.1 |
    grep -q ' 10 packets received'
  proc_start -n b iperf iperf3 -s
  wait_for ns_exec b grep -q ':1451 ' /proc/net/tcp6
  for way in '' -R; do
    # shellcheck disable=SC2086
    rate=$(ns_exec a iperf3 -c 10.9.0.2 -t 1 -i 0 -J $way |
      jq '.end.sum_received.bits_per_second / 1e6 | floor')
    echo "$rate Mbit/s $way"
    [ "$rate" -ge 50 ]
  done
  # 20 Mbit/s is nothing: the switch loses none of it.
  drops=$(total sw '.drops | add')
  ns_exec a iperf3 -c 10.9.0.2 -u -b 20M -t 1 -i 0 -J >"$WORK/udp"
  jq -e '.end.sum | .packets > 1000' "$WORK/udp"
  total sw '.drops | add' -eq "$drops"
}

# through_host KEYS [ARG...]: switch sw1 with tap ta, switch sw2 with tap tb
# and the keys for its sockets, and a bridge of the host between both taps:
# what comes through was read from a tap, and was written to one.
through_host() {
  local keys=$1
  shift
  host
  tap_add host ta
  tap_add host tb
  ns_exec host ip link add name br0 type bridge mcast_snooping 0
  ns_exec host ip link set dev ta master br0 txqueuelen 1000
  ns_exec host ip link set dev tb master br0 txqueuelen 1000
  quiet br0
  switch_start -n host sw1 --port tap:ta,policy=block \
    --port "uml:$UML.1,policy=block" --control "$CTL.1"
  switch_start -n host sw2 --port tap:tb,policy=block --port "uml:$UML$keys" \
    --port "seqpacket:$SEQ$keys" --control "$CTL" "$@"
}

# as KIND peer_start ARG...: as a client of sw2
as() {
  case $1 in
  uml) "$2" "$3" --ctl "$UML" "${@:4}" ;;
  seqpacket) "$2" "$3" --proto seqpacket --ctl "$SEQ" "${@:4}" ;;
  esac
}

@test "clients of two switches, through the host, both ways" {
  local kind
  through_host ,policy=block
  for kind in uml seqpacket; do
    as $kind peer_start "$kind" --mac "$(mac 2)" --announce \
      send --to "$(mac 2)" then recv --count 1455 --strict --wait 10 \
      then send --to "$(mac 1)" --count 1455 --size 60-1514 --rate 10000 then idle
    peer_start one --ctl "$UML.1" --mac "$(mac 1)" --announce \
      send --to "$(mac 2)" --count 1455 --size 60-1514 --rate 10000 \
      then recv --count 1455 --strict --wait 10
    peer_done one received=1455 sent=1455 corrupt=0
    grep -q 'received=1455 .* corrupt=0' "$WORK/proc/$kind.log"
    proc_stop "$kind"
    wait_for ports sw2 1
  done
  total sw1 '.drops | add' -eq 0
}

@test "several taps: each gets its own" {
  local n
  host
  switch_start -n host sw -tap tap0 --port tap:tap1 --port tap:tap2,name=third \
    --port "uml:$UML" --control "$CTL"
  [ "$(ctl sw -j port show | jq -r 'map(.name + "=" + .type + ":" + .address) | join(" ")')" = \
    "tap0=tap:tap0 tap1=tap:tap1 third=tap:tap2" ]
  ctl sw -j port show tap0 | jq -e '.[0].peer == null'
  quiet tap0 tap1 tap2
  # The host speaks: three addresses are known.
  for n in 0 1 2; do
    ns_exec host ip link set dev tap$n address "02:00:00:00:01:0$n"
    ns_exec host ip addr add "10.9.$n.254/24" dev tap$n
    ns_exec host ip neigh add "10.9.$n.1" lladdr 02:00:00:00:00:77 dev tap$n
    ns_exec host bash -c "echo >/dev/udp/10.9.$n.1/9"
  done
  wait_for total sw .fdb.entries -eq 3
  # To each other they are unknown destinations: 2 of each kind have come back.
  peer --ctl "$UML" send --count 10 then send --to 02:00:00:00:01:01 --count 100 \
    then send --to 02:00:00:00:01:02 --count 50 then idle --seconds 0.1
  wait_for is sw tap1 .tx.frames -eq 112
  is sw tap0 .tx.frames -eq 12
  is sw third .tx.frames -eq 62
  dev_is tap0 rx_packets -eq 12
  dev_is tap1 rx_packets -eq 112
  dev_is tap2 rx_packets -eq 62
}

@test "the host to a client and back" {
  host
  switch_start -n host sw -tap tap0 --port "uml:$UML" --port "seqpacket:$SEQ" \
    --control "$CTL"
  quiet tap0
  ns_exec host ip addr add 10.9.0.254/24 dev tap0
  ns_exec host ip link set dev tap0 address 02:00:00:00:01:00
  for kind in uml seqpacket; do
    as $kind peer_start $kind --mac "$(mac 1)" --announce \
      send --to 02:00:00:00:01:00 --count 20 then recv --wait 10 --silence 0.5 --show 1
    ns_exec host ip neigh replace 10.9.0.1 lladdr "$(mac 1)" dev tap0
    # shellcheck disable=SC2016
    ns_exec host bash -c 'exec 4>/dev/udp/10.9.0.1/9
      for ((i = 0; i < 30; i++)); do printf "%0100d" 0 >&4; done'
    # UDP of 100 octets is 142 with its headers.
    peer_done $kind sent=20 other=30 min_len=142 max_len=142
    grep -q "dst=$(mac 1) src=02:00:00:00:01:00" "$WORK/proc/$kind.log"
  done
  # And a broadcast and 20 of each.
  dev_is tap0 rx_packets -eq 42
  dev_is tap0 tx_dropped -eq 0
}

# --- devices -----------------------------------------------------------------

@test "a tap that is missing is made, and vanishes with the switch" {
  host
  switch_start -n host sw -tap mytap --port tap:tap0,name=other --control "$CTL"
  has_dev mytap
  has_dev tap0
  run -143 switch_stop sw
  run ! has_dev mytap
  run ! has_dev tap0
  switch_start -n host sw -tap mytap --control "$CTL"
  has_dev mytap
  proc_kill sw
  wait_for eval '! has_dev mytap'
}

@test "a persistent tap is used and kept" {
  host
  tap_add host tap0
  ns_exec host ip link set dev tap0 address 02:00:00:00:01:00 txqueuelen 77
  switch_start -n host sw -tap tap0 --control "$CTL"
  run -143 switch_stop sw
  has_dev tap0
  [ "$(link tap0 .address)" = 02:00:00:00:01:00 ]
  [ "$(link tap0 .txqlen)" -eq 77 ]
  [ "$(link tap0 .linkinfo.info_data.persist)" = true ]
  # Also when the start fails behind it
  run -1 ns_exec host "$ROUTER" -tap tap0 -tap other --port "uml:$WORK/no/such"
  has_dev tap0
  run ! has_dev other
}

@test "queueing= and txqueuelen= take effect" {
  local mode
  host
  for mode in default one-queue two-queue multi-queue; do
    switch_start -n host sw --control "$CTL" \
      --port "tap:tap0,queueing=$mode,txqueuelen=33" --port "uml:$UML"
    [ "$(link tap0 .txqlen)" -eq 33 ]
    case $mode in
    multi-queue) [ "$(link tap0 .linkinfo.info_data.multi_queue)" = true ] ;;
    *) [ "$(link tap0 .linkinfo.info_data.multi_queue)" = false ] ;;
    esac
    # It carries frames.
    quiet tap0
    peer --ctl "$UML" send --count 10
    wait_for dev_is tap0 rx_packets -eq 10
    switch_stop sw || true
  done
  tap_add host old
  switch_start -n host sw --control "$CTL" --port tap:old,txqueuelen=44
  [ "$(link old .txqlen)" -eq 44 ]
}

@test "a ring of one frame does not lose what the host answers to a burst" {
  # Who has 10.9.0.254? The answer is in the ring before the question's write(2)
  # returns.
  local me ask
  host
  switch_start -n host sw --control "$CTL" --port tap:tap0,txqueuelen=1 \
    --port "uml:$UML"
  ns_exec host ip addr add 10.9.0.254/24 dev tap0
  quiet tap0
  me=$(mac 99)
  me=${me//:/}
  ask=ffffffffffff${me}0806000108000604
  ask+=0001${me}0a0900010000000000000a0900fe
  peer --ctl "$UML" raw --hex "$ask" --count 64 then recv --silence 0.5 |
    grep -q ' other=64 '
  dev_is tap0 tx_dropped -eq 0
}

# between KEYS-OF-A KEYS-OF-B: taps ta and tb in namespaces a and b, a switch
# with these keys between them, an iperf3 server in b.
between() {
  local ns
  need_tun
  ns_add host a b
  switch_start -n host sw --port "tap:ta$1" --port "tap:tb$2" --control "$CTL"
  for ns in a b; do
    ns_exec host ip link set dev t$ns netns "$(proc_pid ns-$ns)"
    ns_exec $ns ip link set dev t$ns up
  done
  ns_exec a ip addr add 10.9.0.1/24 dev ta
  ns_exec b ip addr add 10.9.0.2/24 dev tb
  proc_start -n b iperf iperf3 -s
  wait_for ns_exec b grep -q ':1451 ' /proc/net/tcp6
}

# mean PORT COUNTER: octets of a frame on the average
mean() {
  ctl sw -j port show "$1" | jq ".[0].$2 | .bytes / (.frames + 1) | floor"
}

@test "offload=on: large frames between taps, whole" {
  between "" ""
  ctl sw -j port show | jq -e 'all(.[]; .offload[0:4] == ["csum", "tso4",
    "tso6", "ecn"])'
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 200M >"$WORK/out"
  [ "$(mean ta rx)" -gt 10000 ]
  [ "$(mean tb tx)" -gt 10000 ]
  total sw '.drops | .queue_full + .uncut' -eq 0
}

@test "offload: large frames are cut for a tap without, and joined for one with" {
  local frames
  between "" ,offload=off
  ctl sw -j port show tb | jq -e '.[0].offload == []'
  proc_start -n b dump tcpdump -i tb -w "$WORK/pcap" -s 200 -U -Z root tcp port 5201
  wait_for test -s "$WORK/pcap"
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 20M >"$WORK/out"
  [ "$(mean ta rx)" -gt 10000 ]
  [ "$(mean tb tx)" -le 1514 ]
  # Back: plain frames come in, and the host is entered once for many.
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 20M -R >"$WORK/out"
  [ "$(mean tb rx)" -le 1514 ]
  frames=$(ctl sw -j port show tb | jq '.[0].rx.frames')
  [ "$(ns_exec a cat /sys/class/net/ta/statistics/rx_packets)" -lt $((frames * 9 / 10)) ]
  total sw '.drops | .queue_full + .uncut' -eq 0
  proc_stop dump
  # Whole frames: their checksums are right.
  ns_exec b tcpdump -r "$WORK/pcap" -nn dst 10.9.0.2 2>/dev/null | grep -c 'length 1448'
}

@test "offload: every checksum that the switch makes is right" {
  between "" ,offload=off
  proc_start -n b dump tcpdump -i tb -w "$WORK/pcap" -s 0 -U -Z root dst 10.9.0.2
  wait_for test -s "$WORK/pcap"
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 20M >"$WORK/out"
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -u -b 20M -n 600K >"$WORK/out"
  proc_stop dump
  ns_exec b tcpdump -r "$WORK/pcap" -nn -vv >"$WORK/text" 2>/dev/null
  [ "$(grep -c 'cksum 0x[0-9a-f]* (correct)' "$WORK/text")" -gt 1500 ]
  [ "$(grep -c 'udp sum ok' "$WORK/text")" -gt 100 ]
  run ! grep -E 'incorrect|bad udp|bad cksum' "$WORK/text"
}

@test "queues=: all queues are used, each flow keeps its own" {
  local ns
  between ,queues=3 ,queues=2,offload=off
  [ "$(ns_exec a sh -c 'ls -d /sys/class/net/ta/queues/tx-* | wc -l')" -ge 3 ]
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 50M -P 8 >"$WORK/out"
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 50M -P 8 -R >"$WORK/out"
  # Nothing was overtaken on its way.
  for ns in a b; do
    ns_exec $ns nstat -asz TcpExtTCPSACKReorder TcpExtTCPTSReorder >"$WORK/order"
    awk '/Reorder/ { n += $2 } END { exit n > 0 }' "$WORK/order"
  done
  # Of the device alone, as another program sees it
  ns_exec a "$TUNCTL" -l ta -j | jq -e '.[0].queues == 3'
  run -1 ns_exec host "$ROUTER" --port tap:tx,queues=2,queueing=one-queue
  [[ $output = *"queues=2 needs queueing=multi-queue, not one-queue"* ]]
}

@test "queues=: a device that the switch makes is nobody else's" {
  local user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
  host
  "${user[@]}" true 2>/dev/null || skip "cannot become another user"
  mknod "$WORK/tun" c 10 200 || skip "cannot make a device node"
  chmod 666 "$WORK/tun"
  ns_exec host mount --bind "$WORK/tun" /dev/net/tun
  cp "$TUNCTL" "$WORK/tunctl"
  switch_start -n host sw --port tap:tap0,queues=2 --control "$CTL"
  [ "$(ns_exec host "$TUNCTL" -l tap0 -j | jq '.[0].owner.uid')" -eq "$(id -u)" ]
  run -1 ns_exec host "${user[@]}" "$WORK/tunctl" -t tap0 -q multi-queue -- true
  [[ $output = *"TUNSETIFF: Operation not permitted"* ]]
}

@test "fd: a tap with a vnet header, large frames and all" {
  host
  ns_add a
  tap_add host tb
  proc_start -n host sw "$TUNCTL" -t ta --vnet-hdr -- "$ROUTER" \
    --port 'fd:{fd},name=a' --port tap:tb --control "$CTL"
  echo "$CTL" >"$WORK/proc/sw.sockets"
  wait_for test -S "$CTL"
  ctl sw -j port show a | jq -e '.[0].offload[0] == "csum"'
  ns_exec host ip link set dev ta netns "$(proc_pid ns-a)"
  ns_exec a ip addr add 10.9.0.1/24 dev ta
  ns_exec a ip link set dev ta up
  ns_exec host ip addr add 10.9.0.2/24 dev tb
  ns_exec host ip link set dev tb up
  proc_start -n host iperf iperf3 -s
  wait_for ns_exec host grep -q ':1451 ' /proc/net/tcp6
  ns_exec a timeout 20 iperf3 -c 10.9.0.2 -n 50M >"$WORK/out"
  [ "$(mean a rx)" -gt 10000 ]
}

@test "a device of another kind is refused, with the reason" {
  host
  tap_add host single
  tap_add host multi multi_queue
  ns_exec host ip tuntap add dev tun0 mode tun
  run -1 ns_exec host "$ROUTER" --port tap:single,queueing=multi-queue
  [[ $output = *"'single'"*"without queueing mode multi-queue"* ]]
  run -1 ns_exec host "$ROUTER" --port tap:multi
  [[ $output = *"'multi'"*"multi-queue"* ]]
  run -1 ns_exec host "$ROUTER" --port tap:tun0
  [[ $output = *"'tun0' is a tun, not a tap"* ]]
  run -1 ns_exec host "$ROUTER" --port tap:lo
  [[ $output = *"'lo' exists and is no tun/tap device"* ]]
  switch_start -n host sw --control "$CTL" -tap single
  run -1 ns_exec host "$ROUTER" -tap single -unix "$UML.2"
  [[ $output = *"'single' is in use"* ]]
  [ ! -e "$UML.2" ]
}

@test "queueing=backpressure: in force, or refused with the reason" {
  host
  run ns_exec host timeout -s INT 0.5 "$ROUTER" --port tap:tap0,queueing=backpressure
  case $(odd backpressure) in
  yes) [ "$status" -eq 124 ] ;;
  no)
    [ "$status" -eq 1 ]
    [[ $output = *"backpressure"*"Linux 7.2"*"rate=auto"* ]]
    run ! has_dev tap0
    ;;
  esac
}

# flood_slow_client KEYS: for two seconds the host sends all it can to a client
# that takes a few thousand frames a second. Then: the switch still runs.
flood_slow_client() {
  switch_start -n host sw --port "tap:tap0,$1" --port "uml:$UML,policy=block" \
    --control "$CTL"
  ns_exec host ip addr add 10.9.0.254/24 dev tap0
  quiet tap0
  ns_exec host ip neigh add 10.9.0.1 lladdr "$(mac 1)" dev tap0
  peer_start slow --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --wait 20 --silence 5 --delay 0.0003
  wait_for total sw .fdb.entries -eq 1
  ns_exec host timeout 20 python3 "$ODD" flood 10.9.0.1 2
}

@test "rate=: senders wait, where a full ring would drop" {
  local keys lost
  host
  [ "$(odd backpressure)" = no ] || skip "the kernel does it by itself"
  flood_slow_client queueing=default
  lost=$(ns_exec host cat /sys/class/net/tap0/statistics/tx_dropped)
  echo "without: $lost"
  [ "$lost" -gt 10000 ]
  kill "$(proc_pid slow)"
  proc_wait slow || true
  switch_stop sw || true
  for keys in rate=auto rate=8mbit; do
    flood_slow_client queueing=backpressure,$keys
    [ "$(ns_exec host tc -j qdisc show dev tap0 | jq -r '.[0].kind')" = tbf ]
    echo "$keys: $(ns_exec host cat /sys/class/net/tap0/statistics/tx_dropped)"
    # Only what came before the first question can be lost.
    dev_is tap0 tx_dropped -lt $((lost / 5))
    total sw '.drops | add' -eq 0
    kill "$(proc_pid slow)"
    proc_wait slow || true
    switch_stop sw || true
  done
}

@test "rate=: the device has its own queueing discipline again afterwards" {
  host
  [ "$(odd backpressure)" = no ] || skip "the kernel does it by itself"
  tap_add host tap0
  switch_start -n host sw --port tap:tap0,queueing=backpressure,rate=10mbit \
    --user nobody --control "$CTL" --group nogroup
  [ "$(ns_exec host tc -j qdisc show dev tap0 | jq -r '.[0].kind')" = tbf ]
  switch_stop sw || true
  [ "$(ns_exec host tc -j qdisc show dev tap0 | jq -r '.[0].kind')" != tbf ]
  # Somebody else's is not replaced.
  ns_exec host tc qdisc replace dev tap0 root pfifo
  run -1 ns_exec host "$ROUTER" --port tap:tap0,queueing=backpressure,rate=auto
  [[ $output = *"'tap0' has a queueing discipline, pfifo"*"tc qdisc del"* ]]
  run -1 ns_exec host "$ROUTER" --port tap:tap0,rate=auto
  [[ $output = *"rate=auto"*"queueing=backpressure takes it"* ]]
}

# shaped JQ-FILTER: of the port tap0
shaped() {
  ctl sw -j port show tap0 | jq -e ".[0] | $1" >/dev/null
}

# discipline: "tbf RATE" of tap0, octets a second; or what else there is
discipline() {
  ns_exec host tc -j qdisc show dev tap0 |
    jq -r '.[0] | [.kind, .options.rate // empty] | join(" ")'
}

@test "rate=: changed by port set, where a tap slows its senders down" {
  host
  [ "$(odd backpressure)" = no ] || skip "the kernel does it by itself"
  tap_add host tap0
  switch_start -n host sw --port tap:tap0,queueing=backpressure,rate=10mbit \
    --port "uml:$UML,mac=$(mac 7)" --control "$CTL"
  peer_start a --ctl "$UML" --mac "$(mac 7)" idle
  [ "$(discipline)" = "tbf 1250000" ]
  shaped '.shaper == {auto: false, rate: 10000000} and .link.rate == 0'
  ctl sw port set tap0 rate=20mbit loss=1
  [ "$(discipline)" = "tbf 2500000" ]
  shaped '.shaper.rate == 20000000 and .link.rate == 0 and .link.loss == 1'
  # Another key leaves it alone.
  ctl sw port set tap0 loss=none queue=300
  [ "$(discipline)" = "tbf 2500000" ]
  # All of it or nothing.
  run ! ctl sw port set tap0 rate=5mbit queue=9 "mac=$(mac 7)"
  run ! ctl sw port set tap0 rate=none queue=9
  [[ $output = *"needs a rate"*"rate=auto"* ]]
  shaped '.shaper.rate == 20000000 and .queue.limit == 300 and .mac == []'
  [ "$(discipline)" = "tbf 2500000" ]
  ctl sw port set tap0 rate=auto
  [[ $(discipline) != tbf* ]]
  shaped '.shaper == {auto: true, rate: 0} and .link.rate == 0'
  ctl sw port set tap0 rate=auto
  ctl sw port set tap0 rate=8mbit
  [ "$(discipline)" = "tbf 1000000" ]
  switch_stop sw || true
  [[ $(discipline) != tbf* ]]
  # Without queueing=backpressure it is the link's, as for every port.
  switch_start -n host sw --port tap:tap0 --control "$CTL"
  ctl sw port set tap0 rate=3mbit
  [[ $(discipline) != tbf* ]]
  shaped '.link.rate == 3000000 and (has("shaper") | not)'
}

@test "rate=auto without the privilege to set rates is refused" {
  host
  [ "$(odd backpressure)" = no ] || skip "the kernel does it by itself"
  tap_add host tap0 user root
  setpriv --bounding-set=-net_admin --inh-caps=-net_admin true ||
    skip "cannot give up a capability"
  run -1 ns_exec host setpriv --bounding-set=-net_admin --inh-caps=-net_admin \
    "$ROUTER" --port tap:tap0,queueing=backpressure,rate=auto
  [[ $output = *"Operation not permitted"*"CAP_NET_ADMIN"* ]]
}

@test "missing permission: what is needed is said" {
  local mode
  host
  mode=$(stat -c %A /dev/net/tun)
  # Root, but not over the network
  setpriv --bounding-set=-net_admin --inh-caps=-net_admin true ||
    skip "cannot give up a capability"
  run -1 ns_exec host setpriv --bounding-set=-net_admin --inh-caps=-net_admin \
    "$ROUTER" -tap tap0 -unix "$UML"
  [[ $output = *TUNSETIFF*CAP_NET_ADMIN* ]]
  [ ! -e "$UML" ]
  # Nobody at all
  run_as_nobody || return 0
  [ ${#RUN_AS[@]} -gt 0 ] || return 0
  run -1 ns_exec host "${RUN_AS[@]}" "$ROUTER" -tap tap0 -unix "$UML"
  case $mode in
  *rw?) [[ $output = *CAP_NET_ADMIN* ]] ;;
  *) [[ $output = *"'/dev/net/tun' : Permission denied"*"read and write permission"* ]] ;;
  esac
  [ ! -e "$UML" ]
  run ! has_dev tap0
}

@test "a user's own tap needs no privilege" {
  host
  run_as_nobody || skip "cannot change the user"
  [ ${#RUN_AS[@]} -gt 0 ] || skip "is not root"
  ns_exec host "${RUN_AS[@]}" test -w /dev/net/tun || skip "/dev/net/tun is root's"
  tap_add host tap0 user nobody
  switch_start -n host sw -tap tap0 -unix "$UML" --control "$CTL"
  RUN_AS=()
  peer --ctl "$UML" send --count 10
  wait_for dev_is tap0 rx_packets -eq 10
}

@test "a tap is deleted under the switch: its port goes, the switch goes on" {
  host
  tap_add host tap0
  switch_start -n host sw -tap tap0 -tap tap1 --port "uml:$UML" --control "$CTL"
  quiet tap0 tap1
  ports sw 2
  ns_exec host ip link del dev tap0
  wait_for ports sw 1
  [ "$(ctl sw -j port show | jq -r '.[0].name')" = tap1 ]
  # Under traffic: the device is full when it goes.
  peer_start from --ctl "$UML" send --count 0 --seconds 20 --rate 20000
  wait_for is sw tap1 .tx.frames -ge 1000
  ns_exec host ip link del dev tap1
  wait_for ports sw 1
  [ "$(ctl sw -j port show | jq -r '.[0].name')" = uml0 ]
  peer_end from
  still_serves sw
}

@test "a tap that is down: counted, nobody waits, and it comes back" {
  local policy
  host
  for policy in drop block; do
    switch_start -n host sw --port "tap:tap0,policy=$policy,queue=16" \
      --port "uml:$UML,queue=2000" --control "$CTL"
    quiet tap0
    peer --ctl "$UML" send --count 10
    wait_for dev_is tap0 rx_packets -eq 10
    ns_exec host ip link set dev tap0 down
    peer_start other --ctl "$UML" recv --count 1000 --strict --wait 10
    peer --ctl "$UML" send --count 1000 --rate 5000
    peer_done other received=1000
    wait_for is sw tap0 .drops.link_down -eq 1000
    is sw tap0 '.drops | add' -eq 1000
    is sw tap0 .queue.length -eq 0
    ns_exec host ip link set dev tap0 up
    peer --ctl "$UML" send --count 10
    wait_for is sw tap0 .tx.frames -eq 20
    dev_is tap0 rx_packets -eq 20
    run -143 switch_stop sw
  done
}

# --- a full queue behind a tap -----------------------------------------------

# A burst into the tap, then silence: no frame follows that could wake somebody
# up. It must arrive whole at a client that is slow, behind a short queue.
@test "the guarantee: a burst into the tap, then silence, to slow clients" {
  local kind
  through_host ,policy=block,queue=8
  for kind in uml seqpacket; do
    as $kind peer_start $kind --mac "$(mac 2)" --announce \
      recv --count 500 --strict --wait 20 --delay 0.001
    peer --ctl "$UML.1" --mac "$(mac 1)" \
      send --to "$(mac 2)" --count 500 --size 1000 --burst 64
    peer_done $kind received=500 missing=0 reordered=0 duplicate=0 corrupt=0
  done
  dev_is tb tx_dropped -eq 0
  total sw2 '.drops | add' -eq 0
}

@test "the guarantee: a burst into the tap, then silence, to stopped clients" {
  local kind port
  through_host ,policy=block,queue=8
  for kind in uml seqpacket; do
    as $kind peer_start $kind --mac "$(mac 2)" --announce \
      recv --count 500 --strict --wait 20
    port=${kind}0
    kill -s STOP "$(proc_pid $kind)"
    peer --ctl "$UML.1" --mac "$(mac 1)" \
      send --to "$(mac 2)" --count 500 --size 1000 --burst 64
    wait_for is sw2 "$port" .queue.length -ge 8
    wait_for state_is sw2 tb held
    # Longer than any limit there might be
    pass_seconds 1
    state_is sw2 tb held
    is sw2 "$port" .queue.length -ge 8
    kill -s CONT "$(proc_pid $kind)"
    peer_done $kind received=500 missing=0 reordered=0 duplicate=0 corrupt=0
  done
  dev_is tb tx_dropped -eq 0
  total sw2 '.drops | add' -eq 0
}

@test "a tap that is held does not hold up the others" {
  through_host ,policy=block,queue=8
  peer_start back --ctl "$UML.1" --mac "$(mac 5)" --announce \
    recv --count 200 --strict --wait 20
  peer_start stopped --ctl "$UML" --mac "$(mac 2)" --announce recv
  wait_for total sw2 .fdb.entries -eq 2
  kill -s STOP "$(proc_pid stopped)"
  peer --ctl "$UML.1" send --to "$(mac 2)" --count 500 --size 1000
  wait_for state_is sw2 tb held
  # Not read, but written to.
  peer --ctl "$UML" --mac "$(mac 6)" send --to "$(mac 5)" --count 200
  peer_done back received=200
  state_is sw2 tb held
}

# --- descriptors of a parent -------------------------------------------------

@test "fd: a tap" {
  host
  proc_start -n host sw python3 "$ODD" tap tap0 "$ROUTER" --port 'fd:{},name=host' \
    --port "uml:$UML" --control "$CTL"
  echo "$CTL" >"$WORK/proc/sw.sockets"
  wait_for test -S "$CTL"
  quiet tap0
  ctl sw -j port show | jq -e 'length == 1 and (.[0] | .name == "host" and
    .type == "fd" and (.address | test("^[0-9]+$")))'
  peer --ctl "$UML" send --count 25
  wait_for dev_is tap0 rx_packets -eq 25
  ns_exec host ip addr add 10.9.0.254/24 dev tap0
  ns_exec host ip neigh add 10.9.0.1 lladdr "$(mac 1)" dev tap0
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce recv --wait 10 --silence 0.3
  # shellcheck disable=SC2016
  ns_exec host bash -c 'exec 4>/dev/udp/10.9.0.1/9
    for ((i = 0; i < 30; i++)); do echo >&4; done'
  peer_done a other=30
  ns_exec host ip link del dev tap0
  wait_for ports sw 0
  still_serves sw
}

@test "fd: a socket pair as a cable between two switches" {
  local kind n
  for kind in seqpacket dgram stream; do
    odd_start cable cable $kind \
      "$ROUTER" --port 'fd:{},policy=block' --port "uml:$UML,policy=block" \
      --control "$CTL" --pidfile "$WORK/pid" -- \
      "$ROUTER" --port 'fd:{},policy=block,queue=4' \
      --port "uml:$UML.2,policy=block" --control "$CTL.2" --pidfile "$WORK/pid.2"
    echo "$CTL" >"$WORK/proc/sw.sockets"
    echo "$CTL.2" >"$WORK/proc/sw2.sockets"
    wait_for test -S "$CTL" -a -S "$CTL.2"
    peer_start one --ctl "$UML" --mac "$(mac 1)" --announce \
      recv --count 3000 --strict --wait 10 --silence 10
    peer_start two --ctl "$UML.2" --mac "$(mac 2)" --announce \
      recv --count 3000 --strict --wait 10 --silence 10 --delay 0.0001
    peer --ctl "$UML" send --to "$(mac 2)" --count 3000 --size 60-3059
    peer --ctl "$UML.2" send --to "$(mac 1)" --count 3000 --size 60-3059
    peer_done one received=3000 corrupt=0
    peer_done two received=3000 corrupt=0
    for n in sw sw2; do
      total $n '.drops | add' -eq 0
      ctl $n -j port show | jq -e '.[0] | .type == "fd" and (.name | test("^fd[0-9]+$"))'
    done
    # The other end goes.
    kill "$(cat "$WORK/pid.2")"
    wait_for test ! -e "$WORK/pid.2"
    case $kind in
    seqpacket | stream) wait_for eval "! ctl sw -j port show | grep -q '\"fd\"'" ;;
    dgram) peer --ctl "$UML" send --count 10 ;;
    esac
    peer_start alone --ctl "$UML" --mac "$(mac 3)" --announce recv --count 1 --wait 5
    peer --ctl "$UML" send --to "$(mac 3)"
    peer_done alone received=1
    kill "$(cat "$WORK/pid")"
    proc_wait cable || true
  done
}

@test "fd: what cannot be a port is refused, with the reason" {
  run -1 timeout 10 python3 -c 'import os, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
os.dup2(sock.fileno(), 7)
os.execv(sys.argv[1], sys.argv[1:])' "$ROUTER" --port fd:7 --port "uml:$UML"
  [[ $output = *"descriptor 7"*"no peer"* ]]
  run -1 timeout 10 "$ROUTER" --port fd:7 --port "uml:$UML" 7</dev/null
  [[ $output = *"descriptor 7"*"no open tun/tap device"* ]]
  run -1 timeout 10 "$ROUTER" --port fd:7 --port "uml:$UML" 7<&-
  [[ $output = *"descriptor 7"*"Bad file descriptor"* ]]
  [ ! -e "$UML" ]
}
