# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs that start uml_switch, with the program that takes its place: their
# own command lines, under the name that it is installed by.
#
# netkit-jh: core/bin/vcommon and core/bin/vclean of netkit-jh-build. Debian:
# /etc/init.d/uml-utilities of uml-utilities 20070815.4, unpacked from the
# package, run as it is. Marionnet starts vde_switch, whose folder its guests
# use by the daemon transport (bin/simulation_level.ml): it wants the folder,
# not the command line.
#
# shellcheck disable=SC2153 # variables of the helpers

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/peer
load helpers/guest

setup() {
  setup_peers
  NETKIT_HOME=$WORK/netkit
  SOCKET=$WORK/hub.cnct
}

# installed PREFIX: our programs below $WORK/root$PREFIX
installed() {
  make -s install "BUILD=$BUILD" "DESTDIR=$WORK/root" "PREFIX=$1" >/dev/null
  [ "$(readlink "$WORK/root$1/bin/uml_switch")" = uml_router ]
}

# --- netkit ------------------------------------------------------------------

# netkit_install: as netkit has its programs, in one bin folder
netkit_install() {
  installed /netkit
  ln -s "$WORK/root/netkit" "$NETKIT_HOME"
}

# hub NAME WORDS: a shell of netkit's runs the line, as it does itself
hub() {
  proc_start "$1" bash -c "$2 & wait"
  wait_for test -S "$SOCKET"
}

# hub_pids: as vclean and clean_hubs find them
hub_pids() {
  pgrep --full "^$NETKIT_HOME/bin/uml_switch[[:blank:]].*$SOCKET"
}

# in_use N: how many sockets of the hub lsof shows at its path; netkit ends a
# hub where it is not more than one
in_use() {
  [ "$(lsof -a -U -p "$(hub_pids)" -Fn 2>/dev/null |
    grep -c "^n$SOCKET")" -eq "$1" ]
}

# netkit_ends: what vclean does to a hub that nobody uses
netkit_ends() {
  local words pid
  pid=$(hub_pids)
  mapfile -d '' -t words <"/proc/$pid/cmdline"
  [ "${words[-1]}" = "${1:-$SOCKET}" ]
  kill "$pid" && rm -f "$SOCKET"
  wait_for test ! -e "/proc/$pid"
}

@test "netkit: a hub, found and counted as netkit does" {
  command -v lsof >/dev/null || skip "needs lsof"
  netkit_install
  hub hub "$NETKIT_HOME/bin/uml_switch -hub -unix $SOCKET </dev/null >/dev/null 2>&1"
  in_use 1
  peer_start a --ctl "$SOCKET" --mac "$(mac 1)" recv --count 5 --wait 10
  in_use 2
  peer_start b --ctl "$SOCKET" --mac "$(mac 2)" recv --count 5 --wait 10
  in_use 3
  # A hub: everybody hears everything.
  peer --ctl "$SOCKET" send --to "$(mac 1)" --count 5
  peer_done a received=5
  peer_done b received=5
  wait_for in_use 1
  netkit_ends
}

@test "netkit: guests on a hub" {
  netkit_install
  hub hub "$NETKIT_HOME/bin/uml_switch -hub -unix $SOCKET </dev/null >/dev/null 2>&1"
  guest_start a "eth0=daemon,,,$SOCKET"
  guest_start b "eth0=daemon,,,$SOCKET"
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_run a 'ping -c 10 -i 0.05 -w 20 10.0.0.2' | grep -q ' 10 packets received'
}

@test "netkit: a hub with a tap, and its log" {
  local log=$WORK/hub.log
  need_tun
  netkit_install
  ns_add host
  tap_add host nk_0123456789ab
  # shellcheck disable=SC2016
  proc_start -n host hub bash -c 'stdbuf --output=0 -- "$0/bin/uml_switch" \
      -hub -unix "$1" -tap nk_0123456789ab < /dev/null 2>&1 |
    stdbuf --output=0 -- sed -u "s|^|$EUID $1 |" >> "$2" & wait' \
    "$NETKIT_HOME" "$SOCKET" "$log"
  wait_for test -S "$SOCKET"
  wait_for grep -q " $SOCKET $NETKIT_HOME/bin/uml_switch attached to unix socket '$SOCKET' tap device 'nk_0123456789ab'\$" "$log"
  PEER_NS=host peer_start a --ctl "$SOCKET" --mac "$(mac 1)" recv --count 3 --wait 10
  ns_exec host ip link set nk_0123456789ab address "$(mac 9)"
  ns_exec host ip addr add 10.0.0.254/24 dev nk_0123456789ab
  # ARP requests of the host.
  ns_exec host ping -c 3 -i 0.2 -W 1 10.0.0.1 >/dev/null || true
  proc_wait a || true
  grep -qE 'other=[1-9]' "$WORK/proc/a.log"
  netkit_ends nk_0123456789ab
  wait_for grep -q 'Caught signal 15, cleaning up and exiting$' "$log"
}

