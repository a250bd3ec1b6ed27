# SPDX-License-Identifier: GPL-2.0-or-later
#
# tunctl: the words of its ancestor (Debian's tunctl beside ours), devices made
# in one step or not at all, what the kernel's queueing modes are said to do,
# lists, and the hand-over to a command, up to a real guest. What a user may do
# with a tunctl that has privilege is in tunctl_setuid.bats.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/guest

TUNCTL=${TUNCTL:-$BUILD/tunctl/tunctl}

setup() {
  need_tun
  work_make
  ns_add a
}

teardown() {
  cleanup
}

# need_users: other users than root are known here
need_users() {
  awk '$3 > 65534 { known = 1 } END { exit !known }' /proc/self/uid_map ||
    skip "needs more than one user (a user namespace has one)"
}

# t ARG...: our tunctl in the namespace
t() {
  ns_exec a "$TUNCTL" "$@"
}

# now: what is listed, but counters
now() {
  t -l -j | jq -c '.[] | del(.tx, .rx, .backlog)'
}

# refused WORD ARG...: status 1, nothing on stdout, WORD on stderr, and what is
# listed is as it was
refused() {
  local word=$1 before status=0
  shift
  before=$(now)
  t "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
  cat "$WORK/err"
  [ "$status" -eq 1 ]
  [ ! -s "$WORK/out" ]
  grep -qF -- "$word" "$WORK/err"
  [ "$(now)" = "$before" ]
}

# of DEV JQ-FILTER: of the list
of() {
  t -l "$1" -j | jq -c ".[0] | $2"
}

# is DEV JQ-FILTER VALUE
is() {
  [ "$(of "$1" "$2")" = "$3" ]
}

# lines_of NAME N: a process has printed as many
lines_of() {
  [ "$(proc_log "$1" | wc -l)" -ge "$2" ]
}

# link DEV JQ-FILTER: the same from ip(8)
link() {
  ns_exec a ip -j -d addr show dev "$1" | jq -c ".[0] | $2"
}

exists() {
  ns_exec a ip link show dev "$1" >/dev/null 2>&1
}

# need_ancestor: Debian's uml-utilities, unpacked and not installed
need_ancestor() {
  # shellcheck disable=SC2016
  ANCESTOR=$(bash -c '. bench/lib/ancestor.sh && fetch_uml_switch &&
    echo "${uml_switch%/*}/tunctl"' 2>/dev/null)
  [ -x "$ANCESTOR" ] || skip "cannot get Debian's uml-utilities"
}

# as NS PROGRAM ARG...: called tunctl; what it says to $WORK/NS.out and .err
as() {
  local status=0
  # shellcheck disable=SC2016
  ns_exec "$1" bash -c 'exec -a tunctl "$@"' bash "${@:2}" \
    >"$WORK/$1.out" 2>"$WORK/$1.err" || status=$?
  echo "status $status" >>"$WORK/$1.out"
}

# same ARG...: ancestor and heir say the same and end the same
same() {
  as old "$ANCESTOR" "$@"
  as a "$TUNCTL" "$@"
  echo "tunctl $*: $(cat "$WORK/a.out")"
  diff "$WORK/old.out" "$WORK/a.out"
  diff "$WORK/old.err" "$WORK/a.err"
}

# same_line ARG...: likewise, but a remedy follows the ancestor's words
same_line() {
  as old "$ANCESTOR" "$@"
  as a "$TUNCTL" "$@"
  echo "tunctl $*: $(cat "$WORK/a.err")"
  diff "$WORK/old.out" "$WORK/a.out"
  diff "$WORK/old.err" <(head -n 1 "$WORK/a.err")
  [ "$(sed 1d "$WORK/a.err" | grep -c '^tunctl: (')" -ge 1 ]
}

@test "the ancestor's command lines: same words, same status, same devices" {
  need_users
  need_ancestor
  ns_add old
  same
  same -b
  same -t foo
  same -t foo -u nobody
  same -t foo -g nogroup
  same -t foo -u 1000
  same -u nobody -b -t bar
  same -bt baz
  same -bu 1000 -tqux
  same -unobody
  same -t 'ta%d'
  same -b --
  same -f /dev/net/tun -t clone0
  same -d foo
  same -d bar -b
  same -d clone0 -f /dev/net/tun
  same -d tap0 -t baz
  same -t 15-octets-long-
  diff <(ns_exec old ip -j -d link | jq '[.[] | [.ifname, .mtu, .txqlen,
      .linkinfo.info_data]] | sort') \
    <(ns_exec a ip -j -d link | jq '[.[] | [.ifname, .mtu, .txqlen,
      .linkinfo.info_data]] | sort')
}

@test "the ancestor's refusals: same words, same usage, same status" {
  need_ancestor
  ns_add old
  same -x
  same -bx
  same -h
  same extra
  same -t t1 extra
  same extra -t t1
  same -t
  same -d
  same -u
  same -b -u
  same -u nosuchuser
  same -u 12abc
  same -t t1 -u 12abc -x
  same -g nosuchgroup
  same_line -f /nonexistent
  same_line -f /dev/null
  same_line -t lo
  same_line -d lo
  [ "$(t -l -j)" = '[]' ]
  same -t tap0
  same_line -d tap0 -f /nonexistent
}

