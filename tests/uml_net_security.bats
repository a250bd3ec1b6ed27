# SPDX-License-Identifier: GPL-2.0-or-later
#
# uml_net with privilege in the hands of users who mean harm to the host or to
# each other: alice and bob, whom the policy allows something, carol, whom it
# does not. Each class of fault that programs of this kind have had is a test
# of its own, named after the CVE that shows it.
#
# HOW is set where it is used, by both().
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net
load helpers/uml_net

setup() {
  work_make
  host_make
  need_users
  conf <<'END'
allow user alice address 192.168.7.0/25,10.1.0.0/16 taps 2
allow user bob address 192.168.7.128/25,10.2.0.0/16 taps 2
END
}

teardown() {
  cleanup
}

# both CMD ARG...: with HOW=setuid and HOW=filecap
both() {
  local HOW
  for HOW in setuid filecap; do
    "$@"
  done
}

# denied USER ARG...: refused, the host as before; the text is in $output
denied() {
  local before
  before=$(state)
  run -1 net "$1" "$HOW" "${@:2}"
  echo "$1 $HOW ${*:2}: $output"
  [[ $output == "uml_net: "* ]]
  [ "$(wc -l <<<"$output")" -eq 1 ]
  [ "$(state)" = "$before" ]
}

# CVE-2003-0019: uml_net was installed setuid root, and whoever ran it set
# interfaces, routes and ARP entries of the host as he liked.
@test "CVE-2003-0019: a stranger changes nothing of the host, with no request" {
  strangers() {
    local words
    while read -r words; do
      # shellcheck disable=SC2086
      denied carol $words
    done <<'END'
add eth0 192.168.7.9 255.255.255.0
add lo 192.168.7.9 255.255.255.0
add tap0 192.168.7.9 255.255.255.0
del eth0 192.168.7.1 255.255.255.0
del tap0 192.168.7.5 255.255.255.0
tuntap add eth0 10.1.0.1 255.255.0.0
slip up 10.1.0.1
slip down eth0
END
    run -0 refused_up carol $HOW 192.168.7.9
    run -0 refused_up carol $HOW
    run -0 as carol /usr/bin/python3 "$ASK" ethertap "$WORK/$HOW" tap7 192.168.7.9 gone
    [[ $output == "ok 0"*"status 1" ]]
  }
  up a alice setuid 192.168.7.4
  net alice setuid add tap0 192.168.7.5 255.255.255.0
  both strangers
}

@test "CVE-2003-0019: one whom the policy allows something gets that and no more" {
  beyond() {
    local addr
    for addr in 192.168.7.128 192.168.6.255 10.0.255.255 10.2.0.0 8.8.8.8 192.168.7.1; do
      run -0 refused_up alice $HOW $addr
      denied alice add tap0 $addr 255.255.255.255
    done
    denied alice add eth0 10.1.0.5 255.255.0.0
    denied alice add lo 10.1.0.5 255.255.0.0
  }
  up a alice setuid 192.168.7.4
  both beyond
}

# CVE-2004-1295: slip_down() of a setuid uml_net took down any interface that
# its caller named.
@test "CVE-2004-1295: slip down takes down nothing but the caller's own line" {
  down() {
    local user dev
    for user in alice carol; do
      for dev in eth0 lo tap0 sl0; do
        denied $user slip down $dev
      done
      run -1 as $user "$WORK/$HOW" 0 slip down 0 192.168.7.5
      host ip link show eth0 | grep -q 'state UP'
      host ip link show tap0 | grep -q ',UP'
    done
  }
  up b bob setuid 192.168.7.200
  both down
}

# CVE-2017-5985: lxc-user-nic did not check that the network namespace that it
# changed belonged to its caller. Our file gives nothing in a namespace of the
# caller's own making, and reaches no other than the caller's.
@test "CVE-2017-5985: in a user namespace the file gives no privilege over others" {
  as alice unshare --user --map-root-user true 2>/dev/null ||
    skip "no unprivileged user namespaces"
  inside() {
    local before
    before=$(state)
    # A file capability counts there, but for what belongs to that namespace.
    run -1 as alice unshare --user --map-current-user "$WORK/$HOW" 4 add eth0 10.1.0.9 255.255.0.0
    # He is root there, which is nothing here.
    run -1 as alice unshare --user --map-root-user "$WORK/$HOW" 4 add eth0 10.1.0.9 255.255.0.0
    run -1 as alice unshare --user --map-root-user /usr/bin/python3 "$ASK" once "$WORK/$HOW" \
      4 tuntap up 10.1.0.9
    [ "$(state)" = "$before" ]
  }
  both inside
}

