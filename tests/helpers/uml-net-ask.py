#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's side of uml_net, and a log.

uml-net-ask.py hold PROGRAM ARG...
    Runs it with a socket as its standard output, as a UML kernel does for
    "tuntap up"; prints what came ("device DEV", the text, "status N") and
    keeps the descriptor until it is ended. Status 1 if there was none.
uml-net-ask.py once PROGRAM ARG...
    The same, but ends after that.
uml-net-ask.py ethertap [VERSION] PROGRAM DEVICE GATEWAY STEP...
    The same for "ethertap". Steps, in their order, print what they get:
    add ADDR, del ADDR, raw HEX (on the control socket), split ADDR (an add in
    pieces), send HEX (a datagram), giant (a long one), recv (a datagram),
    shut (the control socket is closed), gone (the program has ended), sleep
    (until ended), wait (for SIGUSR1).
uml-net-ask.py log PATH
    Prints every datagram that comes there, one a line.
"""
import array
import os
import signal
import socket
import struct
import subprocess
import sys

TIMEOUT = 10


def say(text):
    print(text, flush=True)


def hold(argv, forever):
    mine, theirs = socket.socketpair()
    program = subprocess.Popen(argv, stdout=theirs.fileno())
    theirs.close()
    mine.settimeout(TIMEOUT)
    data, control, _, _ = mine.recvmsg(4095, socket.CMSG_SPACE(8))
    fds = array.array("i")
    for level, kind, value in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(value)
    if fds:
        say("device " + data[:16].rstrip(b"\0").decode())
        data = data[16:]
    if not data.endswith(b"\0"):
        say("not terminated")
    sys.stdout.write(data.rstrip(b"\0").decode())
    say("descriptors %d" % len(fds))
    status = program.wait(TIMEOUT)
    say("status %d" % status)
    while fds and forever:
        signal.pause()
    return 0 if fds else 1


def read_exactly(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            break
        data += part
    return data


def read_text(sock):
    length = read_exactly(sock, 4)
    if len(length) < 4:
        say("end")
        return
    data = read_exactly(sock, struct.unpack("i", length)[0])
    if not data.endswith(b"\0"):
        say("not terminated")
    sys.stdout.write(data.rstrip(b"\0").decode())
    sys.stdout.flush()


def record(what, addr, version):
    mask = b"\xff\xff\xff\0" if version >= 4 else b""
    return struct.pack("i", what) + socket.inet_aton(addr) + mask


class Ethertap:
    def __init__(self, version, program, device, gateway):
        self.version = version
        self.control, control = socket.socketpair()
        self.data, data = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        os.set_inheritable(data.fileno(), True)
        argv = [program, str(version), "ethertap", device, str(data.fileno())]
        if gateway:
            argv.append(gateway)
        self.program = subprocess.Popen(argv, stdout=control.fileno(),
                                        close_fds=False)
        control.close()
        data.close()
        self.control.settimeout(TIMEOUT)
        self.data.settimeout(TIMEOUT)
        say("ok %d" % self.control.recv(1)[0])
        if version >= 3:
            read_text(self.control)

    def step(self, word, steps):
        if word in ("add", "del"):
            self.control.sendall(record(["add", "del"].index(word),
                                        steps.pop(0), self.version))
            if self.version >= 3:
                read_text(self.control)
        elif word == "split":
            for octet in record(0, steps.pop(0), self.version):
                self.control.sendall(bytes([octet]))
            read_text(self.control)
        elif word == "raw":
            self.control.sendall(bytes.fromhex(steps.pop(0)))
            read_text(self.control)
        elif word == "send":
            self.data.send(bytes.fromhex(steps.pop(0)))
        elif word == "giant":
            self.data.send(bytes(70000))
        elif word == "recv":
            say("frame " + self.data.recv(70000).hex())
        elif word == "shut":
            self.control.close()
        elif word == "gone":
            say("status %d" % self.program.wait(TIMEOUT))
        elif word == "wait":
            signal.sigwait([signal.SIGUSR1])
        elif word == "sleep":
            signal.pause()


def ethertap(words):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    version = int(words.pop(0)) if words[0].isdigit() else 4
    program, device, gateway = words[:3]
    steps = words[3:]
    guest = Ethertap(version, program, device, gateway)
    while steps:
        guest.step(steps.pop(0), steps)
    return 0


def log(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    os.chmod(path, 0o666)
    while True:
        say(sock.recv(4096).decode(errors="replace").rstrip("\0\n"))


def main():
    if sys.argv[1] in ("hold", "once"):
        return hold(sys.argv[2:], sys.argv[1] == "hold")
    if sys.argv[1] == "ethertap":
        return ethertap(sys.argv[2:])
    return log(sys.argv[2])


sys.exit(main())
