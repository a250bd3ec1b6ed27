# SPDX-License-Identifier: GPL-2.0-or-later
#
# What clients of uml_router may rely on, and what they may do to it: the
# protocols of its sockets, right and wrong; how frames are forwarded, queued,
# dropped and counted; what a large number of clients costs. All clients are
# synthetic.
#
# shellcheck disable=SC1010 # "then" is a word of peer's

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

# switch [ARG...]: one with a uml, a seqpacket and a management socket
switch() {
  switch_start sw "$@" --port "uml:$UML${UML_KEYS:-}" \
    --port "seqpacket:$SEQ${SEQ_KEYS:-}" --control "$CTL"
}

# as KIND peer ARG... / as KIND peer_start NAME ARG...: as a client of that kind
as() {
  local kind=$1 run=("$2") words
  shift 2
  if [ "${run[0]}" = peer_start ]; then
    run+=("$1")
    shift
  fi
  case $kind in
  seqpacket) words=(--proto seqpacket --ctl "$SEQ") ;;
  v0) words=(--proto v0 --ctl "$UML" --data "$WORK/data") ;;
  *) words=(--proto "$kind" --ctl "$UML") ;;
  esac
  "${run[@]}" "${words[@]}" "$@"
}

# stop / resume NAME
stop() {
  kill -s STOP "$(proc_pid "$1")"
}

resume() {
  kill -s CONT "$(proc_pid "$1")"
}

# --- protocols ---------------------------------------------------------------

# hello KIND N: the verbs that make address N known. A client of version 0 gets
# no answer: it can only guess when it has a port.
hello() {
  [ "$1" != v0 ] || printf '%s\n' idle --seconds 0.3 then
  printf '%s\n' send --from "$(mac "$2")" --to "$(mac "$2")" then
}

