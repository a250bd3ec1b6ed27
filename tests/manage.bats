# SPDX-License-Identifier: GPL-2.0-or-later
#
# Changing a switch while it runs: ports, addresses, who may do that; events,
# Prometheus, top; clients of the management socket that want too much.
#
# shellcheck disable=SC1010 # then is a word of peer's
# shellcheck disable=SC2016 # what wait_for evaluates

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

# switch [ARG...]
switch() {
  switch_start sw "$@" --port "uml:$UML,queue=300${UML_KEYS:-}" --control "$CTL"
}

# code ARG...: the code with which uml_routerctl refuses
code() {
  run -1 --separate-stderr timeout -k 2 10 "$ROUTERCTL" -s "$CTL" --json "$@"
  [ -z "$output" ]
  # shellcheck disable=SC2154 # set by run
  jq -r '.error | select(.message | length > 10) | .code' <<<"$stderr"
}

# event JQ-FILTER: one of the events told to "monitor" so far
event() {
  proc_log monitor | jq -se "any(.[]; $1)" >/dev/null
}

monitor_start() {
  proc_start monitor "$ROUTERCTL" -s "$CTL" monitor
  wait_for event '.event == "listening"'
}

# --- ports -------------------------------------------------------------------

@test "port add and port del: listeners come and go, their clients stay" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce recv --count 2 --wait 20
  ctl sw port add "seqpacket:$SEQ,name=guest,queue=7,policy=block"
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce \
    recv --count 1 --wait 20
  json -j port show guest0 '.[0].queue == {length: 0, limit: 7, policy: "block"}'
  [ "$(code port add "seqpacket:$SEQ")" = failed ]
  [ "$(ctl sw -j port del guest | jq .changed)" -eq 1 ]
  [ ! -e "$SEQ" ]
  run ! peer --proto seqpacket --ctl "$SEQ" idle
  # The client has its port still.
  peer --ctl "$UML" send --to "$(mac 2)"
  peer_done b received=1
  ctl sw port add "seqpacket:$SEQ"
  peer --proto seqpacket --ctl "$SEQ" send --to "$(mac 1)"
  ctl sw port del "$SEQ"
  [ ! -e "$SEQ" ]
  # A port: its client is hung up on.
  ctl sw port del uml0
  wait_for ports sw 0
  still_serves sw
}

@test "port show: 100 columns, also with long names" {
  switch
  ctl sw port add "seqpacket:$SEQ,name=a-name-of-20-letters"
  peer_start a --proto seqpacket --ctl "$SEQ" --mac "$(mac 1)" idle
  run -0 ctl sw port show
  [ "${lines[1]}" = a-name-of-20-letters0 ]
  [[ ${lines[2]} =~ ^\ {13}seqpacket\ .*\ up\ +drop ]]
  [ "$(wc -L <<<"$output")" -le 100 ]
}

@test "port add: what is refused, and nothing is left of it" {
  local before
  switch
  before=$(descriptors "$(proc_pid sw)")
  [ "$(code port add)" = bad_argument ]
  [ "$(code port add tap)" = bad_argument ]
  [ "$(code port add none:x)" = bad_argument ]
  [ "$(code port add fd:0)" = bad_argument ]
  [ "$(code port add uml:relative)" = bad_argument ]
  [ "$(code port add "uml:$WORK/new,queue=0")" = bad_argument ]
  [ "$(code port add "uml:$WORK/new,colour=red")" = bad_argument ]
  [ "$(code port add "uml:$WORK/nosuch/new")" = failed ]
  [ "$(code port del nosuch)" = no_such_port ]
  [ "$(code port del "$CTL")" = no_such_port ]
  ctl sw port add "uml:$WORK/two"
  [ "$(code port del uml)" = ambiguous ]
  ctl sw port del "$WORK/two"
  [ -z "$(find "$WORK" -maxdepth 1 -type s ! -path "$UML" ! -path "$CTL")" ]
  descriptors "$(proc_pid sw)" -eq "$before"
  still_serves sw
}