@test "the ancestor's words about devices in use and missing permission" {
  need_ancestor
  ns_add old
  for ns in old a; do
    # shellcheck disable=SC2016
    proc_start -n "$ns" "hold-$ns" "$TUNCTL" -t busy -- sh -c \
      ': >"$0"; exec sleep 60' "$WORK/$ns.held"
    wait_for test -e "$WORK/$ns.held"
  done
  same_line -t busy
  same_line -d busy
  exists busy
  ns_exec a mknod "$WORK/tun" c 10 200 || skip "needs mknod"
  chmod 666 "$WORK/tun"
  chmod 755 "$BUILD" 2>/dev/null || true
  cp "$TUNCTL" "$WORK/ours"
  cp "$ANCESTOR" "$WORK/theirs"
  local user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
  ns_exec a "${user[@]}" true || skip "cannot become another user"
  for file in "$WORK/tun" /dev/net/tun; do
    ns_exec old "${user[@]}" "$WORK/theirs" -f "$file" >"$WORK/old.out" \
      2>"$WORK/old.err" || true
    ns_exec a "${user[@]}" "$WORK/ours" -f "$file" >"$WORK/a.out" \
      2>"$WORK/a.err" || true
    cat "$WORK/a.err"
    diff "$WORK/old.out" "$WORK/a.out"
    diff "$WORK/old.err" <(head -n 1 "$WORK/a.err")
  done
}

@test "different on purpose: -d of a missing device, bad names, -u ''" {
  need_users
  refused "there is no interface 'missing'" -d missing
  refused "longer than 15 octets" -t 16-octets-long--
  refused "longer than 15 octets" -d 16-octets-long--
  refused "must not hold '/'" -t a/b
  refused "white space" -t 'a b'
  refused "white space" -t $'a\tb'
  refused "must not be empty" -t ''
  refused "must not be empty" -d ''
  refused "cannot be an interface name" -t ..
  refused "may only stand in one %d" -t 'tap%s'
  refused "may only stand in one %d" -t 'tap%d%d'
  refused "'%' is not allowed here" -d 'tap%d'
  refused "'' is neither a username nor a numeric uid." -u ''
  refused "'' is neither a groupname nor a numeric group." -g ''
  refused "'-5' is neither a username" -u -5
  refused "'99999999999' is neither a username" -u 99999999999
  run --separate-stderr t -t both -u 1000 -g 1000
  [ "$status" -eq 0 ]
  [ "$output" = "Set 'both' persistent and owned by uid 1000 gid 1000" ]
  # shellcheck disable=SC2154
  [[ $stderr == *"the kernel demands both"* ]]
}

@test "tunctl 1.5: -n makes a tun, -p a tap, and so does the name" {
  need_users
  [ "$(t -n)" = "Set 'tun0' persistent and owned by uid 0" ]
  [ "$(t -p -b)" = tap0 ]
  [ "$(t -b -t tun7)" = tun7 ]
  [ "$(t -b -p -t tun8)" = tun8 ]
  [ "$(t -b -n -t wire)" = wire ]
  [ "$(t -l -j | jq -c '[.[] | [.name, .kind]]')" = \
    '[["tun0","tun"],["tap0","tap"],["tun7","tun"],["tun8","tap"],["wire","tun"]]' ]
  # A device that is there is taken as it is, whatever its name would mean.
  [ "$(t -t tun8 -u 5)" = "Set 'tun8' persistent and owned by uid 5" ]
  refused "'tun8' is a tap, not a tun" -n -t tun8
  t -d wire
  t -d tun7
}

@test "multi-queue devices are made, taken over and deleted" {
  need_users
  t -t m0 -q multi-queue
  [ "$(of m0 '[.queueing, .queues, .persistent]')" = '["multi-queue",0,true]' ]
  [ "$(t -t m0 -u 7)" = "Set 'm0' persistent and owned by uid 7" ]
  [ "$(of m0 '[.queueing, .owner.uid]')" = '["multi-queue",7]' ]
  refused "made with queueing mode multi-queue" -t m0 -q default
  t -t s0
  refused "made without queueing mode multi-queue" -t s0 -q multi-queue
  [ "$(t -d m0)" = "Set 'm0' nonpersistent" ]
  run ! exists m0
}

@test "queueing modes: what this kernel does with each is told" {
  local table mode
  table=$(t --queueing help)
  echo "$table"
  [[ $table == *$'\n'"default       works "* ]]
  for mode in one-queue two-queue; do
    [[ $table == *$'\n'"$mode     ignored "* ]]
    run --separate-stderr t -b -t "$mode" -q "$mode"
    [ "$status" -eq 0 ]
    [ "$output" = "$mode" ]
    [[ $stderr == "tunctl: warning: queueing mode '$mode' has no effect here: Linux 3.8"* ]]
  done
  if [[ $table == *"backpressure  refused "* ]]; then
    refused 'IFF_BACKPRESSURE needs Linux 7.2' -q backpressure
    refused 'tunctl --rate' -q backpressure
  else
    t -t bp0 -q backpressure
  fi
  refused "none of default, one-queue" -q three-queue
  awk 'length > 80 { exit 1 }' <<<"$table"
}