# everybody_talks KIND...: each sends to each, of various lengths
everybody_talks() {
  local kind to=() n=0 from verbs
  for kind; do
    n=$((n + 1))
    mapfile -t verbs < <(hello "$kind" $n)
    as "$kind" peer_start "to-$kind" --mac "$(mac $n)" \
      "${verbs[@]}" recv --count $(($# * 40)) --wait 10 --strict
    wait_for mac_port sw "$(mac $n)"
    to+=(then send --to "$(mac $n)" --count 40 --size "$((34 + n))-1514")
  done
  for kind; do
    n=$((n + 1))
    mapfile -t verbs < <(hello "$kind" $n)
    from=$(as "$kind" peer --mac "$(mac $n)" "${verbs[@]}" "${to[@]:1}")
    [ "$(grep -c 'sent=40 ' <<<"$from")" -eq $# ]
  done
  for kind; do
    peer_done "to-$kind" "received=$(($# * 40))" "streams=$#" missing=0 \
      reordered=0 duplicate=0 corrupt=0 other=0
  done
  total sw '.drops | del(.same_port) | add' -eq 0
}

@test "clients of v1, v3 and seqpacket, each with each" {
  switch
  everybody_talks v1 v3 seqpacket
  total sw .bad_requests -eq 0
}

@test "clients of v0, v1, v3 and seqpacket, each with each" {
  switch_start sw -compat-v0 -unix "$UML" "$WORK/data" \
    --port "seqpacket:$SEQ" --control "$CTL"
  everybody_talks v0 v1 v3 seqpacket
}

@test "v0 needs -compat-v0" {
  switch
  run -0 peer --proto v0 --ctl "$UML" --data "$UML" hangup --seconds 5
  [[ $output = *"hangup=yes reply=0"* ]]
  total sw .bad_requests -eq 1
  proc_log sw | grep -q 'version 0 needs -compat-v0'
  still_serves sw
}

@test "v2 is refused, once" {
  switch
  run -5 peer --proto v2 --ctl "$UML" idle
  [[ $output = *"hung up after 0 octets"* ]]
  total sw .bad_requests -eq 1
  total sw .ports.joined -eq 0
  [ "$(proc_log sw | grep -c refused)" -eq 1 ]
  still_serves sw
}

@test "requests in pieces of every size" {
  switch_start sw -compat-v0 -unix "$UML" "$WORK/data" --control "$CTL"
  odd_start crowd pieces "$UML"
  # One for each size up to the whole: 120, 124 and 124 octets.
  grep -q joined=368 "$WORK/proc/crowd.log"
  ports sw 368
  total sw .bad_requests -eq 0
}

@test "a request that does not come to its end: closed after 10 s" {
  switch
  proc_start mute "$PEER" --timeout 20 --ctl "$UML" --no-request hangup
  proc_start half "$PEER" --timeout 20 --ctl "$UML" --no-request \
    raw --on ctl --hex 'cefaedfe 03000000 00' then hangup
  still_serves sw
  peer_done mute hangup=yes reply=0
  peer_done half hangup=yes reply=0
  [[ $(peer_word mute seconds) =~ ^(9\.|1[01]\.) ]]
  total sw .bad_requests -eq 2
  still_serves sw
}

@test "junk instead of a request" {
  local seed n=0 words
  switch
  for seed in {1..20}; do
    run -0 peer --ctl "$UML" --no-request \
      raw --on ctl --random 4-400 --seed "$seed" then hangup --seconds 5
    [[ $output = *"hangup=yes reply=0"* ]]
    n=$((n + 1))
  done
  total sw .bad_requests -eq $n

  # Each is wrong in one place.
  : >"$WORK/file"
  proc_start dgram "$PEER" listen --type dgram --path "$WORK/dgram"
  wait_for test -S "$WORK/dgram"
  for words in version=4 version=0xffffffff version=1\ kind=1 kind=2 kind=0x100 \
    family=2 family=0 \
    "sock=$(realpath --relative-to=. "$WORK/dgram")" "sock=$WORK/missing" "sock=$WORK/file" \
    "sock=$UML" "sock=/$(printf '%0107d' 0)"; do
    # shellcheck disable=SC2086
    run -0 odd request "$UML" $words
    [ "$output" = "reply=0 closed=yes" ]
    n=$((n + 1))
    total sw .bad_requests -eq $n
  done
  total sw .ports.joined -eq 0
  still_serves sw
}

@test "what follows a request is ignored, up to a bound" {
  switch
  [ "$(odd request "$UML" more=256)" = "reply=110 closed=no" ]
  total sw .bad_requests -eq 0
  [[ $(odd request "$UML" more=4000) = *" closed=yes" ]]
  total sw .bad_requests -eq 1
  still_serves sw
}

@test "too many clients without a request: the oldest go, the others stay" {
  switch
  peer_start old --ctl "$UML" --announce --mac "$(mac 1)" recv --count 1 --wait 20
  proc_start first "$PEER" --ctl "$UML" --no-request hangup --seconds 8
  wait_for proc_alive first
  odd_start crowd crowd "$UML" 300
  peer_done first hangup=yes
  wait_for total sw .bad_requests -ge 45
  peer --ctl "$UML" send --to "$(mac 1)"
  peer_done old received=1
}

# --- sockets that are not one's own ------------------------------------------

@test "the kernel keeps strangers from the data socket of a client" {
  switch
  peer_start watch --ctl "$UML" --announce idle
  [ "$(odd stranger "$UML")" = "send=EPERM connect=EPERM own=none" ]
  total sw .rx.frames -eq 2
}

@test "strangers at the data socket of version 0 are counted, not served" {
  switch_start sw -compat-v0 -unix "$UML" "$WORK/data" --control "$CTL"
  as v0 peer_start watch recv --count 1 --wait 10
  wait_for ports sw 1
  peer --proto stranger --data "$WORK/data" send --count 30
  wait_for total sw .strangers -eq 30
  total sw .rx.frames -eq 0
  # Clients of version 0 leave when their control connection does.
  as v0 peer idle --seconds 0.3 then send
  peer_done watch received=1 other=0
  wait_for ports sw 0
}

@test "the data socket of another user is refused, one's own is taken" {
  local uid
  need_root
  uid=$(id -u nobody)
  setpriv --reuid="$uid" --clear-groups true || skip "cannot change the user"
  switch --mode 0666
  mkdir -m 777 "$WORK/open"
  proc_start of-root "$PEER" listen --type dgram --path "$WORK/open/root"
  RUN_AS=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  proc_start of-nobody "$PEER" listen --type dgram --path "$WORK/open/nobody"
  # shellcheck disable=SC2034 # read by proc_start
  RUN_AS=()
  wait_for test -S "$WORK/open/root" -a -S "$WORK/open/nobody"
  [ "$(odd request "$UML" "uid=$uid" "sock=$WORK/open/root")" = \
    "reply=0 closed=yes" ]
  total sw .bad_requests -eq 1
  [ "$(odd request "$UML" "uid=$uid" "sock=$WORK/open/nobody")" = \
    "reply=110 closed=no" ]
  [ "$(odd request "$UML" "sock=$WORK/open/nobody")" = "reply=110 closed=no" ]
  total sw .bad_requests -eq 1
}

@test "two clients may name one data socket" {
  switch
  [ "$(odd twins "$UML")" = "both=2 one=1" ]
  still_serves sw
}

# --- broken frames -----------------------------------------------------------

@test "junk as frames is counted, and hurts nobody" {
  local kind
  switch
  peer_start watch --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 50 --wait 20
  for kind in v3 seqpacket; do
    as $kind peer raw --random 1-13 --count 100 then raw --hex '' --count 10 \
      then raw --random 14-3000 --count 300 then sleep --seconds 0.2
    # So many empty messages could be the end of a connection as well.
    as $kind peer raw --hex '' --count 200 then sleep --seconds 0.2
  done
  wait_for ports sw 1
  total sw .rx.frames -ge 801
  total sw .drops.runt -ge 220
  peer --ctl "$UML" send --to "$(mac 1)" --count 50
  peer_done watch received=50 missing=0 corrupt=0
}

@test "runts are dropped, 14 octets are a frame" {
  local kind head='ffffffffffff 020000000009'
  switch
  peer_start watch --ctl "$UML" recv
  for kind in v3 seqpacket; do
    as $kind peer raw --hex "$head" then raw --hex "$head 88" then raw --hex '' \
      then raw --hex ff then raw --hex "$head 88b6"
  done
  wait_for total sw .drops.runt -eq 8
  wait_for is sw uml0 .tx.frames -eq 2
  is sw uml0 .tx.bytes -eq 28
  peer_done watch other=2 min_len=14 max_len=14
}

@test "sources that cannot be: dropped and counted" {
  switch
  peer_start watch --ctl "$UML" recv
  peer --ctl "$UML" raw --hex 'ffffffffffff 010000000009 88b6' \
    then raw --hex 'ffffffffffff 000000000000 88b6' \
    then raw --hex 'ffffffffffff ffffffffffff 88b6'
  wait_for total sw .drops.bad_source -eq 3
  is sw uml0 .tx.frames -eq 0
  total sw .fdb.entries -eq 0
}

@test "every length to 65550 passes whole, longer ones are dropped" {
  local from to
  UML_KEYS=,policy=block SEQ_KEYS=,policy=block switch
  for from in v3 seqpacket; do
    for to in v3 seqpacket; do
      as $to peer_start "$from-$to" --mac "$(mac 1)" --announce \
        recv --count 1607 --strict --wait 10
      as $from peer \
        send --to "$(mac 1)" --count 1567 --size 34-1600 \
        then send --to "$(mac 1)" --count 40 --size 65511-65550 \
        then send --to "$(mac 1)" --count 10 --size 65551-65560
      peer_done "$from-$to" received=1607 corrupt=0 other=0 max_len=65550
      wait_for ports sw 0
    done
  done
  total sw .drops.too_long -eq 40
  total sw '.drops | add' -eq 40
}

@test "VLAN tags pass as they are, 1518 octets whole" {
  local to
  switch
  for to in v3 seqpacket; do
    as $to peer_start $to --mac "$(mac 1)" --announce \
      recv --count 100 --strict --wait 10 --show 2
    peer --ctl "$UML" send --to "$(mac 1)" --count 100 --size 1518 \
      --vlan 4094 --priority 5
    peer_done $to received=100 tagged=100 first_vlan=4094 min_len=1518 corrupt=0
    proc_log $to | grep -q 'kind=test len=1518 .* vlan=4094 priority=5 seq=0'
    wait_for ports sw 0
  done
}

# --- forwarding --------------------------------------------------------------

@test "a unicast goes to its port alone, and never back" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --ctl "$UML" --mac "$(mac 2)" --announce idle --drain
  # To a; then, from behind the same port, to oneself and to a neighbour.
  peer --ctl "$UML" --mac "$(mac 3)" --announce \
    send --to "$(mac 1)" --count 20 \
    then send --from "$(mac 4)" --count 1 \
    then send --from "$(mac 3)" --to "$(mac 3)" --count 7 \
    then send --from "$(mac 3)" --to "$(mac 4)" --count 5 \
    then recv --wait 0.5 >"$WORK/out"
  grep -q 'received=0 .* other=0 ' "$WORK/out"
  total sw .drops.same_port -eq 12
  total sw .unicast -eq 20
  # Besides those there were broadcasts.
  total sw .flooded -eq 4
  is sw uml0 .tx.frames -eq 23
  is sw uml1 .tx.frames -eq 2
}

@test "reserved group addresses pass" {
  local to verbs=()
  switch
  peer_start a --ctl "$UML" recv --count 16 --strict --wait 10 --show 16
  peer_start b --proto seqpacket --ctl "$SEQ" recv --count 16 --strict --wait 10
  # Each send verb is a stream of its own.
  for to in {0..9} a b c d e f; do
    verbs+=(then send --to "01:80:c2:00:00:0$to")
  done
  peer --ctl "$UML" "${verbs[@]:1}"
  peer_done a received=16 streams=16
  peer_done b received=16
  for to in {0..9} a b c d e f; do
    grep -q "kind=test len=60 dst=01:80:c2:00:00:0$to" "$WORK/proc/a.log"
  done
}

@test "an address moves from port to port" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce idle
  [ "$(mac_port sw "$(mac 1)")" = uml0 ]
  peer --ctl "$UML" send --to "$(mac 1)" --count 10
  wait_for is sw uml0 .tx.frames -eq 11
  # Now it talks from elsewhere, and what is for it goes there.
  peer_start c --proto seqpacket --ctl "$SEQ" --mac "$(mac 1)" --announce \
    recv --count 10 --wait 10
  wait_for total sw .fdb.moved -eq 1
  [ "$(mac_port sw "$(mac 1)")" = seqpacket1 ]
  peer --ctl "$UML" send --to "$(mac 1)" --count 10
  peer_done c received=10
  # Only the broadcast by which c was found came here.
  is sw uml0 .tx.frames -eq 12
  is sw seqpacket0 .tx.frames -eq 1
}

@test "a client that comes back gets the frames for its address" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce recv
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce recv
  proc_kill a
  proc_kill b
  wait_for ports sw 0
  total sw .fdb.entries -eq 0
  peer_start a2 --proto seqpacket --ctl "$SEQ" --mac "$(mac 1)" --announce \
    recv --count 10 --wait 10
  peer_start b2 --ctl "$UML" --mac "$(mac 2)" --announce recv --count 10 --wait 10
  peer --ctl "$UML" send --to "$(mac 1)" --count 10 \
    then send --to "$(mac 2)" --count 10
  peer_done a2 received=10
  peer_done b2 received=10
  total sw .unicast -eq 20
}

