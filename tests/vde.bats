# SPDX-License-Identifier: GPL-2.0-or-later
#
# A VDE folder: its files, who may come in, port numbers and descriptions; and
# the programs that it is for: vde_plug and its cables, wirefilter, QEMU, User-
# mode Linux.
#
# shellcheck disable=SC1010 # "then" is a word of peer's
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer
load helpers/guest

setup() {
  setup_peers
  VDE=$WORK/lab
}

# switch [ARG...]: one with a folder and a management socket
switch() {
  switch_start sw --port "vde:$VDE${VDE_KEYS:-}" --control "$CTL" "$@"
}

# vde peer ARG... / vde peer_start NAME ARG...: as a client of the folder
vde() {
  local run=("$1")
  shift
  if [ "${run[0]}" = peer_start ]; then
    run+=("$1")
    shift
  fi
  "${run[@]}" --proto vde --ctl "$VDE" "$@"
}

# plug_start NAME URL [ARG...]: vde_plug, held open by a pipe that says nothing
plug_start() {
  local name=$1 url=$2
  shift 2
  proc_start "$name" "$@" vde_plug "$url" = sleep infinity
}

# files_are LIST: see files
files_are() {
  [ "$(files)" = "$1" ]
}

# names SW: of its ports, sorted
names() {
  ctl "$1" -j port show | jq -r 'map(.name) | sort | join(" ")'
}

# names_are SW NAMES
names_are() {
  [ "$(names "$1")" = "$2" ]
}

# port_is SW PORT KEY VALUE: a text of `port show`
port_is() {
  [ "$(ctl "$1" -j port show "$2" | jq -r ".[0].$3")" = "$4" ]
}

# files: what is in the folder, without the clients' own sockets
files() {
  find "$VDE" -mindepth 1 ! -name '.*' -printf '%P\n' | sort | xargs
}

# mode PATH: with owner and group
mode() {
  stat -c '%a %U %G' "$1"
}

# need_nobody: the right to be another user
need_nobody() {
  need_root
  setpriv --reuid=nobody --regid=nogroup --clear-groups true ||
    skip "cannot change the user"
}

# complains TEXT: the switch logged it
complains() {
  proc_log sw | grep -q -- "$1"
}

# --- frames ------------------------------------------------------------------

@test "clients of all kinds and of a folder, each to each" {
  local n=0 to=() from
  switch_start sw --port "vde:$VDE" --port "uml:$UML" --port "seqpacket:$SEQ" \
    --control "$CTL"
  local kinds=("vde --ctl $VDE" "v3 --ctl $UML" "seqpacket --ctl $SEQ")
  for from in "${kinds[@]}"; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    peer_start "to-$n" --proto $from --mac "$(mac $n)" --announce \
      recv --count 300 --wait 10 --strict
    to+=(then send --to "$(mac $n)" --count 100 --size 60-1514)
  done
  for from in "${kinds[@]}"; do
    # shellcheck disable=SC2086
    peer --proto $from "${to[@]:1}"
  done
  for n in 1 2 3; do
    peer_done "to-$n" received=300 missing=0 reordered=0 corrupt=0
  done
  total sw '.drops | add' -eq 0
}

@test "every length to 65550 passes whole" {
  VDE_KEYS=,policy=block switch
  vde peer_start a --mac "$(mac 1)" --announce recv --count 1607 --strict \
    --wait 10
  vde peer send --to "$(mac 1)" --count 1567 --size 34-1600 \
    then send --to "$(mac 1)" --count 40 --size 65511-65550
  peer_done a received=1607 corrupt=0 max_len=65550
}

@test "clients in other network namespaces" {
  need_root
  ns_add one two
  switch
  PEER_NS=one vde peer_start a --mac "$(mac 1)" --announce recv --count 20 \
    --wait 10
  PEER_NS=two vde peer send --to "$(mac 1)" --count 20
  peer_done a received=20
}

@test "the kernel keeps strangers from the data socket of a client" {
  switch --mode 0666
  vde peer_start a recv --count 1 --wait 10
  run ! python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(bytes(60), sys.argv[1])' \
    "$VDE/001.0"
  [[ $output = *PermissionError* ]]
  total sw .rx.frames -eq 0
  vde peer send
  peer_done a received=1
}

