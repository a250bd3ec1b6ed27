# SPDX-License-Identifier: GPL-2.0-or-later
#
# How uml_router is started and ended: the command line of uml_switch, whose
# place it takes; sockets and pid file; the background; privileges; and what it
# says to wrong words.
#
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a process of its own

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer

setup() {
  setup_peers
  # Tests change the folder, and processes are found by their program.
  ROUTER=$(realpath "$ROUTER") ROUTERCTL=$(realpath "$ROUTERCTL")
  PID=$WORK/pid
}

# refused WORD... -- TEXT...: the switch does not start with these words, says
# each text on standard error, and leaves nothing behind
refused() {
  local words=() text
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  run -1 --separate-stderr timeout -k 2 10 "$ROUTER" "${words[@]}" </dev/null
  # shellcheck disable=SC2154 # set by run
  for text; do
    if [[ $stderr != *"$text"* ]]; then
      echo "'${words[*]}': no '$text' in: $stderr"
      return 1
    fi
  done
  [ -z "$output" ]
}

# status_of PID FIELD: of /proc/PID/status, without the name
status_of() {
  sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# stat_of PID N: field N of /proc/PID/stat, from 3 on
stat_of() {
  local stat
  read -r stat <"/proc/$1/stat"
  # shellcheck disable=SC2086
  set -- "$2" ${stat##*) }
  shift $(($1 - 2))
  echo "$1"
}

# --- uml_switch's words ------------------------------------------------------

@test "the old words, with standard input from /dev/null" {
  local words
  for words in "-unix $UML" "-hub -unix $UML" "--unix $UML --hub" \
    "-compat-v0 -unix $UML $WORK/data" "--unix=$UML"; do
    # shellcheck disable=SC2086
    switch_start sw $words
    wait_for test -S "$UML"
    still_serves sw
    run -143 switch_stop sw
    [ ! -e "$UML" ]
    [ ! -e "$WORK/data" ]
  done
}

@test "without names: /tmp/uml.ctl and /tmp/uml.data" {
  need_root
  # A /tmp of its own, so that nobody else's switch is in the way.
  [[ $ROUTER != /tmp/* ]] || skip "the programs are in /tmp"
  # shellcheck disable=SC2016
  run -0 timeout 20 unshare --mount sh -c '
    mount -t tmpfs none /tmp && cd /tmp || exit 1
    timeout -s INT 1 "$0" </dev/null
    timeout -s INT 1 "$0" -compat-v0 </dev/null
    ls' "$ROUTER"
  [ "$output" = "$ROUTER attached to unix socket '/tmp/uml.ctl'
Caught signal 2, cleaning up and exiting
$ROUTER attached to unix sockets '/tmp/uml.ctl' and '/tmp/uml.data'
Caught signal 2, cleaning up and exiting" ]
}

@test "startup lines" {
  local name=$ROUTER data=$WORK/data
  # lines EXPECTED WORD...
  lines() {
    local expected=$1
    shift
    proc_start sw "$name" "$@"
    wait_for grep -q attached "$WORK/proc/sw.log"
    [ "$(proc_log sw)" = "$expected" ]
    proc_stop sw
  }
  lines "$name attached to unix socket '$UML'" -unix "$UML"
  lines "$name will be a hub instead of a switch
$name attached to unix socket '$UML'" -hub -unix "$UML"
  lines "$name attached to unix sockets '$UML' and '$data'" \
    -compat-v0 -unix "$UML" "$data"
  lines "$name attached to unix socket '$UML' seqpacket '$SEQ'" \
    --port "uml:$UML" --port "seqpacket:$SEQ" --control "$CTL"
}

# on_terminal COMMAND-LINE: its output and the terminal's end of file; lines
# that the ancestor writes besides are left out
on_terminal() {
  timeout -k 2 20 script -qec "$1" /dev/null </dev/null |
    grep -v -e '^Control protocol 0' -e '^New connection'
}

@test "the same lines as Debian's uml_switch, called by its name" {
  local words ancestor
  ancestor=$(
    # shellcheck source=bench/lib/ancestor.sh
    . bench/lib/ancestor.sh
    # shellcheck disable=SC2154 # a variable of ancestor.sh
    fetch_uml_switch && echo "$uml_switch"
  )
  [ -x "$ancestor" ] || skip "Debian's uml-utilities cannot be had"
  mkdir "$WORK/old" "$WORK/new"
  ln -s "$ancestor" "$WORK/old/uml_switch"
  ln -s "$ROUTER" "$WORK/new/uml_switch"
  cd "$WORK"
  for words in '-unix s' '-hub -unix s' '-unix s -hub' '-compat-v0 -unix s d' \
    "-compat-v0 -unix $WORK/s $WORK/d -hub"; do
    PATH=$WORK/old:$PATH on_terminal "uml_switch $words" >old.out
    PATH=$WORK/new:$PATH on_terminal "uml_switch $words" >new.out
    diff old.out new.out
    grep -q '^uml_switch attached to ' new.out
    [ ! -e s ]
    [ ! -e d ]
  done
}

@test "the same line as Debian's uml_switch, with a tap" {
  local ancestor
  need_tun
  ancestor=$(
    # shellcheck source=bench/lib/ancestor.sh
    . bench/lib/ancestor.sh
    # shellcheck disable=SC2154
    fetch_uml_switch && echo "$uml_switch"
  )
  [ -x "$ancestor" ] || skip "Debian's uml-utilities cannot be had"
  mkdir "$WORK/old" "$WORK/new"
  ln -s "$ancestor" "$WORK/old/uml_switch"
  ln -s "$ROUTER" "$WORK/new/uml_switch"
  ns_add host
  cd "$WORK"
  for which in old new; do
    # shellcheck disable=SC2016
    ns_exec host bash -c 'PATH=$0:$PATH script -qec "$1" /dev/null </dev/null' \
      "$WORK/$which" 'uml_switch -tap tap7 -unix s' |
      grep -v '^New connection' >$which.out
  done
  diff old.out new.out
  grep -q "^uml_switch attached to unix socket 's' tap device 'tap7'" new.out
}

@test "refused words" {
  refused extra -- "'extra' is no option"
  refused -nosuch -- "unknown" "'-nosuch'" Usage
  refused -unix -- "'-unix' needs a value" Usage
  refused -unix "$UML" -tap -- "'-tap' needs a value"
  refused -unix "$UML" "$WORK/data" -- "'$WORK/data' needs -compat-v0"
  refused -unix "$UML" -hub "$WORK/data" -- "'$WORK/data' is no option"
  refused -unix "$UML" -unix "$UML.2" -- "-unix is given twice"
  refused -compat-v0 --port "uml:$UML" -- "-compat-v0 needs -unix"
  refused -unix "$UML" -x -- "'-x'"
  [ ! -e "$UML" ]
}

# --- values ------------------------------------------------------------------

@test "each wrong value is refused, with the value and what would be right" {
  local uml=uml:$UML
  refused --ageing 0 -- "'0'" "1 to 1000000"
  refused --ageing -1 -- "'-1'" "1 to 1000000"
  refused --ageing 1000001 -- "'1000001'" "1 to 1000000"
  refused --ageing 5x -- "'5x'" "1 to 1000000"
  refused --ageing '' -- "''" "1 to 1000000"
  refused --fdb-size 0 -- "'0'" "1 to 16777216"
  refused --fdb-size 99999999999999999999999 -- "1 to 16777216"
  refused --max-ports 65537 -- "'65537'" "1 to 65536"
  refused --mode 888 -- "'888'" octal "0777"
  refused --mode 01777 -- "'01777'" "0777"
  refused --group no:such -- "'no:such'" group
  refused --user no:such --port "$uml" -- "'no:such'" user
  refused --port nosuch:x -- "'nosuch'" "tap, uml, vde, seqpacket, stream"
  refused --port uml -- "'uml'" TYPE:ADDRESS
  refused --port uml: -- "no address"
  refused --port "$uml,queue=0" -- "'0'" "1 to 65536"
  refused --port "$uml,queue=65537" -- "'65537'" "1 to 65536"
  refused --port "$uml,queue" -- "'queue'" key=value
  refused --port "$uml," -- key=value
  refused --port "$uml,policy=maybe" -- "'maybe'" drop block
  refused --port "$uml,colour=red" -- "'colour'" "name, queue, policy"
  refused --port "$uml,txqueuelen=5" -- "'txqueuelen'" "name, queue, policy"
  refused --port "$uml,name=" -- "''" letters
  refused --port "$uml,name=a/b" -- "'a/b'" letters
  refused --port "$uml,name=$(printf '%021d' 0)" -- "20 characters"
  refused --port tap:t,name="$(printf '%032d' 0)" -- "31 characters"
  refused --port "$uml,rate=auto" -- "rate=auto" "tap with queueing=backpressure"
  refused --port tap:t,rate=auto -- "rate=auto" "tap with queueing=backpressure"
  refused --port tap:t,queueing=three -- "'three'" "one-queue" backpressure
  refused --port tap:t,txqueuelen=0 -- "'0'" "1 to 1000000"
  refused --port tap:"$(printf '%016d' 0)" -- "longer than 15"
  refused --port tap:a/b -- "'a/b'"
  refused --port fd:x -- "'x'" "number"
  refused --port fd:77 -- "descriptor 77"
  refused --port fd:0 -- "descriptor 0" "no open tun/tap device"
  refused -unix "$WORK/$(printf '%0100d' 0)" -- "the limit is 107"
  refused -unix "$WORK/no/such" -- "'$WORK/no/such'" "No such file"
  refused -unix '' -- "must not be empty"
  [ "$(ls "$WORK")" = "$(printf '%s\n' defer proc)" ]
}

@test "--help and --version" {
  local word
  run -0 --separate-stderr timeout 10 "$ROUTER" --help
  # shellcheck disable=SC2154
  [ -z "$stderr" ]
  for word in unix tap hub compat-v0 daemon port control pidfile user mode group \
    ageing fdb-size max-ports workers spin; do
    grep -q -- "--$word" <<<"$output"
  done
  run -0 --separate-stderr timeout 10 "$ROUTER" --version
  [[ $output =~ ^uml_router.*[0-9]+\.[0-9]+ ]]
  [ -z "$stderr" ]
  run -0 --separate-stderr timeout 10 "$ROUTERCTL" --help
  [[ $output = *"port show"* ]]
  [ -z "$stderr" ]
  run -0 timeout 10 "$ROUTERCTL" --version
  [[ $output =~ ^uml_routerctl.*[0-9]+\.[0-9]+ ]]
  run -1 --separate-stderr timeout 10 "$ROUTER" --nosuch
  [ -z "$output" ]
  [[ $stderr = *Usage:* ]]
}

# --- the end -----------------------------------------------------------------

@test "signals end it, and nothing is left" {
  local signal
  for signal in TERM:143 INT:130 HUP:129; do
    switch_start sw -compat-v0 -unix "$UML" "$WORK/data" \
      --port "seqpacket:$SEQ" --control "$CTL" --pidfile "$PID"
    [ "$(cat "$PID")" -eq "$(proc_pid sw)" ]
    [ -S "$WORK/data" ]
    peer_start client --ctl "$UML" hangup --seconds 20
    kill -s "${signal%:*}" "$(proc_pid sw)"
    run "-${signal#*:}" proc_wait sw
    proc_log sw | grep -q "^Caught signal $((${signal#*:} - 128)), cleaning up and exiting$"
    [ "$(ls "$WORK")" = "$(printf '%s\n' defer proc)" ]
    # Its clients notice.
    peer_done client hangup=yes
  done
}

# on_tty TEXT: a switch on a terminal ends with status 0 when this was typed
on_tty() {
  mkfifo "$WORK/keys"
  PROC_STDIN=$WORK/keys proc_start sw script -qec \
    "$ROUTER --port uml:$UML --control $CTL" /dev/null
  echo "$CTL" >"$WORK/proc/sw.sockets"
  wait_for test -S "$CTL"
  still_serves sw
  # Typed lines are read and of no interest.
  printf 'hello\n' >"$WORK/keys"
  still_serves sw
  # shellcheck disable=SC2059
  printf "$1" >"$WORK/keys"
  proc_wait sw
  grep -q 'EOF on stdin, cleaning up and exiting' "$WORK/proc/sw.log"
  [ ! -e "$UML" ]
  [ ! -e "$CTL" ]
  rm "$WORK/keys"
}

@test "the end of file of a terminal ends it" {
  on_tty '\004'
}

@test "the end of file of a terminal, typed with a line in front of it" {
  on_tty 'one\ntwo\n\004'
}

# --- sockets -----------------------------------------------------------------

@test "a stale socket is replaced" {
  switch_start sw --port "uml:$UML" --port "seqpacket:$SEQ" --control "$CTL"
  proc_kill sw
  [ -S "$UML" ]
  [ -S "$SEQ" ]
  [ -S "$CTL" ]
  switch_start sw --port "uml:$UML" --port "seqpacket:$SEQ" --control "$CTL"
  still_serves sw
}

@test "a socket that is in use is refused, and its switch goes on" {
  switch_start sw -compat-v0 -unix "$UML" "$WORK/data" \
    --port "seqpacket:$SEQ" --control "$CTL"
  refused -unix "$UML" -- "'$UML'" "in use"
  refused --port "seqpacket:$UML" -- "'$UML'" "in use"
  refused --port "uml:$SEQ" -- "'$SEQ'" "in use"
  refused --port "uml:$UML.2" --control "$CTL" -- "'$CTL'" "in use"
  refused -compat-v0 -unix "$UML.2" "$WORK/data" -- "'$WORK/data'" "in use"
  [ ! -e "$UML.2" ]
  still_serves sw
  ports sw 0
}

@test "a file that is no socket is refused and kept" {
  echo precious >"$UML"
  mkdir "$SEQ"
  ln -s "$UML" "$WORK/link"
  refused -unix "$UML" -- "'$UML'" "not a socket"
  refused --port "seqpacket:$SEQ" -- "'$SEQ'" "not a socket"
  refused --port "uml:$WORK/link" -- "'$WORK/link'" "not a socket"
  refused --port "uml:$UML.2" --control "$UML" -- "'$UML'" "not a socket"
  [ "$(cat "$UML")" = precious ]
  [ -d "$SEQ" ]
  [ -L "$WORK/link" ]
  [ ! -e "$UML.2" ]
}

@test "nothing half made is left of a start that fails" {
  refused --pidfile "$PID" --port "uml:$UML" --port "seqpacket:$SEQ" \
    --control "$CTL" --port "uml:$WORK/no/such" -- "'$WORK/no/such'"
  refused --pidfile "$PID" -compat-v0 -unix "$UML" "$WORK/no/such" -- \
    "'$WORK/no/such'"
  refused --pidfile "$PID" -unix "$UML" --control "$WORK/no/such" -- \
    "'$WORK/no/such'"
  refused --pidfile "$PID" -unix "$UML" --control "$CTL" --user no:such -- \
    "'no:such'"
  refused -daemon --pidfile "$PID" -unix "$UML" --port "uml:$UML" -- "'$UML'"
  refused --pidfile "$WORK/no/such" -unix "$UML" -- "'$WORK/no/such'"
  [ "$(ls "$WORK")" = "$(printf '%s\n' defer proc)" ]
}

# modes FILE...: octal mode and group of each
modes() {
  stat -c '%a %G' "$@"
}

@test "--mode and --group; without them the umask" {
  local group
  group=$(getent group daemon | cut -d : -f 1)
  touch "$WORK/try"
  chgrp "${group:=root}" "$WORK/try" 2>/dev/null || group=$(id -gn)
  (
    umask 027
    switch_start sw -compat-v0 -unix "$UML" "$WORK/data" \
      --port "seqpacket:$SEQ" --control "$CTL"
  )
  [ "$(modes "$UML" "$WORK/data" "$SEQ" "$CTL" | sort -u)" = "750 $(id -gn)" ]
  switch_stop sw || true
  switch_start sw -compat-v0 -unix "$UML" "$WORK/data" \
    --port "seqpacket:$SEQ" --control "$CTL" --mode 0660 --group "$group"
  [ "$(modes "$UML" "$WORK/data" "$SEQ" "$CTL" | sort -u)" = "660 $group" ]
}

# --- the background ----------------------------------------------------------

# end_daemon PID
end_daemon() {
  [ "$(readlink "/proc/$1/exe")" != "$ROUTER" ] || kill "$1"
}

# daemon ARG...: status and output as `run` leaves them; then $pid is its id
daemon() {
  run --separate-stderr timeout -k 2 20 "$ROUTER" -daemon \
    --pidfile "$PID" "$@" 3>&- 4>&- 5>&- </dev/null
  [ "$status" -eq 0 ] || return 0
  pid=$(cat "$PID")
  defer end_daemon "$pid"
}

@test "-daemon: ready when it returns, and all of a daemon" {
  mkdir "$WORK/here"
  cd "$WORK/here"
  daemon -unix uml.ctl --port seqpacket:seq --control ctl
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [[ $output = *"attached to unix socket 'uml.ctl' seqpacket 'seq'" ]]
  # Nothing to wait for.
  [ -S uml.ctl ]
  [ -S seq ]
  timeout 10 "$ROUTERCTL" -s ctl stats | grep -q '^ports.now *0$'

  [ "$(readlink "/proc/$pid/exe")" = "$ROUTER" ]
  [ "$(readlink "/proc/$pid/cwd")" = / ]
  for fd in 0 1 2; do
    [ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ]
  done
  # Not a child of ours, its own session, no terminal
  [ "$(stat_of "$pid" 4)" -ne $BASHPID ]
  [ "$(stat_of "$pid" 4)" -ne $$ ]
  [ "$(stat_of "$pid" 6)" -eq "$pid" ]
  [ "$(stat_of "$pid" 7)" -eq 0 ]

  kill "$pid"
  wait_for test ! -e "$PID"
  wait_for test ! -e "/proc/$pid"
  [ -z "$(ls)" ]
}

@test "the pid file is right and locked; a second start is refused" {
  local first
  daemon -unix "$UML" --control "$CTL"
  first=$pid
  [ "$(cat "$PID")" -eq "$first" ]
  run ! flock -n "$PID" true
  daemon -unix "$UML.2"
  [ "$status" -eq 1 ]
  [[ $stderr = *"'$PID'"*running* ]]
  refused --pidfile "$PID" -unix "$UML.2" -- "'$PID'" running
  [ ! -e "$UML.2" ]
  [ "$(cat "$PID")" -eq "$first" ]
  [ -e "/proc/$first" ]
  # What is left behind by one that could not remove it is taken over.
  kill -s KILL "$first"
  wait_for test ! -e "/proc/$first"
  [ -e "$PID" ]
  daemon -unix "$UML" --control "$CTL"
  [ "$status" -eq 0 ]
  [ "$pid" -ne "$first" ]
  [ "$(cat "$PID")" -eq "$pid" ]
}

@test "-daemon: a failure to start is seen by who started it" {
  daemon -unix "$WORK/no/such"
  [ "$status" -eq 1 ]
  [[ $stderr = *"'$WORK/no/such'"* ]]
  [ ! -e "$PID" ]
  echo precious >"$WORK/file"
  daemon --port "uml:$UML" --control "$WORK/file"
  [ "$status" -eq 1 ]
  [[ $stderr = *"'$WORK/file'"* ]]
  [ ! -e "$UML" ]
  # A pid file that is something else is not written to.
  rm -f "$PID"
  ln -s file "$PID"
  daemon -unix "$UML"
  [ "$status" -eq 1 ]
  [ "$(cat "$WORK/file")" = precious ]
}

# --- privileges --------------------------------------------------------------

# short_threads PID N: so many of its threads ask for the shortest ones
short_threads() {
  awk '$1 == "se.slice" && $NF == 100000' "/proc/$1/task/"*/sched |
    wc -l | grep -qx "$2"
}

@test "it asks for short slices of a processor, and keeps another policy" {
  [ -n "$(proc_sched self se.slice)" ] || skip "this kernel does not tell slices"
  printf '%s\n' 6.12 "$(uname -r)" | sort -CV || skip "Linux before 6.12"
  switch_start sw -unix "$UML" --workers 2
  [ "$(proc_sched "$(proc_pid sw)" se.slice)" -eq 100000 ]
  # Its second thread as well, which may not be there yet.
  wait_for short_threads "$(proc_pid sw)" 2
  proc_start batch chrt --batch 0 "$ROUTER" -unix "$UML.2"
  wait_for test -S "$UML.2"
  [ "$(proc_sched "$(proc_pid batch)" se.slice)" -ne 100000 ]
}

@test "--user: another user without a capability, and it works" {
  local uid gid pid
  need_root
  uid=$(id -u nobody) gid=$(id -g nobody)
  setpriv --reuid="$uid" --clear-groups true || skip "cannot change the user"
  mkdir "$WORK/own"
  chown nobody "$WORK/own"
  UML=$WORK/own/uml CTL=$WORK/own/ctl PID=$WORK/own/pid
  switch_start sw --user nobody --port "uml:$UML" --control "$CTL" --pidfile "$PID"
  pid=$(proc_pid sw)
  [ "$(status_of "$pid" Uid)" = "$(printf '%s\t%s\t%s\t%s' "$uid" "$uid" "$uid" "$uid")" ]
  [ "$(status_of "$pid" Gid)" = "$(printf '%s\t%s\t%s\t%s' "$gid" "$gid" "$gid" "$gid")" ]
  [ -z "$(status_of "$pid" Groups | tr -d ' ')" ]
  for set in CapInh CapPrm CapEff CapAmb; do
    [ "$(status_of "$pid" $set)" = 0000000000000000 ]
  done
  [ "$(status_of "$pid" NoNewPrivs)" -eq 1 ]
  still_serves sw
  run -143 switch_stop sw
  [ -z "$(ls "$WORK/own")" ]
  # By number as well
  switch_start sw --user "$uid" --port "uml:$UML" --control "$CTL"
  [ "$(status_of "$(proc_pid sw)" Uid | cut -f 2)" -eq "$uid" ]
}

@test "root keeps no capability but that to reach its clients' sockets" {
  local pid
  need_root
  switch_start sw --port "uml:$UML" --control "$CTL"
  pid=$(proc_pid sw)
  # CAP_DAC_OVERRIDE is number 1.
  [ "$(status_of "$pid" CapEff)" = 0000000000000002 ]
  [ "$(status_of "$pid" CapPrm)" = 0000000000000002 ]
  [ "$(status_of "$pid" CapInh)" = 0000000000000000 ]
  [ "$(status_of "$pid" CapAmb)" = 0000000000000000 ]
  [ "$(status_of "$pid" NoNewPrivs)" -eq 1 ]
  still_serves sw
}

@test "another user than root needs no privilege for sockets of his own" {
  run_as_nobody || skip "cannot change the user"
  switch_start sw --port "uml:$UML" --port "seqpacket:$SEQ" --control "$CTL" \
    --pidfile "$PID"
  still_serves sw
  run -143 switch_stop sw
  [ ! -e "$UML" ]
  [ ! -e "$PID" ]
}
