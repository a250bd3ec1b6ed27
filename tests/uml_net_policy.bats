# SPDX-License-Identifier: GPL-2.0-or-later
#
# What uml_net tells of its policy: --check-config and --explain, and which
# files it takes for a policy at all. See uml_net.conf(5).

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net

UML_NET=${UML_NET:-$BUILD/uml_net/uml_net}

# Users and groups are those of $WORK/etc, which commands started by `etc` see
# as /etc. A file of root's is needed, be it that of a user namespace.
setup() {
  need_root
  work_make
  mkdir "$WORK/etc"
  CONF=$WORK/etc/uml_net.conf
  cp "$UML_NET" "$WORK/uml_net"
  chmod 755 "$WORK/uml_net"
  cat >"$WORK/etc/passwd" <<'END'
root:x:0:0::/:/bin/sh
alice:x:1000:1000::/:/bin/sh
bob:x:1001:1001::/:/bin/sh
END
  cat >"$WORK/etc/group" <<'END'
root:x:0:
alice:x:1000:
bob:x:1001:
uml-net:x:4242:bob
END
  echo "passwd: files
group: files" >"$WORK/etc/nsswitch.conf"
}

teardown() {
  cleanup
}

# conf: what is read from stdin becomes the policy
conf() {
  cat >"$CONF"
  chmod 644 "$CONF"
}

# etc CMD...: with $WORK/etc in place of /etc
etc() {
  # shellcheck disable=SC2016
  timeout -k 2 10 unshare --mount sh -c '
    mount --bind "$0" /etc && exec "$@"' "$WORK/etc" "$@"
}

# as USER CMD...: likewise, as a user with the groups of $WORK/etc
as() {
  local user=$1
  shift
  etc setpriv --reuid="$user" --regid="$user" --init-groups "$@"
}

need_users() {
  as alice true 2>/dev/null || skip "cannot become another user"
}

# check STATUS [FILE]: --check-config ends with STATUS; for the rest, $output,
# $stderr
check() {
  run "-$1" --separate-stderr etc "$WORK/uml_net" --check-config "${@:2}"
}

# told TEXT: it is in $stderr
told() {
  # shellcheck disable=SC2154 # set by run
  if [[ $stderr != *"$1"* ]]; then
    echo "no '$1' in: $stderr"
    return 1
  fi
}

# refused FILE TEXT: as a policy, for what it is
refused() {
  check 1 "$1"
  told "$2"
  told "$1: 1 error; uml_net refuses this file"
  [ -z "$output" ]
}

# explain STATUS WORD...: --explain ends with STATUS, without an error
explain() {
  run "-$1" --separate-stderr etc "$WORK/uml_net" --explain "${@:2}"
  echo "$output"
  [ -z "$stderr" ]
}

# says TEXT...: each is a line of $output
says() {
  local text
  for text; do
    grep -qxF -- "$text" <<<"$output" || {
      echo "no '$text' in: $output"
      return 1
    }
  done
}

# --- --check-config ----------------------------------------------------------

@test "a good file is counted, and that is all" {
  conf <<'END'
# the first line that matches decides
allow user alice       address 192.168.7.0/24            taps 4
allow group uml-net    address 10.0.0.0/8,172.16.0.0/12  taps 8  forward

deny  all
END
  check 0 "$CONF"
  [ "$output" = "$CONF: 3 rules, no errors" ]
  [ -z "$stderr" ]
  check 0
  [ "$output" = "/etc/uml_net.conf: 3 rules, no errors" ]
  conf </dev/null
  check 0
  [ "$output" = "/etc/uml_net.conf: 0 rules, no errors" ]
}

@test "every error is told, with its line" {
  conf <<'END'
alow user alice
allow user alice address 10.0.0.1
allow user carol taps 4
deny group uml-netz
deny all taps 4
allow all address 192.168.7.1/24
END
  check 1
  [ -z "$output" ]
  diff <(echo "$stderr") - <<'END'
/etc/uml_net.conf:1: 'alow' is neither 'allow' nor 'deny'
/etc/uml_net.conf:3: no user 'carol' is known (expected: a name that 'getent passwd' shows, or a number)
/etc/uml_net.conf:4: no group 'uml-netz' is known (expected: a name that 'getent group' shows, or a number)
/etc/uml_net.conf:5: 'taps' has no meaning after 'deny'
/etc/uml_net.conf:6: '192.168.7.1/24' has bits set beyond its first 24 (the network is 192.168.7.0/24, the one address is 192.168.7.1)
/etc/uml_net.conf: 5 errors; uml_net refuses this file
END
}