@test "silent addresses age, talking ones stay" {
  switch --ageing 2
  peer_start talks --ctl "$UML" --mac "$(mac 1)" \
    send --to "$(mac 1)" --rate 5 --count 0 --seconds 20
  peer_start silent --ctl "$UML" --mac "$(mac 2)" --announce \
    recv --wait 10 --count 1
  wait_for total sw .fdb.entries -eq 2
  wait_for total sw .fdb.aged -eq 1
  [ "$(fdb sw 'map(.mac) | join(" ")')" = "$(mac 1)" ]
  [ "$(fdb sw '.[0].age')" -le 1 ]
  # Forgotten, not cut off.
  peer --ctl "$UML" send --to "$(mac 2)"
  peer_done silent received=1
}

@test "the address table is bounded; a port that fills it displaces its own" {
  switch --fdb-size 8
  peer_start honest --ctl "$UML" --mac "$(mac 200)" --announce idle --drain
  peer_start third --ctl "$UML" recv --count 200 --wait 20 --silence 10
  peer_start greedy --ctl "$UML" --mac "$(mac 1)" \
    send --to "$(mac 250)" --count 100 --sources 100 then idle
  wait_for total sw .fdb.evicted -eq 93
  total sw .fdb.entries -eq 8
  total sw .fdb.limit -eq 8
  total sw .fdb.learned -eq 101
  # The newest of the one, and what the other had.
  [ "$(fdb sw 'map(.mac[15:]) | sort | join(" ")')" = "5e 5f 60 61 62 63 64 c8" ]
  # What has no place in the table is still found, by asking all.
  peer --ctl "$UML" --mac "$(mac 220)" send --to "$(mac 1)" --count 100 then idle \
    --seconds 0.1
  peer_done third received=200 streams=2
}