# CVE-2018-6556: lxc-user-nic opened, with its privilege, a path that its
# caller named. CVE-2022-47952: and what it said differed for a file that there
# is and one that there is not.
@test "CVE-2018-6556, CVE-2022-47952: no file is opened or betrayed with privilege" {
  local file
  mkdir -m 700 "$WORK/secret"
  echo 'allow all' >"$WORK/secret/there"
  mkfifo "$WORK/secret/fifo"
  betray() {
    for file in there missing fifo; do
      run -1 as alice "$WORK/$HOW" --check-config "$WORK/secret/$file"
      echo "${output//$file/FILE}" >"$WORK/said.$file"
      # As the name of a device it is none.
      denied alice add "$WORK/secret/$file" 10.1.0.1 255.0.0.0
      denied alice add "../../secret" 10.1.0.1 255.0.0.0
    done
    grep -q 'Permission denied' "$WORK/said.there"
    cmp "$WORK/said.there" "$WORK/said.missing"
    cmp "$WORK/said.there" "$WORK/said.fifo"
  }
  both betray
}

@test "CVE-2022-47952: a device that is another's and one that there is not are told alike" {
  alike() {
    denied alice add tap0 10.1.0.9 255.255.0.0
    local theirs=$output
    denied alice add tap9 10.1.0.9 255.255.0.0
    [ "${theirs//tap0/X}" = "${output//tap9/X}" ]
    denied alice add eth0 10.1.0.9 255.255.0.0
    [ "${theirs//tap0/X}" = "${output//eth0/X}" ]
  }
  up b bob setuid 10.2.0.1
  both alike
}

# CVE-2019-13164: qemu-bridge-helper copied the name of an interface without
# regard to its length, so that another one than that judged was changed.
@test "CVE-2019-13164: a name that is too long is refused, never cut" {
  long() {
    # The first 15 octets are those of a device that is alice's.
    denied alice add tap012345678901x 10.1.0.9 255.255.0.0
    [[ $output == *"longer than 15 octets"* ]]
    denied alice add 'tap0 ' 10.1.0.9 255.255.0.0
    denied alice add 'tap%d' 10.1.0.9 255.255.0.0
    denied alice add '' 10.1.0.9 255.255.0.0
    denied alice add "tap0$(printf '%05000d' 0)" 10.1.0.9 255.255.0.0
  }
  proc_start -n h a setpriv --reuid=alice --regid=alice --init-groups /usr/bin/python3 "$ASK" \
    ethertap "$WORK/setuid" tap012345678901 10.1.0.1 sleep
  wait_for grep -q 'tap012345678901 is up' "$WORK/proc/a.log"
  both long
  run -0 net alice setuid add tap012345678901 10.1.0.9 255.255.0.0
}

# CVE-2026-39402: lxc-user-nic took the name of an interface for a proof of
# ownership, so that one user could delete what was another's.
@test "CVE-2026-39402: a name is no proof: users cannot touch each other's devices" {
  each_other() {
    denied bob del tap0 10.1.0.9 255.255.0.0
    denied bob add tap0 10.2.0.9 255.255.0.0
    denied bob add tap0 10.1.0.8 255.255.0.0
    denied alice del tap1 10.2.0.9 255.255.0.0
    denied alice add tap1 10.1.0.8 255.255.0.0
    # What is routed to one is not to be had for the other.
    denied alice del tap0 10.2.0.9 255.255.0.0
    denied bob add tap1 10.1.0.9 255.255.0.0
  }
  up a alice setuid 10.1.0.1
  up b bob filecap 10.2.0.1
  net alice filecap add tap0 10.1.0.9 255.255.0.0
  net bob setuid add tap1 10.2.0.9 255.255.0.0
  both each_other
  # Even where the policy would give both the same addresses.
  conf <<<'allow all'
  both same_addresses
  # A device of his own by the kernel's word, but not made by uml_net.
  host ip tuntap add dev tap5 mode tap user 1000
  host ip link set tap5 up
  HOW=setuid denied alice add tap5 10.1.0.20 255.255.0.0
  [[ $output == *"is no device that uml_net made"* ]]
  # A mark that is another's, and one that only looks like his.
  host ip link set tap5 alias 'uml_net: made for uid 1001'
  HOW=setuid denied alice add tap5 10.1.0.20 255.255.0.0
  HOW=setuid denied bob add tap5 10.2.0.20 255.255.0.0
  host ip link set tap5 alias 'uml_net: made for uid 10000'
  HOW=setuid denied alice add tap5 10.1.0.20 255.255.0.0
  host ip link set tap5 alias "uml_net: made for uid 1000$(printf '%0100d' 0)"
  HOW=setuid denied alice add tap5 10.1.0.20 255.255.0.0
}