# The running kernel need not be 7.2: its answer to TUNGETFEATURES is injected.
# See tests/helpers/tun-7.2.c for what that shows and what it does not.
@test "backpressure on Linux 7.2, by an injected answer of TUNGETFEATURES" {
  local seam=$WORK/tun-7.2.so
  "${CC:-cc}" -shared -fPIC -O2 -D_GNU_SOURCE -I. -o "$seam" tests/helpers/tun-7.2.c
  export LD_PRELOAD=$seam TUN_7_2_LOG=$WORK/seam.log
  # A sanitizer wants to come first.
  ! ldd "$TUNCTL" | grep -q libasan || export ASAN_OPTIONS=verify_asan_link_order=0
  run t --queueing help
  unset LD_PRELOAD
  echo "$output"
  [[ $output == *"backpressure  works   a full ring stops the transmit queue"* ]]
  ns_exec a env "LD_PRELOAD=$seam" "$TUNCTL" -t bp0 -q backpressure
  [ "$(cat "$WORK/seam.log")" = "TUNSETIFF with IFF_BACKPRESSURE" ]
  # rtnetlink does not tell it, and nothing is made up.
  run ns_exec a env "LD_PRELOAD=$seam" "$TUNCTL" -l bp0 -j
  [ "$(jq -c '.[0].queueing' <<<"$output")" = null ]
  # Only this mode asks for it.
  : >"$WORK/seam.log"
  ns_exec a env "LD_PRELOAD=$seam" "$TUNCTL" -t plain
  [ "$(cat "$WORK/seam.log")" = "TUNSETIFF without IFF_BACKPRESSURE" ]
}

@test "creation options are all in force" {
  need_users
  ns_exec a ip link add br0 type bridge
  t -t tap0 -u 1000 --vnet-hdr --txqueuelen 50 --rate 10mbit --burst 20k \
    --mtu 1400 --mac 02:00:00:00:00:07 --address 10.0.0.1/24 \
    --address fd00::1/64 --address 10.0.1.1/24 --master br0 --up
  [ "$(link tap0 '[.mtu, .txqlen, .address, .master,
    .linkinfo.info_data.vnet_hdr, .linkinfo.info_data.persist]')" = \
    '[1400,50,"02:00:00:00:00:07","br0",true,true]' ]
  [ "$(of tap0 .owner.uid)" = 1000 ]
  [ "$(link tap0 '[.addr_info[] | select(.scope == "global") |
    "\(.local)/\(.prefixlen)"] | sort')" = \
    '["10.0.0.1/24","10.0.1.1/24","fd00::1/64"]' ]
  [ "$(link tap0 '.flags | index("UP") != null')" = true ]
  run ns_exec a tc -s qdisc show dev tap0
  echo "$output"
  [[ $output == *"qdisc tbf"*"rate 10Mbit burst 20Kb"* ]]
  [ "$(of tap0 '[.rate.bits_per_second, .rate.burst]')" = '[10000000,20480]' ]
}

@test "a step that fails takes the device back with it" {
  refused "there is no interface 'nobr'" -t new0 --up --address 10.0.0.1/24 \
    --master nobr
  refused "address 10.0.0.1/24" -t new0 --address 10.0.0.1/24 --address 10.0.0.1/24
  refused "less than a frame" -t new0 --rate 1mbit --burst 100
  refused "group address" -t new0 --mac 01:00:00:00:00:01
  refused "set MTU" -t new0 -p --mtu 65535
  refused "a tun has none" -t tun0 --mac 02:00:00:00:00:07
  ns_exec a ip link add br0 type bridge
  refused "a tun cannot be in a bridge" -t tun0 --master br0
  refused "'lo' is no bridge" -t new0 --master lo
  refused "address fd00::1/64" -t new0 --mtu 1000 --up --address fd00::1/64
  run ! exists new0
}

@test "a device whose name could not be printed is taken back" {
  [ -w /dev/full ] || skip "needs /dev/full"
  # shellcheck disable=SC2016
  run ns_exec a bash -c '"$0" -t full0 >/dev/full' "$TUNCTL"
  [ "$status" -eq 1 ]
  [[ $output == *"No space left on device"* ]]
  run ! exists full0
  # A pipe that nobody reads any more.
  # shellcheck disable=SC2016
  run ns_exec a bash -c 'exec 4> >(:); wait "$!"; exec "$0" -t pipe0 >&4' "$TUNCTL"
  [ "$status" -eq 1 ]
  [[ $output == *"Broken pipe"* ]]
  run ! exists pipe0
}

# state DEV: everything about it that could be changed
state() {
  link "$1" '[.flags - ["LOWER_UP"], .mtu, .txqlen, .address, .master,
    .linkinfo, [.addr_info[] | select(.scope == "global") | .local, .prefixlen]]'
  ns_exec a tc qdisc show dev "$1"
}

