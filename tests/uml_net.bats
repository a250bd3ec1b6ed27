# SPDX-License-Identifier: GPL-2.0-or-later
#
# uml_net without a guest: what it does to the host for whom, how it tells, and
# that nothing is left. The policy's own language is in uml_net_policy.bats,
# attacks are in uml_net_security.bats, real guests in uml_net_guests.bats.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/uml_net

setup() {
  work_make
  host_make
}

teardown() {
  cleanup
}

# tap_gone DEV: no device of that name in h
tap_gone() {
  ! host ip link show dev "$1" 2>/dev/null
}

# clean: nothing of uml_net's in h
clean() {
  [ -z "$(host ip link show type tun)" ] && proxies 0 &&
    ! host ip route show proto 85 | grep -q .
}

# hex TEXT: of a C int in front of it and a NUL behind
wire() {
  /usr/bin/python3 -c 'import struct, sys
text = sys.argv[1].encode() + b"\0"
sys.stdout.buffer.write(struct.pack("i", len(text)) + text)' "$1"
}

@test "root: a tap with its address, up, owned, marked, and gone with its holder" {
  up g root plain 10.0.0.1
  [ "$(tap_of g)" = tap0 ]
  host ip -d -o link show tap0 >"$WORK/link"
  grep -q 'tun type tap pi off vnet_hdr off persist off user root' "$WORK/link"
  grep -q 'UP' "$WORK/link"
  grep -q 'alias uml_net: made for uid 0' "$WORK/link"
  host ip -o addr show tap0 | grep -q 'inet 10.0.0.1/32 scope global'
  diff - <(proc_log g) <<'END'
device tap0
uml_net: tap0 made for user 0
uml_net: tap0 has address 10.0.0.1/32
uml_net: tap0 is up
uml_net: IP forwarding is on now
descriptors 1
status 0
END
  [ "$(host cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
  proc_kill g
  wait_for clean
}

@test "add and del: route, proxy ARP, published where the subnet is; and back" {
  local before
  up g root plain 10.0.0.1
  before=$(state)
  run -0 net root plain add tap0 192.168.7.9 255.255.255.0
  [ "$output" = "uml_net: 192.168.7.9 is routed to tap0
uml_net: tap0 answers ARP of the guest (proxy ARP)
uml_net: eth0 answers ARP for 192.168.7.9" ]
  [[ $(host ip route show 192.168.7.9) == "192.168.7.9 dev tap0 proto 85 scope link"* ]]
  [[ $(host ip neigh show proxy) == "192.168.7.9 dev eth0 proxy proto 85"* ]]
  [ "$(host cat /proc/sys/net/ipv4/conf/tap0/proxy_arp)" = 1 ]
  # One that no subnet of the host holds is not published.
  run -0 net root plain add tap0 10.0.0.9 255.0.0.0
  proxies 1
  # Again: nothing more to do.
  run -0 net root plain add tap0 10.0.0.9 255.0.0.0
  [ "$output" = "uml_net: tap0 has this address already" ]
  run -0 net root plain del tap0 192.168.7.9 255.255.255.0
  [ "$output" = "uml_net: eth0 no longer answers ARP for 192.168.7.9
uml_net: 192.168.7.9 is no longer routed to tap0" ]
  [ "$(host cat /proc/sys/net/ipv4/conf/tap0/proxy_arp)" = 1 ]
  run -0 net root plain del tap0 10.0.0.9 255.0.0.0
  [ "$(host cat /proc/sys/net/ipv4/conf/tap0/proxy_arp)" = 0 ]
  run -1 net root plain del tap0 10.0.0.9 255.0.0.0
  [ "$output" = "uml_net: 10.0.0.9 is not routed to 'tap0'" ]
  [ "$(state)" = "$before" ]
}

@test "published: a neighbour's question is answered, and an entry that was there stays" {
  command -v arping >/dev/null || skip "needs arping"
  host ip neigh add proxy 192.168.7.20 dev eth0
  up g root plain 10.0.0.1
  net root plain add tap0 192.168.7.9 255.255.255.0
  net root plain add tap0 192.168.7.20 255.255.255.0
  ns_exec lan arping -c 1 -w 5 -I eth0 192.168.7.9
  net root plain del tap0 192.168.7.9 255.255.255.0
  run ! ns_exec lan arping -c 1 -w 1 -I eth0 192.168.7.9
  net root plain del tap0 192.168.7.20 255.255.255.0
  [[ $(host ip neigh show proxy) == "192.168.7.20 dev eth0 proxy"* ]]
}

@test "the holder is killed: tap, route and published entries go" {
  up g root plain 10.0.0.1
  net root plain add tap0 192.168.7.9 255.255.255.0
  kill -s KILL "$(proc_pid g)"
  wait_for clean
}

@test "the maker is killed, another process holds the descriptor: all goes" {
  # As the helpers of a UML kernel do, which outlive it.
  # shellcheck disable=SC2016
  proc_start -n h g /usr/bin/python3 -c '
import os, signal, socket, subprocess, sys
mine, theirs = socket.socketpair()
subprocess.call([sys.argv[1], "4", "tuntap", "up", "10.0.0.1"], stdout=theirs)
data, control, _, _ = mine.recvmsg(4095, 64)
heir = os.fork()
if heir:
    print("heir", heir, flush=True)
    print("device " + data[:16].rstrip(b"\0").decode(), flush=True)
    print("status 0", flush=True)
signal.pause()' "$WORK/plain"
  wait_for up_answered g
  [ "$(tap_of g)" = tap0 ]
  net root plain add tap0 192.168.7.9 255.255.255.0
  kill -s KILL "$(proc_pid g)"
  wait_for clean
  # The heir lives on, in the maker's group; cleanup ends it.
  kill -s 0 "$(sed -n 's/^heir //p' "$WORK/proc/g.log")"
}

@test "a guest that ends while an address is added leaves no entry either" {
  command -v strace >/dev/null || skip "needs strace"
  up g root plain 10.0.0.1
  proc_start -n h add strace -qq -o /dev/null -e trace=sendto \
    -e inject=sendto:delay_enter=300000 "$WORK/plain" 4 add tap0 192.168.7.9 255.255.255.0
  wait_for eval 'host ip route show proto 85 | grep -q .'
  proc_kill g
  run -1 proc_wait add 30
  wait_for clean
}

@test "a guard that was killed is made up for by the next call" {
  local guard
  up g root plain 10.0.0.1
  net root plain add tap0 192.168.7.9 255.255.255.0
  guard=$(guard_of)
  [ -n "$guard" ]
  kill -s KILL "$guard"
  proc_kill g
  wait_for tap_gone tap0
  [[ $(host ip neigh show proxy) == 192.168.7.9* ]]
  run -0 host /usr/bin/python3 "$ASK" once "$WORK/plain" 4 tuntap up
  proxies 0
}

# guard_of: the guard of this namespace
guard_of() {
  local pid net
  net=$(readlink "/proc/$(proc_pid ns-h)/ns/net")
  for pid in $(ps -eo pid=,comm=,stat= | sed -n 's/^ *\([0-9]*\) uml_net guard  *[^Z].*/\1/p'); do
    [ "$(readlink "/proc/$pid/ns/net")" != "$net" ] || echo "$pid"
  done
}

@test "the guard: the caller's ids, one capability, three times /dev/null" {
  need_users
  local guard set
  conf <<<'allow user alice'
  up g alice setuid 10.0.0.1
  guard=$(guard_of)
  [ "$(wc -w <<<"$guard")" -eq 1 ]
  grep -qE '^Uid:\s1000\s1000\s1000\s1000$' "/proc/$guard/status"
  grep -qE '^Gid:\s1000\s1000\s1000\s1000$' "/proc/$guard/status"
  for set in CapPrm CapEff; do
    grep -qE "^$set:\s0000000000001000\$" "/proc/$guard/status"
  done
  for set in CapInh CapAmb CapBnd; do
    grep -qE "^$set:\s0000000000000000\$" "/proc/$guard/status"
  done
  grep -qE '^NoNewPrivs:\s1$' "/proc/$guard/status"
  for set in 0 1 2; do
    [ "$(readlink "/proc/$guard/fd/$set")" = /dev/null ]
  done
  # rtnetlink and the process of the guest, and never the tap
  [ "$(find "/proc/$guard/fd" -type l | wc -l)" -eq 5 ]
  run ! grep -l 'iff:' "/proc/$guard/fdinfo/"*
  proc_kill g
  # shellcheck disable=SC2016
  wait_for eval '[ -z "$(guard_of)" ]'
}

@test "without a gateway: a tap without an address" {
  up g root plain
  [ -z "$(host ip -4 addr show tap0)" ]
  host ip link show tap0 | grep -q UP
  up h root plain ''
  [ "$(tap_of h)" = tap1 ]
}

@test "one gateway for several taps of one user" {
  need_users
  conf <<<'allow user alice
allow user bob'
  up a alice setuid 192.168.7.254
  up b alice filecap 192.168.7.254
  run -0 refused_up bob setuid 192.168.7.254
  [[ $output == *"192.168.7.254 is in use on this host, on 'tap0'"* ]]
}

@test "addresses in use on the host, or routed elsewhere, are refused" {
  local before addr
  host ip link add dum0 type veth peer name dum1
  host ip addr add 10.9.0.1/24 dev dum0
  host ip link set dum1 up
  host ip link set dum0 up
  # One that is down has its address all the same.
  host ip link add dum2 type veth peer name dum3
  host ip addr add 10.8.0.1/24 dev dum2
  host ip addr add 10.7.0.1 peer 10.7.0.2 dev dum0
  host ip route add 10.9.0.128/25 via 192.168.7.2
  host ip route add 10.6.0.0/16 dev dum0
  host ip route add blackhole 10.5.0.0/16
  host ip route add prohibit 10.5.1.0/24
  host ip route add local 10.4.0.0/16 dev lo
  host ip route add default via 192.168.7.2
  up g root plain 192.168.7.254
  before=$(state)
  for addr in 192.168.7.1 192.168.7.254 10.9.0.1 10.9.0.255 10.9.0.130 \
    10.8.0.1 10.7.0.2 10.6.1.1 10.5.0.1 10.5.1.1 10.4.3.2; do
    run -1 net root plain add tap0 $addr 255.255.255.0
    echo "$addr: $output"
    [[ $output == *"$addr"* ]]
    [ "$addr" = 192.168.7.254 ] || refused_up root plain $addr
    [ "$(state)" = "$before" ]
  done
  run -1 net root plain add tap0 10.9.0.130 255.255.255.0
  [ "$output" = "uml_net: 10.9.0.130 is routed elsewhere: 10.9.0.128/25 over 'eth0'" ]
  # In the host's own subnets, and where the default route alone leads.
  net root plain add tap0 10.9.0.3 255.255.255.0
  net root plain add tap0 192.168.7.3 255.255.255.0
  net root plain add tap0 172.16.0.1 255.255.255.0
  # Another guest's.
  up h root plain 10.0.0.1
  run -1 net root plain add tap1 172.16.0.1 255.255.255.0
  [ "$output" = "uml_net: 172.16.0.1 is routed elsewhere: 172.16.0.1/32 over 'tap0'" ]
}

# fail_at CALL N HOW-TO-RUN...: its Nth system call of that name fails
fail_at() {
  host strace -f -qq -o "$WORK/trace" -e "trace=$1" \
    -e "inject=$1:error=ENOBUFS:when=$2" "${@:3}" >/dev/null 2>&1 </dev/null
}

@test "whatever fails, all of it is taken back" {
  command -v strace >/dev/null || skip "needs strace"
  local before n good
  up g root plain 10.0.0.1
  net root plain add tap0 192.168.7.8 255.255.255.0
  before=$(state)
  good=
  for ((n = 1; n < 60; n++)); do
    if fail_at sendto $n "$WORK/plain" 4 add tap0 192.168.7.9 255.255.255.0; then
      good=$n
      break
    fi
    [ "$(state)" = "$before" ]
  done
  # There are at least sweep, device, policy, ground, route, proxy ARP, entry.
  [ "$good" -ge 9 ]
  host "$WORK/plain" 4 del tap0 192.168.7.9 255.255.255.0 >/dev/null
  good=
  for ((n = 1; n < 60; n++)); do
    if fail_at sendto $n /usr/bin/python3 "$ASK" once "$WORK/plain" 4 tuntap up 10.0.0.2; then
      good=$n
      break
    fi
    [ "$(state)" = "$before" ]
  done
  [ "$good" -ge 9 ]
  for n in 1 2; do
    fail_at ioctl $n /usr/bin/python3 "$ASK" once "$WORK/plain" 4 tuntap up 10.0.0.2 || true
    [ "$(state)" = "$before" ]
  done
}

@test "a tap that cannot be handed over is not left" {
  local before
  before=$(state)
  run -1 host /usr/bin/python3 -c '
import socket, subprocess, sys
mine, theirs = socket.socketpair()
mine.close()
sys.exit(subprocess.call([sys.argv[1], "4", "tuntap", "up", "10.0.0.1"],
                         stdout=theirs.fileno()))' "$WORK/plain"
  [[ $output == *"hand over 'tap0': Broken pipe"* ]]
  # forwarding is the host's, and stays
  [ "$(state | head -n -1)" = "$(head -n -1 <<<"$before")" ]
}

@test "what is no request: status 1, and the usage on standard error" {
  local words
  for words in '' 4 '4 tuntap' '4 tuntap down' '4 bridge up' 'tuntap up' '1 tuntap up' \
    '0 add tap0 10.0.0.1 255.0.0.0' '3 add tap0 10.0.0.1 255.0.0.0' x; do
    # shellcheck disable=SC2086
    run -1 --separate-stderr host "$WORK/plain" $words
    [ -z "$output" ]
    # shellcheck disable=SC2154
    [[ $stderr == *"Usage: uml_net"* ]]
  done
  run -1 --separate-stderr host "$WORK/plain" 5 tuntap up 10.0.0.1
  [[ $stderr == *"Version mismatch - requested version 5, uml_net supports up to version 4"* ]]
}

@test "a request with a fault is refused in the guest's own words" {
  local words before
  before=$(state)
  while read -r words; do
    # shellcheck disable=SC2086
    run -1 net root plain ${words%% =*}
    echo "$words -> $output"
    [[ $output == "uml_net: "*"${words##*= }"* ]]
  done <<'END'
add tap0 300.1.1.1 255.255.255.0 = '300.1.1.1' is no IPv4 address
add tap0 10.0.0.01 255.255.255.0 = is no IPv4 address
add tap0 0.0.0.1 255.255.255.0 = is not an address of one host
add tap0 127.0.0.1 255.255.255.0 = is not an address of one host
add tap0 224.0.0.1 255.255.255.0 = is not an address of one host
add tap0 255.255.255.255 255.255.255.0 = is not an address of one host
add tap0 10.0.0.1 255.0.255.0 = netmask 255.0.255.0 has gaps
add tap0 10.0.0.1 = needs 3 arguments
add tap0 10.0.0.1 255.0.0.0 more = one argument too many: 'more'
add a/b 10.0.0.1 255.0.0.0 = a/b
add tap01234567890123 10.0.0.1 255.0.0.0 = tap01234567890123
add missing 10.0.0.1 255.0.0.0 = 'missing' is no device that uml_net made
END
  run -0 refused_up root plain 1.2.3
  [[ $output == *"gateway '1.2.3' is no IPv4 address"* ]]
  [ "$(state)" = "$before" ]
}

@test "on the wire: a length that counts the NUL, then the text" {
  up g root plain 10.0.0.1
  host "$WORK/plain" 4 add tap0 10.0.0.9 255.0.0.0 >"$WORK/got"
  wire "uml_net: 10.0.0.9 is routed to tap0
uml_net: tap0 answers ARP of the guest (proxy ARP)
" | cmp - "$WORK/got"
  # The same under the names that it had, with and without text.
  host "$WORK/plain" 4 tuntap del tap0 10.0.0.9 255.0.0.0 >"$WORK/got"
  wire "uml_net: 10.0.0.9 is no longer routed to tap0
" | cmp - "$WORK/got"
  host "$WORK/plain" 3 tuntap add tap0 10.0.0.9 >"$WORK/got"
  [ -s "$WORK/got" ]
  host "$WORK/plain" 2 tuntap del tap0 10.0.0.9 >"$WORK/got"
  [ ! -s "$WORK/got" ]
  run -1 --separate-stderr host "$WORK/plain" 2 tuntap del tap0 10.0.0.9
  [ -z "$output" ]
  [ "$stderr" = "uml_net: 10.0.0.9 is not routed to 'tap0'" ]
}

@test "versions 2 and 3 of tuntap up" {
  run -0 host /usr/bin/python3 "$ASK" once "$WORK/plain" 3 tuntap up '' 10.0.0.1
  [[ $output == "device tap0"* ]]
  run -0 host /usr/bin/python3 "$ASK" once "$WORK/plain" 2 tuntap up '' 1 10.0.0.1
  [[ $output == "device tap0"* ]]
}

@test "version 2: another descriptor than standard output gets the tap" {
  run -0 host /usr/bin/python3 -c '
import socket, subprocess, sys
mine, theirs = socket.socketpair()
fd = theirs.fileno()
status = subprocess.call([sys.argv[1], "2", "tuntap", "up", "", str(fd), ""],
                         pass_fds=[fd])
data, control, _, _ = mine.recvmsg(4095, 64)
print(status, data[:4], len(control))' "$WORK/plain"
  [ "$output" = "0 b'tap0' 1" ]
}

@test "up by hand: told what it is for, and nothing made" {
  local before
  before=$(state)
  run -1 --separate-stderr host "$WORK/plain" 4 tuntap up 10.0.0.1
  [[ $output == *"Socket operation on non-socket (this request is a UML kernel's; tunctl makes taps by hand)"* ]]
  [ "$(state)" = "$before" ]
}

@test "forwarding is switched on for whom the policy says so, else told" {
  need_users
  conf <<'END'
allow user alice address 192.168.7.0/24
allow user bob address 10.0.0.0/8 forward
END
  up a alice setuid 192.168.7.254
  proc_log a | grep -qF "IP forwarding is off, and line 1 of /etc/uml_net.conf does not say 'forward': the guest reaches this host only"
  [ "$(host cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
  up b bob setuid 10.0.0.1
  proc_log b | grep -qF "IP forwarding is on now"
  [ "$(host cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
  run -0 net alice setuid add tap0 192.168.7.9 255.255.255.0
  [[ $output != *forwarding* ]]
}

@test "quota: live taps of the user count, those of others and dead ones do not" {
  need_users
  conf <<'END'
allow user alice taps 2
allow user bob taps 2
END
  up a alice setuid
  up b alice filecap
  up c bob setuid
  run -0 refused_up alice setuid 10.0.0.1
  echo "$output"
  [[ $output == *"/etc/uml_net.conf"*"2"* ]]
  proc_kill a
  wait_for tap_gone tap0
  up d alice setuid
}

@test "groups: the supplementary ones too" {
  need_users
  conf <<<'allow group uml-net address 10.0.0.0/8'
  up b bob setuid 10.0.0.1
  run -0 refused_up alice setuid 10.0.0.2
  [[ $output == *"/etc/uml_net.conf"* ]]
}

@test "del needs no line: who has lost it can still clear up" {
  need_users
  conf <<<'allow user alice'
  up a alice setuid 10.0.0.1
  net alice setuid add tap0 10.0.0.9 255.0.0.0
  net alice setuid add tap0 10.0.0.7 255.0.0.0
  conf <<<'deny all'
  run -1 net alice setuid add tap0 10.0.0.8 255.0.0.0
  # Not even a policy that is broken is in the way.
  conf <<<'no such word'
  run -1 net alice setuid add tap0 10.0.0.8 255.0.0.0
  run -0 net alice setuid del tap0 10.0.0.7 255.0.0.0
  run -0 net alice setuid del tap0 10.0.0.9 255.0.0.0
}

@test "the journal: who, what, which line, and every refusal with its reason" {
  need_users
  conf <<'END'
# two lines
allow user alice address 192.168.7.0/24
END
  up a alice setuid 192.168.7.254
  wait_for logged 'uml_net\[[0-9]+\]: done uid=1000 pid=[0-9]+ verb=up device=tap0 gateway=192\.168\.7\.254 line=2$'
  logged "pid=$(proc_pid a) "
  net alice setuid add tap0 192.168.7.9 255.255.255.0
  wait_for logged 'done uid=1000 pid=[0-9]+ verb=add device=tap0 address=192\.168\.7\.9 line=2$'
  net alice setuid del tap0 192.168.7.9 255.255.255.0
  wait_for logged 'done uid=1000 .* verb=del device=tap0 address=192\.168\.7\.9 '
  run -1 net bob setuid add tap0 192.168.7.9 255.255.255.0
  wait_for logged "refused uid=1001 .* verb=add device=tap0 address=192\.168\.7\.9 line=0: 'tap0' is no device"
  run -0 refused_up carol setuid 10.0.0.1
  wait_for logged 'refused uid=1002 .* verb=up gateway=10\.0\.0\.1 line=0: /etc/uml_net\.conf'
  run -1 net carol setuid add tap0 10.0.0.1.1 255.0.0.0
  wait_for logged "refused uid=1002 .* verb=add device=tap0 line=0: address '10\.0\.0\.1\.1' is no IPv4 address"
}

@test "a policy that is broken keeps all but root out" {
  need_users
  conf <<<'allow usr alice'
  run -0 refused_up alice setuid 10.0.0.1
  [[ $output == *"/etc/uml_net.conf:1"* ]]
  up g root plain 10.0.0.1
}

@test "no policy: one sentence that says what to add to which file" {
  need_users
  rm -f "$WORK/etc/uml_net.conf"
  run -0 refused_up alice setuid 10.0.0.1
  [[ $output == *"/etc/uml_net.conf"* ]]
  [ "$(grep -c '^uml_net: ' <<<"$output")" -eq 1 ]
}

@test "no privilege: told how it is installed" {
  need_users
  conf <<<'allow user alice'
  run -0 refused_up alice plain 10.0.0.1
  [[ $output == *"uml_net has no privilege here (the administrator installs it setuid root, or with 'setcap cap_net_admin+ep')"* ]]
}

@test "the clone device is root's: setuid works, the file capability says why not" {
  need_users
  conf <<<'allow user alice'
  chmod 600 "$WORK/tun" 2>/dev/null || skip "cannot make a device node"
  up g alice setuid 10.0.0.1
  run -0 refused_up alice filecap 10.0.0.2
  [[ $output == *"Failed to open '/dev/net/tun' : Permission denied"* ]]
}

# etap VERSION USER HOW STEP...: the guest's side of ethertap with tap7
etap() {
  local version=$1 user=$2 how=$3
  shift 3
  as "$user" /usr/bin/python3 "$ASK" ethertap "$version" "$WORK/$how" tap7 10.0.0.1 "$@"
}

ARP_REQUEST=ffffffffffff02000000000908060001080006040001020000000009$(printf '0a000009%s0a000001' 000000000000)

@test "ethertap: a tap, two octets before each frame, records, and an end" {
  run -0 etap 4 root plain add 10.0.0.9 send "0000$ARP_REQUEST" recv split 10.0.0.10 \
    del 10.0.0.9 shut gone
  echo "$output"
  [[ $output == "ok 1
uml_net: tap7 made for user 0
uml_net: tap7 has address 10.0.0.1/32
uml_net: tap7 is up
uml_net: IP forwarding is on now
uml_net: 10.0.0.9 is routed to tap7
uml_net: tap7 answers ARP of the guest (proxy ARP)
frame 0000"* ]]
  [[ $output == *"uml_net: 10.0.0.10 is routed to tap7
uml_net: tap7 answers ARP of the guest (proxy ARP)
uml_net: 10.0.0.9 is no longer routed to tap7
status 0" ]]
  wait_for clean
}

@test "ethertap: the answer to a question of ARP comes through" {
  etap 4 root plain add 10.0.0.9 send "0000$ARP_REQUEST" recv recv recv recv \
    >"$WORK/out" || true
  # 0000, to us, ARP, a reply (2)
  grep -qE '^frame 0000020000000009[0-9a-f]{12}08060001080006040002' "$WORK/out"
}

@test "ethertap: records without sense are refused, and the relay goes on" {
  run -0 etap 4 root plain raw 020000000a000009ffffff00 raw 00000000e0000001ffffff00 \
    raw 000000000a000009ff00ff00 raw 000000000a000001ffffff00 add 10.0.0.9 shut gone
  echo "$output"
  [[ $output == *"change 2 is neither 0 (add) nor 1 (del)
uml_net: address 224.0.0.1 is not of one host
uml_net: netmask 255.0.255.0 has gaps
uml_net: 10.0.0.1 is in use on this host, on 'tap7'
uml_net: 10.0.0.9 is routed to tap7"* ]]
  [[ $output == *"status 0" ]]
}

@test "ethertap: runts and giants are dropped" {
  run -0 etap 4 root plain send 00 send 0000 send "0000ffffffffffff" \
    giant add 10.0.0.9 shut gone
  [[ $output == *"status 0" ]]
}

@test "ethertap: versions 3 (no netmask), 2 and 1 (no text)" {
  run -0 etap 3 root plain add 10.0.0.9 shut gone
  [[ $output == *"10.0.0.9 is routed to tap7"* ]]
  for version in 1 2; do
    run -0 host /usr/bin/python3 -c '
import os, socket, struct, subprocess, sys, time
control, c = socket.socketpair()
data, d = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
program = subprocess.Popen([sys.argv[1], sys.argv[2], "ethertap", "tap7",
    str(d.fileno()), str(c.fileno()), "10.0.0.1"], pass_fds=[d.fileno(), c.fileno()])
c.close(); d.close()
print(control.recv(64))
control.sendall(struct.pack("i", 0) + bytes([10, 0, 0, 9]))
end = time.time() + 5
while "10.0.0.9" not in os.popen("ip route").read() and time.time() < end:
    time.sleep(0.02)
print("10.0.0.9 dev tap7" in os.popen("ip route").read())
control.close()
print(program.wait(5))' "$WORK/plain" "$version"
    [ "$output" = "b'\\x01'
True
0" ]
  done
}

# Of a datagram socket whose other end has gone the kernel tells only whoever
# sends to it.
@test "ethertap: version 0, one descriptor for all, and no records" {
  run -0 host /usr/bin/python3 -c '
import os, socket, subprocess, sys
data, d = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
program = subprocess.Popen([sys.argv[1], "ethertap", "tap7", str(d.fileno()),
    "10.0.0.1", "10.0.0.9"], pass_fds=[d.fileno()])
d.close()
data.settimeout(5)
print(data.recv(64))
print("10.0.0.9 dev tap7" in os.popen("ip route").read())
data.send(bytes.fromhex(sys.argv[2]))
frame = data.recv(2000)
while frame[14:16] != bytes([8, 6]):
    frame = data.recv(2000)
data.close()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
    host.sendto(b"x", ("10.0.0.9", 9))
print(program.wait(5))' "$WORK/plain" "0000$ARP_REQUEST"
  echo "$output"
  [ "$output" = "b'\\x01'
True
0" ]
  wait_for clean
}

@test "ethertap: a user's is his, judged by the policy, and dies with the guest" {
  need_users
  conf <<<'allow user alice address 10.0.0.0/8 taps 1'
  local words
  proc_start -n h g setpriv --reuid=alice --regid=alice --init-groups /usr/bin/python3 "$ASK" \
    ethertap "$WORK/setuid" tap7 10.0.0.1 add 10.0.0.9 add 192.168.7.9 wait add 10.0.0.10 sleep
  wait_for grep -q 'no line for user alice' "$WORK/proc/g.log"
  proc_log g | grep -q '10.0.0.9 is routed to tap7'
  host ip -d link show tap7 | grep -q 'user alice'
  run -0 refused_up alice setuid 10.0.0.2
  # Each address is asked about anew.
  conf <<<'deny all'
  kill -s USR1 "$(proc_pid g)"
  wait_for grep -q "conf:1 denies" "$WORK/proc/g.log"
  kill -s KILL "$(proc_pid g)"
  wait_for clean
}

@test "ethertap: refused with a status of 0, the reason and exit status 1" {
  run -0 host /usr/bin/python3 "$ASK" ethertap "$WORK/plain" eth7 10.0.0.1 gone
  [ "$output" = "ok 0
uml_net: 'eth7' is no name for a guest's device (tap and letters, digits, '.', '_' or '-')
status 1" ]
  # shellcheck disable=SC2016 # what a shell must not see
  run -0 host /usr/bin/python3 "$ASK" ethertap "$WORK/plain" 'tap$(id)' 10.0.0.1 gone
  [[ $output == *"(id)' is no name for a guest's device"* ]]
  run -0 host /usr/bin/python3 "$ASK" ethertap "$WORK/plain" tap7 192.168.7.1 gone
  [ "$output" = "ok 0
uml_net: 192.168.7.1 is in use on this host, on 'eth0'
status 1" ]
}

# The kernel of this host may have no SLIP: the refusal is what is tested then.
# The way of success is tested with an injected line in
# tests/unit/test_uml_net_slip.c.
@test "slip: on a terminal without SLIP, refused with the reason" {
  ! grep -q 'slip' /proc/tty/ldiscs 2>/dev/null || skip "this kernel has SLIP"
  # In the other namespace, whose /dev is whole.
  run -1 ns_exec lan /usr/bin/python3 -c '
import os, pty, subprocess, struct, sys
master, slave = pty.openpty()
done = subprocess.run([sys.argv[1], "4", "slip", "up", "10.0.0.1"], stdin=slave,
                      stdout=subprocess.PIPE)
print(done.stdout[4:].rstrip(b"\0").decode(), end="")
sys.exit(done.returncode)' "$WORK/plain"
  echo "$output"
  [[ $output == "uml_net: make an interface of descriptor 0: "* ]]
  [[ $output == *"(this kernel has no SLIP (CONFIG_SLIP))"* ]]
  run -1 net root plain slip down sl0
  [[ $output == *"the interface of descriptor 0"*"(it is no SLIP line)"* ]]
}

@test "nothing but its own program is executed, by any request" {
  need_users
  command -v strace >/dev/null || skip "needs strace"
  local words
  conf <<<'allow user alice forward'
  up g root plain 10.0.0.1
  while read -r -a words; do
    host strace -f -qq -e trace=execve,execveat -o "$WORK/trace" \
      "$WORK/plain" "${words[@]}" >/dev/null 2>&1 </dev/null || true
    [ "$(grep -c 'exec' "$WORK/trace")" -eq 1 ]
  done <<'END'
4 add tap0 192.168.7.9 255.255.255.0
4 del tap0 192.168.7.9 255.255.255.0
4 tuntap up 10.0.0.1
4 slip up 10.0.0.1
4 slip down sl0
4 ethertap tap7 0 10.0.0.1
--help
--version
--check-config
--explain alice up 10.0.0.1
END
  host strace -f -qq -e trace=execve,execveat -o "$WORK/trace" \
    /usr/bin/python3 "$ASK" once "$WORK/plain" 4 tuntap up 10.0.0.7
  [ "$(grep -c 'execve("[^"]*/plain"' "$WORK/trace")" -eq 1 ]
  [ "$(grep -c 'exec.* = 0' "$WORK/trace")" -eq 2 ]
}

@test "works where there are no programs at all but itself" {
  # No ifconfig, route, arp, ip, bash: an empty PATH and no /sbin.
  up g root plain 10.0.0.1
  run -0 host env -i PATH=/nonexistent "$WORK/plain" 4 add tap0 10.0.0.9 255.0.0.0
}

@test "--help, --version, and what is neither" {
  run -0 host "$WORK/plain" --help
  [[ $output == "Usage: uml_net"*"--check-config"*"--explain"* ]]
  run -0 host "$WORK/plain" --version
  [[ $output == "uml_net (uml-netutils) "* ]]
  run -1 --separate-stderr host "$WORK/plain" --none
  [ -z "$output" ]
  [[ $stderr == *Usage* ]]
  run -1 host sh -c "'$WORK/plain' --help >/dev/full"
  [[ $output == *"write to standard output"* ]]
}