same_addresses() {
  denied bob add tap1 10.1.0.9 255.255.0.0
  denied bob add tap1 10.1.0.1 255.255.0.0
  run -0 refused_up bob $HOW 10.1.0.9
  run -0 refused_up bob $HOW 10.1.0.1
}

@test "a name that changed hands is the new device's" {
  up a alice setuid 10.1.0.1
  proc_kill a
  wait_for eval '! host ip link show tap0'
  up b bob setuid 10.2.0.1
  [ "$(tap_of b)" = tap0 ]
  HOW=setuid
  denied alice add tap0 10.1.0.9 255.255.0.0
}

# The ancestor ran "bash -c" as root with its caller's environment.
@test "BASH_ENV: nothing in the environment does anything" {
  local name
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nid >%s/owned.$$\n' "$WORK" >"$WORK/evil"
  chmod 755 "$WORK/evil"
  mkdir "$WORK/evilbin"
  for name in sh bash ifconfig route arp ip insmod modprobe logger; do
    cp "$WORK/evil" "$WORK/evilbin/$name"
  done
  up a alice setuid 10.1.0.1
  environment() {
    as alice env "BASH_ENV=$WORK/evil" "ENV=$WORK/evil" "PATH=$WORK/evilbin:$PATH" \
      "LD_PRELOAD=$WORK/evil" "LD_LIBRARY_PATH=$WORK/evilbin" "LD_AUDIT=$WORK/evil" \
      "IFS=x" "PS4=\$($WORK/evil)" 'BASH_FUNC_echo%%=() { id >owned; }' \
      "GCONV_PATH=$WORK/evilbin" "LOCPATH=$WORK/evilbin" "NLSPATH=$WORK/evil" \
      "TZ=$WORK/evil" "HOSTALIASES=$WORK/evil" "RES_OPTIONS=debug" "TMPDIR=$WORK" \
      "MALLOC_TRACE=$WORK/owned.trace" "GLIBC_TUNABLES=glibc.malloc.check=3" \
      "$WORK/$HOW" 4 add tap0 10.1.0.9 255.255.0.0 >/dev/null
    as alice env "BASH_ENV=$WORK/evil" "PATH=$WORK/evilbin:$PATH" \
      "$WORK/$HOW" 4 del tap0 10.1.0.9 255.255.0.0 >/dev/null
  }
  both environment
  run ! compgen -G "$WORK/owned*"
}

@test "the environment is empty, and memory nobody's to read" {
  local pid
  proc_start -n h g setpriv --reuid=alice --regid=alice --init-groups env SECRET=1 \
    /usr/bin/python3 "$ASK" ethertap "$WORK/setuid" tap7 10.1.0.1 sleep
  wait_for grep -q 'tap7 is up' "$WORK/proc/g.log"
  pid=$(ps -o pid= --ppid "$(proc_pid g)" | tr -d ' ')
  run ! as alice cat "/proc/$pid/mem" "/proc/$pid/environ"
  run ! as alice ls "/proc/$pid/fd"
  grep -qE '^CapEff:\s0000000000001000$' "/proc/$pid/status"
  grep -qE '^Uid:\s1000\s1000\s1000\s1000$' "/proc/$pid/status"
  grep -qE '^NoNewPrivs:\s1$' "/proc/$pid/status"
}

# open_files PID: what its descriptors are
open_files() {
  find "/proc/$1/fd" -type l -printf '%l\n'
}

@test "descriptors that the protocol does not name are closed" {
  local pid
  # shellcheck disable=SC2016
  proc_start -n h g setpriv --reuid=alice --regid=alice --init-groups sh -c '
    for fd in 5 6 7 8 9; do eval "exec $fd</etc/passwd"; done; exec "$@"' sh \
    /usr/bin/python3 "$ASK" ethertap "$WORK/setuid" tap7 10.1.0.1 sleep
  wait_for grep -q 'tap7 is up' "$WORK/proc/g.log"
  pid=$(ps -o pid= --ppid "$(proc_pid g)" | tr -d ' ')
  open_files "$(proc_pid g)" | grep -q '/etc/passwd$'
  run ! grep passwd <(open_files "$pid")
  # 0, 1, 2; frames; tap; rtnetlink; log
  [ "$(find "/proc/$pid/fd" -type l | wc -l)" -le 7 ]
}

