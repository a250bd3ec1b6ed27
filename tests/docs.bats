# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages and the README held against the programs: what is offered is
# described, in the same order, and what is described is offered.

bats_require_minimum_version 1.5.0
load helpers/proc
load helpers/net

setup() {
  work_make
  PAGE=man/uml_router.1
  CTL_PAGE=man/uml_routerctl.1
}

teardown() {
  cleanup
}

need_mandoc() {
  command -v mandoc >/dev/null || skip "needs mandoc"
}

# shown PAGE: as on a screen, without overstriking
shown() {
  timeout 10 mandoc -Tascii "$1" | sed 's/.\x08//g'
}

# section PAGE TITLE
section() {
  shown "$1" | awk -v title="$2" '/^[A-Z]/ { inside = ($0 == title) } inside'
}

# An option with its values, as help and page begin its paragraph; what stands
# in front of it is indentation.
OPTION='((-[A-Za-z], )?--[a-z0-9-]+( [[]?[A-Z]+[]]?)*)'

# help_options PROGRAM / page_options PAGE: one a line, in their order
help_options() {
  timeout 10 "$1" --help | sed -nE "s/^  $OPTION( .*)?\$/\1/p"
}

page_options() {
  section "$1" OPTIONS | sed -nE "s/^ {7}$OPTION( .*)?\$/\1/p"
}

# tags PAGE SECTION REGEX: what begins a paragraph there, the part that matches
tags() {
  section "$1" "$2" | sed -nE "s/^ {7}($3).*/\1/p"
}

# reason ARG...: what the switch says about a command line that it refuses
reason() {
  ! timeout 10 "$ROUTER" "$@" </dev/null 2>"$WORK/reason" || return 1
  head -n 1 "$WORK/reason"
}

# same A B: two lists are the same, and no empty ones
same() {
  [ -n "$1" ]
  diff <(echo "$1") <(echo "$2")
}

# port_types: what the switch says there is
port_types() {
  reason --port none:x | sed -n 's/.*(types: \(.*\))/\1/p' | sed 's/, /\n/g'
}

# port_keys TYPE
port_keys() {
  reason --port "$1:x,none=1" | sed -n 's/.*(keys: \(.*\))/\1/p' |
    sed 's/, /\n/g'
}

@test "uml_router: the options of --help and of the page are the same" {
  need_mandoc
  same "$(help_options "$ROUTER")" "$(page_options "$PAGE")"
}

@test "tunctl: the options of --help and of the page are the same" {
  need_mandoc
  same "$(help_options "$BUILD/tunctl/tunctl")" "$(page_options man/tunctl.8)"
}

@test "uml_net: the options of --help and of the page are the same" {
  need_mandoc
  same "$(help_options "$BUILD/uml_net/uml_net")" "$(page_options man/uml_net.8)"
}

@test "uml_routerctl: the options of --help and of the page are the same" {
  need_mandoc
  same "$(help_options "$ROUTERCTL")" "$(page_options "$CTL_PAGE")"
}

@test "an option missing from a page, added or in another place is noticed" {
  need_mandoc
  local all
  all=$(help_options "$ROUTER")
  [ "$(echo "$all" | wc -l)" -ge 10 ]
  sed '/^\.B \\-\\-hub$/d' "$PAGE" >"$WORK/missing.1"
  run ! same "$all" "$(page_options "$WORK/missing.1")"
  sed 's/^\.SH PORTS$/.TP\n.B \\-\\-more\nMore.\n&/' "$PAGE" >"$WORK/more.1"
  run ! same "$all" "$(page_options "$WORK/more.1")"
  sed 's/^\.B \\-\\-hub$/.B \\-\\-daemon/; t; s/^\.B \\-\\-daemon$/.B \\-\\-hub/' \
    "$PAGE" >"$WORK/order.1"
  run ! same "$all" "$(page_options "$WORK/order.1")"
}

@test "uml_router: numbers that --help gives as defaults are those of the page" {
  need_mandoc
  local option number
  timeout 10 "$ROUTER" --help |
    sed -nE 's/^  --([a-z-]+) .*\(([0-9]+)\)$/\1 \2/p' >"$WORK/defaults"
  [ -s "$WORK/defaults" ]
  while read -r option number; do
    section "$PAGE" OPTIONS |
      awk -v tag="--$option" '/^       -/ { inside = ($1 == tag) } inside' |
      tr -s ' \n' ' ' | grep -q "(default $number)"
  done <"$WORK/defaults"
}

@test "uml_router: every port type has its place in --help, page and README" {
  need_mandoc
  local types
  types=$(port_types)
  same "$types" "$(tags "$PAGE" PORTS '[a-z-]+:' | tr -d :)"
  same "$types" \
    "$(timeout 10 "$ROUTER" --help | sed -nE 's/^ +([a-z-]+):[A-Z]+[ ,:].*/\1/p')"
  # shellcheck disable=SC2016 # backquotes of Markdown
  same "$types" "$(sed -nE 's/^\| `([a-z-]+)` \|.*/\1/p' README.md)"
}

