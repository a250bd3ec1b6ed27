# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host for uml_net: namespace h with eth0 (192.168.7.1/24), whose cable ends
# in namespace lan (192.168.7.2/24), an /etc of its own, a /dev with a log, and
# the program installed setuid root and with the file capability, besides a
# plain copy. Needs proc.bash and net.bash.
#
#   host_make                   all of that; skips where it cannot be had
#   need_users                  skips where one cannot become another user
#   host CMD...                 run as root in namespace h
#   as USER CMD...              the same as alice (1000), bob (1001), carol (1002)
#   conf <<END                  the policy
#   net USER HOW ARG...         uml_net 4 ARG..., its text on stdout; its status.
#                               HOW: setuid, filecap or plain
#   up NAME USER HOW [GATEWAY]  a process that asks for a tap and holds it;
#                               fails if it gets none. tap_of NAME: its device
#   refused_up USER HOW GATEWAY the text with which no tap was made
#   state                       devices, addresses, routes, proxies, sysctls of h
#   proxies N                   it has so many proxy neighbours
#   logged REGEX                a line of h's log matches

UML_NET=${UML_NET:-$BUILD/uml_net/uml_net}
ASK=$PWD/tests/helpers/uml-net-ask.py

need_users() {
  setpriv --reuid=1000 --regid=1000 --clear-groups true 2>/dev/null ||
    skip "cannot become another user"
  case $(findmnt -nT "$WORK" -o OPTIONS) in
  *nosuid*) skip "$WORK is mounted nosuid" ;;
  esac
}

# The three ways in which it can be installed.
host_programs() {
  local how
  for how in plain setuid filecap; do
    cp "$UML_NET" "$WORK/$how"
    chmod 755 "$WORK/$how"
  done
  chmod 4755 "$WORK/setuid"
  setcap cap_net_admin+ep "$WORK/filecap" 2>/dev/null || true
}

# What uml_net and the tests' commands look at there, and no more.
host_etc() {
  mkdir "$WORK/etc"
  cp /etc/ld.so.cache "$WORK/etc/" 2>/dev/null || true
  cat >"$WORK/etc/passwd" <<'END'
root:x:0:0::/:/bin/sh
alice:x:1000:1000::/:/bin/sh
bob:x:1001:1001::/:/bin/sh
carol:x:1002:1002::/:/bin/sh
nobody:x:65534:65534::/:/bin/sh
END
  cat >"$WORK/etc/group" <<'END'
root:x:0:
alice:x:1000:
bob:x:1001:
carol:x:1002:
nogroup:x:65534:
uml-net:x:4242:bob
END
  printf 'passwd: files\ngroup: files\n' >"$WORK/etc/nsswitch.conf"
  host mount --bind "$WORK/etc" /etc
}

# The clone device is everybody's, as udev makes it.
host_dev() {
  local node
  mkdir -p "$WORK/dev/net"
  for node in null zero full random urandom tty ptmx net/tun; do
    : >"$WORK/dev/$node"
    host mount --bind "/dev/$node" "$WORK/dev/$node" 2>/dev/null || true
  done
  mkdir "$WORK/dev/pts"
  host mount --rbind /dev/pts "$WORK/dev/pts"
  if mknod "$WORK/tun" c 10 200 2>/dev/null; then
    chmod 666 "$WORK/tun"
    host mount --bind "$WORK/tun" "$WORK/dev/net/tun"
  fi
  proc_start -n h log /usr/bin/python3 "$ASK" log "$WORK/dev/log"
  wait_for test -S "$WORK/dev/log"
  host mount --rbind "$WORK/dev" /dev
}

host_make() {
  need_tun
  host_programs
  ns_add h lan
  # No namespace is the last one's heir: forwarding is off to begin with.
  host sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
  veth_add h eth0 lan eth0
  host ip addr add 192.168.7.1/24 dev eth0
  ns_exec lan ip addr add 192.168.7.2/24 dev eth0
  host_etc
  [ -n "${HOST_DEV-1}" ] && host_dev
  host ip link set eth0 up
}

host() {
  ns_exec h "$@"
}

proxies() {
  [ "$(host ip neigh show proxy | wc -l)" -eq "$1" ]
}

# become USER: the words that do, one a line; none for root, who may be that of
# a user namespace and cannot
become() {
  [ "$1" = root ] ||
    printf '%s\n' setpriv "--reuid=$1" "--regid=$1" --init-groups
}

as() {
  local words
  mapfile -t words < <(become "$1")
  shift
  host "${words[@]}" "$@"
}

conf() {
  cat >"$WORK/etc/uml_net.conf"
  chmod 644 "$WORK/etc/uml_net.conf"
}

# net USER HOW ARG...: without the length in front of the text
net() {
  local user=$1 how=$2 status=0
  shift 2
  as "$user" "$WORK/$how" 4 "$@" >"$WORK/answer" || status=$?
  tail -c +5 "$WORK/answer" | tr -d '\0'
  return "$status"
}

# up_words USER HOW: the words before the program's arguments
up_words() {
  become "$1"
  printf '%s\n' /usr/bin/python3 "$ASK" hold "$WORK/$2" 4 tuntap up
}

# up_answered NAME: it holds a tap, or it was refused
up_answered() {
  grep -q '^status ' "$WORK/proc/$1.log" || proc_ended "$1"
}

up() {
  local name=$1 words
  mapfile -t words < <(up_words "$2" "$3")
  shift 3
  proc_start -n h "$name" "${words[@]}" "$@" || return 1
  wait_for up_answered "$name" || return 1
  if [ -z "$(tap_of "$name")" ]; then
    proc_log "$name" >&2
    return 1
  fi
}

tap_of() {
  sed -n 's/^device //p' "$WORK/proc/$1.log"
}

refused_up() {
  local words before
  before=$(state)
  mapfile -t words < <(up_words "$1" "$2")
  shift 2
  ! host "${words[@]}" "$@" >"$WORK/refused" 2>&1 || return 1
  grep -q '^status 1$' "$WORK/refused" || return 1
  cat "$WORK/refused"
  [ "$(state)" = "$before" ]
}

state() {
  host sh -c '
    ip -o -d link show | sed "s/[0-9]* state/state/; s/gso_.*//"
    ip -o addr show | grep -v inet6
    ip route show table all | grep -v "fe80\|ff00\|::"
    ip neigh show proxy
    cat /proc/sys/net/ipv4/ip_forward'
}

logged() {
  grep -qE -- "$1" "$WORK/proc/log.log"
}