@test "--ensure: makes it so, twice is no error, a failure changes nothing" {
  need_users
  ns_exec a ip link add br0 type bridge
  local all=(-t tap0 -u 1000 --txqueuelen 50 --rate 10mbit --mtu 1400
    --mac 02:00:00:00:00:07 --address 10.0.0.1/24 --master br0 --up --ensure)
  [ "$(t "${all[@]}")" = "Set 'tap0' persistent and owned by uid 1000" ]
  local before
  before=$(state tap0)
  [ "$(t "${all[@]}")" = "Set 'tap0' persistent and owned by uid 1000" ]
  [ "$(state tap0)" = "$before" ]
  # What is not asked for stays: the owner, the rate.
  t -t tap0 --ensure --mtu 1300
  [ "$(of tap0 '[.mtu, .owner.uid, .qdisc]')" = '[1300,1000,"tbf"]' ]
  t -t tap0 --ensure --mtu 1400
  # Most is set before the step that fails (an IPv6 address at such an MTU),
  # and is taken back.
  ns_exec a ip link add br1 type bridge
  before=$(state tap0)
  local other=(-u 7 -g 7 --vnet-hdr --rate 20mbit --txqueuelen 77
    --mac 02:00:00:00:00:08 --master br1 --address 10.0.8.1/24 --mtu 1000)
  refused "address fd00::1/64" -t tap0 --ensure "${other[@]}" --address fd00::1/64
  diff <(echo "$before") <(state tap0)
  t -t tap0 --ensure "${other[@]}"
  [ "$(of tap0 '[.owner.uid, .group.gid, .vnet_header, .rate.bits_per_second,
    .txqueuelen, .mtu]')" = '[7,7,true,20000000,77,1000]' ]
}

@test "--ensure: an IPv6 address that is there with another length" {
  ns_exec a sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6' ||
    skip "no IPv6 here"
  t -t tap0 --address fd00::1/64 --address 10.0.0.1/24
  refused "'tap0' has address fd00::1/64, and cannot have it with /48 too" \
    -t tap0 --ensure --mtu 1400 --address fd00::1/48
  [ "$(of tap0 .mtu)" -eq 1500 ]
  t -t tap0 --ensure --address fd00::1/64 --address fd00::2/48 --address 10.0.0.1/16
  ns_exec a ip -br addr show dev tap0 | tee "$WORK/addresses"
  grep -q 10.0.0.1/24 "$WORK/addresses"
  grep -q 10.0.0.1/16 "$WORK/addresses"
  grep -q fd00::2/48 "$WORK/addresses"
}

@test "--ensure: a failure does not cost IPv6 addresses" {
  local before
  ns_exec a sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6' ||
    skip "no IPv6 here"
  ns_exec a ip link add br0 type bridge
  t -t tap0 --address fd00::1/64 --address fd00::2/48
  before=$(ns_exec a ip -br addr show dev tap0)
  # An MTU too small for IPv6 takes them, and so does switching off again.
  refused "no interface 'nosuch'" -t tap0 --ensure --mtu 1000 --master nosuch
  [ "$(ns_exec a ip -br addr show dev tap0)" = "$before" ]
  # shellcheck disable=SC2016
  run ns_exec a unshare --map-root-user --net bash -c '
    "$0" -b -t tap1 --address fd00::3/64
    "$0" -t tap1 --ensure --up --mtu 1000 -u 12345
    ip -br addr show dev tap1' "$TUNCTL"
  echo "$output"
  [[ $output == *"has no user 12345"*"tap1 "*DOWN*fd00::3/64* ]]
}

@test "an owner that the kernel refuses: the settings before it are taken back" {
  # In a user namespace with one user: every other one is unknown.
  # shellcheck disable=SC2016
  run ns_exec a unshare --map-root-user --net bash -c '
    "$0" -t tap0 --mtu 1400
    "$0" -t tap0 --ensure --mtu 1300 --up --address 10.0.0.1/24 --rate 1mbit -u 12345
    echo "status $?"
    "$0" -t tap1 --up -u 12345
    echo "status $?"
    "$0" -t tap1 --up -g 12345
    "$0" -l -j' "$TUNCTL"
  echo "$output"
  [[ $output == *"TUNSETOWNER: Invalid argument"*"has no user 12345"*"status 1"* ]]
  [[ $output == *"status 1"*"TUNSETOWNER: Invalid argument"*"has no user 12345"*"status 1"* ]]
  [[ $output == *"TUNSETGROUP: Invalid argument"*"has no group 12345"* ]]
  [ "$(sed -n '/^\[/,$p' <<<"$output" | jq -c '[.[] | .name, .mtu, .up, .qdisc]')" = \
    '["tap0",1400,false,"noop"]' ]
}

@test "--ensure leaves a device alone that another program has open" {
  need_users
  t -t held -u 1000
  proc_start -n a hold "$TUNCTL" -t held -- sleep 60
  wait_for is held .carrier true
  [ "$(t -t held --ensure --mtu 1300)" = "Set 'held' persistent and owned by uid 1000" ]
  [ "$(of held '[.mtu, .carrier]')" = '[1300,true]' ]
  refused "Device or resource busy" -t held --ensure -u 7
}