@test "a client that does not read does not hold another for good" {
  VDE_KEYS=,policy=block switch
  vde peer_start slow --mac "$(mac 1)" --announce recv --wait 30 --silence 5
  vde peer_start fast --mac "$(mac 2)" --announce recv --count 10 --wait 20
  kill -s STOP "$(proc_pid slow)"
  # 0.3 s after its queue is full, what is for it is dropped.
  vde peer send --to "$(mac 1)" --count 3000 then send --to "$(mac 2)" --count 10
  peer_done fast received=10
  total sw .drops.hold_limit -ge 1
}

# --- numbers and descriptions ------------------------------------------------

@test "ports have the lowest number, or the one that was wished for" {
  switch
  vde peer_start a idle
  vde peer_start b --type 0x500 idle
  vde peer_start c idle
  names_are sw "vde1 vde2 vde5"
  [ "$(files)" = "001.0 002.0 005.0 ctl" ]
  proc_stop a
  wait_for ports sw 2
  vde peer_start d idle
  names_are sw "vde1 vde2 vde5"
  [ "$(files)" = "001.0 002.0 005.0 ctl" ]
}

@test "a number that is taken, or too high, is refused" {
  switch --max-ports 20
  vde peer_start a --type 0x500 idle
  run -5 vde peer --type 0x500 idle
  complains "port 5 is wished for, and taken"
  vde peer --type 0x1400 idle --seconds 0.1
  run -5 vde peer --type 0x1500 idle
  complains "the last one is 20 (raise --max-ports)"
  run -5 vde peer --type 0xffffff00 idle
  total sw .bad_requests -eq 3
  names_are sw vde5
  [ "$(files)" = "005.0 ctl" ]
}

@test "port 0 is for the owner of the switch" {
  switch
  vde peer_start a idle
  vde peer_start zero --type 1 idle
  names_are sw "vde0 vde1"
  run -5 vde peer --type 1 idle
  complains "port 0 is wished for, and taken"
}

@test "port 0 is not for others" {
  need_nobody
  switch --mode 0666
  # shellcheck disable=SC2034 # read by proc_start
  RUN_AS=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  proc_start zero "$PEER" --proto vde --ctl "$VDE" --type 1 idle
  run -5 proc_wait zero
  complains "port 0 is not for user $(id -u nobody)"
  proc_start one "$PEER" --proto vde --ctl "$VDE" idle
  wait_for names_are sw vde1
}

@test "two folders share the numbers, unless they have names" {
  switch_start sw --port "vde:$VDE" --port "vde:$WORK/b" \
    --port "vde:$WORK/c,name=third-" --control "$CTL"
  vde peer_start a idle
  peer_start b --proto vde --ctl "$WORK/b" idle
  peer_start c --proto vde --ctl "$WORK/c" idle
  names_are sw "third-1 vde1 vde2"
  port_is sw vde1 address "$VDE"
  port_is sw vde2 address "$WORK/b"
  port_is sw third-1 address "$WORK/c"
}