@test "uml_router: every key of a port has its place in --help and page" {
  need_mandoc
  local type key keys=
  for type in $(port_types); do
    [ -n "$(port_keys "$type")" ]
    keys+=$(port_keys "$type")$'\n'
  done
  # Those of all types come first.
  keys=$(echo "$keys" | awk 'NF && !seen[$0]++ { print }' | sort)
  same "$keys" "$(tags "$PAGE" PORTS '[a-z-]+(=|\[=)' | tr -d '[=' | sort)"
  for key in $keys; do
    timeout 10 "$ROUTER" --help | grep -qE "[ ,]$key([=,]|\$)"
  done
}

@test "uml_router: every queueing mode has its place in the page" {
  need_mandoc
  local modes
  modes=$(reason --port tap:x,queueing=none | sed -n 's/.* is none of //p' |
    sed 's/, /\n/g')
  same "$modes" "$(section "$PAGE" PORTS | sed -nE 's/^ {14}([a-z-]+)$/\1/p')"
}

@test "uml_routerctl: the commands of --help and of the page are the same" {
  need_mandoc
  local command='[a-z]+( [a-z]+)*( [[]?[A-Z=]+[]]?)*'
  same "$(timeout 10 "$ROUTERCTL" --help |
    sed -nE "s/^  ($command)  +.*/\1/p")" \
    "$(section "$CTL_PAGE" COMMANDS | sed -nE "s/^ {7}($command)(  .*)?\$/\1/p")"
}

# learned N: the switch knows N addresses
learned() {
  [ "$(ctl sw -j fdb show | jq length)" -eq "$1" ]
}

@test "uml_routerctl: what port set takes is in --help and completed" {
  local keys key help
  switch_start sw --port "seqpacket:$WORK/s" --control "$WORK/c"
  proc_start client "$BUILD/tests/helpers/peer" --proto seqpacket \
    --ctl "$WORK/s" --announce idle
  wait_for learned 1
  keys=$(ctl sw port set seqpacket0 nonsense=1 2>&1 |
    sed -n 's/.*(keys: \(.*\)).*/\1/p')
  help=$("$ROUTERCTL" --help | sed -n '/^  port set/,/^  fdb/p')
  for key in ${keys//,/}; do
    grep -qE "[ ,]$key\b" <<<"$help"
    grep -qE "\b$key\b" uml_router/uml_routerctl.bash-completion
  done
  [ "$key" = up ]
}

@test "every counter and every JSON key has its place in the pages" {
  need_mandoc
  local word text
  switch_start sw --port "seqpacket:$WORK/s" --control "$WORK/c"
  proc_start client "$BUILD/tests/helpers/peer" --proto seqpacket \
    --ctl "$WORK/s" --announce idle
  wait_for learned 1

  same "$(ctl sw -j stats | jq -r '.drops | keys[]')" \
    "$(section "$PAGE" COUNTERS | sed -nE 's/^ {7}([a-z_]+)( +[A-Z].*)?$/\1/p' |
      sort -u)"

  text=$(section "$CTL_PAGE" JSON | tr -s ' ,;.\n' '\n')
  for word in $({
    ctl sw -j port show
    ctl sw -j fdb show
    ctl sw -j stats
  } | jq -r '.. | objects | keys[]' | sort -u); do
    grep -qx "$word" <<<"$text" || {
      echo "no word about $word"
      return 1
    }
  done
}

@test "the pages are without fault for mandoc" {
  need_mandoc
  # What a page refers to need not be installed here.
  timeout 10 mandoc -Tlint man/*.[0-9] >"$WORK/lint" 2>&1 || true
  run ! grep -vE 'referenced manual not found|outdated mandoc.db' "$WORK/lint"
}

@test "the pages are without fault for man" {
  command -v man >/dev/null || skip "needs man-db"
  local page
  for page in man/*.[0-9]; do
    MANROFFSEQ='' MANWIDTH=80 LC_ALL=C.UTF-8 timeout 20 \
      man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>>"$WORK/warnings"
  done
  run -0 cat "$WORK/warnings"
  [ -z "$output" ]
}

@test "what README and CONTRIBUTING refer to is there" {
  local file
  # shellcheck disable=SC2016 # backquotes of Markdown
  for file in $(sed -nE 's/.*\]\(([^):]+)\).*/\1/p' README.md) \
    $(grep -oE '`[a-z_]+(/[a-z_.*-]+)+`' README.md CONTRIBUTING.md -h |
      tr -d '`'); do
    case $file in
    build/*) continue ;;
    esac
    compgen -G "$file" >/dev/null || {
      echo "$file is not there"
      return 1
    }
  done
  # Each target that they tell to make.
  # shellcheck disable=SC2016
  for file in $(grep -ohE '^    make [a-z-]+|`make [a-z-]+`' README.md \
    CONTRIBUTING.md | tr -d '`' | awk '{ print $2 }' | sort -u); do
    grep -qE "^$file( [a-z-]+)*:" Makefile || {
      echo "make $file is not there"
      return 1
    }
  done
}