@test "port add: a tap has to be there, for a switch without privileges" {
  need_tun
  ns_add wire
  # shellcheck disable=SC2034 # read by peer
  PEER_NS=wire
  switch_start -n wire sw --port "uml:$UML" --control "$CTL"
  says_no 1 "not permitted" "tunctl -u $(id -u) -t tap7" -- -s "$CTL" port add tap:tap7
  ns_exec wire ip tuntap add dev tap7 mode tap user "$(id -u)"
  ctl sw port add tap:tap7,queue=11
  json -j port show tap7 '.[0] | .type == "tap" and .queue.limit == 11'
  ns_exec wire ip link set tap7 up
  ns_exec wire ip addr add 10.99.0.1/24 dev tap7
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  wait_for is sw tap7 .tx.frames -ge 1
  ctl sw port del tap7
  ctl sw port add tap:tap7,name=again
  ctl sw port del again
  wait_for ports sw 1
}

@test "port set: at once, all of it or nothing" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  ctl sw port set uml0 queue=5 policy=block
  json -j port show uml0 '.[0].queue == {length: 0, limit: 5, policy: "block"}'
  [ "$(code port set uml0 queue=9 policy=maybe)" = bad_argument ]
  [ "$(code port set uml0 queue=9 queue=0)" = bad_argument ]
  [ "$(code port set uml0 name=x)" = bad_argument ]
  [ "$(code port set uml0 queue)" = bad_argument ]
  [ "$(code port set uml0)" = bad_argument ]
  [ "$(code port set uml9 queue=9)" = no_such_port ]
  json -j port show uml0 '.[0].queue == {length: 0, limit: 5, policy: "block"}'
}

@test "port set: who waits for a port goes on when it drops" {
  switch
  peer_start stopped --ctl "$UML" --mac "$(mac 1)" --announce idle
  ctl sw port set uml0 policy=block
  peer_start sender --ctl "$UML" send --to "$(mac 1)" --count 1000
  wait_for state_is sw uml1 held
  json -j port show uml0 '.[0].queue.length == 300'
  ctl sw port set uml0 policy=drop queue=10
  peer_done sender sent=1000
  wait_for ports sw 1
  json -j port show uml0 '.[0] | .queue.length <= 10 and .drops.queue_full >= 900'
  kill "$(proc_pid stopped)"
  still_serves sw
}

# --- addresses ---------------------------------------------------------------

@test "fdb add: an address that does not age, move or flush" {
  switch --ageing 1
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce recv --count 1 --wait 20 --silence 20
  peer_start b --ctl "$UML" --mac "$(mac 2)" --announce idle --drain
  ctl sw fdb add "$(mac 9)" uml0
  [[ $(ctl sw fdb show) == *"$(mac 9)    0  static uml0"* ]]
  # Another port cannot take it.
  peer --ctl "$UML" --mac "$(mac 9)" send --count 3
  wait_for total sw .drops.spoofed -eq 3
  [ "$(mac_port sw "$(mac 9)")" = uml0 ]
  wait_for total sw .fdb.entries -eq 1
  [ "$(ctl sw -j fdb flush | jq .changed)" -eq 0 ]
  json -j fdb show "map([.mac, .static]) == [[\"$(mac 9)\", true]]"
  peer --ctl "$UML" send --to "$(mac 9)"
  wait_for proc_ended a
  [ "$(peer_word a received)" -eq 1 ]
  # It goes with its port.
  wait_for total sw .fdb.entries -eq 0
}

# fixed: every address that is, with its VLAN and port
fixed() {
  ctl sw -j fdb show | jq -r 'sort_by([.mac, .vlan])[] | select(.static) |
    "\(.mac) \(.vlan) \(.port)"' | paste -sd ' '
}