@test "a descriptor that the caller names and does not have is not ours to give" {
  # /dev/net/tun is opened early and gets the lowest number, 3.
  descriptors() {
    local n
    # shellcheck disable=SC2016
    for n in 3 4 5 1024 1073741816 99999999999 -1 0x3; do
      run -1 as alice sh -c '
        exec 3>&- 4>&-; exec "$0" 4 ethertap tap7 "$1" 10.1.0.1' "$WORK/$HOW" $n
      # shellcheck disable=SC2016
      run -1 as alice sh -c 'exec 3>&- 4>&-; exec "$0" 2 tuntap up "" "$1" 10.1.0.1' \
        "$WORK/$HOW" $n
      [ -z "$(host ip link show type tun)" ]
    done
  }
  both descriptors
}

@test "standard descriptors that are missing are not taken by files of ours" {
  # shellcheck disable=SC2016
  closed() {
    run as alice sh -c 'exec 0<&- 1>&- 2>&-; exec "$0" "$@"' "$WORK/$HOW" 4 tuntap up 10.1.0.1
    run as alice sh -c 'exec 0<&- 1>&- 2>&-; exec "$0" "$@"' "$WORK/$HOW" 4 add tap0 10.1.0.1 255.0.0.0
    [ -z "$(host ip link show type tun)" ]
  }
  both closed
}

@test "limits that the caller sets do not leave anything half made" {
  local before limit
  before=$(state)
  limits() {
    for limit in --nofile=6 --nofile=7 --nofile=8 --as=3000000 --as=6000000 --fsize=0 \
      --stack=65536 --memlock=0 --cpu=1; do
      run as alice prlimit "$limit" "$WORK/$HOW" 4 tuntap up 10.1.0.1
      run as alice prlimit "$limit" "$WORK/$HOW" 4 add tap0 10.1.0.1 255.0.0.0
      [ "$(state)" = "$before" ]
    done
  }
  both limits
}

@test "no arguments at all, or thousands, do no harm" {
  odd() {
    run as alice /usr/bin/python3 -c '
import os, sys
os.execv(sys.argv[1], [""])' "$WORK/$HOW"
    [ "$status" -eq 1 ]
    # shellcheck disable=SC2046
    run -1 as alice "$WORK/$HOW" 4 add $(seq 5000)
    run -1 as alice "$WORK/$HOW" $'4\n' $'add\n'
    run -1 as alice "$WORK/$HOW" 4 add $'tap0\numl_net: all is well' 10.1.0.9 255.0.0.0
  }
  both odd
  # A newline of the caller's makes no line in the log.
  run ! logged '^uml_net: all is well'
}

@test "signals do not stop it half-way" {
  local before
  command -v strace >/dev/null || skip "needs strace"
  up a root plain 10.1.0.1
  before=$(state)
  # At the fifth message to the kernel, which is in the middle.
  for n in 4 6 8 9; do
    host strace -qq -o /dev/null -e trace=sendto -e "inject=sendto:signal=TERM:when=$n" \
      "$WORK/plain" 4 add tap0 10.1.0.9 255.255.0.0 >/dev/null
    host ip route show 10.1.0.9 | grep -q tap0
    host "$WORK/plain" 4 del tap0 10.1.0.9 255.255.0.0 >/dev/null
    [ "$(state)" = "$before" ]
  done
}

@test "quota: as many calls at once as one likes make no more taps than allowed" {
  local i held
  for i in 1 2 3 4 5 6; do
    local words
    mapfile -t words < <(up_words alice setuid)
    proc_start -n h "a$i" "${words[@]}" "10.1.0.$i"
  done
  for i in 1 2 3 4 5 6; do
    wait_for up_answered "a$i"
  done
  held=$(host ip -o link show type tun | wc -l)
  [ "$held" -le 2 ]
  [ "$(cat "$WORK"/proc/a?.log | grep -c '^device')" -eq "$held" ]
}