@test "a hub sends everything to everyone" {
  switch -hub
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce recv --count 20 --wait 10
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" \
    recv --count 20 --wait 10
  peer --ctl "$UML" send --to "$(mac 1)" --count 20
  peer_done a received=20
  peer_done b received=20
  total sw .fdb.learned -eq 0
  total sw .flooded -eq 21
  [ "$(ctl sw -j stats | jq -r .mode)" = hub ]
}

# --- full queues -------------------------------------------------------------

# loses_counted PORT SENT: it is empty now, and what was sent is sent or counted
loses_counted() {
  local got
  wait_for is sw "$1" .queue.length -eq 0
  got=$(counter sw "$1" .tx.frames)
  lost=$(counter sw "$1" .drops.queue_full)
  echo "$1: $got sent, $lost lost"
  [ "$lost" -ge 1000 ]
  [ $((got + lost)) -eq "$2" ]
  is sw "$1" '.drops | add' -eq "$lost"
}

@test "policy=drop: what a slow client loses is counted" {
  local kind lost
  UML_KEYS=,queue=64 SEQ_KEYS=,queue=64 switch
  for kind in v3 seqpacket; do
    as $kind peer_start slow --mac "$(mac 1)" --announce \
      recv --delay 0.001 --wait 10 --silence 2 then idle
    peer --ctl "$UML" send --to "$(mac 1)" --count 5000
    case $kind in
    v3) loses_counted uml0 5000 ;;
    seqpacket) loses_counted seqpacket0 5000 ;;
    esac
    wait_for grep -q received= "$WORK/proc/slow.log"
    peer_end slow "received=$((5000 - lost))" reordered=0 corrupt=0
    wait_for ports sw 0
  done
}