@test "lines that may not mean what was meant are warnings" {
  conf <<'END'
allow user alice address 10.0.0.0/8
allow user alice address 10.1.0.0/16 taps 9
allow user alice
deny all
allow user bob
END
  check 0
  [ "$output" = "/etc/uml_net.conf: 5 rules, no errors, 3 warnings" ]
  diff <(echo "$stderr") - <<'END'
/etc/uml_net.conf:2: warning: this line has no effect: line 1 decides before it
/etc/uml_net.conf:3: warning: this line allows any address, those of other hosts too (expected: address PREFIX)
/etc/uml_net.conf:5: warning: this line has no effect: line 4 decides before it
END
}

@test "carriage returns, octets that do not show and long files are refused" {
  printf 'deny all\r\n' | conf
  refused "$CONF" "$CONF:1: the line has a carriage return"
  printf 'deny all\n\0' | conf
  refused "$CONF" "$CONF:2: octet 0x00 in column 1 does not show"
  head -c 262145 /dev/zero | tr '\0' '\n' | conf
  refused "$CONF" "the file is longer than 262144 octets"
  head -c 262144 /dev/zero | tr '\0' '\n' | conf
  check 0
}

# --- which file --------------------------------------------------------------

@test "only a regular file of root's that nobody else can write is a policy" {
  echo "deny all" | conf
  check 0 "$CONF"
  chmod 664 "$CONF"
  refused "$CONF" "'$CONF' can be written by others than its owner (chmod go-w FILE)"
  chmod 646 "$CONF"
  refused "$CONF" "can be written by others"
  chmod 600 "$CONF"
  check 0 "$CONF"
  chmod 644 "$CONF"
  chown 1000 "$CONF" || skip "cannot give files away"
  refused "$CONF" "'$CONF' does not belong to root (as root: chown root FILE)"
}

@test "the file's own faults and those of its lines are told together" {
  echo "alow all" | conf
  chmod 666 "$CONF"
  chown 1000 "$CONF" || skip "cannot give files away"
  check 1 "$CONF"
  told "does not belong to root"
  told "can be written by others"
  told "$CONF:1: 'alow'"
  told "3 errors"
}

@test "no link is followed to a policy, but a folder may be one" {
  echo "deny all" | conf
  ln -s uml_net.conf "$WORK/etc/link"
  refused "$WORK/etc/link" "it is a symbolic link; the policy is the file itself"
  ln -s /no/where "$WORK/etc/dangling"
  refused "$WORK/etc/dangling" "it is a symbolic link"
  ln -s "$WORK/etc" "$WORK/folder"
  check 0 "$WORK/folder/uml_net.conf"
}

@test "what is no file is refused, and keeps nobody waiting" {
  local name
  mkdir "$WORK/folder"
  mkfifo "$WORK/fifo"
  for name in folder fifo; do
    chmod 755 "$WORK/$name"
    refused "$WORK/$name" "is no regular file (a policy is a text file)"
  done
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
    "$WORK/socket"
  chmod 755 "$WORK/socket"
  refused "$WORK/socket" "a policy is a regular file"
  refused /dev/null "is no regular file"
  refused /dev/zero "is no regular file"
  refused /dev/ptmx "is no regular file"
  refused "$WORK/none" "No such file or directory"
  refused "$CONF/none" "No such file or directory"
  refused '' "No such file or directory"
}

@test "a file is read with the caller's own rights" {
  need_users
  local how
  case $(findmnt -nT "$WORK" -o OPTIONS) in
  *nosuid*) skip "$WORK is mounted nosuid" ;;
  esac
  echo "secret word" | conf
  chmod 600 "$CONF"
  cp "$WORK/uml_net" "$WORK/setuid"
  chmod 4755 "$WORK/setuid"
  cp "$WORK/uml_net" "$WORK/filecap"
  setcap cap_net_admin+ep "$WORK/filecap" || skip "cannot set file capabilities"
  for how in uml_net setuid filecap; do
    run -1 --separate-stderr as alice "$WORK/$how" --check-config
    told "Permission denied (who uses uml_net must be able to read it: chmod 644"
    [[ $stderr != *secret* ]]
    run -1 --separate-stderr as alice "$WORK/$how" --check-config /etc/shadow
    [[ $stderr != *:*:*:*:* ]]
    run -1 --separate-stderr as alice "$WORK/$how" --explain alice up
    told "Permission denied"
    [[ $stderr != *secret* ]]
  done
}

# --- --explain ---------------------------------------------------------------