@test "quota: a tap given away counts all the same, and is nobody's" {
  # TUNSETOWNER is 0x400454cc.
  proc_start -n h a setpriv --reuid=alice --regid=alice --init-groups /usr/bin/python3 -c '
import fcntl, os, signal, socket, subprocess, sys, array
held = []
for i in range(3):
    mine, theirs = socket.socketpair()
    subprocess.call([sys.argv[1], "4", "tuntap", "up", "10.1.0.1"], stdout=theirs)
    data, control, _, _ = mine.recvmsg(4095, 64)
    print("device" if control else data.decode(), flush=True)
    if control:
        held.append(array.array("i", control[0][2])[0])
        fcntl.ioctl(held[-1], 0x400454cc, 1001)
print("status 0", flush=True)
signal.pause()' "$WORK/setuid"
  wait_for up_answered a
  [ "$(grep -c '^device' "$WORK/proc/a.log")" -le 2 ]
  [ "$(host ip -o link show type tun | wc -l)" -le 2 ]
  HOW=setuid
  conf <<<'allow all'
  denied alice add tap0 10.1.0.9 255.255.0.0
  denied bob add tap0 10.1.0.9 255.255.0.0
}

@test "a tap that its guest made persistent ends with the guest all the same" {
  # TUNSETPERSIST is 0x400454cb.
  proc_start -n h a setpriv --reuid=alice --regid=alice --init-groups /usr/bin/python3 -c '
import array, fcntl, signal, socket, subprocess, sys
mine, theirs = socket.socketpair()
subprocess.call([sys.argv[1], "4", "tuntap", "up", "10.1.0.1"], stdout=theirs)
data, control, _, _ = mine.recvmsg(4095, 64)
fcntl.ioctl(array.array("i", control[0][2])[0], 0x400454cb, 1)
print("status 0", flush=True)
signal.pause()' "$WORK/setuid"
  wait_for up_answered a
  net alice setuid add tap0 192.168.7.9 255.255.255.0
  host ip -d link show tap0 | grep -q 'persist on'
  kill -s KILL "$(proc_pid a)"
  wait_for eval '! host ip link show tap0'
  wait_for proxies 0
}

@test "a device has 64 addresses at most" {
  local i
  up a alice setuid 10.1.0.1
  for ((i = 0; i < 64; i++)); do
    host setpriv --reuid=alice --regid=alice --init-groups "$WORK/setuid" 4 add tap0 \
      "10.1.1.$i" 255.255.0.0 >/dev/null
  done
  HOW=setuid
  denied alice add tap0 10.1.2.1 255.255.0.0
  [[ $output == *"'tap0' has 64 addresses, and that is the most"* ]]
  net alice setuid del tap0 10.1.1.7 255.255.0.0
  net alice setuid add tap0 10.1.2.1 255.255.0.0
}

@test "quota and addresses: two calls that pass each other do not both get through" {
  command -v strace >/dev/null || skip "needs strace"
  conf <<'END'
allow user alice address 10.1.0.0/16 taps 1
allow user bob address 10.1.0.0/16
END
  # Both have looked, and found room, before either makes its tap.
  local i words=(strace -f -qq -o /dev/null -e trace=ioctl
    -e 'inject=ioctl:delay_enter=1000000:when=1')
  for i in 1 2; do
    proc_start -n h "a$i" "${words[@]}" -u alice /usr/bin/python3 "$ASK" hold \
      "$WORK/setuid" 4 tuntap up "10.1.0.$i"
  done
  wait_for up_answered a1
  wait_for up_answered a2
  [ "$(cat "$WORK"/proc/a?.log | grep -c '^device')" -le 1 ]
  grep -q 'was made at the same time' "$WORK"/proc/a?.log
  proc_kill a1
  proc_kill a2
  wait_for eval '! host ip -o link show type tun | grep -q .'
  for i in alice bob; do
    proc_start -n h "$i" "${words[@]}" -u "$i" /usr/bin/python3 "$ASK" hold \
      "$WORK/setuid" 4 tuntap up 10.1.0.1
  done
  wait_for up_answered alice
  wait_for up_answered bob
  [ "$(cat "$WORK"/proc/{alice,bob}.log | grep -c '^device')" -le 1 ]
  grep -q '10.1.0.1 is in use on this host' "$WORK"/proc/{alice,bob}.log
}

@test "a stranger learns one sentence, without the rules of others" {
  one() {
    run -0 refused_up carol $HOW 10.1.0.1
    [ "$(grep -c '^uml_net:' <<<"$output")" -eq 1 ]
    [[ $output != *alice* && $output != *bob* ]]
    run -1 as carol "$WORK/$HOW" --explain alice up 10.1.0.1
    [[ $output != *"192.168.7.0/25"* ]]
  }
  both one
}

