# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Synthetic clients in test suites, and what the switch counts. Needs proc.bash
# and net.bash.
#
#   setup_peers / teardown_peers   $WORK, sockets; state on failure: what bats does
#                                  before and after each test of a suite that
#                                  does not say otherwise
#   peer ARG...                    the client, in the foreground; in namespace
#                                  $PEER_NS, if that is set, like the next one
#   peer_start NAME ARG...         in the background, until it is connected
#   peer_done NAME [WORD...]       it ends with status 0 and printed these words
#   peer_word NAME KEY             value of the last KEY=... that it printed
#   odd_start NAME ARG...          odd.py in the background, until it is ready
#   odd ARG...                     odd.py in the foreground
#   peer_end NAME [WORD...]        end it with SIGTERM; then as peer_done
#   mac N                          address number N, up to 255
#   mac_port SW MAC                port that an address was learned on; fails if
#                                  it was not
#   is SW PORT JQ-PATH OP N        compares a number of `port show`
#   total SW JQ-PATH [OP N]        a number of `stats`, compared or printed
#   ports SW N                     it has N ports
#   state_is SW PORT STATE
#   still_serves SW                a new client's frame comes to another one
#   proc_status PID KEY            a number of /proc/PID/status
#   proc_sched PID KEY             a number of /proc/PID/sched
#   cpu PID                        hundredths of a second that it has run
#   pass_seconds N                 see there
#   says_no / json / traffic / traffic_unhurt / most_arrived   see there
#   sleeps PID / works_little PID SECONDS TICKS / quiet PID
#   rests PID SECONDS SLEEPS TICKS   see there
#   descriptors PID [OP N]         how many it has open, printed or compared

PEER=$BUILD/tests/helpers/peer
ODD=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/odd.py

setup_peers() {
  work_make
  # shellcheck disable=SC2034 # used by the suites
  UML=$WORK/uml.ctl SEQ=$WORK/seq CTL=$WORK/ctl
}

teardown_peers() {
  if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
    tail -n 20 "$WORK"/proc/*.log || true
    [ ! -e "$WORK/proc/sw.sockets" ] || ctl sw port show || true
  fi
  cleanup
}

setup() {
  setup_peers
}

teardown() {
  teardown_peers
}

mac() {
  printf '02:00:00:00:00:%02x\n' "$1"
}

# An address of its own, so that a sender never has that of a receiver.
peer() {
  local run=(timeout -k 2 60)
  [ -z "${PEER_NS:-}" ] || run=(ns_exec "$PEER_NS")
  "${run[@]}" "$PEER" --mac "$(mac 99)" "$@"
}

# said_ready NAME: it printed "ready", or has ended
said_ready() {
  grep -q '^ready' "$WORK/proc/$1.log" || proc_ended "$1"
}

started() {
  wait_for said_ready "$1" && grep -q '^ready' "$WORK/proc/$1.log"
}

peer_start() {
  local name=$1
  shift
  proc_start ${PEER_NS:+-n "$PEER_NS"} "$name" "$PEER" --timeout 60 \
    --mac "$(mac 98)" "$@" && started "$name"
}

odd() {
  timeout -k 2 60 python3 "$ODD" "$@"
}

odd_start() {
  local name=$1
  shift
  proc_start "$name" python3 "$ODD" "$@" && started "$name"
}

peer_done() {
  local name=$1 status=0 word
  shift
  proc_wait "$name" 40 || status=$?
  [ "$status" -eq 0 ] || echo "$name: status $status"
  for word; do
    if ! grep -qw -- "$word" "$WORK/proc/$name.log"; then
      echo "$name did not print $word"
      status=1
    fi
  done
  [ "$status" -eq 0 ] || proc_log "$name"
  return "$status"
}

peer_end() {
  kill "$(proc_pid "$1")"
  peer_done "$@"
}

peer_word() {
  local value
  value=$(proc_log "$1" | sed -n "s/.*\b$2=\([^ ]*\).*/\1/p" | tail -n 1)
  [ -n "$value" ] && echo "$value"
}

is() {
  test "$(counter "$1" "$2" "$3")" "$4" "$5"
}