@test "fdb add: the address follows its port into another VLAN" {
  switch
  peer_start a --ctl "$UML" --announce idle
  wait_for ports sw 1
  peer_start b --ctl "$UML" --announce idle
  wait_for ports sw 2
  ctl sw fdb add "$(mac 5)" uml0
  ctl sw fdb add "$(mac 6)" uml0
  ctl sw port set uml0 vlan=10
  [ "$(fixed)" = "$(mac 5) 10 uml0 $(mac 6) 10 uml0" ]
  # All of it or nothing
  ctl sw port set uml1 vlan=20
  ctl sw fdb add "$(mac 6)" uml1
  run -1 ctl sw port set uml0 vlan=20
  [[ $output = *"mac '$(mac 6)' belongs to port uml1 already"* ]]
  run -1 ctl sw port set uml0 vlan=30 mac="$(mac 5)"
  [ "$(fixed)" = "$(mac 5) 10 uml0 $(mac 6) 10 uml0 $(mac 6) 20 uml1" ]
  ctl sw port set uml0 vlan=none
  # Of a trunk it is fixed in every VLAN.
  run -1 ctl sw port set uml1 vlan=none trunk=10+20
  [[ $output = *"mac '$(mac 6)' belongs to another port already"* ]]
  [ "$(fixed)" = "$(mac 5) 0 uml0 $(mac 6) 0 uml0 $(mac 6) 20 uml1" ]
  ctl sw fdb del "$(mac 6)"
  ctl sw port set uml0 trunk=10
  [ "$(fixed)" = "$(mac 5) 4095 uml0" ]
  ctl sw port del uml0
  [ -z "$(fixed)" ]
}

@test "fdb del and fdb flush" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --ctl "$UML" --mac "$(mac 2)" --announce idle --drain
  wait_for total sw .fdb.entries -eq 2
  ctl sw fdb add "$(mac 9)" uml1
  [ "$(code fdb add "$(mac 9)" uml0)" = exists ]
  [ "$(code fdb add 01:00:00:00:00:01 uml0)" = bad_argument ]
  [ "$(code fdb add 00:00:00:00:00:00 uml0)" = bad_argument ]
  [ "$(code fdb add 02:00:00 uml0)" = bad_argument ]
  [ "$(code fdb del "$(mac 7)")" = no_such_address ]
  [ "$(code fdb flush nosuch)" = no_such_port ]
  [ "$(ctl sw -j fdb flush uml0 | jq .changed)" -eq 1 ]
  json -j fdb show "map(.mac) | sort == [\"$(mac 2)\", \"$(mac 9)\"]"
  ctl sw fdb del "$(mac 2)"
  ctl sw fdb del "$(mac 9)"
  json -j fdb show '. == []'
}

# --- who may -----------------------------------------------------------------