@test "--ensure: several at once are no error to each other" {
  # shellcheck disable=SC2016
  run ns_exec a timeout 20 bash -c 'for ((i = 0; i < 100; i++)); do
      for ((n = 0; n < 4; n++)); do
        "$0" -t "tap$i" --ensure --txqueuelen 20 >/dev/null || echo failed &
      done
      wait
    done' "$TUNCTL"
  echo "$output"
  [ -z "$output" ]
  [ "$(t -l -j | jq -c '[length, all(.[]; .persistent and .txqueuelen == 20)]')" = \
    '[100,true]' ]
}

@test "a device that is deleted and made by others all the time" {
  # shellcheck disable=SC2016
  proc_start -n a other bash -c 'while :; do "$0" -t tap0; "$0" -d tap0; done' "$TUNCTL"
  # shellcheck disable=SC2016
  run ns_exec a timeout 20 bash -c 'for ((i = 0; i < 300; i++)); do
      "$0" -t tap0 2>&1 >/dev/null; done' "$TUNCTL"
  proc_stop other
  # The other one has it open for a moment; everything else is seen through.
  echo "$output"
  ! grep -qv 'in use by another\|resource busy' <<<"$output" || [ -z "$output" ]
}

@test "without --ensure, what is there already is an error" {
  t -t tap0 --address 10.0.0.1/24
  refused "with --ensure that is no error" -t tap0 --address 10.0.0.1/24
  ns_exec a tc qdisc replace dev tap0 root pfifo
  refused "queueing discipline 'pfifo'" -t tap0 --rate 1mbit
  refused "tc qdisc del dev tap0 root" -t tap0 --rate 1mbit --ensure
}

@test "no /dev/net/tun: said with the remedies; the list needs it not" {
  t -b -t tap0
  ns_exec a mount -t tmpfs none /dev/net
  refused "Failed to open '/dev/net/tun' : No such file or directory" -t tap1
  refused "modprobe tun" -t tap1
  refused "container" -t tap1
  refused "Failed to open '/dev/net/tun'" -d tap0
  refused "Failed to open '/dev/net/tun'" --queueing help
  refused "Failed to open '/dev/net/tun'" -- true
  # What kind of queue it has cannot be known now.
  is tap0 '[.name, .queueing]' '["tap0",null]'
  t -l | grep -q '^tap0 .* ? '
}

@test "options that do not fit together, and values that do not fit" {
  refused "goes with neither -d nor -l" -d tap0 --up
  refused "goes with neither -d nor -l" -l --mtu 1400
  refused "a command goes with neither" -l -- true
  refused "--json goes with -l only" -j
  refused "--watch goes with -l only" --watch 1
  refused "--burst needs --rate" --burst 3k
  refused "--ensure needs -t NAME" --ensure
  refused "--ensure is for devices that stay" --ensure -t tap0 -- true
  refused "--ensure needs the name of one device" --ensure -t 'tap%d'
  refused "'--' stands before a command, and there is none" --up --
  refused "-d does not go with -l" -l -d tap0
  refused "-d does not go with -l" -d tap0 -l
  refused "goes with neither -d nor -l" -l --watch=1 --up
  local old
  for old in '-u 0' '-g 0' -n -p -b; do
    # shellcheck disable=SC2086
    refused "${old%% *} does not go with -l" -l $old
  done
  refused "MTU '67'" --mtu 67
  refused "txqueuelen '0'" --txqueuelen 0
  refused "rate '10mbyte'" --rate 10mbyte
  refused "size '1t'" --rate 1mbit --burst 1t
  refused "prefix length '33'" --address 10.0.0.1/33
  refused "no Ethernet address" --mac 02:00
  refused "unrecognized or ambiguous option '--frob'" --frob
  refused "doesn't allow an argument" --up=yes
  refused "option '--mtu' requires an argument" --mtu
}

# flood FILE COUNT: that many datagrams of 1000 octets as fast as they are taken;
# the seconds that it took go to FILE
flood() {
  # shellcheck disable=SC2016
  ns_exec a python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
begin = time.monotonic()
for i in range(int(sys.argv[2])):
    s.sendto(bytes(1000), ("10.0.0.2", 9))
open(sys.argv[1], "w").write("%.2f" % (time.monotonic() - begin))' "$1" "$2"
}

# slow_reader NAME ARG...: a tap with a short queue, read at 500 frames a second
slow_reader() {
  proc_start -n a "$1" "$TUNCTL" -t "$1" --txqueuelen 100 --address 10.0.0.1/24 \
    --up "${@:2}" -- python3 tests/helpers/tap-reader.py 500 2 "$WORK/$1.count"
  wait_for test -e "$WORK/$1.count.ready"
  ns_exec a ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev "$1"
}