@test "policy=block: a slow client gets everything, others do not wait" {
  UML_KEYS=,policy=block,queue=64 switch
  peer_start slow --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 10000 --delay 0.0001 --strict --wait 10
  peer_start quick --ctl "$UML" --mac "$(mac 2)" --announce \
    recv --count 20000 --strict --wait 10
  peer_start to-slow --ctl "$UML" --mac "$(mac 3)" \
    send --to "$(mac 1)" --count 10000 --size 60-1514
  peer --ctl "$UML" --mac "$(mac 4)" send --to "$(mac 2)" --count 20000
  peer_done quick received=20000
  # That took no time: the slow one is not half through.
  is sw uml0 .tx.frames -lt 5000
  peer_done slow received=10000 missing=0 reordered=0 corrupt=0
  total sw '.drops | add' -eq 0
}

@test "policy=block: a stopped client holds who sends to it, and loses nothing" {
  UML_KEYS=,policy=block,queue=16 switch
  peer_start stopped --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 2000 --strict --wait 20
  peer_start other --ctl "$UML" --mac "$(mac 2)" --announce \
    recv --count 1000 --strict --wait 20
  stop stopped
  peer_start held --ctl "$UML" --mac "$(mac 3)" send --to "$(mac 1)" --count 2000
  wait_for is sw uml0 .queue.length -ge 16
  wait_for state_is sw uml2 held
  # Others go on, also to a client that is held.
  peer --ctl "$UML" --mac "$(mac 4)" send --to "$(mac 2)" --count 1000
  peer_done other received=1000
  proc_alive held
  resume stopped
  peer_done stopped received=2000 missing=0 corrupt=0
  peer_done held sent=2000
  total sw '.drops | add' -eq 0
}

