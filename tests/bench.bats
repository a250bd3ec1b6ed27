# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the benchmarks make of their figures, and what they refuse. The figures
# themselves are nobody's promise.

bats_require_minimum_version 1.5.0
load helpers/proc

setup() {
  work_make
}

teardown() {
  cleanup
}

# known ARG...: a benchmark of two peers in two cases, three rounds; in one of
# them a peer fails
known() {
  cat >"$WORK/known" <<END
. "$PWD/bench/lib/base.sh"
parse "\$@"
begin
for round in 1 2 3; do
  record first Mbit/s slow \$round value=\$((round * 100)) lost_percent=0
  record first Mbit/s fast \$round value=\$((round * 250)) lost_percent=\$round
  record second Mbit/s slow \$round value=10
  [ \$round = 2 ] || record second Mbit/s fast \$round value=\$((round * 5))
done
finish bars slow
growth
END
  timeout 20 bash "$WORK/known" --rounds 3 "$@" >"$WORK/out"
  cat "$WORK/out"
}

# line PATTERN: one line of the table is exactly this, spaces apart
line() {
  sed 's/  */ /g' "$WORK/out" | grep -qxF -- "$1"
}

@test "medians, ratios of medians, and how far each reaches" {
  known --json "$WORK/json"
  line ' Mbit/s (min - max) lost % to slow (min - max)'
  line 'slow 200 (100 - 300) 0 -'
  line 'fast 500 (250 - 750) 2 2.50'
  line 'slow 10 -'
  line 'fast 10 (5 - 15) 1 (0.50 - 1.50)'
  jq -e '.results | length == 4 and .[1].peer == "fast" and
    .[1].value == {median: 500, min: 250, max: 750} and
    .[1].ratio_to.slow == {median: 2.5, min: 2.5, max: 2.5} and
    .[3].rounds == 2' "$WORK/json"
  jq -e '.rounds == 3 and .host.kernel != null' "$WORK/json"
}

@test "each peer against its own first case" {
  known
  line 'Compared with first: Mbit/s'
  line 'slow 0.050'
  line 'fast 0.020'
}

@test "a plot has a bar for each peer" {
  command -v gnuplot >/dev/null || skip "needs gnuplot"
  known --plot "$WORK/plot.svg"
  grep -q '<svg' "$WORK/plot.svg"
  [ "$(grep -c '>slow<' "$WORK/plot.svg")" -eq 2 ]
}

@test "nothing is left of a benchmark" {
  mkdir "$WORK/tmp"
  TMPDIR=$WORK/tmp known
  [ -z "$(ls "$WORK/tmp")" ]
}

@test "bad words are refused with the reason" {
  local name
  for name in frames scale tap-to-tap pairs guest guest-to-guest vhost short-queues tunctl \
    uml_net; do
    run -1 "bench/$name" --rounds 0
    [[ $output = "$name: --rounds: '0' is not a count" ]]
    run -1 "bench/$name" --seconds 0.0
    [[ $output = "$name: --seconds: '0.0' is not a time" ]]
    run -1 "bench/$name" --plot x.gif
    [[ $output = *"ends in neither .svg nor .png" ]]
    run -1 "bench/$name" --json
    [[ $output = "$name: --json needs a value" ]]
    run -1 "bench/$name" --colour red
    [[ $output = *"unknown argument '--colour'"* ]]
    run -0 "bench/$name" --help
    [[ $output = "usage: bench/$name "* ]]
  done
}

@test "without root a benchmark says what it needs it for" {
  local name
  [ "$(id -u)" -ne 0 ] || run_as_nobody || skip "cannot become nobody"
  for name in tap-to-tap pairs guest guest-to-guest short-queues; do
    run -1 "${RUN_AS[@]}" "bench/$name"
    [[ $output = *"needs root, for network namespaces" ]] ||
      [[ $output = *"needs /dev/net/tun" ]]
  done
}
