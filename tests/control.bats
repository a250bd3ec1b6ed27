# SPDX-License-Identifier: GPL-2.0-or-later
#
# The management socket and uml_routerctl: what is shown, its form, and that no
# client of it can stop the switch.
#
# shellcheck disable=SC1010 # then is a word of peer's

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

# switch [ARG...]: $QUEUE is that of the clients of $UML
switch() {
  switch_start sw "$@" --port "uml:$UML,queue=${QUEUE:-300}" \
    --port "seqpacket:$SEQ,policy=block,name=bess" --control "$CTL"
}

# --- what is shown -----------------------------------------------------------

@test "port show: a table of 100 columns" {
  local table
  QUEUE=2000 switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  for ((i = 0; i < 11; i++)); do
    peer_start "b$i" --proto seqpacket --ctl "$SEQ" idle --drain
  done
  peer --ctl "$UML" send --to "$(mac 1)" --count 1000 --size 1514
  wait_for is sw uml0 .tx.frames -ge 1000
  mapfile -t table < <(ctl sw port show)
  [ ${#table[@]} -eq 13 ]
  [[ ${table[0]} =~ ^PORT\ +TYPE\ +PID\ +STATE ]]
  [[ ${table[1]} =~ ^uml0\ +uml\ +$(proc_pid a)\ +up\ +drop\ +1\ +60\ +10 ]]
  [[ ${table[12]} =~ ^bess10\ +seqpacket\ +$(proc_pid b10)\ +up\ +block\ +0\ +0\ +0\ +0\ +0\ +0$ ]]
  [ "$(printf '%s\n' "${table[@]}" | wc -L)" -le 100 ]
  # No colour, no trailing words; one port alone
  run ! grep -q $'\e' <(ctl sw port show)
  run -0 ctl sw port show bess10
  [ "$output" = "${table[0]}
${table[12]}" ]
}

@test "port show --json: names and types as promised" {
  switch
  [ "$(ctl sw --json port show)" = "[]" ]
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce idle --drain
  peer --ctl "$UML" --mac "$(mac 3)" send --to "$(mac 1)" --count 50 --size 1000 \
    then send --to "$(mac 3)" then idle --seconds 0.1
  wait_for ports sw 2
  json -j port show '
    def count: type == "number" and . >= 0 and . == floor;
    type == "array" and length == 2 and all(.[];
      (.name | type == "string") and
      (.type | . == "uml" or . == "seqpacket") and
      (.address | type == "string") and
      (.peer | (.pid | count) and (.uid | count)) and
      (.state | type == "string") and
      (.rx | (.frames | count) and (.bytes | count)) and
      (.tx | (.frames | count) and (.bytes | count)) and
      (.drops | type == "object" and all(.[]; count) and
        has("queue_full") and has("too_long") and has("runt")) and
      (.queue | (.length | count) and (.limit | count) and
        (.policy | . == "drop" or . == "block")) and
      has("offload"))'
  # shellcheck disable=SC2016
  ctl sw --json port show uml0 | jq -e --arg address "$UML" \
    --argjson pid "$(proc_pid a)" --argjson uid "$(id -u)" '
    length == 1 and (.[0] | .name == "uml0" and .type == "uml" and
      .address == $address and .peer == {pid: $pid, uid: $uid} and
      .state == "up" and .rx == {frames: 1, bytes: 60} and
      .tx == {frames: 51, bytes: 50060} and (.drops | add) == 0 and
      .queue == {length: 0, limit: 300, policy: "drop"})'
  json --json port show bess0 '.[0] | .type == "seqpacket" and
    .queue == {length: 0, limit: 256, policy: "block"}'
}

@test "port show: the states of a port" {
  switch
  peer_start stopped --proto seqpacket --ctl "$SEQ" --mac "$(mac 1)" --announce idle
  peer_start sender --ctl "$UML" send --to "$(mac 1)" --count 1000
  # The one does not read, the other is not read.
  wait_for state_is sw bess0 stalled
  wait_for state_is sw uml0 held
  json -j port show bess0 '.[0].queue.length >= 256'
}

@test "fdb show: a table, and JSON as promised" {
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce idle
  wait_for total sw .fdb.entries -eq 2
  run -0 ctl sw fdb show
  [[ ${lines[0]} =~ ^ADDRESS\ +VLAN\ +AGE\ +PORT$ ]]
  [[ ${lines[1]} =~ ^$(mac 1)\ +0\ +[0-9]s\ uml0$ ]]
  [[ ${lines[2]} =~ ^$(mac 2)\ +0\ +[0-9]s\ bess0$ ]]
  [ ${#lines[@]} -eq 3 ]
  json -j fdb show 'type == "array" and length == 2 and all(.[];
    (keys == ["age", "mac", "port", "static", "vlan"]) and (.static | not) and (.mac | test("^[0-9a-f:]{17}$")) and
    (.vlan | type == "number") and (.age | type == "number" and . < 10)) and
    (map({(.mac): .port}) | add) ==
      {"02:00:00:00:00:01": "uml0", "02:00:00:00:00:02": "bess0"}'
  json -j fdb show bess0 'map(.mac) == ["02:00:00:00:00:02"]'
}

@test "stats: lines, and JSON" {
  switch --fdb-size 1000 --max-ports 10 --ageing 77
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer --ctl "$UML" --mac "$(mac 3)" send --to "$(mac 1)" --count 50 --size 1000 \
    then idle --seconds 0.1
  wait_for ports sw 1
  run -0 ctl sw stats
  grep -qx 'mode  *switch' <<<"$output"
  grep -qx 'ports.joined  *2' <<<"$output"
  grep -qx 'rx.frames  *51' <<<"$output"
  grep -qx 'drops.queue_full  *0' <<<"$output"
  # What ports counted that are gone is in it.
  json -j stats '.mode == "switch" and .ports.now == 1 and .ports.limit == 10 and
    .ports.joined == 2 and .ports.left == 1 and .ports.refused == 0 and
    .fdb.entries == 1 and .fdb.limit == 1000 and .fdb.ageing == 77 and
    .fdb.learned == 2 and .rx == {frames: 51, bytes: 50060} and
    .tx == {frames: 50, bytes: 50000} and .unicast == 50 and .flooded == 1 and
    .bad_requests == 0 and .strangers == 0 and (.wakeups | type == "number")'
}

@test "no more ports than --max-ports; who is turned away is counted" {
  switch --max-ports 3
  proc_start crowd "$PEER" --ctl "$UML" idle --count 3
  wait_for ports sw 3
  run -5 peer --ctl "$UML" idle
  run -5 peer --proto seqpacket --ctl "$SEQ" recv --wait 5
  total sw .ports.refused -eq 2
  ports sw 3
  proc_stop crowd
  wait_for ports sw 0
  still_serves sw
}

# --- what is refused ---------------------------------------------------------

@test "wrong requests: a message and status 1" {
  switch
  peer_start a --ctl "$UML" --announce idle
  says_no 1 "no port of that name" -- -s "$CTL" port show nosuch
  says_no 1 "no port of that name" -- -s "$CTL" -j fdb show nosuch
  says_no 1 "no port of that name" -- -s "$CTL" port show ''
  says_no 1 "too many arguments" -- -s "$CTL" port show uml0 uml0
  says_no 1 "too many arguments" -- -s "$CTL" stats now
  says_no 1 unknown frobnicate -- -s "$CTL" frobnicate
  says_no 1 unknown "port frobnicate" -- -s "$CTL" port frobnicate
  says_no 1 unknown port -- -s "$CTL" port
  says_no 1 shown help -- -s "$CTL"
  says_no 1 invalid -- -s "$CTL" -x stats
  says_no 1 unrecognized -- --frobnicate stats
  says_no 1 "requires an argument" -- stats -s
}

@test "no switch behind the socket: which socket, and what to do" {
  says_no 1 "'$CTL'" "No such file" "--control" "-s" -- -s "$CTL" stats
  says_no 1 /run/uml_router.ctl -- stats
  switch
  proc_kill sw
  says_no 1 "'$CTL'" refused "--control" -- -s "$CTL" port show
  says_no 1 "limit is 107" -- -s "$(printf '%0108d' 0)" stats
  # The variable names the socket as -s does, and yields to it.
  rm "$CTL"
  switch_start other --port "uml:$UML" --control "$WORK/other"
  UML_ROUTER_CONTROL=$WORK/other run -0 timeout 10 "$ROUTERCTL" stats
  UML_ROUTER_CONTROL=$CTL run -0 timeout 10 "$ROUTERCTL" --control "$WORK/other" stats
  UML_ROUTER_CONTROL=$CTL says_no 1 "'$CTL'" -- stats
}

@test "another user has no access, unless --mode says so" {
  run_as_nobody || skip "cannot change the user"
  [ ${#RUN_AS[@]} -gt 0 ] || skip "is not root"
  local as=("${RUN_AS[@]}")
  RUN_AS=()
  switch
  run -1 "${as[@]}" timeout 10 "$ROUTERCTL" -s "$CTL" stats
  [[ $output = *"'$CTL'"*"Permission denied"* ]]
  switch_stop sw || true
  switch --mode 0666
  run -0 "${as[@]}" timeout 10 "$ROUTERCTL" -s "$CTL" stats
}

# --- clients that are no uml_routerctl ---------------------------------------

@test "several requests on one connection, right and wrong ones" {
  local answers
  switch
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle
  mapfile -t answers < <(odd ask "$CTL" \
    '{"object":"port","verb":"show"}' \
    'hello' \
    '{"object":"port","verb":"show","args":["nosuch"]}' \
    '{"object":"port","verb":"reboot"}' \
    '[1,2,3]' \
    '{"object":"port","verb":"show","args":"uml0"}' \
    '{"object":"port","verb":"show","args":[["uml0"]]}' \
    '{"object":"port","object":"fdb","verb":"show"}' \
    '{"object":7,"verb":"show"}' \
    '{"object":"port","verb":"show","more":1}' \
    '' \
    "$(printf '[%.0s' {1..3000})" \
    '{"object":"fdb","verb":"show","args":[]}' \
    '{"object":"stats"}')
  printf '%s\n' "${answers[@]}" |
    jq -c 'if .result then .result | keys[0] elif .error then .error.code else "end" end' |
    tr -d '"' | paste -sd ' ' >"$WORK/codes"
  [ "$(cat "$WORK/codes")" = "address end bad_request no_such_port unknown_verb \
bad_request bad_request bad_argument bad_request bad_request bad_request bad_request \
bad_request age end bad_requests end" ]
  # Each has something to say.
  printf '%s\n' "${answers[@]}" |
    jq -se 'map(select(.error).error.message) | length == 11 and all(.[]; length > 10)'
  total sw .bad_requests -eq 11
}

@test "requests in pieces of any size, several in one piece" {
  local size
  switch
  for size in 1 2 7 25 1000; do
    odd chop "$CTL" $size '{"object":"stats"}' '{"object":"port","verb":"show"}' \
      nonsense '{"object":"stats"}' >"$WORK/out"
    [ "$(jq -c keys <"$WORK/out" | tr -d '\n')" = \
      '["result"]["end"]["end"]["error"]["result"]["end"]' ]
  done
}

@test "an over-long request: counted, and the connection ends" {
  switch
  run -1 odd ask "$CTL" '{"object":"stats"}' "$(printf '%033000d' 0)"
  [[ $output = *"the switch ended the connection" ]]
  total sw .bad_requests -eq 1
  # As much as fits is a request like another.
  run -0 odd ask "$CTL" "$(printf '%032767d' 0)" '{"object":"stats"}'
  [[ $output = *bad_request*'"end"'* ]]
  total sw .bad_requests -eq 2
}

# --- under load --------------------------------------------------------------

@test "fdb show is complete with 5000 addresses, under traffic" {
  switch
  traffic 3
  peer_start many --proto seqpacket --ctl "$SEQ" --mac 02:00:00:01:00:00 \
    send --to "$(mac 1)" --count 5000 --sources 5000 --rate 20000 then idle
  wait_for total sw .fdb.entries -ge 5002
  # Others come and go meanwhile.
  peer_start flap --ctl "$UML" --mac 02:00:00:02:00:00 --timeout 20 --announce \
    churn --clients 20 --rounds 1000 --frames 0
  for _ in 1 2 3 4 5; do
    json -j fdb show '(map(.mac) | length == (unique | length)) and
      (map(select(.port == "bess0")) | length == 5000 and
        (map(.mac) | sort | .[0] == "02:00:00:01:00:00" and
          .[-1] == "02:00:00:01:13:87"))'
  done
  [ "$(ctl sw fdb show bess0 | wc -l)" -eq 5001 ]
  proc_stop flap
  peer_done from
}

@test "a client that does not read its answer" {
  local pid rss
  switch
  pid=$(proc_pid sw)
  peer_start many --proto seqpacket --ctl "$SEQ" --mac 02:00:00:01:00:00 \
    send --to "$(mac 1)" --count 5000 --sources 5000 --rate 20000 then idle
  wait_for total sw .fdb.entries -eq 5000
  ctl sw fdb show >"$WORK/out"
  rss=$(proc_status "$pid" VmRSS)
  traffic 2
  odd_start deaf deaf "$CTL" 20
  json -j fdb show 'length >= 5000'
  traffic_unhurt
  # Their answers wait in pieces, not whole.
  echo "resident: $rss KiB, then $(proc_status "$pid" VmRSS) KiB"
  [ "$(proc_status "$pid" VmRSS)" -le $((rss + 4096)) ]
  # And waiting costs nothing.
  works_little "$pid" 1 5
  proc_kill deaf
  json -j stats '.fdb.entries >= 5000'
}

@test "half a request, and nothing else" {
  switch
  traffic 1
  proc_start half "$PEER" --ctl "$CTL" --no-request \
    raw --on ctl --hex '7b226f626a656374223a' then idle
  wait_for grep -q up=1 "$WORK/proc/half.log"
  json -j stats '.ports.now == 2'
  traffic_unhurt
  proc_kill half
  json -j stats '.bad_requests == 0'
}

@test "100 idle management clients" {
  local pid before
  switch
  pid=$(proc_pid sw)
  before=$(descriptors "$pid")
  traffic 1
  odd_start crowd crowd "$CTL" 100
  # There is a bound. Who is beyond it is told, or served.
  run timeout 10 "$ROUTERCTL" -s "$CTL" stats
  [ "$status" -eq 0 ] || [[ $status -eq 1 && $output = *uml_routerctl:* ]]
  descriptors "$pid" -le $((before + 4 + 64))
  peer_done from
  still_serves_unseen
  proc_kill crowd
  wait_for json -j stats '.ports.now == 0'
  traffic_unhurt
  wait_for descriptors "$pid" -eq "$before"
}

# still_serves_unseen: as still_serves, without a look at its management socket
still_serves_unseen() {
  peer_start unseen --ctl "$UML" --mac "$(mac 230)" --announce recv --count 1 --wait 10
  peer --ctl "$UML" send --to "$(mac 230)"
  peer_done unseen received=1
}

@test "junk on the management socket" {
  local seed
  switch
  traffic 1
  for seed in {1..20}; do
    peer --ctl "$CTL" --no-request raw --on ctl --random 1-9000 --seed "$seed" \
      --count 5 --nonblock
  done
  traffic_unhurt
  total sw .bad_requests -ge 20
  still_serves sw
}