# The case of seeds/001: a sender of UDP and a slow program behind the tap.
@test "--rate slows a UDP sender down instead of losing its datagrams" {
  local sent=1500 plain limited
  slow_reader plain
  flood "$WORK/plain.seconds" $sent
  wait_for -t 20 test -e "$WORK/plain.count"
  plain=$(cat "$WORK/plain.count")
  proc_wait plain
  # 2 Mbit/s are some 240 datagrams of 1042 octets a second.
  slow_reader limited --rate 2mbit
  flood "$WORK/limited.seconds" $sent
  wait_for -t 20 test -e "$WORK/limited.count" || true
  run ns_exec a tc -s qdisc show dev limited
  limited=$(cat "$WORK/limited.count")
  echo "without: $plain of $sent came, sent in $(cat "$WORK/plain.seconds") s"
  echo "with --rate: $limited of $sent came, sent in $(cat "$WORK/limited.seconds") s"
  [ "$plain" -lt $((sent / 2)) ]
  [ "$limited" -eq $sent ]
  awk '{ exit !($1 > 3) }' "$WORK/limited.seconds"
}

@test "--rate: tc tells the limit, and that nothing was dropped" {
  local sender
  slow_reader tap0 --rate 2mbit
  flood "$WORK/seconds" 500 3>&- &
  sender=$!
  wait_for is tap0 '.backlog.bytes > 0 and .backlog.packets > 0' true
  wait "$sender"
  run ns_exec a tc -s qdisc show dev tap0
  echo "$output"
  [[ $output == *"qdisc tbf"*"rate 2Mbit"* ]]
  [[ $output == *"dropped 0, overlimits"* ]]
  [ "$(of tap0 '[.qdisc, .rate.bits_per_second, .backlog.dropped, .tx.dropped]')" = \
    '["tbf",2000000,0,0]' ]
}

# The schema of `-l -j`, as a jq program: true, or what is wrong.
SCHEMA='
def nat: type == "number" and . >= 0 and floor == .;
def str: type == "string" and length > 0;
def bool: type == "boolean";
def orNull(f): . == null or f;
def fields(names): keys == (names | sort);
def counters: fields(["packets", "bytes", "dropped"]) and all(.[]; nat);
def device:
  fields(["name", "ifindex", "kind", "owner", "group", "queueing", "queues",
    "queues_detached", "vnet_header", "persistent", "up", "carrier", "mtu",
    "txqueuelen", "qdisc", "rate", "backlog", "tx", "rx"]) and
  (.name | str) and (.ifindex | nat and . > 0) and
  (.kind | IN("tun", "tap")) and
  (.owner | orNull(fields(["uid", "name"]) and (.uid | nat) and
    (.name | orNull(str)))) and
  (.group | orNull(fields(["gid", "name"]) and (.gid | nat) and
    (.name | orNull(str)))) and
  (.queueing | orNull(IN("default", "one-queue", "two-queue", "multi-queue",
    "backpressure"))) and
  ([.queues, .queues_detached, .mtu, .txqueuelen] | all(.[]; nat)) and
  ([.vnet_header, .persistent, .up, .carrier] | all(.[]; bool)) and
  (.qdisc | orNull(str)) and
  (.rate | orNull(fields(["bits_per_second", "burst", "limit"]) and
    all(.[]; nat))) and
  (.backlog | counters) and (.tx | counters) and (.rx | counters);
def devices: type == "array" and all(.[]; device);
'

@test "-l: hundreds of devices, every one of them right" {
  need_users
  # shellcheck disable=SC2016
  ns_exec a bash -c 'for ((i = 0; i < 400; i++)); do
    "$0" -b -t "d$i" -u "$((i + 1))" >/dev/null || exit 1; done
    ip link add veth0 type veth; ip link add br0 type bridge' "$TUNCTL"
  t -l -j >"$WORK/json"
  jq -e "$SCHEMA devices" "$WORK/json"
  [ "$(jq length "$WORK/json")" -eq 400 ]
  jq -e 'to_entries | all(.[]; .value.name == "d\(.key)" and
    .value.owner.uid == .key + 1 and .value.persistent and
    (.value.carrier | not))' "$WORK/json"
  [ "$(t -l | grep -c '^d')" -eq 400 ]
  [ "$(t -l | wc -l)" -eq 802 ]
  t -l | awk 'length > 80 { print; exit 1 }'
  [ "$(t -l d7 -j | jq -c '[.[].name]')" = '["d7"]' ]
}

@test "-l: owners and groups by name and number, flags, counters" {
  need_users
  t -b -t tap0 -u nobody -g nogroup --vnet-hdr 2>/dev/null
  t -b -t tun0 -u 4000000000
  t -b -t a-name-of-fifte -q multi-queue --rate 1mbit --up
  proc_start -n a reader "$TUNCTL" -t live --up -- sleep 60
  wait_for exists live
  t -l -j >"$WORK/json"
  jq -e "$SCHEMA devices" "$WORK/json"
  [ "$(of tap0 '[.owner, .group, .vnet_header]')" = \
    "[{\"uid\":$(id -u nobody),\"name\":\"nobody\"},{\"gid\":$(getent group nogroup | cut -d: -f3),\"name\":\"nogroup\"},true]" ]
  [ "$(of tun0 '[.kind, .owner, .group]')" = '["tun",{"uid":4000000000,"name":null},null]' ]
  wait_for is live '[.carrier, .persistent, .up]' '[true,false,true]'
  run t -l
  echo "$output"
  [[ $output == *"nobody(65534)"*"nogroup(65534)"* ]] || [ "$(id -u nobody)" -ne 65534 ]
  [[ $output == *4000000000* ]]
  awk 'length > 80 { exit 1 }' <<<"$output"
  refused "'lo' is no tun/tap device" -l lo
  refused "there is no interface 'none'" -l none
  # A drop and a backlog are seen.
  ns_exec a ip addr add 10.0.0.1/24 dev live
  ns_exec a ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev live
  ns_exec a ip link set live txqueuelen 3
  flood "$WORK/seconds" 20
  [ "$(of live '.tx.dropped >= 10')" = true ]
}

