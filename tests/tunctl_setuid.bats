# SPDX-License-Identifier: GPL-2.0-or-later
#
# tunctl with the privilege of its file, setuid root or cap_net_admin, in the
# hands of a user: he may have devices of his own, and whatever he tries with
# those of others leaves them as they are. See "INSTALLED WITH PRIVILEGE" in
# tunctl(8).

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net

TUNCTL=${TUNCTL:-$BUILD/tunctl/tunctl}
USER_ID=1000

# The clone device is everybody's, as udev makes it; it need not be so here.
setup() {
  need_tun
  work_make
  setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups true 2>/dev/null ||
    skip "cannot become another user"
  case $(findmnt -nT "$WORK" -o OPTIONS) in
  *nosuid*) skip "$WORK is mounted nosuid" ;;
  esac
  ns_add a
  mknod "$WORK/tun" c 10 200 || skip "cannot make a device node"
  chmod 666 "$WORK/tun"
  ns_exec a mount --bind "$WORK/tun" /dev/net/tun
  cp "$TUNCTL" "$WORK/plain"
  chmod 755 "$WORK/plain"
  cp "$WORK/plain" "$WORK/setuid"
  chown root "$WORK/setuid"
  chmod 4755 "$WORK/setuid"
  cp "$WORK/plain" "$WORK/filecap"
  setcap cap_net_admin+ep "$WORK/filecap" || skip "cannot set file capabilities"
}

teardown() {
  cleanup
}

# root ARG...
root() {
  ns_exec a "$WORK/plain" "$@"
}

# user HOW ARG...: as the user, with the copy of that name
user() {
  ns_exec a setpriv --reuid=$USER_ID --regid=$USER_ID --groups=4242 \
    "$WORK/$1" "${@:2}"
}

# now: every device, without its counters
now() {
  root -l -j | jq -c '.[] | del(.tx, .rx, .backlog)'
}

# denied HOW WORD ARG...: status 1, WORD on stderr, every device as it was
denied() {
  local before status=0
  before=$(now)
  user "$1" "${@:3}" >"$WORK/out" 2>"$WORK/err" || status=$?
  echo "$1 ${*:3}: $(cat "$WORK/err")"
  [ "$status" -eq 1 ]
  [ ! -s "$WORK/out" ]
  grep -qF -- "$2" "$WORK/err"
  [ "$(now)" = "$before" ]
}

# of DEV JQ-FILTER
of() {
  root -l "$1" -j | jq -c ".[0] | $2"
}

@test "without privilege, making a device is refused and the capability named" {
  denied plain "TUNSETIFF: Operation not permitted" -t tap0
  denied plain "CAP_NET_ADMIN" -t tap0
  root -t his -u $USER_ID
  [ "$(user plain -t his)" = "Set 'his' persistent and owned by uid $USER_ID" ]
  [ "$(user plain -d his)" = "Set 'his' nonpersistent" ]
}

@test "a user makes, uses and deletes devices of his own" {
  local how
  for how in setuid filecap; do
    [ "$(user $how)" = "Set 'tap0' persistent and owned by uid $USER_ID" ]
    [ "$(user $how -b -n)" = tun0 ]
    [ "$(user $how -b -t 'tapx%d' -q multi-queue --txqueuelen 100 --mtu 1400 \
      --rate 10mbit --mac 02:00:00:00:00:01 --vnet-hdr)" = tapx0 ]
    [ "$(of tapx0 '[.owner.uid, .queueing, .txqueuelen, .mtu, .qdisc, .vnet_header]')" = \
      "[$USER_ID,\"multi-queue\",100,1400,\"tbf\",true]" ]
    [ "$(user $how -t tap0 -u $USER_ID)" = "Set 'tap0' persistent and owned by uid $USER_ID" ]
    # A group that he is in, and he stays the owner.
    [ "$(user $how -t tap1 -g 4242 2>/dev/null)" = \
      "Set 'tap1' persistent and owned by uid $USER_ID gid 4242" ]
    [ "$(user $how -d tap0)" = "Set 'tap0' nonpersistent" ]
    user $how -d tun0
    user $how -d tapx0
    user $how -d tap1
    [ "$(root -l -j)" = '[]' ]
  done
}

@test "a clone device that is root's alone: no device for users" {
  local how
  chmod 600 "$WORK/tun"
  for how in setuid filecap; do
    denied $how "Failed to open '/dev/net/tun' : Permission denied"
    denied $how "needs read and write permission" -t tap0 -- true
  done
}

@test "a user cannot make a device for others, nor one that looks like theirs" {
  local how
  for how in setuid filecap; do
    denied $how "cannot give a device to user 0" -t tap0 -u 0
    denied $how "cannot give a device to user 1001" -t tap0 -u 1001
    denied $how "cannot give a device to group 0" -t tap0 -g 0
    denied $how "cannot give a device to group 7" -t tap0 -g 7
    denied $how "cannot make a device named 'eth7'" -t eth7
    denied $how "cannot make a device named 'eth%d'" -t 'eth%d'
    # shellcheck disable=SC2016 # what a shell must not see
    denied $how 'cannot make a device named '"'"'tap$(id)'"'" -t 'tap$(id)'
    denied $how "cannot make a device named 'tap;id'" -t 'tap;id'
    denied $how "cannot make a device named" -t $'tap\e[2J'
  done
}

