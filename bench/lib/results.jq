# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the lines that `record` writes to a summary, and from a summary to a
# table or to data for gnuplot. See results.sh for the form of a line.

# In groups by f, in the order of first appearance.
def groups(f):
	to_entries | map({at: .key, it: .value}) | group_by(.it | f) |
	sort_by(.[0].at) | map(map(.it));

def firsts: groups(.) | map(.[0]);

def middle:
	sort |
	if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def spread: {median: middle, min: min, max: max};

def words:
	split(" ") | map(capture("^(?<key>[^=]+)=(?<value>.+)$") |
		.value |= tonumber) | from_entries;

def lines:
	[inputs | select(. != "") | split("\t") | {case: .[0], unit: .[1],
		peer: .[2], round: (.[3] | tonumber), values: (.[4] | words)}];

# The runs of one peer against those of another in the same case: the ratio of
# the medians, and how far the ratios within each round reach.
def ratio($runs; $base):
	($base | map({key: "\(.round)", value: .values.value}) | from_entries)
		as $of |
	($runs | map(select($of["\(.round)"] > 0) |
		.values.value / $of["\(.round)"])) as $each |
	($base | map(.values.value) | middle) as $median |
	if ($each | length) == 0 or $median == 0 then empty
	else {median: (($runs | map(.values.value) | middle) / $median),
		min: ($each | min), max: ($each | max)} end;

def summarise($bases):
	lines | groups(.case) | map(groups(.peer) as $peers | $peers | map(
		. as $runs | .[0] as $first |
		{case: $first.case, unit: $first.unit, peer: $first.peer,
			rounds: length} +
		($first.values | with_entries(.key as $key |
			.value = ($runs | map(.values[$key] // empty) | spread))) +
		{ratio_to: ($bases | map(. as $name | {key: ., value:
			($peers[] | select(.[0].peer == $name and
				$name != $first.peer) | ratio($runs; .))}) |
			from_entries)})) | add // [];

def digits($n):
	if $n == 0 then round | tostring
	else pow(10; $n) as $by | (. * $by | round) as $i |
		(($i % $by | tostring) | ("0" * ($n - length) // "") + .)
			as $rest | "\($i / $by | floor).\($rest)" end;
# Three significant digits, or as many as there are before the point.
def show:
	if . == null then "-"
	elif . == floor then tostring
	elif . >= 100 then digits(0)
	elif . >= 10 then digits(1)
	elif . >= 0.1 then digits(2)
	else digits(3) end;

def range: if . == null or .min == .max then "" else "(\(.min | show) - \(.max | show))" end;

def heading: gsub("_percent$"; " %") | gsub("_"; " ");

# Rows of strings, the first one left-aligned, the others right-aligned.
def layout:
	(transpose | map(map(length) | max)) as $width |
	map(to_entries | map(.key as $i | .value |
		(" " * ($width[$i] - length) // "") as $pad |
		if $i == 0 then . + $pad else $pad + . end) |
		join("  ") | sub(" +$"; "")) | .[];

def table:
	.compared_with as $compared_with | .results | groups(.case)[] |
	([.[] | keys_unsorted[]] | firsts - ["case", "unit", "peer", "rounds",
		"value", "ratio_to"]) as $more |
	(map(.ratio_to) | add | keys_unsorted) as $there |
	($compared_with | map(select([.] | inside($there)))) as $bases |
	"", .[0].case,
	([["", .[0].unit, "(min - max)"] + ($more | map(heading)) +
		($bases | map("to \(.)", "(min - max)"))] +
	map(. as $row |
		[$row.peer, ($row.value.median | show), ($row.value | range)] +
		($more | map($row[.].median | show)) +
		($bases | map($row.ratio_to[.] | (.median | show), range))) |
	layout);

# Each peer against its own first case, in the medians of one key, among the
# cases whose names begin so.
def growth($prefix; $key):
	(.results | map(select(.case | startswith($prefix)))) as $all |
	($all | map(.case) | firsts) as $cases |
	"", "Compared with \($cases[0]): \(
		if $key == "value" then $all[0].unit else $key | heading end)",
	([["", $cases[1:][]]] + ($all | groups(.peer) | map(. as $rows |
		$rows[0][$key].median as $first |
		[.[0].peer] + ($cases[1:] | map(. as $case |
			[$rows[] | select(.case == $case) | .[$key].median] |
			if .[0] == null or ($first // 0) == 0 then null
			else .[0] / $first end | show)))) |
	layout);

# Blocks for gnuplot, one for each group by f: a line for each member, with
# its place in the group, its name by g, its median, least and most.
def blocks(f; g):
	.results | groups(f)[] |
	(to_entries[] | [.key, (.value | g | tojson), .value.value.median,
		.value.value.min, .value.value.max] | map(tostring) | join(" ")),
	"", "";