# A guest's frames reach the host on a tap that is alice's: two octets, 33:33:0:0:0:1
# from 2:0:0:0:0:66, fe80::66 to ff02::1, a router advertisement.
ADVERTISEMENT=000033330000000102000000006686dd6000000000183afffe800000000000000000000000000066ff020000000000000000000000000001860031534000070800000000000000000101020000000066
# The same way, UDP from 10.1.0.2 and from 8.8.8.8 to 10.1.0.1, port 5555; the
# data begin as the source does.
FROM_ITSELF=0000ffffffffffff02000000006608004500002000010000401166c80a0100020a010001045715b3000c000031302e31
FROM_OTHERS=0000ffffffffffff02000000006608004500002000010000401160bb080808080a010001045715b3000c0000382e382e

# sender NAME STEP...: alice's guest with tap7, for which 10.1.0.1 is the host
sender() {
  proc_start -n h "$1" setpriv --reuid=alice --regid=alice --init-groups /usr/bin/python3 "$ASK" \
    ethertap "$WORK/setuid" tap7 10.1.0.1 "${@:2}"
  wait_for grep -q 'tap7 is up' "$WORK/proc/$1.log"
}

received() {
  [ "$(host cat /proc/net/dev | sed -n 's/^ *tap7: *[0-9]* *\([0-9]*\) .*/\1/p')" -ge "$1" ]
}

# CVE-2020-10749, CVE-2020-13401: containers sent router advertisements, and the
# host's IPv6 traffic went through them.
@test "CVE-2020-10749, CVE-2020-13401: a guest does not become the host's IPv6 router" {
  host test -d /proc/sys/net/ipv6 || skip "this kernel has no IPv6"
  sender a wait send $ADVERTISEMENT send $ADVERTISEMENT sleep
  kill -s USR1 "$(proc_pid a)"
  wait_for received 2
  [ -z "$(host ip -6 route show proto ra)" ]
  [ -z "$(host ip -6 addr show dev tap7)" ]
  [ "$(host cat /proc/sys/net/ipv6/conf/tap7/disable_ipv6)" = 1 ]
}

@test "a device whose IPv6 cannot be switched off is not made" {
  command -v strace >/dev/null || skip "needs strace"
  host test -d /proc/sys/net/ipv6 || skip "this kernel has no IPv6"
  local before
  before=$(state)
  run -1 host /usr/bin/python3 "$ASK" once strace -f -qq -o /dev/null \
    -P /proc/sys/net/ipv6/conf/tap0/disable_ipv6 -e inject=openat:error=EACCES \
    "$WORK/plain" 4 tuntap up 10.1.0.1
  [[ $output == *"switch IPv6 of 'tap0' off: Permission denied"* ]]
  [ "$(state)" = "$before" ]
}

@test "what a guest sends from an address that is not routed to it is dropped" {
  [ "$(host cat /proc/sys/net/ipv4/conf/all/rp_filter)" -le 1 ] ||
    skip "this host's rp_filter is loose"
  proc_start -n h server /usr/bin/python3 -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 5555))
print("ready", flush=True)
while True:
    print("from", sock.recv(100).decode(), flush=True)'
  wait_for grep -q ready "$WORK/proc/server.log"
  host ip route add default via 192.168.7.2
  sender a add 10.1.0.2 wait send $FROM_OTHERS send $FROM_ITSELF sleep
  wait_for grep -q '10.1.0.2 is routed to tap7' "$WORK/proc/a.log"
  kill -s USR1 "$(proc_pid a)"
  wait_for grep -q 'from 10.1' "$WORK/proc/server.log"
  run ! grep 'from 8.8.' "$WORK/proc/server.log"
}