policy_of_page() {
  conf <<'END'
# the first line that matches decides; no line: deny. root is always allowed.
allow user alice       address 192.168.7.0/24            taps 4  # her
deny  group uml-net    address 10.9.0.0/16
allow group uml-net    address 10.0.0.0/8,172.16.0.0/12  taps 8  forward
END
}

@test "the line that decides is shown" {
  policy_of_page
  explain 0 alice up 192.168.7.1
  says "user alice (uid 1000, groups 1000): 4 tuntap up 192.168.7.1" \
    "allowed: /etc/uml_net.conf:2 allows 192.168.7.1 to user alice" \
    "line 2: allow user alice       address 192.168.7.0/24            taps 4" \
    "forward: ip_forward stays as it is"
  grep -q "^taps: .*4" <<<"$output"
  explain 0 bob up 172.31.0.1
  says "user bob (uid 1001, groups 1001 4242): 4 tuntap up 172.31.0.1" \
    "allowed: /etc/uml_net.conf:4 allows 172.31.0.1 to user bob" \
    "forward: ip_forward may be switched on"
  grep -q "^taps: .*8" <<<"$output"
  explain 0 1001 up
  says "allowed: /etc/uml_net.conf:4 allows this to user bob"
  explain 0 root up 1.2.3.4
  says "allowed: root is always allowed"
  [[ $output != *line* ]]
}

@test "the taps that a user holds now are counted" {
  need_tun
  policy_of_page
  # shellcheck disable=SC2016
  run -0 --separate-stderr etc unshare --net sh -c '
    for n in 1 2 3 4; do
      "$0" --explain alice up 192.168.7.1 || exit
      ip tuntap add dev tap$n mode tap user alice &&
        ip link set tap$n alias "uml_net: made for uid 1000" || exit
    done
    "$0" --explain alice up 192.168.7.1 && exit 9
    "$0" --explain alice add tap1 192.168.7.1 255.255.255.0' "$WORK/uml_net"
  echo "$output"
  diff <(grep -E '^(taps|refused)' <<<"$output") - <<'END'
taps: 0 of 4 in use
taps: 1 of 4 in use
taps: 2 of 4 in use
taps: 3 of 4 in use
refused: /etc/uml_net.conf:2 allows 4 taps to user alice, who has 4 (end one of them, or root can raise 'taps' in that line)
taps: 4 of 4 in use
taps: 4 of 4 in use
END
}

@test "a refusal says what to add, and adding it helps" {
  policy_of_page
  explain 1 bob up 10.9.1.2
  says "refused: /etc/uml_net.conf:3 denies 10.9.1.2 to user bob (root can put before that line: allow user bob address 10.9.1.2)" \
    "line 3: deny  group uml-net    address 10.9.0.0/16"
  sed -i '3i allow user bob address 10.9.1.2' "$CONF"
  explain 0 bob up 10.9.1.2
  explain 1 alice add tap0 192.168.8.1 255.255.255.0
  says "refused: /etc/uml_net.conf has no line for user alice and 192.168.8.1 (root can add: allow user alice address 192.168.8.1)"
  echo "allow user alice address 192.168.8.1" >>"$CONF"
  explain 0 alice add tap0 192.168.8.1 255.255.255.0
  # 77 is nobody that has a name.
  explain 1 77 up
  says "refused: /etc/uml_net.conf has no line for user 77 (root can add: allow user 77 address PREFIX)" \
    "user 77 (uid 77, groups none): 4 tuntap up"
  echo "allow user 77 address 10.0.7.0/24" >>"$CONF"
  explain 0 77 up
}

@test "without the file only root is allowed, and the file to create is named" {
  explain 1 alice up 192.168.7.1
  says "refused: /etc/uml_net.conf is missing, so only root is allowed (root can create it, mode 644, with the line: allow user alice address 192.168.7.1)"
  explain 0 root up 192.168.7.1
  echo "allow user alice address 192.168.7.1" | conf
  explain 0 alice up 192.168.7.1
}

@test "a policy with an error allows nobody anything" {
  echo "allow all
alow all" | conf
  run -1 --separate-stderr etc "$WORK/uml_net" --explain alice up
  told "/etc/uml_net.conf:2: 'alow' is neither 'allow' nor 'deny'"
  [ -z "$output" ]
  echo "allow all" | conf
  chmod 666 "$CONF"
  run -1 --separate-stderr etc "$WORK/uml_net" --explain alice up
  told "can be written by others"
}