@test "policy=block: a seqpacket sender is not held longer than 300 ms" {
  local lost
  UML_KEYS=,policy=block,queue=16 switch \
    --port "uml:$WORK/large,name=large,policy=block,queue=1000"
  peer_start stopped --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --wait 20 --silence 1
  peer_start other --ctl "$WORK/large" --mac "$(mac 2)" \
    recv --count 3000 --strict --wait 20
  stop stopped
  # Broadcasts: at first nobody gets what the stopped one cannot take, then the
  # other one gets it without him.
  peer_start sender --proto seqpacket --ctl "$SEQ" --mac "$(mac 3)" \
    send --rate 1000 --count 3000
  wait_for state_is sw seqpacket0 held
  wait_for is sw uml0 .drops.hold_limit -ge 300
  is sw large0 .tx.frames -ge 300
  resume stopped
  wait_for is sw uml0 .queue.length -eq 0
  # From now on nothing is missed.
  lost=$(counter sw uml0 .drops.hold_limit)
  echo "lost when the queue was empty again: $lost"
  peer_done other received=3000
  peer_done stopped "received=$((3000 - lost))" "missing=$lost" reordered=0 \
    corrupt=0
  total sw '.drops | add' -eq "$lost"
  # It took no seconds: the sender is paced.
  [ "$lost" -le 2000 ]
}

@test "policy=block: who gave up waiting for one still waits for the others" {
  local lost
  UML_KEYS=,policy=block,queue=16 switch
  peer_start stopped --ctl "$UML" --mac "$(mac 1)" --announce recv
  peer_start slow --ctl "$UML" --mac "$(mac 2)" --announce \
    recv --count 1000 --strict --wait 20 --delay 0.0005
  stop stopped
  as seqpacket peer send --to "$(mac 1)" --count 500 \
    then idle --seconds 1 then send --to "$(mac 2)" --count 1000
  lost=$(counter sw uml0 .drops.hold_limit)
  [ "$lost" -ge 1 ]
  peer_done slow received=1000
  total sw '.drops | add' -eq "$lost"
}

@test "policy=block: two stopped clients do not stop a seqpacket sender" {
  UML_KEYS=,policy=block,queue=16 switch \
    --port "uml:$WORK/large,name=large,policy=block,queue=1000"
  peer_start stopped1 --ctl "$UML" --mac "$(mac 1)" --announce recv
  peer_start stopped2 --ctl "$UML" --mac "$(mac 2)" --announce recv
  stop stopped1
  stop stopped2
  # First both are full, with frames of their own; then with the same ones.
  peer_start other --ctl "$WORK/large" recv --count 500 --strict --wait 10
  as seqpacket peer send --to "$(mac 1)" --count 100 \
    then send --to "$(mac 2)" --count 100 then send --count 500
  peer_done other received=500
}