@test "netkit: a socket that a dead hub left is in nobody's way" {
  netkit_install
  hub hub "$NETKIT_HOME/bin/uml_switch -hub -unix $SOCKET </dev/null >/dev/null 2>&1"
  kill -s KILL "$(hub_pids)"
  wait_for proc_ended hub
  [ -S "$SOCKET" ]
  hub hub2 "$NETKIT_HOME/bin/uml_switch -hub -unix $SOCKET </dev/null >/dev/null 2>&1"
  wait_for peer --ctl "$SOCKET" send
}

# --- Debian ------------------------------------------------------------------

# debian_package: unpacked to $OLD, or skip
debian_package() {
  OLD=$(
    # shellcheck source=bench/lib/ancestor.sh
    . bench/lib/ancestor.sh
    # shellcheck disable=SC2154 # a variable of ancestor.sh
    fetch_uml_switch && [ -z "$uml_switch" ] || echo "${uml_switch%/usr/bin/*}"
  )
  [ -x "$OLD/etc/init.d/uml-utilities" ] ||
    skip "Debian's uml-utilities cannot be had"
  command -v start-stop-daemon >/dev/null || skip "needs start-stop-daemon"
  [ -e /lib/lsb/init-functions ] || skip "needs /lib/lsb/init-functions"
}

# debian_holder: a namespace of networks and mounts, in which our program is in
# /usr/bin, the package's configuration in /etc/default, uml-net a user, and
# /dev/net/tun everybody's, as it is outside of containers
debian_holder() {
  mkdir "$WORK/default"
  cp "$OLD/etc/default/uml-utilities" "$WORK/default/"
  echo 'UML_SWITCH_OPTIONS="-tap tap0"' >>"$WORK/default/uml-utilities"
  { cat /etc/passwd && echo 'uml-net:x:64000:64000::/:/bin/false'; } >"$WORK/passwd"
  { cat /etc/group && echo 'uml-net:x:64000:'; } >"$WORK/group"
  ns_add host
  # shellcheck disable=SC2016
  ns_exec host sh -ec '
    mount -t overlay -o "lowerdir=$0/root/usr/bin:/usr/bin" overlay /usr/bin
    mount -t overlay -o "lowerdir=$0/default:/etc/default" overlay /etc/default
    mount --bind "$0/passwd" /etc/passwd
    mount --bind "$0/group" /etc/group
    mount -t tmpfs none /run
    mknod -m 666 /run/tun c 10 200
    mount --bind /run/tun /dev/net/tun' "$WORK" || skip "no overlays can be mounted here"
}

# init VERB: the script, in that namespace
init() {
  ns_exec host env - PATH="$PATH" sh -e "$OLD/etc/init.d/uml-utilities" "$1"
}

@test "Debian: its init script starts and stops the switch" {
  local pid ctl=/run/uml-utilities/uml_switch.ctl
  need_tun
  debian_package
  installed /usr
  debian_holder
  ns_exec host ip tuntap add dev tap0 mode tap user uml-net
  ns_exec host ip link set tap0 up

  init start
  pid=$(ns_exec host cat /run/uml-utilities/uml_switch.pid)
  # Whatever happens, it does not outlive the test.
  defer kill -s KILL "$pid"
  [ "$(stat -c %u "/proc/$pid")" = 64000 ]
  [ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = \
    "/usr/bin/uml_switch -tap tap0 -unix /var/run/uml-utilities/uml_switch.ctl " ]
  [ "$(ns_exec host cat /sys/class/net/tap0/carrier)" = 1 ]
  run -0 init status
  [[ $output = *"is running"* ]]
  PEER_NS=host peer_start a --ctl "$ctl" --mac "$(mac 1)" --announce \
    recv --count 3 --wait 10
  PEER_NS=host peer --ctl "$ctl" send --to "$(mac 1)" --count 3
  peer_done a received=3

  init stop
  wait_for test ! -e "/proc/$pid"
  [ -z "$(ns_exec host ls /run/uml-utilities)" ]
  # Again, as at the next boot.
  init start
  pid=$(ns_exec host cat /run/uml-utilities/uml_switch.pid)
  defer kill -s KILL "$pid"
  init stop
  wait_for test ! -e "/proc/$pid"
}

# --- Marionnet ---------------------------------------------------------------

@test "Marionnet: a folder in the place of vde_switch's, and guests in it" {
  local folder=$WORK/hub-socket-1
  # vde_switch -x -n 33 -mod 777 -unix FOLDER
  proc_start hub "$ROUTER" -hub --mode 777 --port "vde:$folder"
  wait_for grep -q "$folder" /proc/net/unix
  wait_for test -S "$folder/ctl"
  guest_start a "eth0=daemon,02:04:06:00:00:01,unix,$folder/ctl"
  guest_start b "eth0=daemon,02:04:06:00:00:02,unix,$folder/ctl"
  guest_wait_up a b
  guest_addr a eth0 10.0.0.1/24
  guest_addr b eth0 10.0.0.2/24
  guest_run a 'ping -c 10 -i 0.05 -w 20 10.0.0.2' | grep -q ' 10 packets received'
  # It ends its processes by SIGINT.
  proc_stop hub INT
  [ ! -e "$folder" ]
}