@test "the description of a client, whole and in pieces" {
  local pieces text
  text=$(sed -nE 's/^#define VDE_TEXT "(.*)"$/\1/p' tests/helpers/client.c)
  [ ${#text} -ge 4 ]
  switch --port "uml:$UML"
  for pieces in 500 122 124 125 1,100,21,1 123,1,1,1; do
    vde peer_start "a$pieces" --pieces "$pieces" idle
    wait_for port_is sw vde1 description "$text"
    proc_stop "a$pieces"
    wait_for ports sw 0
  done
  vde peer_start b idle
  ctl sw port show | grep -qx "    $text"
  # No other client says anything of itself.
  peer_start c --ctl "$UML" idle
  port_is sw uml0 description ""
  [ "$(ctl sw port show uml0 | wc -l)" -eq 2 ]
}

@test "a description that is too long is cut, junk in it cannot be seen" {
  switch
  odd_start loud described "$VDE" "$(printf 'a\033[2Jb\n\302\233c')" 250
  wait_for port_is sw vde1 description \
    "a?[2Jb???c$(printf 'x%.0s' {1..118})"
  total sw .bad_requests -eq 0
  run ! odd described "$VDE" hello 4000
  wait_for total sw .bad_requests -eq 1
}

@test "requests that are none" {
  local words
  switch
  for words in version=0 version=2 version=4 kind=2 kind=0x1ff version=1\ kind=1 \
    family=2 "sock=$WORK/missing" "sock=$VDE/ctl" "sock=lab/ctl" "sock=/etc/passwd"; do
    # shellcheck disable=SC2086
    [ "$(odd request "$VDE/ctl" $words)" = "reply=0 closed=yes" ]
  done
  complains "version 0, which VDE does not speak"
  total sw .bad_requests -eq 11
  total sw .ports.joined -eq 0
  [ "$(odd request "$VDE/ctl" version=1)" = "reply=110 closed=no" ]
}

@test "what is no description: the padding of a User-mode Linux" {
  switch
  odd_start uml padded "$VDE/ctl"
  port_is sw vde1 description ""
}

# --- files -------------------------------------------------------------------

@test "the folder comes and goes with the switch" {
  switch
  [ "$(files)" = ctl ]
  vde peer_start a idle
  [ "$(files)" = "001.0 ctl" ]
  proc_stop a
  wait_for files_are ctl
  # libvdeplug removes the client's own socket.
  plug_start b "vde://$VDE"
  wait_for names_are sw vde1
  run -143 switch_stop sw
  [ ! -e "$VDE" ]
}

@test "a folder that was there stays, and as it was" {
  mkdir -m 0751 "$VDE"
  switch --mode 0666
  [ "$(stat -c %a "$VDE")" = 751 ]
  plug_start a "vde://$VDE"
  wait_for names_are sw vde1
  run -143 switch_stop sw
  [ "$(stat -c %a "$VDE")" = 751 ]
  [ -z "$(ls -A "$VDE")" ]
}

@test "a folder with something in it stays" {
  switch
  : >"$VDE/note"
  run -143 switch_stop sw
  [ "$(files)" = note ]
}

@test "what a dead switch left is replaced, a live one is left alone" {
  switch
  vde peer_start a --type 0x100 idle
  proc_kill sw
  [ "$(files)" = "001.0 ctl" ]
  switch
  vde peer_start b --type 0x100 recv --count 1 --wait 10
  [ "$(files)" = "001.0 ctl" ]

  run -1 timeout 10 "$ROUTER" --port "vde:$VDE"
  [[ $output = *"'$VDE/ctl' is in use"* ]]
  vde peer send
  peer_done b received=1
}

@test "a name that somebody else serves is gone around" {
  switch
  proc_start other "$PEER" listen --type dgram --path "$VDE/001.0"
  : >"$VDE/001.1"
  wait_for test -S "$VDE/001.0"
  vde peer_start a recv --count 1 --wait 10
  [ "$(files)" = "001.0 001.1 001.2 ctl" ]
  vde peer send
  peer_done a received=1
  wait_for files_are "001.0 001.1 ctl"
}

@test "all the names that can be guessed are taken" {
  switch
  touch "$VDE"/001.{0..9} "$VDE"/001.{a..f}
  vde peer_start a recv --count 1 --wait 10
  names_are sw vde1
  vde peer send
  peer_done a received=1
}

@test "folders that cannot be" {
  local long
  long=$WORK/$(printf '%0100d' 0)
  : >"$WORK/file"
  for words in "$WORK/file:cannot take folder" "$WORK/no/lab:cannot make folder" \
    "@lab:no folder" "$long:leaves no room for sockets beyond 91"; do
    run -1 timeout 10 "$ROUTER" --port "vde:${words%%:*}"
    [[ $output = *"${words#*:}"* ]]
  done
  run -1 timeout 10 "$ROUTER" --port "vde:$VDE" --port "uml:$WORK/no/socket"
  [ ! -e "$VDE" ]
  mkdir "$WORK/d" "$WORK/d/ctl"
  run -1 timeout 10 "$ROUTER" --port "vde:$WORK/d"
  [[ $output = *"exists and is not a socket"* ]]
}

@test "a relative folder: clients are told where it is" {
  ROUTER=$(realpath "$ROUTER")
  (
    cd "$WORK"
    switch_start sw --port vde:lab --control "$CTL"
  )
  vde peer_start a recv --count 1 --wait 10
  vde peer send
  peer_done a received=1
}

# --- who may come in ---------------------------------------------------------

# dressed EXPECTED-FOLDER EXPECTED-SOCKETS [ARG...]: modes in a new folder
dressed() {
  local folder=$1 sockets=$2
  shift 2
  switch "$@"
  vde peer_start a idle
  [ "$(stat -c %a "$VDE")" = "$folder" ]
  [ "$(stat -c %a "$VDE/ctl" "$VDE/001.0" | sort -u)" = "$sockets" ]
  proc_stop a
  proc_stop sw
  [ ! -e "$VDE" ]
}

@test "modes of folder and sockets" {
  umask 022
  dressed 755 755
  umask 077
  dressed 700 700
  umask 027
  dressed 700 600 --mode 0600
  dressed 1770 660 --mode 0660
  dressed 1777 666 --mode 0666
  dressed 750 751 --mode 0751
  VDE_KEYS=,dirmode=0711 dressed 711 666 --mode 0666
  VDE_KEYS=,dirmode=0775 dressed 1775 750
}

@test "dirmode= of a folder that was there" {
  mkdir -m 0700 "$VDE"
  VDE_KEYS=,dirmode=0755 switch
  [ "$(stat -c %a "$VDE")" = 755 ]
}

@test "a group: folder, control socket and data sockets are its" {
  need_root
  switch --mode 0660 --group nogroup
  vde peer_start a idle
  [ "$(mode "$VDE")" = "3770 root nogroup" ]
  [ "$(mode "$VDE/ctl")" = "660 root nogroup" ]
  [ "$(mode "$VDE/001.0")" = "660 root nogroup" ]
}

@test "a group, and a folder that was there" {
  need_root
  mkdir "$VDE"
  run -1 timeout 10 "$ROUTER" --port "vde:$VDE" --group nogroup
  [[ $output = *"does not hand group"*"dirmode= makes it so"* ]]
  [ -z "$(files)" ]
  chgrp nogroup "$VDE"
  chmod 2750 "$VDE"
  switch --mode 0660 --group nogroup
  vde peer_start a idle
  [ "$(mode "$VDE")" = "2750 root nogroup" ]
  [ "$(mode "$VDE/001.0")" = "660 root nogroup" ]
}

# plug_as NAME USER GROUP: vde_plug as somebody else
plug_as() {
  plug_start "$1" "vde://$VDE" \
    setpriv "--reuid=$2" "--regid=$3" --clear-groups
}

@test "vde_plug of another user, as --mode and --group allow" {
  need_nobody
  switch --mode 0660 --group nogroup
  plug_as in nobody nogroup
  wait_for names_are sw vde1
  port_is sw vde1 description \
    "vdeplug: user=nobody pid=$(ctl sw -j port show | jq '.[0].peer.pid')"
  plug_as out daemon daemon
  run ! proc_wait out
  names_are sw vde1
  proc_stop sw

  # Who may not write to the folder puts his own socket elsewhere.
  VDE_KEYS=,dirmode=0755 switch --mode 0666
  plug_as there daemon daemon
  wait_for names_are sw vde1
}

@test "a switch that becomes another user serves him, root and others" {
  need_nobody
  chmod 755 "$WORK"
  switch --user nobody --mode 0666
  [ "$(mode "$VDE")" = "1777 nobody nogroup" ]
  [ "$(mode "$VDE/ctl")" = "666 nobody nogroup" ]
  plug_start of-root "vde://${VDE}[7]"
  plug_as of-nobody nobody nogroup
  plug_as of-daemon daemon daemon
  wait_for names_are sw "vde1 vde2 vde7"
  umask 0
  vde peer_start a --mac "$(mac 1)" --announce recv --count 1 --wait 10
  vde peer send --to "$(mac 1)"
  peer_done a received=1
  run -143 switch_stop sw
  [ -z "$(files)" ]
}

@test "a switch that becomes another user, and a group that is not his" {
  need_nobody
  chmod 755 "$WORK"
  switch --user nobody --mode 0660 --group daemon
  [ "$(mode "$VDE")" = "3770 nobody daemon" ]
  [ "$(mode "$VDE/ctl")" = "660 nobody daemon" ]
  plug_as of-daemon daemon daemon
  plug_as of-nobody nobody nogroup
  plug_start of-root "vde://$VDE"
  wait_for names_are sw "vde1 vde2 vde3"
  # Of the three only nobody and root may change it, and they do.
  [ "$(mode "$VDE/00$(ctl sw -j port show |
    jq -r '.[] | select(.description | contains("user=daemon")) | .name[3:]').0")" = \
    "660 nobody daemon" ]
  plug_as of-other games games
  run ! proc_wait of-other
}

@test "the data socket of another user is refused, be it by a link" {
  local uid
  need_nobody
  uid=$(id -u nobody)
  switch --mode 0666
  mkdir -m 777 "$WORK/open"
  proc_start of-root "$PEER" listen --type dgram --path "$WORK/open/root"
  wait_for test -S "$WORK/open/root"
  chmod 666 "$WORK/open/root"
  [ "$(odd request "$VDE/ctl" "uid=$uid" "sock=$WORK/open/root")" = \
    "reply=0 closed=yes" ]
  setpriv --reuid=nobody --regid=nogroup --clear-groups \
    ln -s root "$WORK/open/link"
  [ "$(odd request "$VDE/ctl" "uid=$uid" "sock=$WORK/open/link")" = \
    "reply=0 closed=yes" ]
  total sw .bad_requests -eq 2
  complains "is no socket of user $uid"
}

# --- cables ------------------------------------------------------------------

# two_switches: sw with folder $VDE, far with folder $FAR. A cable that gets no
# processor for a while is no reason to lose frames.
two_switches() {
  FAR=$WORK/far
  VDE_KEYS=,policy=block switch
  switch_start far --port "vde:$FAR,policy=block" --control "$WORK/far.ctl"
}

# cross N FROM TO SIZE COUNT: frames sent in a folder come to a client of the
# other one
cross() {
  peer_start "cross$1" --proto vde --ctl "$3" --mac "$(mac "$1")" --announce \
    recv --count "$5" --strict --wait 10
  peer --proto vde --ctl "$2" send --to "$(mac "$1")" --count "$5" \
    --size "$4" --rate 2000
  peer_done "cross$1" "received=$5" missing=0 reordered=0 corrupt=0
}

# crosses COUNT: that, and back. The lengths are even: vde_plug 4.0.1 reads
# 9234 octets of its pipe at a time and forgets the first octet of a frame's
# length if that is the last of them, which odd frames make possible when the
# pipe is full.
crosses() {
  cross 1 "$VDE" "$FAR" 1514 "$1"
  cross 2 "$FAR" "$VDE" 60 "$1"
}

# cable_start NAME ARG...: dpipe, which insists on a process group of its own
cable_start() {
  local name=$1
  shift
  # shellcheck disable=SC2016
  proc_start "$name" sh -c 'timeout 300 dpipe "$@" & trap "kill $!" TERM
    wait; wait' sh "$@"
}

@test "two switches joined by a cable of vde_plug" {
  two_switches
  cable_start cable vde_plug "$VDE" = vde_plug "vde://${FAR}[3]"
  wait_for names_are sw vde1
  wait_for names_are far vde3
  [[ $(ctl sw -j port show vde1 | jq -r '.[0].description') = *user=*pid=* ]]
  crosses 1000
  # A cable that is pulled and put back.
  proc_stop cable
  wait_for ports sw 0
  wait_for ports far 0
  [ "$(files)" = ctl ]
  cable_start cable2 vde_plug "$VDE" = vde_plug "vde://$FAR"
  wait_for names_are sw vde1
  wait_for names_are far vde1
  crosses 100
}

# wire_start NAME ARG...: wirefilter, which ends at the end of its input
wire_start() {
  local name=$1
  shift
  [ -p "$WORK/never" ] || mkfifo "$WORK/never"
  PROC_STDIN=$WORK/never proc_start "$name" wirefilter -v "$VDE:$FAR" "$@"
}

@test "wirefilter between two switches" {
  two_switches
  wire_start wire --nofifo
  wait_for names_are sw vde1
  wait_for names_are far vde1
  crosses 200
  proc_stop wire
  wait_for ports sw 0
  # One that loses all: nothing crosses, and the switches go on.
  wire_start lossy --nofifo --loss 100
  wait_for names_are sw vde1
  wait_for names_are far vde1
  peer_start none --proto vde --ctl "$FAR" recv --count 1 --wait 1
  vde peer send --count 50
  proc_wait none || true
  grep -q 'received=0 ' "$WORK/proc/none.log"
  wait_for is sw vde1 .tx.frames -eq 50
}

# --- QEMU --------------------------------------------------------------------

need_qemu() {
  command -v qemu-system-x86_64 >/dev/null || skip "needs qemu-system-x86"
  qemu-system-x86_64 -netdev help | grep -qx vde ||
    skip "this QEMU has no -netdev vde"
}

# qemu_cable NETDEV NETDEV: a QEMU without a machine that joins two network
# back ends, a and b
qemu_cable() {
  proc_start qemu qemu-system-x86_64 -machine none -display none \
    -netdev "$1,id=a" -netdev hubport,hubid=1,id=ha,netdev=a \
    -netdev "$2,id=b" -netdev hubport,hubid=1,id=hb,netdev=b
}

@test "QEMU's -netdev vde, at both ends of a cable" {
  need_qemu
  two_switches
  qemu_cable "vde,sock=$VDE,port=5" "vde,sock=$FAR"
  wait_for names_are sw vde5
  wait_for names_are far vde1
  [[ $(ctl sw -j port show vde5 | jq -r '.[0].description') = \
    "QEMU user=$(id -un) pid=$(proc_pid qemu)"* ]]
  crosses 1000
}

@test "a guest gets an address from QEMU's network and pings its gateway" {
  need_qemu
  switch
  qemu_cable "vde,sock=$VDE,port=5" user
  guest_start a "eth0=vde,$VDE,02:00:00:00:00:01"
  guest_wait_up a
  guest_run a 'ip link set eth0 up && udhcpc -i eth0 -n -q -f' | tee /dev/stderr |
    grep -q 'lease of 10\.0\.2\.'
  guest_addr a eth0 10.0.2.15/24
  guest_run a 'ping -c 10 -i 0.05 -w 20 10.0.2.2' | tee /dev/stderr |
    grep -q ' 10 packets received'
  [ "$(mac_port sw 52:55:0a:00:02:02)" = vde5 ]
}

# --- User-mode Linux ---------------------------------------------------------

# pings NAME ADDR [ARG...]: ten pings, all answered
pings() {
  guest_run "$1" "ping -c 10 -i 0.05 -w 20 ${*:3} $2" | tee /dev/stderr |
    grep -q ' 10 packets received'
}

# plugged_guest NAME ARG...: a guest with one end of a SOCK_SEQPACKET pair as
# descriptor {}, and vde_plug at the other one: what the vector driver of newer
# kernels than 6.1 makes for transport=vde
plugged_guest() {
  printf '#!/bin/sh\nexec python3 %q cable seqpacket %q "$@" -- vde_plug %s %q\n' \
    "$ODD" "$GUEST_KERNEL" "seqpacket://{}" "vde://$VDE" >"$WORK/plugged"
  chmod 755 "$WORK/plugged"
  GUEST_KERNEL=$WORK/plugged guest_start "$@"
}

@test "User-mode Linux: vde, daemon in the folder, vector driver on vde_plug" {
  switch
  guest_start a "eth0=vde,$VDE,02:00:00:00:00:01,7"
  guest_start b "eth0=daemon,02:00:00:00:00:02,unix,$VDE/ctl"
  plugged_guest c "vec0:transport=fd,fd={},mac=02:00:00:00:00:03"
  guest_wait_up a b c
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_addr c vec0 10.0.0.3/24
  pings a 10.0.0.2
  pings b 10.0.0.3
  pings c 10.0.0.1
  pings c 10.0.0.2 -s 1472
  [ "$(mac_port sw 02:00:00:00:00:01)" = vde7 ]
  port_is sw "$(mac_port sw 02:00:00:00:00:02)" description ""
  [[ $(ctl sw -j port show vde7 | jq -r '.[0].description') = UML* ]]
  total sw '.drops | add' -eq 0
}
