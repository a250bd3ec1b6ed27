# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the demonstrations of examples/ have in common: they run in the top
# folder, with BUILD set, and say what they do.
#
#   step TEXT / note LINE...       headings, and what belongs to them
#   indented                       the output of a command (a filter)
#   fail TEXT                      the end
#   prepare PURPOSE...             step 1: packages (see install-deps), programs,
#                                  $WORK; who is root becomes nobody
#   switch_run ARG...              the switch, in a copy that nobody can run too
#   ask NAME CMD                   runs it in a guest and shows both
#   as_user CMD...                 as the user who runs the switch
#   show_ports                     what the switch says of them
#   clean_up                       the last step

# shellcheck source=tests/helpers/proc.bash
. tests/helpers/proc.bash
# shellcheck source=tests/helpers/net.bash
. tests/helpers/net.bash
# shellcheck source=tests/helpers/guest.bash
. tests/helpers/guest.bash

bold='' plain=''
if [ -t 1 ]; then
  bold=$'\e[1m' plain=$'\e[0m'
fi

step() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

note() {
  printf '  %s\n' "$@"
}

indented() {
  sed 's/^/  | /'
}

fail() {
  printf '\nThe demonstration failed: %s\n' "$1" >&2
  exit 1
}

prepare() {
  step "1. Packages and programs"
  tests/helpers/install-deps build "$@" || fail "packages are missing"
  note "all packages are there"
  if [ -z "${UML_SWITCH:-}" ]; then
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -j"$(nproc)" BUILD="$BUILD" all |
      indented
    [ "${PIPESTATUS[0]}" -eq 0 ] || fail "the programs do not build"
    note "the programs are built in $BUILD/"
  fi

  work_make || fail "no temporary folder"
  trap 'trap "" INT TERM HUP; cleanup' EXIT
  trap 'printf "\nInterrupted: cleaning up.\n" >&2; exit 130' INT
  trap 'exit 143' TERM HUP
  if [ "$(id -u)" -ne 0 ]; then
    note "user $(id -un) runs the switch and the guests: no root needed"
  elif run_as_nobody; then
    note "you are root, so user nobody runs the switch and the guests"
  else
    note "root runs the switch and the guests here, for the reason above"
  fi
}

# The programs are copied: another user may not be able to look into the
# folder that they were built in.
switch_run() {
  if [ -n "${UML_SWITCH:-}" ]; then
    ROUTER=$UML_SWITCH
  else
    install -m 755 "$ROUTER" "$ROUTERCTL" "$WORK/" || fail "nothing to run"
    ROUTER=$WORK/uml_router
    ROUTERCTL=$WORK/uml_routerctl
  fi
  note "$(basename "$ROUTER") ${*//$WORK/\$DIR}" "in DIR=$WORK"
  switch_start switch "$@" || fail "the switch does not start"
  note "running as process $(proc_pid switch), user $(ps -o user= -p "$(proc_pid switch)")"
}

ask() {
  printf '  %s# %s\n' "$1" "$2"
  guest_run "$1" "$2" >"$WORK/answer" || {
    indented <"$WORK/answer"
    fail "'$2' in guest $1"
  }
  indented <"$WORK/answer"
}

# Only he may always ask the switch.
as_user() {
  timeout -k 2 10 "${RUN_AS[@]}" "$@"
}

show_ports() {
  note "uml_routerctl -s \$DIR/control port show"
  as_user "$ROUTERCTL" -s "$WORK/control" port show >"$WORK/answer" ||
    fail "the switch does not answer"
  indented <"$WORK/answer"
}

# clean_up TITLE WHAT: WHAT is gone
clean_up() {
  step "$1"
  cleanup
  trap - EXIT
  note "$2"
}
