# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real QEMU guests for tests: a Debian kernel with busybox, emulated (no KVM is
# needed), up in some 10 s. Needs proc.bash.
#
#   qemu_need                         skip the test where there is no QEMU or no
#                                     kernel
#   qemu_start [-n NS] NAME QEMU-ARG...   e.g. -netdev stream,id=n,... and
#                                     $(qemu_nic n MAC)
#   qemu_nic NETDEV MAC               the words of a network card
#   qemu_wait_up NAME...              until they take commands
#   qemu_run [-t SECONDS] NAME CMD    its output on stdout; returns its status
#   qemu_spawn [-t SECONDS] NAME CMD  prints an id, does not wait
#   qemu_join NAME ID                 output and status of a spawned command
#   qemu_addr NAME ADDR/LEN           address of eth0, and up
#   qemu_pause / qemu_resume NAME     QEMU stands still (SIGSTOP)
#   qemu_stop / qemu_kill NAME        SIGTERM / SIGKILL
#   qemu_pid / qemu_log NAME          process of QEMU; its console
#
# Commands go in through the first serial port, answers come from the second
# one (see qemu-init). The kernel is Debian's, unpacked below $BUILD/qemu and
# never installed; it is fetched once.

QEMU=${QEMU:-qemu-system-x86_64}
QEMU_MEM=${QEMU_MEM:-192M}
QEMU_CACHE=${QEMU_CACHE:-${BUILD:-build}/qemu}
QEMU_HELPERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# In the order in which they are loaded.
QEMU_MODULES="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev
  virtio_pci failover net_failover virtio_net"

qemu_need() {
  command -v "$QEMU" >/dev/null || skip "needs $QEMU"
  qemu_fetch >"$WORK/qemu-fetch.log" 2>&1 || skip "needs a Debian kernel for QEMU"
}

# qemu_fetch: the kernel and its modules, in $QEMU_CACHE/kernel
qemu_fetch() (
  mkdir -p "$QEMU_CACHE" && cd "$QEMU_CACHE" || return 1
  exec 8>lock
  flock -w 300 8 || return 1
  [ ! -e kernel ] || return 0
  package=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  rm -rf new ./*.deb
  timeout 300 apt-get -qq download "$package" && dpkg -x ./*.deb new &&
    rm ./*.deb && mv new kernel
)

# qemu_initramfs: made at the first call; prints its path
qemu_initramfs() {
  local root=$WORK/qemu-root module file
  if [ ! -e "$root.cpio" ]; then
    mkdir -p "$root"/{bin,dev,proc,sys,modules} || return 1
    cp -L "$(command -v busybox)" "$root/bin/busybox" || return 1
    ln -s busybox "$root/bin/sh"
    for module in $QEMU_MODULES ${QEMU_MORE_MODULES:-}; do
      file=$(find "$QEMU_CACHE/kernel" -name "$module.ko*" | head -n 1)
      [ -n "$file" ] || continue
      cp "$file" "$root/modules/" && echo "${file##*/}" >>"$root/modules/order"
    done
    install -m 755 "$QEMU_HELPERS/qemu-init" "$root/init" || return 1
    (cd "$root" && find . | busybox cpio -o -H newc) >"$root.cpio" \
      2>/dev/null || return 1
  fi
  echo "$root.cpio"
}

qemu_nic() {
  # MSI-X is beyond QEMU 7.2 when it emulates vhost-user.
  echo -device "virtio-net-pci,netdev=$1,mac=$2,vectors=0,romfile="
}

qemu_start() {
  local in=() name dir kernel initramfs
  if [ "$1" = -n ]; then
    in=(-n "$2")
    shift 2
  fi
  name=$1
  shift
  initramfs=$(qemu_initramfs) || return 1
  kernel=$(compgen -G "$QEMU_CACHE/kernel/boot/vmlinuz-*") || return 1
  dir=$WORK/qemu-$name
  mkdir "$dir" && mkfifo -m 666 "$dir/fifo" && : >"$dir/answers" || return 1
  PROC_STDIN=$dir/fifo proc_start "${in[@]}" "qemu-$name" "$QEMU" \
    -nodefaults -no-user-config -display none -no-reboot -accel tcg \
    -machine q35 -cpu max -m "$QEMU_MEM" \
    -kernel "$kernel" -initrd "$initramfs" \
    -append 'console=ttyS0 quiet panic=-1 tsc=unstable' \
    -chardev stdio,id=in,signal=off -serial chardev:in \
    -serial "file:$dir/answers" "$@"
}

# qemu_answered NAME ID: there is an answer, or there never will be
qemu_answered() {
  grep -q "^$2 .* \\.$" "$WORK/qemu-$1/answers" || proc_ended "qemu-$1"
}

qemu_wait_up() {
  local name
  for name; do
    if ! wait_for -t 90 qemu_answered "$name" 0 || proc_ended "qemu-$name"; then
      echo "QEMU guest $name did not come up; the end of its console:" >&2
      qemu_log "$name" | tail -n 20 >&2
      return 1
    fi
  done
}

qemu_spawn() {
  local limit=30 id
  if [ "$1" = -t ]; then
    limit=$2
    shift 2
  fi
  id=$(mktemp "$WORK/qemu-$1/XXXXXXXX.limit") || return 1
  echo "$limit" >"$id"
  id=${id##*/}
  id=${id%.limit}
  # The guest's QEMU holds the FIFO open; should it have ended, do not wait.
  echo "$id $limit $(base64 -w 0 <<<"$2")" 1<>"$WORK/qemu-$1/fifo"
  echo "$id"
}

# qemu_join NAME ID: 124 if there was no answer in time, 125 if QEMU is gone
qemu_join() {
  local dir=$WORK/qemu-$1 status text
  wait_for -t "$(($(cat "$dir/$2.limit") + 15))" qemu_answered "$1" "$2" || return 124
  read -r _ status text _ < <(grep "^$2 " "$dir/answers") || return 125
  # No output leaves the full stop in its place.
  [ "$text" = . ] || base64 -d <<<"$text"
  return "$status"
}

qemu_run() {
  local id
  id=$(qemu_spawn "$@") || return 1
  [ "$1" != -t ] || shift 2
  qemu_join "$1" "$id"
}

qemu_addr() {
  qemu_run "$1" "ip addr add $2 dev eth0 && ip link set eth0 up"
}

qemu_pause() {
  kill -s STOP "$(qemu_pid "$1")"
}

qemu_resume() {
  kill -s CONT "$(qemu_pid "$1")"
}

qemu_stop() {
  proc_stop "qemu-$1"
}

qemu_kill() {
  proc_kill "qemu-$1"
}

qemu_pid() {
  proc_pid "qemu-$1"
}

qemu_log() {
  proc_log "qemu-$1"
}
