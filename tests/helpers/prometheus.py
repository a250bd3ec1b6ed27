#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the text format of Prometheus (0.0.4) from standard input, strictly:
all samples of a metric together and behind its HELP and TYPE, names and labels
by the rules, counters that end in _total, gauges that do not, no sample twice,
a newline at the end. Prints the samples.
"""
import re
import sys

NAME = r"[a-z][a-z0-9_]*"
LABEL = r'([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
HELP = re.compile(rf"# HELP ({NAME}) (\S.*\S)$")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge)$")
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+)$")


def wrong(number, line, why):
    sys.exit(f"line {number}: {why}: {line}")


def main():
    text = sys.stdin.read()
    if not text.endswith("\n"):
        sys.exit("no newline at the end")
    seen, samples = set(), set()
    current = kind = helped = None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if match := HELP.match(line):
            helped = match[1]
            if helped in seen:
                wrong(number, line, "a metric in two places")
            seen.add(helped)
        elif match := TYPE.match(line):
            current, kind = match[1], match[2]
            if current != helped:
                wrong(number, line, "TYPE without its HELP")
            if current.endswith("_total") != (kind == "counter"):
                wrong(number, line, "a name that is not of its type")
        elif match := SAMPLE.match(line):
            if match[1] != current:
                wrong(number, line, "a sample of another metric")
            labels = [found[0] for found in re.findall(LABEL, match[2] or "")]
            if len(set(labels)) < len(labels):
                wrong(number, line, "a label twice")
            key = line.rsplit(" ", 1)[0]
            if key in samples:
                wrong(number, line, "a sample twice")
            samples.add(key)
            print(line)
        else:
            wrong(number, line, "no such line")


main()