@test "a user cannot take over, re-own, use or delete others' devices" {
  local how dev
  root -t theirs -u 0
  root -t another -u 1001
  root -t forgroup -g 4242
  ns_exec a ip tuntap add dev nobodys mode tap
  root -t mq -q multi-queue -u 1001
  for how in setuid filecap; do
    for dev in theirs another forgroup nobodys mq; do
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev -u $USER_ID
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev --ensure
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev --ensure -g 4242
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev --mtu 1400
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev -q multi-queue
      denied $how "'$dev' does not belong to user $USER_ID" -t $dev -- true
      denied $how "'$dev' does not belong to user $USER_ID" -d $dev
    done
    denied $how "'lo' does not belong" -t lo --mtu 1400
    denied $how "'lo' does not belong" -d lo
  done
  # His, but for a group that he is not in: the kernel demands both.
  root -t both -u $USER_ID -g 7 2>/dev/null
  denied setuid "TUNSETIFF: Operation not permitted" -t both
  denied setuid "TUNSETIFF: Operation not permitted" -d both
}

@test "a user cannot give his device away, nor change one that is there" {
  local how
  for how in setuid filecap; do
    root -t his -u $USER_ID
    denied $how "cannot give a device to user 0" -t his -u 0
    denied $how "cannot give a device to user 0" -t his -u 0 --ensure
    denied $how "cannot give a device to group 0" -t his -g 0
    denied $how "cannot change 'his'" -t his --mtu 1400
    denied $how "cannot change 'his'" -t his --mac 02:00:00:00:00:01 --ensure
    denied $how "cannot change 'his'" -t his --rate 1mbit
    [ "$(user $how -t his -b)" = his ]
    user $how -d his
  done
}

@test "a user cannot connect a device to the host's network" {
  local how
  ns_exec a ip link add br0 type bridge
  for how in setuid filecap; do
    denied $how "cannot use --up" -t tap0 --up
    denied $how "cannot use --address" -t tap0 --address 10.0.0.1/1
    denied $how "cannot use --master" -t tap0 --master br0
    denied $how "cannot use --up" --up -- true
    denied $how "more than user $USER_ID can have" -t tap0 --txqueuelen 100000
  done
}

@test "a user cannot have a file of his choice opened" {
  local how args
  for how in setuid filecap; do
    for args in '-t tap0' '-d tap0' -l '--queueing help'; do
      # shellcheck disable=SC2086
      if [ "$args" = '--queueing help' ]; then
        denied $how "cannot use the clone device '/etc/shadow'" -f /etc/shadow $args
      else
        denied $how "cannot use the clone device '/etc/shadow'" $args -f /etc/shadow
      fi
    done
  done
}

@test "a user cannot fill the host with devices" {
  local i
  for ((i = 0; i < 64; i++)); do
    user filecap -b >/dev/null
  done
  denied setuid "user $USER_ID has 64 devices" -t tap99
  user setuid -d tap5
  user setuid -b >/dev/null
  # TUNSETIFF is 0x400454ca, TUNSETOWNER 0x400454cc: given away, it is still
  # one that he made, and none of user 1001's.
  ns_exec a setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups /usr/bin/python3 -c '
import fcntl, struct
for number in range(10, 20):
    with open("/dev/net/tun", "r+b", buffering=0) as tun:
        fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tap%d" % number, 0x1002))
        fcntl.ioctl(tun, 0x400454cc, 1001)'
  denied setuid "user $USER_ID has 64 devices" -t tap99
  for ((i = 0; i < 60; i++)); do
    root -t "tun$i" -u 1001 >/dev/null
  done
  ns_exec a setpriv --reuid=1001 --regid=1001 --clear-groups "$WORK/setuid" -t tap99
}

@test "hand-over from a privileged file: the command has the user's rights" {
  local how set
  for how in setuid filecap; do
    # shellcheck disable=SC2016
    run user $how -t tap0 -- bash -c 'id -u; id -g; cat /proc/self/status
      ip link set dev "$TUNCTL_NAME" up 2>&1; ip link show dev "$TUNCTL_NAME"
      exit 9'
    echo "$output"
    [ "$status" -eq 9 ]
    [ "${lines[0]}" = $USER_ID ]
    [ "${lines[1]}" = $USER_ID ]
    [ "$(sed -n 's/^Uid:[[:space:]]*//p' <<<"$output" | tr -s '\t' ' ')" = \
      "$USER_ID $USER_ID $USER_ID $USER_ID" ]
    for set in Inh Prm Eff Amb; do
      grep -q "^Cap$set:[[:space:]]*0*$" <<<"$output"
    done
    grep -q '^NoNewPrivs:[[:space:]]*1$' <<<"$output"
    [[ $output == *"Operation not permitted"* ]]
    [[ $output == *": tap0: "* ]]
    [ "$(root -l -j)" = '[]' ]
    # One that is there and his: attached with his own right.
    root -t his -u $USER_ID
    # shellcheck disable=SC2016
    [ "$(user $how -t his -- sh -c 'echo "$TUNCTL_NAME"')" = his ]
    user $how -d his
  done
}

@test "root is root, whatever the file has" {
  ns_exec a "$WORK/setuid" -t eth7 -u $USER_ID --up --address 10.0.0.1/24
  ns_exec a "$WORK/filecap" -d eth7
}