@test "policy=block: queues of 1 and 3 frames lose nothing" {
  local queue
  for queue in 1 3; do
    UML_KEYS=,policy=block,queue=$queue SEQ_KEYS=,policy=block,queue=$queue switch
    peer_start a --ctl "$UML" --mac "$(mac 1)" --announce \
      recv --count 2000 --strict --wait 20
    peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce \
      recv --count 3000 --wait 20
    peer_start to-a --proto seqpacket --ctl "$SEQ" --mac "$(mac 3)" \
      send --to "$(mac 1)" --count 1000 --burst 32
    peer_start to-a2 --ctl "$UML" --mac "$(mac 4)" \
      send --to "$(mac 1)" --count 1000 --burst 32
    peer_start to-b --ctl "$UML" --mac "$(mac 5)" \
      send --to "$(mac 2)" --count 3000 --burst 32
    peer_done a received=2000
    peer_done b received=3000 missing=0 reordered=0 duplicate=0 corrupt=0
    total sw '.drops | add' -eq 0
    peer_done to-a
    peer_done to-a2
    peer_done to-b
    run -143 switch_stop sw
  done
}

@test "what a client sent before it left is delivered" {
  local kind n=0
  UML_KEYS=,policy=block SEQ_KEYS=,policy=block switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 800 --strict --wait 20 --delay 0.0005
  for kind in v1 v3 seqpacket seqpacket; do
    as $kind peer --mac "$(mac $((10 + n++)))" \
      send --to "$(mac 1)" --count 200 --burst 64
  done
  peer_done a received=800 missing=0
  total sw '.drops | add' -eq 0
}

@test "a client is killed with frames queued: they are counted" {
  local kind sent closed=0
  UML_KEYS=,queue=1000 SEQ_KEYS=,queue=1000 switch
  for kind in v3 seqpacket; do
    as $kind peer_start victim --mac "$(mac 1)" --announce recv
    stop victim
    peer --ctl "$UML" send --to "$(mac 1)" --count 900
    wait_for total sw .unicast -eq $((closed ? 1800 : 900))
    sent=$(total sw .tx.frames)
    proc_kill victim
    wait_for ports sw 0
    echo "$kind: $sent, then $(ctl sw -j stats | jq -c .drops)"
    closed=$(total sw .drops.closed)
    [ "$closed" -ge 500 ]
    [ $((sent + closed)) -eq "$(total sw .unicast)" ]
  done
  total sw '.drops | del(.closed) | add' -eq 0
  still_serves sw
}

@test "a client is killed while it is held and its own queue is full" {
  local sent
  UML_KEYS=,policy=block,queue=16 switch
  peer_start stopped --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --wait 20 --silence 2
  stop stopped
  # It sends more than fits and does not read: 9000 octets fill it soon.
  as seqpacket peer_start killed --mac "$(mac 2)" --announce \
    send --to "$(mac 1)" --count 500 then idle
  peer_start sender --ctl "$UML" --mac "$(mac 3)" \
    send --to "$(mac 2)" --count 250 --size 9000 then idle
  # Within the 300 ms, if the machine is quick; right in any case.
  wait_for is sw seqpacket0 .queue.length -ge 100
  proc_kill killed
  wait_for grep -q sent=250 "$WORK/proc/sender.log"
  wait_for is sw uml0 .queue.length -ge 16
  resume stopped
  wait_for ports sw 2
  peer_done stopped reordered=0 duplicate=0 corrupt=0
  # Besides its frames there were two broadcasts and those for it. Each was
  # delivered, or is counted.
  sent=$(($(total sw .rx.frames) - 252))
  echo "$sent frames of it were read"
  [ "$sent" -ge 16 ]
  [ $(($(peer_word stopped received) + $(total sw .drops.hold_limit))) -eq $sent ]
  still_serves sw
}

