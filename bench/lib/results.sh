# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Results of a benchmark: lines of $WORK/results, from which come medians over
# the rounds, ratios, the table, JSON and the plot. Sourced by base.sh.

# record CASE UNIT PEER ROUND KEY=NUMBER... - one run. `value` is the key that
# is compared; all the others become further columns, in this order.
record() {
	local IFS=' '

	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${*:5}" \
		>>"$WORK/results"
}

results_jq() {
	jq -L "$bench/lib" -n -r "$@"
}

# finish STYLE [PEER...] - summary of all that was recorded, with ratios to
# these peers; the table, and what --json and --plot ask for. STYLE of the plot
# is bars (a panel for each case) or lines (cases from left to right).
finish() {
	local style=$1

	shift
	profiled
	platform >"$WORK/platform"
	# shellcheck disable=SC2016
	results_jq -R --arg name "${0##*/}" --rawfile host "$WORK/platform" \
		--argjson seconds "$seconds" --argjson rounds "$rounds" '
		include "results";
		{benchmark: $name,
		host: ($host | split("\n") | map(select(. != "") | split("\t") |
			{key: .[0], value: .[1]}) | from_entries),
		seconds: $seconds, rounds: $rounds,
		compared_with: $ARGS.positional,
		results: summarise($ARGS.positional)}' \
		--args "$@" <"$WORK/results" >"$WORK/summary" ||
		fail "no summary"
	results_jq 'include "results"; input |
		(.host | to_entries[] | "\(.key): \(.value)"), table' \
		<"$WORK/summary"
	[ -z "$json" ] || cp "$WORK/summary" "$json"
	[ -z "$plot" ] || draw "$style" "$plot"
}

# growth [PREFIX [KEY]] - after finish: each peer compared with its own first
# case, among those that begin with PREFIX
growth() {
	# shellcheck disable=SC2016
	results_jq --arg prefix "${1:-}" --arg key "${2:-value}" \
		'include "results"; input | growth($prefix; $key)' \
		<"$WORK/summary"
}

# draw STYLE FILE - bars from zero or lines, with the reach of the rounds
draw() {
	"draw_$1" "$2" >"$WORK/plot"
	gnuplot "$WORK/plot" || fail "cannot draw $2"
}

# plot_head FILE PANELS HEIGHT - one panel below the other
plot_head() {
	local size="size 900,$(($2 * $3)) noenhanced"

	case $1 in
	*.svg) echo "set terminal svg $size dynamic background 'white'" ;;
	*.png) echo "set terminal pngcairo $size" ;;
	esac
	echo "set output $(quoted "$1")"
	echo "set multiplot layout $2,1"
	echo "set style fill solid 0.4 border"
	echo "set grid ytics"
	echo "set yrange [0:*]"
}

# A string for gnuplot.
quoted() {
	printf "'%s'" "${1//\'/\'\'}"
}

# names FIELDS - what differs in these fields, in the order of appearance
names() {
	results_jq "include \"results\"; input | [.results[] | $1] | firsts[]" \
		<"$WORK/summary"
}

draw_bars() {
	local panels i

	results_jq 'include "results"; input | blocks(.case; .peer)' \
		<"$WORK/summary" >"$WORK/plot.data"
	mapfile -t panels < <(names '"\(.case), \(.unit)"')
	plot_head "$1" ${#panels[@]} 270
	echo "set offsets 0.4, 0.4, 0, 0"
	echo "unset key"
	for i in "${!panels[@]}"; do
		echo "set title $(quoted "${panels[i]}")"
		echo "plot $(quoted "$WORK/plot.data") index $i" \
			"using 1:3:4:5:(0.5):xtic(2) with boxerrorbars"
	done
}

draw_lines() {
	local series i

	results_jq 'include "results"; input | blocks(.peer; .case)' \
		<"$WORK/summary" >"$WORK/plot.data"
	mapfile -t series < <(names .peer)
	plot_head "$1" 1 500
	echo "set key outside bottom center horizontal"
	[ "$(names .case | wc -l)" -le 5 ] || echo "set xtics rotate by -20"
	echo "set ylabel $(quoted "$(names .unit | head -n 1)")"
	for i in "${!series[@]}"; do
		[ "$i" = 0 ] && printf 'plot ' || printf ', '
		printf '%s index %d using 1:3:4:5:xtic(2) %s title %s' \
			"$(quoted "$WORK/plot.data")" "$i" \
			"with yerrorlines lw 2" "$(quoted "${series[i]}")"
	done
	echo
}