total() {
  local value
  value=$(ctl "$1" --json stats | jq "$2") || return 1
  if [ $# -eq 2 ]; then
    echo "$value"
  else
    test "$value" "$3" "$4"
  fi
}

ports() {
  total "$1" .ports.now -eq "$2"
}

# fdb SW JQ-FILTER: of `fdb show`
fdb() {
  ctl "$1" --json fdb show | jq -r "$2"
}

mac_port() {
  fdb "$1" ".[] | select(.mac == \"$2\") | .port" | grep .
}

# state_is SW PORT STATE
state_is() {
  [ "$(ctl "$1" --json port show "$2" | jq -r '.[0].state')" = "$3" ]
}

still_serves() {
  peer_start "listener$BASHPID" --ctl "$UML" --mac "$(mac 240)" --announce \
    recv --count 1 --wait 10 || return 1
  peer --ctl "$UML" --mac "$(mac 241)" send --to "$(mac 240)" || return 1
  peer_done "listener$BASHPID" received=1 corrupt=0 || return 1
  proc_alive "$1"
}

proc_sched() {
  awk -v key="$2" '$1 == key { print $NF }' "/proc/$1/sched"
}

proc_status() {
  local value
  value=$(sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$1/status")
  [ -n "$value" ] && echo "$value"
}

descriptors() {
  local fds=("/proc/$1/fd"/*)
  if [ $# -eq 1 ]; then
    echo ${#fds[@]}
  else
    test ${#fds[@]} "$2" "$3"
  fi
}

# pass_seconds N: that nothing happens cannot be seen but by waiting.
pass_seconds() {
  timeout "$1" sleep infinity || [ $? -eq 124 ]
}

# cpu PID: hundredths of a second that it has run
cpu() {
  local stat
  read -r stat <"/proc/$1/stat"
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  echo $((${12} + ${13}))
}

# sleeps PID: how often its threads have gone to sleep. Asking the switch for its
# wake-ups would wake it, as often as the machine's load has it. Who never sleeps
# is seen by cpu alone.
sleeps() {
  awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum }' \
    "/proc/$1/task/"*/status
}

# works_little PID SECONDS TICKS: no more than that in this time
works_little() {
  local ticks
  ticks=$(cpu "$1")
  pass_seconds "$2"
  ticks=$(($(cpu "$1") - ticks))
  echo "$ticks ticks in $2 s"
  [ "$ticks" -le "$3" ]
}

# rests PID SECONDS SLEEPS TICKS: that, and it goes to sleep so often at most
rests() {
  local count
  count=$(sleeps "$1")
  works_little "$1" "$2" "$4" || return 1
  count=$(($(sleeps "$1") - count))
  echo "$count sleeps"
  [ "$count" -le "$3" ]
}

# quiet PID: it has done with what was asked of it before
quiet() {
  rests "$1" 0.3 0 2
}

# says_no STATUS TEXT... -- ARG...: uml_routerctl refuses, on standard error
says_no() {
  local status=$1 texts=() text
  shift
  while [ "$1" != -- ]; do
    texts+=("$1")
    shift
  done
  shift
  run "-$status" --separate-stderr timeout -k 2 10 "$ROUTERCTL" "$@"
  [ -z "$output" ]
  # shellcheck disable=SC2154 # set by run
  for text in "${texts[@]}"; do
    if [[ $stderr != *"$text"* ]]; then
      echo "$*: no '$text' in: $stderr"
      return 1
    fi
  done
}

# json ARG... FILTER: what uml_routerctl shows, through a jq filter that must
# be true
json() {
  ctl sw "${@:1:$#-1}" >"$WORK/json"
  jq -e "${@: -1}" "$WORK/json" >"$WORK/jq.out" || {
    cat "$WORK/json"
    return 1
  }
}

# traffic SECONDS: two clients at full speed, unicast; joins "to" and "from"
traffic() {
  peer_start to --ctl "$UML" --mac "$(mac 1)" --announce recv --silence 1 --wait 20
  peer_start from --ctl "$UML" --mac "$(mac 2)" \
    send --to "$(mac 1)" --count 0 --seconds "$1" --rate 20000
}

# traffic_unhurt: those two lost next to nothing: what was dropped was counted
traffic_unhurt() {
  local got lost
  peer_done from
  wait_for proc_ended to
  got=$(peer_word to received)
  lost=$(($(peer_word from sent) - got))
  echo "$got frames, $lost lost"
  [ "$got" -ge 1000 ]
  [ "$lost" -eq "$(total sw .drops.queue_full)" ]
}

# most_arrived: nine of ten at least. With policy=block it does not count how
# long the machine leaves the receiver asleep.
most_arrived() {
  local got sent
  peer_done from
  wait_for proc_ended to
  got=$(peer_word to received)
  sent=$(peer_word from sent)
  echo "$got frames of $sent"
  [ "$got" -ge 1000 ]
  [ $((got * 10)) -ge $((sent * 9)) ]
}