@test "others than the owner and root may look, and change nothing" {
  run_as_nobody || skip "cannot change the user"
  [ ${#RUN_AS[@]} -gt 0 ] || skip "is not root"
  local as=("${RUN_AS[@]}") args
  RUN_AS=()
  switch --mode 0666
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  for args in "port show" "fdb show" stats "stats --prometheus"; do
    # shellcheck disable=SC2086 # words
    "${as[@]}" timeout 10 "$ROUTERCTL" -s "$CTL" $args >/dev/null
  done
  for args in "port add uml:$WORK/x" "port del uml0" "port set uml0 queue=1" \
    "fdb add $(mac 9) uml0" "fdb del $(mac 1)" "fdb flush" "capture -c 1" shutdown; do
    # shellcheck disable=SC2086 # words
    run -1 --separate-stderr "${as[@]}" timeout 10 "$ROUTERCTL" -s "$CTL" -j $args
    [ "$(jq -r .error.code <<<"$stderr")" = not_allowed ]
  done
  json -j port show 'length == 1 and .[0].queue.limit == 300'
  switch_stop sw || true
  # The owner is not root.
  RUN_AS=("${as[@]}")
  chmod 777 "$WORK"
  switch --mode 0666
  RUN_AS=()
  "${as[@]}" timeout 10 "$ROUTERCTL" -s "$CTL" port add "uml:$WORK/x"
  ctl sw port del "$WORK/x"
}

# --- reports -----------------------------------------------------------------

@test "errors in JSON: a code, a sentence and a remedy" {
  switch
  run -1 --separate-stderr timeout 10 "$ROUTERCTL" -s "$CTL" -j port add fd:7
  jq -e '.error | keys == ["code", "hint", "message"] and .code == "bad_argument" and
    (.hint | contains("--port fd:7"))' <<<"$stderr"
  run -1 --separate-stderr timeout 10 "$ROUTERCTL" -s "$WORK/none" -j port show
  jq -e '.error | .code == "no_switch" and (.hint | contains("--control"))' <<<"$stderr"
}

@test "errors of the command line in JSON, wherever -j stands" {
  local code words
  while read -r code words; do
    # shellcheck disable=SC2086
    run -1 --separate-stderr timeout 10 "$ROUTERCTL" -s "$WORK/none" $words
    echo "$words: $stderr"
    [ -z "$output" ]
    jq -e --arg code "$code" '.error | .code == $code and .message != ""' <<<"$stderr"
  done <<'END'
bad_argument -j capture -c 0
bad_argument capture --snaplen x -j
bad_argument -j capture --direction up
bad_argument -j top --interval 0
bad_argument -j stats -c 3
unknown_verb -j port frobnicate
unknown_verb -j
END
}

@test "answers that cannot be written: one error, in JSON with -j" {
  switch
  local words
  for words in "port show" stats monitor "top --interval 0.1" "stats --prometheus"; do
    # shellcheck disable=SC2086
    run -1 --separate-stderr timeout 10 bash -c 'exec "$@" >/dev/full' - \
      "$ROUTERCTL" -s "$CTL" -j $words
    echo "$words: $stderr"
    jq -se 'length == 1 and .[0].error.code == "failed"' <<<"$stderr"
  done
}

@test "a request that is too long is told so" {
  switch
  run -1 timeout 10 "$ROUTERCTL" -s "$CTL" port show "$(printf '%040000d' 0)"
  [[ $output = *"Message too long (it can have 32768 octets) [bad_argument]" ]]
  ctl sw stats
}

# A word that is left out would make another request of it: flush everything.
@test "words that are no UTF-8 are refused, and shown so" {
  switch
  peer_start a --ctl "$UML" --announce idle
  for words in "fdb flush" "fdb show" "port show" "port add" "capture -i"; do
    # shellcheck disable=SC2086
    run -1 --separate-stderr timeout 10 "$ROUTERCTL" -s "$CTL" -j $words $'\xff'
    jq -e '.error.code == "bad_argument"' <<<"$stderr"
  done
  ctl sw fdb show | grep uml0
  run -1 --separate-stderr timeout 10 "$ROUTERCTL" -s "$WORK/"$'\xff' -j stats
  jq -e --arg name "$WORK/?" '.error.message | contains($name)' <<<"$stderr"
}

@test "stats --prometheus: by the rules of the format" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  ctl sw port add "seqpacket:$SEQ,name=b"
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce idle --drain
  wait_for is sw uml0 .tx.frames -eq 1
  ctl sw stats --prometheus >"$WORK/text"
  timeout 10 tests/helpers/prometheus.py <"$WORK/text" >"$WORK/samples"
  grep -qx 'uml_router_info{mode="switch"} 1' "$WORK/samples"
  grep -qx 'uml_router_ports 2' "$WORK/samples"
  grep -qx 'uml_router_port_transmit_bytes_total{port="uml0",type="uml"} 60' "$WORK/samples"
  grep -qx 'uml_router_port_receive_frames_total{port="b0",type="seqpacket"} 1' \
    "$WORK/samples"
  grep -qx 'uml_router_port_drops_total{port="b0",type="seqpacket",reason="queue_full"} 0' \
    "$WORK/samples"
  grep -qx 'uml_router_drops_total{reason="runt"} 0' "$WORK/samples"
  # What reads it can refuse.
  run ! timeout 10 tests/helpers/prometheus.py < <(sed 's/_total/_sum/' "$WORK/text")
  run ! timeout 10 tests/helpers/prometheus.py < <(grep -v '# TYPE' "$WORK/text")
  run ! timeout 10 tests/helpers/prometheus.py < <(cat "$WORK/text" "$WORK/text")
}

@test "top: ports by rate, the busiest first, once for an interval" {
  switch
  peer_start idler --ctl "$UML" --mac "$(mac 9)" idle
  traffic 3
  proc_start top "$ROUTERCTL" -s "$CTL" top --interval 0.3
  wait_for eval '[ "$(proc_log top | grep -c "per second")" -ge 3 ]'
  proc_stop top
  run ! grep -q $'\e' <(proc_log top)
  [[ $(proc_log top) =~ 3\ ports.*PORT\ +TYPE.*uml[12]\ +uml\ .*uml[12]\ .*uml0\ +uml\ +up\ +0\ +0\ +0 ]]
  [ "$(proc_log top | wc -L)" -le 100 ]
  timeout 2 "$ROUTERCTL" -s "$CTL" -j top --interval 0.5 >"$WORK/json" || true
  head -n 1 "$WORK/json" | jq -e 'length == 3 and
    (map(select(.name == "uml2"))[0] | .rx.frames > 1000 and .rx.bytes > 60000)'
  says_no 1 "interval 'x'" -- -s "$CTL" top --interval x
  says_no 1 "does not take" -- -s "$CTL" stats --interval 1
  peer_done from
}

@test "monitor: ports, addresses and full queues" {
  switch --ageing 4
  monitor_start
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  wait_for event ".event == \"port_up\" and .port == \"uml0\" and .type == \"uml\" and
    .address == \"$UML\" and .time > 1700000000"
  wait_for event ".event == \"learned\" and .mac == \"$(mac 1)\" and .port == \"uml0\""
  peer --ctl "$UML" --mac "$(mac 2)" --announce send --to "$(mac 1)" --count 2000
  wait_for event ".event == \"learned\" and .mac == \"$(mac 2)\" and .port == \"uml1\""
  wait_for event '.event == "queue_full" and .port == "uml0"'
  wait_for event '.event == "port_down" and .port == "uml1"'
  peer --ctl "$UML" --mac "$(mac 1)" --announce idle --seconds 0.1
  wait_for event ".event == \"moved\" and .mac == \"$(mac 1)\" and .port == \"uml1\""
  peer_start b --ctl "$UML" --mac "$(mac 3)" --announce idle
  wait_for event ".event == \"aged\" and .mac == \"$(mac 3)\""
  # Nothing but one object a line.
  proc_log monitor | jq -se 'all(.[]; type == "object" and has("event"))'
}

@test "monitor: a reader that stops loses events, is told, and stops nobody" {
  local pid
  UML_KEYS=,policy=block switch
  pid=$(proc_pid sw)
  odd_start mute mute "$CTL" '{"object":"monitor"}'
  monitor_start
  traffic 2
  peer_start sink --ctl "$UML" --mac "$(mac 3)" --announce idle --drain
  peer_start many --ctl "$UML" --mac 02:00:00:01:00:00 \
    send --to "$(mac 3)" --count 30000 --sources 30000 --rate 15000 then idle
  wait_for total sw .fdb.learned -ge 30003
  most_arrived
  [ "$(proc_status "$pid" VmRSS)" -le 40000 ]
  # One that reads has each event, or is told of it.
  wait_for -t 20 eval '[ "$(proc_log monitor | jq -s "
    map(select(.event == \"learned\")) | length")" -gt 1000 ]'
  wait_for -t 20 eval '[ "$(proc_log monitor | jq -s "
    (map(select(.event == \"learned\")) | length) +
    (map(select(.event == \"lost\").count) | add // 0)")" -ge 30002 ]'
}

@test "monitor: readers that stop get a share of the processor" {
  local pid before
  UML_KEYS=,policy=block switch
  pid=$(proc_pid sw)
  odd_start mutes mute "$CTL" '{"object":"monitor"}' 32
  peer_start sink --ctl "$UML" --mac "$(mac 3)" --announce idle --drain
  # Their rings and sockets get full first.
  peer --ctl "$UML" --mac 02:00:00:02:00:00 \
    send --to "$(mac 3)" --count 10000 --sources 10000 --rate 10000
  peer_start many --ctl "$UML" --mac 02:00:00:01:00:00 \
    send --to "$(mac 3)" --count 30000 --sources 30000 --rate 15000 then idle
  before=$(cpu "$pid")
  wait_for total sw .fdb.learned -ge 40000
  echo "$(($(cpu "$pid") - before)) of 200"
  [ $(($(cpu "$pid") - before)) -le 100 ]
  total sw '.drops | add' -eq 0
}

# --- clients that want too much ----------------------------------------------

@test "64 idle clients do not lock out the 65th" {
  switch
  odd_start crowd crowd "$CTL" 64
  for _ in 1 2 3; do
    json -j stats '.ports.now == 0'
  done
  # One made room; a client that leaves makes it for the next.
  total sw .ports.refused -eq 1
  proc_alive crowd
}

@test "clients that ask as fast as they can: the traffic goes on" {
  UML_KEYS=,policy=block switch
  peer_start crowd --ctl "$UML" --mac 02:00:00:03:00:00 idle --count 200 --drain
  wait_for ports sw 200
  traffic 3
  odd_start nag nag "$CTL" 20 2
  json -j stats '.ports.now == 202'
  most_arrived
  wait_for proc_ended nag
  [ "$(peer_word nag answers)" -ge 10 ]
}

@test "clients that ask as fast as they can get a share of the processor" {
  local pid
  switch
  pid=$(proc_pid sw)
  peer_start crowd --ctl "$UML" --mac 02:00:00:03:00:00 idle --count 200 --drain
  wait_for ports sw 200
  odd_start nag nag "$CTL" 20 3
  # A tenth, and what the waking costs.
  works_little "$pid" 2 60
}

@test "port show NAME: not a second port of that name" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  json -j port show uml0 'length == 1'
  peer_end a
  wait_for ports sw 0
  [ "$(code port show uml0)" = no_such_port ]
}

# fake_switch TEXT: whatever is asked, one port of that name, once
fake_switch() {
  proc_start fake python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
c = s.accept()[0]
c.recv(4096)
c.sendall(("{\"result\":{\"name\":\"%s\"}}\n{\"end\":true}\n" % sys.argv[2]).encode())
c.recv(4096)' "$WORK/fake" "$1"
  wait_for test -S "$WORK/fake"
}

@test "what another program answers does nothing to the terminal" {
  fake_switch 'a\u001b[2Jb\u0085c\u007fd\u00e4'
  run -0 timeout 10 "$ROUTERCTL" -s "$WORK/fake" port show
  [[ $output = *'a?[2Jb??c?d'* ]]
  # No control character but the ends of lines.
  [ "$(LC_ALL=C tr -d '\n -~\200-\377' <<<"$output" | wc -c)" -eq 0 ]
}

@test "shutdown: status 0, and nothing is left" {
  switch
  monitor_start
  peer_start a --ctl "$UML" idle --until-eof
  [ "$(ctl sw -j shutdown | jq .changed)" -eq 1 ]
  proc_wait sw
  [ ! -e "$UML" ] && [ ! -e "$CTL" ]
  wait_for proc_ended monitor
}

@test "completion: commands, ports and options" {
  switch
  peer_start a --ctl "$UML" idle
  complete_it() {
    PATH=$(dirname "$ROUTERCTL"):$PATH timeout 10 bash -c '
      . uml_router/uml_routerctl.bash-completion
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _uml_routerctl
      printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "' - uml_routerctl -s "$CTL" "$@"
  }
  [ "$(complete_it "")" = "capture fdb monitor port shutdown stats top" ]
  [ "$(complete_it port "")" = "add del set show" ]
  [ "$(complete_it port show "")" = uml0 ]
  [ "$(complete_it port set uml0 p)" = "policy=block policy=drop" ]
  [ "$(complete_it port set uml0 d)" = "delay= down" ]
  [ "$(complete_it port set uml0 policy = b)" = block ]
  [ "$(complete_it port set uml0 isolated =)" = "off on" ]
  [ "$(complete_it port set uml0 rate = b)" = "" ]
  [ "$(complete_it port add v)" = "vde: vhost-user:" ]
  [ "$(complete_it capture -i "")" = uml0 ]
  [ "$(complete_it capture --direction "")" = "in out" ]
  [ "$(complete_it stats --pro)" = --prometheus ]
  # A switch is not trusted with what it calls its ports.
  cat >"$WORK/uml_routerctl" <<'END'
#!/bin/sh
printf 'PORT TYPE\n$(id>&2) tap\nvery-long-name-of-a-port\n  tap\nb`id>&2` tap\n'
END
  chmod 755 "$WORK/uml_routerctl"
  ROUTERCTL=$WORK/uml_routerctl
  run complete_it port show ""
  [ "$output" = very-long-name-of-a-port ]
}
