# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every test and example needs before it starts anything: a folder of its
# own, clean-up that happens by process id whatever goes wrong, and waiting for
# a condition instead of for a time.
#
#   work_make                      WORK=<new folder>, removed by cleanup
#   defer CMD [ARG...]             run at cleanup, last one first
#   cleanup                        end and remove everything that was started
#   wait_for [-t SECONDS] CMD...   poll CMD every 20 ms (30 s unless told)
#   proc_start [-n NS] NAME CMD... run in the background, log to a file
#   proc_stop NAME [SIGNAL]        end it (SIGTERM, after 3 s SIGKILL)
#   proc_kill NAME                 SIGKILL to it and all it started
#   proc_wait NAME [SECONDS]       wait for its end; returns its exit status
#   proc_pid / proc_alive / proc_log NAME
#   run_as_nobody                  processes started from now on lose root
#
# All of it works with and without `set -e`, which bats sets.
#
# State lies in files below $WORK, so that a function called in a subshell, as
# bats' `run` does, counts as well.

# Words put before each command that proc_start runs, to change its user.
RUN_AS=()

# Nothing that was started lives longer than this many seconds, not even if
# the shell that started it was killed and could not clean up.
PROC_LIFE=${PROC_LIFE:-900}

# work_make: make the folder. Its name is short: a socket's path below it must
# fit into 107 bytes (unix(7)).
work_make() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/netutils.XXXXXX") || return 1
  chmod 755 "$WORK"
  mkdir "$WORK/proc"
  : >"$WORK/defer"
}

defer() {
  printf '%q ' "$@" >>"$WORK/defer"
  echo >>"$WORK/defer"
}

cleanup() {
  local line
  [ -n "${WORK:-}" ] && [ -d "$WORK" ] || return 0
  # What was deferred more than once has its place where it was last.
  tac "$WORK/defer" | awk '!seen[$0]++' >"$WORK/defer.now"
  # The list is read from its own descriptor: a command may read stdin.
  while read -r line <&9; do
    eval "$line" || echo "cleanup: failed: $line" >&2
  done 9<"$WORK/defer.now"
  rm -rf -- "$WORK"
  WORK=
}

# wait_for [-t SECONDS] CMD [ARG...]: 0 as soon as CMD succeeds. CMD is a
# command or a function; `wait_for eval 'a && b'` for more.
wait_for() {
  local limit=30 end
  if [ "$1" = -t ]; then
    limit=$2
    shift 2
  fi
  end=$(($(date +%s%N) + limit * 1000000000))
  until "$@" >/dev/null 2>&1; do
    if [ "$(date +%s%N)" -ge "$end" ]; then
      echo "waited $limit s in vain for: $*" >&2
      return 1
    fi
    sleep 0.02
  done
}

# run_as_nobody: give $WORK to nobody and make proc_start use it. Fails, and
# says why, where the user cannot be changed; does nothing when not root.
run_as_nobody() {
  local try=(setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs)
  [ "$(id -u)" -eq 0 ] || return 0
  if ! "${try[@]}" test -x "$WORK" 2>"$WORK/setpriv.log"; then
    echo "cannot run as nobody: $(head -n 1 "$WORK/setpriv.log")" >&2
    return 1
  fi
  if ! chown nobody:nogroup "$WORK"; then
    return 1
  fi
  RUN_AS=("${try[@]}")
}

# proc_start [-n NS] NAME CMD [ARG...]: CMD in the background, in a session of
# its own, under a time limit, stdin from $PROC_STDIN (/dev/null), all output
# to the log. Its exit status is kept. Fails if it cannot be started.
proc_start() {
  local enter=() name dir
  if [ "$1" = -n ]; then
    mapfile -t enter < <(ns_words "$2")
    shift 2
  fi
  name=$1
  dir=$WORK/proc/$1
  shift
  rm -f "$dir.status" "$dir.pid"
  defer proc_stop "$name"
  # The inner shell leaves its id and start time and becomes CMD: this is how
  # it is found, and told from a later process with the same number.
  # Descriptor 3 and above are the test runner's: a child that holds them
  # would keep it waiting. The outer subshell ends at once: the inner one, no
  # longer a child of the test, lives to record the status if the test is
  # ended from outside.
  # shellcheck disable=SC2016
  ( (
    status=0
    env --default-signal=INT,QUIT timeout -k 5 "$PROC_LIFE" \
      setsid "${enter[@]}" sh -c '
        dir=$0
        read -r stat <"/proc/$$/stat"
        # shellcheck disable=SC2086
        (set -- ${stat##*) }; echo "$$ ${20}" >"$dir.new")
        mv "$dir.new" "$dir.pid"
        exec "$@"' "$dir" "${RUN_AS[@]}" "$@" \
      <>"${PROC_STDIN:-/dev/null}" >"$dir.log" 2>&1 || status=$?
    echo "$status" >"$dir.ended"
    mv "$dir.ended" "$dir.status"
  ) 2>"$dir.shell" 3>&- 4>&- 5>&- 9>&- &)
  wait_for -t 5 proc_started "$name" && [ -e "$dir.pid" ]
}

# proc_ids NAME: set pid and start of the caller
proc_ids() {
  read -r pid start <"$WORK/proc/$1.pid"
}

# proc_alive NAME: it runs (a zombie does not)
proc_alive() {
  local pid start stat
  proc_ids "$1" 2>/dev/null || return 1
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" != Z ] && [ "${20}" = "$start" ]
}

proc_pid() {
  local pid start
  proc_ids "$1" && echo "$pid"
}

proc_log() {
  cat "$WORK/proc/$1.log"
}

# proc_ended NAME: it has ended and its exit status is known
proc_ended() {
  [ -e "$WORK/proc/$1.status" ]
}

# proc_wait NAME [SECONDS]: returns the exit status, 124 if it still runs
proc_wait() {
  wait_for -t "${2:-10}" proc_ended "$1" || return 124
  return "$(cat "$WORK/proc/$1.status")"
}

# proc_gone SESSION: none but zombies is left of it
proc_gone() {
  # shellcheck disable=SC2009 # pgrep cannot leave out zombies
  ! ps -o stat= -s "$1" | grep -qv '^Z'
}

# proc_started NAME: its id is known, or it ended before that
proc_started() {
  [ -e "$WORK/proc/$1.pid" ] || proc_ended "$1"
}

# proc_find NAME: proc_ids, also right after an interrupted proc_start
proc_find() {
  [ -e "$WORK/proc/$1.shell" ] || return 1
  wait_for -t 5 proc_started "$1" || return 1
  proc_ids "$1" 2>/dev/null
}

# proc_kill NAME: SIGKILL to the process, then to what it leaves in its group
proc_kill() {
  local pid start
  proc_find "$1" || return 0
  ! proc_alive "$1" || kill -s KILL "$pid" 2>/dev/null || true
  wait_for -t 5 proc_ended "$1" || return 1
  proc_gone "$pid" || kill -s KILL -- "-$pid" 2>/dev/null || true
  wait_for -t 5 proc_gone "$pid"
}

# proc_stop NAME [SIGNAL]: ask, wait up to 3 s, then make sure
proc_stop() {
  local pid start
  proc_find "$1" || return 0
  if proc_alive "$1"; then
    kill -s "${2:-TERM}" "$pid" || true
    kill -s CONT "$pid" 2>/dev/null || true
    wait_for -t 3 proc_ended "$1" 2>/dev/null || true
  fi
  proc_kill "$1"
}
