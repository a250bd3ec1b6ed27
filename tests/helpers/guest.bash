# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real User-mode Linux guests for tests and examples: boot in about 2 s, need
# no root, run commands, leave nothing behind. Needs proc.bash.
#
#   guest_start [-n NS] NAME [KERNEL-ARG...]   e.g. eth0=daemon,MAC,unix,SOCKET
#   guest_wait_up NAME...             until they take commands
#   guest_run [-t SECONDS] NAME CMD   its output on stdout; returns its status
#   guest_spawn [-t SECONDS] NAME CMD prints an id, does not wait
#   guest_join NAME ID                output and status of a spawned command
#   guest_addr NAME DEV ADDR/LEN      address and up
#   guest_dhcp NAME DEV               up, address, route and name server by DHCP
#   guest_iperf_server NAME           iperf3 in the background, listening
#   guest_iperf NAME ADDR [ARG...]    2 s of iperf3 as client; prints Mbit/s
#   guest_pause / guest_resume NAME   the guest's kernel stands still (SIGSTOP)
#   guest_stop / guest_kill NAME      SIGTERM / SIGKILL to all of its processes
#   guest_pid / guest_log NAME        host process of its kernel; its console
#
# All guests share one read-only root folder below $WORK: busybox, iperf3 and
# the init of this folder. Each has a folder of its own, seen inside as /guest,
# through which commands, output and statuses go; ids of commands go through a
# FIFO to a console, so that an idle guest sleeps. Kernel modules of the host's
# UML kernel are in place: `modprobe 8021q`.

GUEST_KERNEL=${GUEST_KERNEL:-linux.uml}
GUEST_MODULES=${GUEST_MODULES:-/usr/lib/uml/modules}
GUEST_MEM=${GUEST_MEM:-128M}
GUEST_HELPERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# guest_copy ROOT PROGRAM: a program with the libraries it asks for
guest_copy() {
  local file
  cp -L "$2" "$1/bin/" || return 1
  ldd "$2" | grep -o '/[^ ]*' | while read -r file; do
    mkdir -p "$1$(dirname "$file")"
    cp -L "$file" "$1$file"
  done
}

# guest_root: the shared root folder, made at the first call; prints its path
guest_root() {
  local root=$WORK/guest-root applet
  if [ ! -e "$root/init" ]; then
    mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,run,guest,lib/modules}
    cp -L "$(command -v busybox)" "$root/bin/busybox" || return 1
    for applet in $("$root/bin/busybox" --list); do
      [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    if command -v iperf3 >/dev/null; then
      guest_copy "$root" "$(command -v iperf3)" || return 1
    fi
    echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
    guest_xstate "$root" || return 1
    ln -s /run/resolv.conf "$root/etc/resolv.conf"
    install -m 755 "$GUEST_HELPERS/guest-dhcp" "$root/bin/" || return 1
    install -m 755 "$GUEST_HELPERS/guest-init" "$root/init" || return 1
  fi
  echo "$root"
}

# guest_xstate ROOT: see uml-xstate.c
guest_xstate() {
  if grep -qwE 'amx_tile|apx' /proc/cpuinfo; then
    "${CC:-cc}" -shared -fPIC -O2 -o "$1/uml-xstate.so" \
      "$GUEST_HELPERS/uml-xstate.c"
  fi
}

