# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real UML 6.1 guests that spawn uml_net, installed setuid root, as a user whom
# the policy allows it: up, reachable both ways, a change of address, down, and
# nothing left, however the guest ends.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/guest
load helpers/uml_net

# /dev stays as it is: guests need more of it. $WORK/bin is found first.
setup() {
  work_make
  HOST_DEV='' host_make
  need_users
  # As run_as_nobody has it, but setuid programs work.
  chown nobody:nogroup "$WORK"
  RUN_AS=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  conf <<<'allow user nobody address 192.168.7.0/24,10.0.0.0/8 taps 2 forward'
  mkdir "$WORK/bin"
  mv "$WORK/setuid" "$WORK/bin/uml_net"
  PATH=$WORK/bin:$PATH
  ns_exec lan ip route add default via 192.168.7.1
}

teardown() {
  if [ -z "${BATS_TEST_COMPLETED:-}" ] && [ -e "$WORK/proc/guest-g.log" ]; then
    guest_log g | tail -n 30
  fi
  cleanup
}

# account: what the guest's kernel printed of uml_net's answers
account() {
  guest_log g | tr -d '\r' | grep '^uml_net: '
}

# clean: nothing of uml_net's is left on the host
clean() {
  [ -z "$(host ip link show type tun)$(host ip neigh show proxy)$(host ip route show proto 85)" ]
}

# routed ADDR: route and published entry
routed() {
  host ip route show "$1" | grep -q "^$1 dev tap0 proto 85" &&
    host ip neigh show proxy | grep -q "^$1 dev eth0 proxy"
}

# whole_life: with eth0 of any transport that has a gateway, 192.168.7.254
whole_life() {
  guest_wait_up g
  guest_addr g eth0 192.168.7.9/24
  routed 192.168.7.9
  host ip -d link show tap0 | grep -q 'user nobody'
  host ip addr show tap0 | grep -q 'inet 192.168.7.254/32'

  # Both ways, to the host and beyond it.
  guest_run g 'ping -c 1 -w 5 192.168.7.254'
  guest_run g 'ping -c 1 -w 5 192.168.7.2'
  host ping -c 1 -w 5 192.168.7.9
  ns_exec lan ping -c 1 -w 5 192.168.7.9

  guest_run g 'ip addr add 192.168.7.10/24 dev eth0 && ip addr del 192.168.7.9/24 dev eth0 &&
    ip addr show dev eth0 | grep -q 192.168.7.10 || ip addr add 192.168.7.10/24 dev eth0'
  wait_for routed 192.168.7.10
  run ! routed 192.168.7.9
  ns_exec lan ping -c 1 -w 5 192.168.7.10

  guest_run g 'ip link set eth0 down'
  wait_for clean
}

@test "tuntap: up, pings, changes its address, down, nothing left" {
  guest_start -n h g eth0=tuntap,,,192.168.7.254
  whole_life
  account >"$WORK/account"
  cat "$WORK/account"
  head -n 7 "$WORK/account" | diff - <(
    cat <<'END'
uml_net: tap0 made for user 65534
uml_net: tap0 has address 192.168.7.254/32
uml_net: tap0 is up
uml_net: IP forwarding is on now
uml_net: 192.168.7.9 is routed to tap0
uml_net: tap0 answers ARP of the guest (proxy ARP)
uml_net: eth0 answers ARP for 192.168.7.9
END
  )
  tail -n 2 "$WORK/account" | diff - <(
    cat <<'END'
uml_net: eth0 no longer answers ARP for 192.168.7.10
uml_net: 192.168.7.10 is no longer routed to tap0
END
  )
  # And up again.
  guest_run g 'ip link set eth0 up'
  wait_for routed 192.168.7.10
  guest_run g 'ping -c 1 -w 5 192.168.7.2'
  guest_stop g
  wait_for clean
}

@test "ethertap: the same through a relay" {
  guest_start -n h g eth0=ethertap,tap0,,192.168.7.254
  whole_life
  [ "$(account | sed -n 5p)" = "uml_net: 192.168.7.9 is routed to tap0" ]
}