# --- many clients ------------------------------------------------------------

# crowd KIND ROUNDS [ARG...]: 200 clients come, and go when all have come
crowd() {
  as "$1" peer --mac 02:00:00:01:00:00 --timeout 50 --announce \
    churn --clients 200 --rounds "$2" "${@:3}"
}

@test "200 clients come and go under traffic: nothing lost, nothing left over" {
  local pid fds rss
  # The sender does not read: it must not hold up those who broadcast.
  UML_KEYS=,policy=block SEQ_KEYS=,policy=block switch \
    --port "uml:$WORK/sender,name=sender"
  pid=$(proc_pid sw)
  peer_start to --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 40600 --wait 40 --silence 15
  peer_start from --ctl "$WORK/sender" --mac "$(mac 2)" \
    send --to "$(mac 1)" --count 40000 --size 60-1514 --rate 20000 then idle
  # Not more broadcasts than the queues of those that do not read can hold.
  as seqpacket peer --mac 02:00:00:02:00:00 --timeout 50 \
    churn --clients 200 --rounds 3 --frames 1
  crowd v3 2 --frames 0
  # 3 * 200 broadcasts come from many ports, and so in no order.
  peer_done to received=40600 missing=0 duplicate=0 corrupt=0
  peer_end from sent=40000
  wait_for ports sw 0

  # What it has by now is enough for more of them.
  fds=$(descriptors "$pid")
  rss=$(proc_status "$pid" VmRSS)
  crowd v3 3 --frames 0
  crowd seqpacket 3 --frames 0
  crowd v1 3 --frames 0
  wait_for ports sw 0
  echo "resident: $rss KiB, then $(proc_status "$pid" VmRSS) KiB"
  [ "$(descriptors "$pid")" -eq "$fds" ]
  [ "$(proc_status "$pid" VmRSS)" -le $((rss + 256)) ]
  total sw .fdb.entries -eq 0
  total sw .ports.joined -eq $((2 + 5 * 200 + 9 * 200))
}

@test "100 idle ports: below 8 MiB, and the switch sleeps" {
  local pid
  switch
  pid=$(proc_pid sw)
  proc_start crowd "$PEER" --timeout 60 --ctl "$UML" --announce idle --count 100 --drain
  wait_for total sw .rx.frames -eq 100
  ports sw 100
  echo "resident: $(proc_status "$pid" VmRSS) KiB"
  [ "$(proc_status "$pid" VmRSS)" -lt 8192 ]
  wait_for quiet "$pid"
  rests "$pid" 3 0 5
}

@test "no descriptors left: the switch goes on, without spinning" {
  local pid before
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nulimit -n 40\nexec "%s" "$@"\n' "$(realpath "$ROUTER")" \
    >"$WORK/router"
  chmod 755 "$WORK/router"
  ROUTER=$WORK/router switch
  pid=$(proc_pid sw)
  peer_start to --ctl "$UML" --mac "$(mac 1)" --announce recv --count 3000 --strict --wait 30
  peer_start from --ctl "$UML" --mac "$(mac 2)" --announce \
    send --to "$(mac 1)" --count 3000 --rate 1000
  # These wait in the kernel until they are accepted.
  proc_start crowd "$PEER" --timeout 40 --proto seqpacket --ctl "$SEQ" \
    idle --count 60
  wait_for descriptors "$pid" -ge 40
  before=$(cpu "$pid")
  # UML's socket is refused rather than waiting: it takes two descriptors.
  run ! peer --timeout 2 --ctl "$UML" idle --seconds 1
  peer_done to received=3000
  echo "$(($(cpu "$pid") - before)) ticks"
  [ $(($(cpu "$pid") - before)) -lt 100 ]
  proc_alive sw
  proc_stop crowd
  wait_for still_serves sw
  wait_for total sw .ports.now -eq 0
  total sw .ports.refused -ge 1
}
