#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A slow program behind a tap: reads at most RATE frames a second from the
descriptor TUNCTL_FD, counts those with a UDP datagram to port 9, and writes the
count to FILE when none has come for IDLE seconds.

usage: tap-reader.py RATE IDLE FILE
"""
import os
import select
import sys
import time


def is_ours(frame):
    return (frame[12:14] == b"\x08\x00" and frame[23] == 17
            and frame[36:38] == b"\x00\x09")


def main():
    rate, idle, path = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    fd = int(os.environ["TUNCTL_FD"])
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    open(path + ".ready", "w").close()
    count = 0
    due = time.monotonic()
    while poll.poll(idle * 1000 if count else 30000):
        count += is_ours(os.read(fd, 65536))
        due = max(due + 1 / rate, time.monotonic() - 0.05)
        time.sleep(max(0, due - time.monotonic()))
    with open(path + ".new", "w") as out:
        print(count, file=out)
    os.rename(path + ".new", path)


main()
