# SPDX-License-Identifier: GPL-2.0-or-later
#
# A switch with several threads: clients of two workers talk, come and go, are
# captured and managed as if there were one.
#
# shellcheck disable=SC2016 # what other shells evaluate

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

# The clients of $SEQ belong to worker 1, those of $UML to the first one.
switch() {
  switch_start sw --workers 2 --port "uml:$UML,policy=block,queue=4096" \
    --port "seqpacket:$SEQ,worker=1,queue=4096" --control "$CTL"
}

threads() {
  local task=("/proc/$(proc_pid sw)/task/"*)
  echo "${#task[@]}"
}

@test "workers are threads, and ports say whose they are" {
  switch
  [ "$(threads)" -ge 2 ]
  peer_start a --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start b --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce \
    idle --drain
  [ "$(ctl sw -j port show | jq -c 'map({name, worker})')" = \
    '[{"name":"uml0","worker":0},{"name":"seqpacket0","worker":1}]' ]
  ctl sw port add "seqpacket:$WORK/more,worker=1,name=more"
  peer --proto seqpacket --ctl "$WORK/more" idle --seconds 0.1
  run -1 ctl sw port set uml0 worker=1
  # shellcheck disable=SC2154
  [[ $output = *"'worker' is for good"* ]]
}

@test "a worker that there is not" {
  run -1 timeout 10 "$ROUTER" --port "uml:$UML,worker=1"
  [[ $output = *"no worker 1, they are 0 to 0"*--workers* ]]
  [ ! -e "$UML" ]
  run -1 timeout 10 "$ROUTER" --workers 0
  [[ $output = *"workers '0' is not a number from 1 to 64"* ]]
  switch
  run -1 ctl sw port add "uml:$WORK/more,worker=2"
  [[ $output = *"no worker 2, they are 0 to 1"* ]]
  [ ! -e "$WORK/more" ]
}

# Not more at once than may be under way to a worker, which may get no processor
# for a while.
@test "frames between clients of two workers come whole and in order" {
  switch
  for _ in 1 2 3 4 5; do
    peer_start one --ctl "$UML" --mac "$(mac 1)" --announce \
      recv --count 200 --wait 10 --strict
    peer_start two --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce \
      recv --count 200 --wait 10 --strict
    wait_for mac_port sw "$(mac 2)"
    peer --ctl "$UML" send --to "$(mac 2)" --count 200 --size 60-1514
    peer --proto seqpacket --ctl "$SEQ" send --to "$(mac 1)" --count 200 \
      --size 60-1514
    for name in one two; do
      peer_done $name received=200 missing=0 reordered=0 duplicate=0 corrupt=0
    done
    wait_for ports sw 0
  done
  total sw '.drops | add' -eq 0
}

@test "a capture and a monitor see the ports of all workers" {
  local seen=$WORK/seen
  switch
  proc_start mon sh -c 'exec "$@" >"$0"' "$WORK/events" \
    "$ROUTERCTL" -s "$CTL" monitor
  proc_start cap sh -c 'exec "$@" >"$0" 2>"$0.err"' "$seen" \
    "$ROUTERCTL" -s "$CTL" capture -c 40 --direction in
  wait_for total sw .ports.limit -gt 0
  peer_start one --ctl "$UML" --mac "$(mac 1)" --announce idle --drain
  peer_start two --proto seqpacket --ctl "$SEQ" --mac "$(mac 2)" --announce \
    idle --drain
  peer --ctl "$UML" --mac "$(mac 3)" send --to "$(mac 2)" --count 20
  peer --proto seqpacket --ctl "$SEQ" --mac "$(mac 4)" send \
    --to "$(mac 1)" --count 20
  proc_wait cap 20
  grep -q "$(mac 3)" "$seen"
  grep -q "$(mac 4)" "$seen"
  wait_for grep -q "seqpacket0" "$WORK/events"
  grep -q "uml0" "$WORK/events"
}

@test "clients of a worker come and go while others talk" {
  switch
  peer_start one --ctl "$UML" --mac "$(mac 1)" --announce \
    recv --count 20000 --wait 20 --strict
  wait_for mac_port sw "$(mac 1)"
  proc_start talk "$PEER" --ctl "$UML" --mac "$(mac 5)" \
    send --to "$(mac 1)" --count 20000 --rate 10000
  while [ "$(total sw .ports.left)" -lt 10 ]; do
    peer --proto seqpacket --ctl "$SEQ" --mac "$(mac 6)" \
      send --to "$(mac 1)" --count 1 >/dev/null
    ctl sw fdb flush seqpacket0 >/dev/null 2>&1 || true
  done
  peer_done one missing=0 reordered=0 duplicate=0 corrupt=0
  wait_for ports sw 0
}