# CVE-2003-0019 again: "in use" is not only what this host has itself.
@test "CVE-2003-0019: neither the host's routers nor its neighbours are to be had" {
  conf <<<'allow all'
  host ip route add default via 192.168.7.254
  host ip route add 10.9.0.0/16 table 77 via 192.168.7.253
  host ip route add 10.8.0.0/16 nexthop via 192.168.7.252 nexthop via 192.168.7.251
  host ip nexthop add id 5 via 192.168.7.250 dev eth0
  host ip neigh add 192.168.7.77 lladdr 2:0:0:0:0:77 dev eth0 nud reachable
  host ip neigh add 192.168.7.78 lladdr 2:0:0:0:0:78 dev eth0 nud stale
  host ip neigh add 192.168.7.79 lladdr 2:0:0:0:0:79 dev eth0 nud permanent
  host ip neigh add 192.168.7.80 lladdr 2:0:0:0:0:80 dev eth0 nud failed
  up a alice setuid 10.1.0.1
  taken() {
    local last
    for last in 250 251 252 253 254 77 78 79; do
      run -0 refused_up alice $HOW 192.168.7.$last
      [[ $output == *"192.168.7.$last is "* ]]
      denied alice add tap0 192.168.7.$last 255.255.255.0
    done
  }
  both taken
  net alice setuid add tap0 192.168.7.80 255.255.255.0
  # What is behind a guest's own device is no neighbour but the guest.
  net alice setuid add tap0 192.168.7.81 255.255.255.0
  host ip neigh replace 192.168.7.81 lladdr 2:0:0:0:0:81 dev tap0 nud stale
  net alice setuid del tap0 192.168.7.81 255.255.255.0
  net alice setuid add tap0 192.168.7.81 255.255.255.0
}

@test "a gateway and a guest of one address that pass each other do not both get through" {
  command -v strace >/dev/null || skip "needs strace"
  conf <<<'allow all'
  up b bob setuid 10.2.0.1
  local n words=(strace -qq -o "$WORK/trace" -e trace=sendto)
  host "${words[@]}" "$WORK/plain" 4 add tap0 10.1.0.1 255.255.0.0 >/dev/null
  n=$(grep -n RTM_NEWROUTE "$WORK/trace" | cut -d: -f1)
  host "$WORK/plain" 4 del tap0 10.1.0.1 255.255.0.0 >/dev/null
  # The guest's call has looked, and not yet added the route, when alice's tap
  # comes up.
  proc_start -n h add "${words[@]}" -e "inject=sendto:delay_enter=2000000:when=$n" \
    -u bob "$WORK/setuid" 4 add tap0 10.1.0.1 255.255.0.0
  # shellcheck disable=SC2016
  wait_for eval '[ "$(grep -c sendto "$WORK/trace")" -ge $((n - 1)) ]'
  up a alice setuid 10.1.0.1
  wait_for proc_ended add
  [ -z "$(host ip route show 10.1.0.1)" ]
  proc_kill a
  wait_for eval '! host ip link show tap1'
  # The other way round: alice's call has looked before the guest's route is there.
  words=(strace -f -qq -o "$WORK/trace" -e trace=ioctl)
  proc_start -n h a "${words[@]}" -e "inject=ioctl:delay_enter=2000000:when=1" \
    -u alice /usr/bin/python3 "$ASK" hold "$WORK/setuid" 4 tuntap up 10.1.0.1
  # /dev/net/tun is opened first, and asked for the tap when all was looked at.
  wait_for eval 'host grep -lqs "^setuid" /proc/[0-9]*/comm'
  net bob setuid add tap0 10.1.0.1 255.255.0.0
  wait_for up_answered a
  [ -z "$(tap_of a)" ]
  grep -q "10.1.0.1 is " "$WORK/proc/a.log"
}