@test "-l: only this namespace; a name cannot steer the terminal" {
  ns_add b
  t -b -t mine
  ns_exec b "$TUNCTL" -b -t other
  [ "$(t -l -j | jq -c '[.[].name]')" = '["mine"]' ]
  t -t $'e\033[2J' -b >/dev/null
  [ "$(t -l | grep -c $'\033')" -eq 0 ]
  t -l -j | jq -e "$SCHEMA devices"
  t -t $'latin\377' -b >/dev/null
  t -l -j | jq -e "$SCHEMA devices"
}

@test "--watch: again and again, with rates" {
  proc_start -n a reader "$TUNCTL" -t live --txqueuelen 10 \
    --address 10.0.0.1/24 --up -- sleep 60
  wait_for exists live
  ns_exec a ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev live
  proc_start -n a watch "$TUNCTL" -l live -j --watch 1
  wait_for lines_of watch 1
  flood "$WORK/seconds" 100
  wait_for lines_of watch 3
  proc_stop watch
  proc_log watch | jq -e "$SCHEMA"'all(.[]; has("rates")) and
    (map(del(.rates)) | devices)'
  [ "$(proc_log watch | jq -s 'map(.[0].rates.tx_dropped // 0) | add >= 80')" = true ]
  run ns_exec a timeout 2.5 "$TUNCTL" -l --watch=1
  echo "$output"
  [ "$(grep -c '^NAME' <<<"$output")" -ge 2 ]
  [[ $output == *TX/S* ]]
  awk 'length > 80 { exit 1 }' <<<"$output"
}