# killed SIGNAL TRANSPORT
killed() {
  guest_start -n h g "eth0=$2"
  guest_wait_up g
  guest_addr g eth0 192.168.7.9/24
  routed 192.168.7.9
  kill -s "$1" "$(guest_pid g)"
  wait_for clean
}

@test "kill -9 of a tuntap guest: tap, route and published entry go" {
  killed KILL tuntap,,,192.168.7.254
}

@test "kill -9 of an ethertap guest: tap, route and published entry go" {
  killed KILL ethertap,tap0,,192.168.7.254
}

@test "SIGTERM to a guest: the same" {
  killed TERM tuntap,,,192.168.7.254
}

@test "a guest that the policy allows nothing reads one sentence, and lives on" {
  conf <<<'allow user alice'
  guest_start -n h g eth0=tuntap,,,192.168.7.254
  guest_wait_up g
  run ! guest_addr g eth0 192.168.7.9/24
  [ "$(account)" = "$(account | head -n 1)" ]
  account | grep -q '/etc/uml_net.conf has no line for user nobody and 192.168.7.254'
  guest_run g true
  clean
}

@test "an address that the guest may not have: told on its console, its tap stays" {
  guest_start -n h g eth0=tuntap,,,192.168.7.254
  guest_wait_up g
  guest_addr g eth0 192.168.7.1/24
  account | grep -qx "uml_net: 192.168.7.1 is in use on this host, on 'eth0'"
  guest_run g 'ip addr add 172.16.0.1/24 dev eth0'
  account | grep -q '/etc/uml_net.conf has no line for user nobody and 172.16.0.1'
  [ -z "$(host ip route show proto 85)" ]
  guest_run g 'ip addr add 192.168.7.9/24 dev eth0'
  routed 192.168.7.9
}

@test "slip: without SLIP on this host, told on the console" {
  ! grep -q slip /proc/tty/ldiscs 2>/dev/null || skip "this kernel has SLIP"
  guest_start -n h g eth0=slip,192.168.7.254
  guest_wait_up g
  run ! guest_addr g eth0 192.168.7.9/24
  account | grep -q 'make an interface of descriptor 0: Invalid argument (this kernel has no SLIP'
  guest_run g true
}

@test "two guests of one user with one gateway reach each other" {
  guest_start -n h g eth0=tuntap,,,192.168.7.254
  guest_start -n h k eth0=tuntap,,,192.168.7.254
  guest_wait_up g k
  guest_addr g eth0 192.168.7.9/24
  guest_addr k eth0 192.168.7.10/24
  guest_run g 'ping -c 1 -w 5 192.168.7.10'
  guest_kill g
  wait_for eval '! host ip link show tap0'
  guest_run k 'ping -c 1 -w 5 192.168.7.254'
  wait_for proxies 1
}

@test "the way on: a guest with the vector driver gets the same under the same policy" {
  cat >"$WORK/bin/vector" <<END
#!/bin/sh
exec "$PWD/examples/vector-guest" 192.168.7.254 192.168.7.9 $GUEST_KERNEL "\$@"
END
  chmod 755 "$WORK/bin/vector"
  GUEST_KERNEL=$WORK/bin/vector guest_start -n h g 'vec0:transport=fd,fd={fd},vec=0'
  guest_wait_up g
  guest_addr g vec0 192.168.7.9/24
  routed 192.168.7.9
  guest_run g 'ping -c 1 -w 5 192.168.7.254'
  ns_exec lan ping -c 1 -w 5 192.168.7.9
  kill -s KILL "$(guest_pid g)"
  wait_for clean
}

@test "the way on: refused under the same policy" {
  run -1 host "${RUN_AS[@]}" "$PWD/examples/vector-guest" 172.16.0.1 172.16.0.2 true
  [[ $output == *"/etc/uml_net.conf has no line for user nobody and 172.16.0.1"* ]]
}