@test "requests are those of UML, whose version can be left out" {
  echo "allow user alice address 10.0.0.0/8" | conf
  local words
  for words in "up 10.0.0.1" "tuntap up 10.0.0.1" "4 tuntap up 10.0.0.1" \
    "2 tuntap up tap0 1 10.0.0.1" "add tap0 10.0.0.1 255.255.255.0" \
    "3 tuntap add tap0 10.0.0.1" "slip up 10.0.0.1 10.0.0.2" \
    "slip up 10.0.0.3 10.0.0.1" "ethertap tap0 7 10.0.0.1"; do
    # shellcheck disable=SC2086
    explain 0 alice $words
    # shellcheck disable=SC2086
    explain 1 alice ${words/10.0.0.1/11.0.0.1}
    grep -q "^refused: .* and 11.0.0.1 " <<<"$output"
  done
  explain 0 alice up ''
  # What was given can be given back, whatever the policy says now.
  explain 0 bob slip down
  explain 0 bob del tap0 11.0.0.1 255.255.255.0
  says "allowed: what was given to a user he can give back; the policy is not asked"
  explain 0 alice ethertap tap0 7
}

@test "wrong words are refused with what is expected" {
  local words
  echo "allow all" | conf
  # shellcheck disable=SC2089,SC2090
  for words in ":Usage: uml_net" "alice:no request" \
    "alice fly:no request 'fly'" "alice 5 tuntap up:up to version 4" \
    "alice up 10.0.0:'10.0.0' is no IPv4 address" \
    "alice up 10.0.0.1 x:one argument too many: 'x'" \
    "alice add tap0:needs 3 arguments" \
    "carol up:'carol' is neither a username nor a numeric uid"; do
    # shellcheck disable=SC2086,SC2090
    run -1 --separate-stderr etc "$WORK/uml_net" --explain ${words%%:*}
    told "${words#*:}"
    [ -z "$output" ]
  done
}

@test "a user asks about himself, and about nobody else" {
  need_users
  policy_of_page
  run -0 --separate-stderr as alice "$WORK/uml_net" --explain alice up 192.168.7.1
  says "allowed: /etc/uml_net.conf:2 allows 192.168.7.1 to user alice"
  run -1 --separate-stderr as alice "$WORK/uml_net" --explain bob up 10.0.0.1
  told "user 1000 cannot ask about user 'bob' (root can)"
  [ -z "$output" ]
  # The groups are those that he has now, not those that he could have.
  run -0 --separate-stderr as bob "$WORK/uml_net" --explain bob up 10.0.0.1
  says "user bob (uid 1001, groups 1001 4242): 4 tuntap up 10.0.0.1"
  run -1 --separate-stderr as bob setpriv --reuid=bob "$WORK/uml_net" --explain bob up 10.9.0.1
  run -1 --separate-stderr etc setpriv --reuid=bob --regid=bob --clear-groups \
    "$WORK/uml_net" --explain bob up 10.0.0.1
  says "user bob (uid 1001, groups 1001): 4 tuntap up 10.0.0.1"
}

# --- documents ---------------------------------------------------------------

@test "the examples of the manual page are good" {
  awk '/^\.SH / { section = $2 } /^\.EX/ { inside = section == "EXAMPLES"; next }
    /^\.EE/ { inside = 0 } inside' man/uml_net.conf.5 |
    sed 's/\\-/-/g' >"$WORK/examples"
  [ "$(grep -c '^allow' "$WORK/examples")" -ge 2 ]
  conf <"$WORK/examples"
  check 0
  [ -z "$stderr" ]
}

@test "the example file is good, as it is and with its lines switched on" {
  conf <examples/uml_net.conf
  check 0
  [ "$output" = "/etc/uml_net.conf: 0 rules, no errors" ]
  sed 's/^#\([ad]\)/\1/' examples/uml_net.conf | conf
  check 0
  [ "$output" = "/etc/uml_net.conf: 3 rules, no errors" ]
  [ -z "$stderr" ]
  explain 0 alice up 192.168.7.1
  explain 1 bob up 10.1.0.1
  explain 0 bob up 10.2.0.1
}

# complete WORD...: what bash would offer for the last word
complete() {
  # shellcheck disable=SC2016
  bash -c '. uml_net/uml_net.bash-completion
    COMP_WORDS=("$0" "$@") COMP_CWORD=$# COMPREPLY=()
    _uml_net && printf "%s\n" "${COMPREPLY[@]}"' "$UML_NET" "$@"
}

@test "bash completes options, users and requests" {
  [ "$(complete --)" = $'--check-config\n--explain\n--help\n--version' ]
  [ "$(complete --explain nobod)" = nobody ]
  [ "$(complete --explain nobody a)" = add ]
  [ "$(complete --check-config tests/uml_net_pol)" = tests/uml_net_policy.bats ]
  [ -z "$(complete 4 tuntap)" ]
}