guest_start() {
  local in=() name dir root args
  if [ "$1" = -n ]; then
    in=(-n "$2")
    shift 2
  fi
  name=$1
  shift
  root=$(guest_root) || return 1
  dir=$WORK/guest-$name
  mkdir "$dir" || return 1
  mkfifo -m 666 "$dir/fifo" || return 1
  [ ${#RUN_AS[@]} -eq 0 ] || chown nobody "$dir" || return 1

  # A UML kernel keeps the guest's memory in a deleted file: in memory, if the
  # host lets it, and in the guest's folder otherwise.
  args=(env "TMPDIR=$(guest_tmp "$dir")")
  [ ! -e "$root/uml-xstate.so" ] || args+=("LD_PRELOAD=$root/uml-xstate.so")
  # shellcheck disable=SC2054 # commas of the kernel, not of the shell
  args+=("$GUEST_KERNEL" "mem=$GUEST_MEM" rootfstype=hostfs "rootflags=$root"
    ro init=/init con=null con0=null,fd:1 con1=fd:0,null ssl=null
    "uml_dir=$dir" umid=uml "guest=$dir")
  [ ! -d "$GUEST_MODULES" ] || args+=("modules=$GUEST_MODULES")
  PROC_STDIN=$dir/fifo proc_start "${in[@]}" "guest-$name" "${args[@]}" "$@"
}

# guest_tmp DIR: a folder for the guest's memory; /dev/shm is small in some
# containers, and a guest that finds it full dies
guest_tmp() {
  if [ -w /dev/shm ] && findmnt -nT /dev/shm -t tmpfs >/dev/null &&
    ! findmnt -nT /dev/shm -O noexec >/dev/null &&
    [ "$(df --output=avail -k /dev/shm | tail -n 1)" -ge 524288 ]; then
    echo /dev/shm
  else
    echo "$1"
  fi
}

# guest_up NAME: it takes commands, or it has ended
guest_up() {
  [ -e "$WORK/guest-$1/up" ] || proc_ended "guest-$1"
}

guest_wait_up() {
  local name
  for name; do
    if ! wait_for -t 30 guest_up "$name" || proc_ended "guest-$name"; then
      echo "guest $name did not come up; the end of its console:" >&2
      guest_log "$name" | tail -n 20 >&2
      return 1
    fi
  done
}

guest_spawn() {
  local limit=30 dir id
  if [ "$1" = -t ]; then
    limit=$2
    shift 2
  fi
  dir=$WORK/guest-$1
  id=$(mktemp "$dir/XXXXXXXX.cmd") || return 1
  chmod 644 "$id"
  printf '%s\n' "$2" >"$id"
  id=${id##*/}
  id=${id%.cmd}
  echo "$limit" >"$dir/$id.limit"
  # The guest holds the FIFO open; should it have ended, do not wait for it.
  echo "$id $limit" 1<>"$dir/fifo"
  echo "$id"
}

# guest_answered NAME ID: there is a status, or there never will be
guest_answered() {
  [ -e "$WORK/guest-$1/$2.status" ] || proc_ended "guest-$1"
}

# guest_join NAME ID: 124 if there was no answer in time, 125 if the guest is
# gone; a command that outlived its limit inside the guest has status 137
guest_join() {
  local file=$WORK/guest-$1/$2
  if ! wait_for -t "$(($(cat "$file.limit") + 5))" guest_answered "$1" "$2"; then
    echo "guest $1 gave no answer to: $(cat "$file.cmd")" >&2
    return 124
  fi
  if [ ! -e "$file.status" ]; then
    echo "guest $1 ended during: $(cat "$file.cmd")" >&2
    guest_log "$1" | tail -n 20 >&2
    return 125
  fi
  cat "$file.out"
  return "$(cat "$file.status")"
}

guest_run() {
  local id
  id=$(guest_spawn "$@") || return 1
  [ "$1" != -t ] || shift 2
  guest_join "$1" "$id"
}

guest_addr() {
  guest_run "$1" "ip addr add $3 dev $2 && ip link set $2 up"
}

guest_dhcp() {
  guest_run "$1" "ip link set $2 up &&
    udhcpc -i $2 -n -q -t 10 -T 1 -s /bin/guest-dhcp"
}

guest_iperf_server() {
  guest_run "$1" 'iperf3 -s -D >/dev/null &&
    until netstat -ltn 2>/dev/null | grep -q :5201; do usleep 20000; done'
}

guest_iperf() {
  local name=$1 addr=$2
  shift 2
  guest_run -t 60 "$name" "iperf3 -c $addr -t 2 -i 0 -J $*" |
    jq -e '.end.sum_received.bits_per_second / 1e6 | floor'
}

guest_pause() {
  kill -s STOP "$(guest_pid "$1")"
}

guest_resume() {
  kill -s CONT "$(guest_pid "$1")"
}

guest_stop() {
  proc_stop "guest-$1"
}

guest_kill() {
  proc_kill "guest-$1"
}

guest_pid() {
  proc_pid "guest-$1"
}

guest_log() {
  proc_log "guest-$1"
}