@test "hand-over: {fd} and {name}, the environment, no capability, the status" {
  # shellcheck disable=SC2016
  run t -t tap9 --up -- bash -c 'echo "$0 $1 $TUNCTL_FD $TUNCTL_NAME"
    readlink "/proc/self/fd/$TUNCTL_FD"; ip -o link show dev "$2"
    cat /proc/self/status "/proc/self/fdinfo/$TUNCTL_FD"; exit 7' \
    'fd={fd},{x}{fd' '{name}' '{name}'
  echo "$output"
  [ "$status" -eq 7 ]
  [[ ${lines[0]} =~ ^fd=([0-9]+),\{x\}\{fd\ tap9\ ([0-9]+)\ tap9$ ]]
  [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
  [ "${lines[1]}" = /dev/net/tun ]
  [[ ${lines[2]} == *"tap9: "*UP* ]]
  for set in Inh Prm Eff Bnd Amb; do
    grep -q "^Cap$set:[[:space:]]*0*$" <<<"$output"
  done
  grep -q '^NoNewPrivs:[[:space:]]*1$' <<<"$output"
  # blocking, and without a vnet header
  grep -q '^flags:[[:space:]]*0100002$' <<<"$output"
  run ! exists tap9
  run -127 t -- nosuchcommand
  run -126 t -- /etc/passwd
  # shellcheck disable=SC2016
  run t -- sh -c 'kill -s USR1 $$'
  [ "$status" -eq $((128 + $(kill -l USR1))) ]
  [ "$(t -l -j)" = '[]' ]
}

# As the kernel makes it: whoever wants another size says so.
@test "hand-over: the vnet header has the kernel's size" {
  local kind size='import fcntl, os, struct
print(struct.unpack("i", fcntl.ioctl(int(os.environ["TUNCTL_FD"]), 0x800454d7, bytes(4)))[0])'
  for kind in default multi-queue; do
    [ "$(t --vnet-hdr -q "$kind" -- python3 -c "$size")" = 10 ]
    t -t "k-$kind" --vnet-hdr -q "$kind"
    [ "$(t -t "k-$kind" -- python3 -c "$size")" = 10 ]
  done
}

@test "hand-over of a persistent device leaves it as it was" {
  need_users
  t -t keep -u 1000
  t -t keep -- true
  [ "$(of keep '[.persistent, .owner.uid]')" = '[true,1000]' ]
  refused "there is no interface 'nobr'" -t gone --master nobr -- true
  refused "MTU '5'" -t gone --mtu 5 -- true
  # There is no such command: nothing was changed for it.
  run -127 t -t keep --mtu 1400 --up -- nosuchcommand
  run -126 t -t keep --mtu 1400 --up -- /etc/passwd
  run -126 t -t keep --mtu 1400 --up -- /etc
  is keep '[.mtu, .up]' '[1500,false]'
}

# UML's vector driver on a descriptor: frames without a vnet header, and one at
# a time (vec=0), for a tap is no socket and has no recvmmsg(2).
@test "hand-over to a real guest: vec0:transport=fd" {
  GUEST_KERNEL="$WORK/uml"
  # What guest_start runs is given its descriptor by tunctl.
  cat >"$GUEST_KERNEL" <<EOF
#!/bin/sh
# What is preloaded is for the guest's kernel.
preload=\$LD_PRELOAD
unset LD_PRELOAD
exec "$(realpath "$TUNCTL")" -t uml0 --address 10.0.0.254/24 --up -- \
  env \${preload:+"LD_PRELOAD=\$preload"} linux.uml "\$@" \
  vec0:transport=fd,fd={fd}\${GUEST_VEC-,vec=0},mac=02:00:00:00:00:01
EOF
  chmod 755 "$GUEST_KERNEL"
  guest_start -n a uml
  guest_wait_up uml
  guest_addr uml vec0 10.0.0.1/24
  guest_run uml 'ping -c 10 -i 0.05 -w 20 10.0.0.254 | tee /dev/stderr |
    grep -q " 10 packets received"'
  ns_exec a busybox ping -c 10 -i 0.05 -w 20 -s 1472 10.0.0.1
  proc_start -n a iperf iperf3 -s
  up=$(guest_iperf uml 10.0.0.254)
  down=$(guest_iperf uml 10.0.0.254 -R)
  echo "guest to host: $up Mbit/s, host to guest: $down Mbit/s"
  [ "$up" -ge 20 ]
  [ "$down" -ge 20 ]
  [ "$(of uml0 '[.carrier, .vnet_header, .persistent]')" = '[true,false,false]' ]
  guest_stop uml
  wait_for eval '! exists uml0'
}

@test "libraries that only some options need are missed by these only" {
  local without=(env "LD_LIBRARY_PATH=$WORK/lib" "$TUNCTL")
  mkdir "$WORK/lib"
  : >"$WORK/lib/libmnl.so.0"
  : >"$WORK/lib/libcap-ng.so.0"
  ns_exec a "${without[@]}" -t tap0
  run -1 ns_exec a "${without[@]}" -l
  [[ $output = *"$WORK/lib/libmnl.so.0"*"(install the library)" ]]
  # Nothing is left of a device that was to get something by one of them.
  run -1 ns_exec a "${without[@]}" -t tap1 --rate 1mbit
  run -1 ns_exec a "${without[@]}" -t tap2 -- true
  [[ $output = *"$WORK/lib/libcap-ng.so.0"* ]]
  # Nor is one changed that was there.
  rm "$WORK/lib/libmnl.so.0"
  run -1 ns_exec a "${without[@]}" -t tap0 --mtu 1400 -- true
  [[ $output = *"$WORK/lib/libcap-ng.so.0"* ]]
  [ "$(ns_exec a cat /sys/class/net/tap0/mtu)" -eq 1500 ]
  [ "$(t -l -j | jq -r '.[].name')" = tap0 ]
}

@test "interfaces(5): tunctl_user makes a tap of that user" {
  need_users
  ns_exec a env "PATH=$(dirname "$(realpath "$TUNCTL")"):$PATH" IFACE=tap7 \
    IF_TUNCTL_USER=nobody debian/uml-netutils.if-pre-up
  is tap7 .owner.uid "$(id -u nobody)"
  # An interface that is not meant, and one that is there already.
  ns_exec a env "PATH=$(dirname "$(realpath "$TUNCTL")"):$PATH" IFACE=eth9 \
    debian/uml-netutils.if-pre-up
  run ! exists eth9
  ns_exec a env "PATH=$(dirname "$(realpath "$TUNCTL")"):$PATH" IFACE=tap7 \
    IF_TUNCTL_USER=nobody debian/uml-netutils.if-pre-up
}

# complete NAME WORD...: what bash would offer for the last word
complete() {
  # shellcheck disable=SC2016
  ns_exec a bash -c '. tunctl/tunctl.bash-completion
    COMP_WORDS=("$0" "$@") COMP_CWORD=$# COMPREPLY=()
    _tunctl && printf "%s\n" "${COMPREPLY[@]}"' "$TUNCTL" "$@"
}

@test "bash completes options, modes, devices, users, bridges and commands" {
  local all
  t -b -t tapped
  ns_exec a ip link add br7 type bridge
  all=$(complete --)
  [ "$all" = "$("$TUNCTL" --help | grep -o -- '^  \(-., \)\?--[a-z-]*' | grep -o -- '--.*')" ]
  [ "$(complete --que)" = --queueing ]
  [ "$(complete -q mul)" = multi-queue ]
  # A name is no command, nor is any made of it.
  # shellcheck disable=SC2016
  t -b -t 'tapp$(id>&2)'
  run complete -d tap
  [ "$output" = tapped ]
  [ "$(complete -d tap)" = tapped ]
  [ "$(complete -t tap0 --master b)" = br7 ]
  [ "$(complete -u nobod)" = nobody ]
  [ "$(complete -t x -- busybo | sort -u)" = busybox ]
}