# CVE-2014-0181: what a program writes counted as done with its privilege, so
# its caller chose a netlink socket as its standard output or error.
@test "CVE-2014-0181: nothing is written to the caller's descriptors with privilege" {
  command -v strace >/dev/null || skip "needs strace"
  up a root plain 10.1.0.1
  # The calls of each case, without those on descriptors that are its own.
  trace() {
    local status=0
    host strace -f -qq -o "$WORK/trace" -e trace=capset,write,sendto,sendmsg,writev "$@" || status=$?
    awk '$2 ~ /^capset\(/ { none[$1] = /effective=0,/ }
      $2 ~ /^(write|writev|sendto|sendmsg)\([12],/ && !none[$1] { print; bad = 1 }
      END { exit bad }' "$WORK/trace" || return 9
    grep -qE '^[0-9]+ +(write|writev|sendto|sendmsg)\([12],' "$WORK/trace" || return 8
    return $status
  }
  trace "$WORK/plain" 4 add tap0 10.1.0.9 255.255.0.0 >/dev/null
  trace "$WORK/plain" 4 del tap0 10.1.0.9 255.255.0.0 >/dev/null
  run -1 trace "$WORK/plain" 4 add tap9 10.1.0.9 255.255.0.0
  run -1 trace "$WORK/plain" 2 add tap9 10.1.0.9
  run -1 trace "$WORK/plain" 2 tuntap add tap9 10.1.0.9
  run -1 trace "$WORK/plain" 4 nonsense
  trace "$WORK/plain" --help >/dev/null
  # The hand-over of a tap.
  host /usr/bin/python3 "$ASK" once strace -qq -o "$WORK/trace" -e trace=capset,sendmsg \
    "$WORK/plain" 4 tuntap up 10.1.0.2
  grep -q '^sendmsg(1,' "$WORK/trace"
  sed -n '/^capset/h; /^sendmsg(1,/{x;p}' "$WORK/trace" | grep -q 'effective=0,'
}

@test "CVE-2014-0181: a tap goes to a socket of its own kind only" {
  other() {
    # shellcheck disable=SC2016
    run -1 as alice /usr/bin/python3 -c '
import os, socket, sys
for kind in ((socket.AF_INET, socket.SOCK_DGRAM, 0), (socket.AF_NETLINK, socket.SOCK_RAW, 0)):
    sock = socket.socket(*kind)
    os.dup2(sock.fileno(), 1)
    if os.spawnl(os.P_WAIT, sys.argv[1], "uml_net", *sys.argv[2:]) != 1:
        sys.exit(2)
sys.exit(1)' "$WORK/$HOW" "$@"
    echo "$output"
    [ -z "$(host ip -o link show type tun)" ]
  }
  sockets() {
    other 4 tuntap up 10.1.0.1
    other 4 ethertap tap7 1 10.1.0.1
    logged 'verb=up.*: descriptor 1.*Address family not supported'
  }
  both sockets
}

@test "a guard whose limits its user cuts ends, and does not spin" {
  local pid
  up a alice setuid 10.1.0.1
  # shellcheck disable=SC2016
  pid=$(host sh -c '
    for dir in /proc/[0-9]*; do
      grep -q "^uml_net guard" $dir/comm 2>/dev/null &&
        [ "$(readlink $dir/ns/net)" = "$(readlink /proc/self/ns/net)" ] && echo ${dir#/proc/}
    done; true')
  [ -n "$pid" ]
  as alice prlimit --pid "$pid" --nofile=0:0
  # poll(2) is entered anew.
  as alice kill -s STOP "$pid"
  as alice kill -s CONT "$pid"
  wait_for eval "! kill -0 $pid 2>/dev/null"
}

@test "a guest does not flood the log through its relay" {
  local i steps=()
  for ((i = 0; i < 40; i++)); do
    steps+=(add 172.16.0.1)
  done
  sender a "${steps[@]}" sleep
  # shellcheck disable=SC2016
  wait_for eval '[ "$(grep -c "172.16.0.1" "$WORK/proc/a.log")" -ge 40 ]'
  [ "$(grep -c 'verb=add.*172.16.0.1' "$WORK/proc/log.log")" -le 6 ]
}

@test "an address whose addition cannot be told is not added" {
  local before
  up a alice setuid 10.1.0.1
  before=$(state)
  # shellcheck disable=SC2016
  run -1 as alice sh -c '"$1" 4 add tap0 10.1.0.9 255.255.0.0 >/dev/full' sh "$WORK/setuid"
  [ "$(state)" = "$before" ]
  logged 'refused .*10.1.0.9'
}

@test "a tap that cannot be handed over is not told to be made" {
  # shellcheck disable=SC2016
  run as alice /usr/bin/python3 -c '
import os, socket, sys
mine, theirs = socket.socketpair()
mine.close()
os.dup2(theirs.fileno(), 1)
sys.exit(os.spawnl(os.P_WAIT, sys.argv[1], "uml_net", "4", "tuntap", "up", "10.1.0.1"))' "$WORK/setuid"
  [ "$status" -eq 1 ]
  wait_for logged 'refused .*verb=up'
  run ! logged 'done .*verb=up'
}

@test "what the policy no longer says a running relay does no longer" {
  sender a add 10.1.0.2 wait add 10.1.0.3 wait add 10.1.0.4 sleep
  wait_for grep -q '10.1.0.2 is routed to tap7' "$WORK/proc/a.log"
  conf <<<'allow user alice address 10.1.0.2/32'
  kill -s USR1 "$(proc_pid a)"
  wait_for grep -q 'no line for user alice and 10.1.0.3' "$WORK/proc/a.log"
  # A file with an error refuses all.
  conf <<<'allow user alice adress 10.1.0.0/16'
  kill -s USR1 "$(proc_pid a)"
  wait_for grep -q 'uml_net.conf:1' "$WORK/proc/a.log"
  [ "$(host ip -o route show proto 85 | wc -l)" -eq 1 ]
}
