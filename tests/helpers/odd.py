#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What no honest client of uml_router does, and what needs a parent process.

odd.py VERB ...
    pieces CTL             join with requests of versions 0, 1 and 3, in pieces
                           of every size; prints joined=N, stays until killed
    request CTL [WORD...]  one request, perhaps a wrong one; prints reply=N and
                           closed=yes|no (within half a second). Words: version=N,
                           kind=N (of request), family=N and sock=PATH (data
                           socket), more=N (octets behind it), uid=N (first
                           become this user)
    described FOLDER TEXT N
                           a client of a VDE folder that describes itself by
                           TEXT and N times an x; prints "ready", stays until
                           killed; fails if the switch closes
    padded CTL             a client whose request ends with padding that is not
                           zeroed; prints "ready", stays until killed
    twins CTL              two connections that name one data socket; prints
                           how many copies of a broadcast it gets with both,
                           and with one of them closed
    stranger CTL           sends to a client's port from a socket that is not
                           the client's; prints send=ERROR connect=ERROR and
                           own=ERROR for the client itself
    ask SOCKET LINE...     requests on one management connection; prints the
                           answers
    chop SOCKET N LINE...  the same requests in pieces of N octets, the first
                           answer awaited when all are sent
    crowd SOCKET N         N connections to a stream socket that say nothing;
                           prints "ready", stays until killed
    deaf SOCKET N          N management connections, on each 1000 requests for
                           all addresses, no answer read; prints "ready", stays
    mute SOCKET LINE [N]   N times (1) a request, no answer read; prints "ready",
                           stays
    nag SOCKET N SECONDS   N management connections that ask for all ports as
                           fast as they are answered; prints answers=N
    say SOCKET HEX         these octets on a stream socket; prints closed=yes|no
                           (within half a second), stays until closed or killed
    flood ADDRESS SECONDS  UDP to port 9, as fast as it goes
    drip SOCKET SECONDS HEX  an octet every so often to a stream socket;
                           prints "ready", then open or closed when all are sent
    backpressure           prints yes or no: does the kernel offer it
    cable TYPE CMD -- CMD  two programs on the two ends of a socket pair (dgram,
                           seqpacket, stream); {} is the descriptor
    tap DEV CMD            CMD with an open tap device; {} is the descriptor

Needs nothing but python3-minimal. Every wait has a limit.
"""
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

LIMIT = 10
MAGIC = 0xfeedface
SIOCOUTQ = 0x5411
TUNSETIFF = 0x400454ca
TUNGETFEATURES = 0x800454cf
IFF_TAP, IFF_NO_PI, IFF_BACKPRESSURE = 0x0002, 0x1000, 0x0080


def say(text):
    print(text, flush=True)


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(LIMIT)
    sock.connect(path)
    return sock


def data_socket():
    """A bound data socket; as UML names it: abstract, the whole of sun_path."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.settimeout(LIMIT)
    name = b"\0" + struct.pack("=iI", os.getpid(), sock.fileno())
    sock.bind(name.ljust(108, b"\0"))
    return sock


def request(version, name, kind=0, family=socket.AF_UNIX):
    """The C structs of uml_switch, with the padding at their ends."""
    addr = struct.pack("=H108s", family, name)
    if version == 0:
        return struct.pack("=I6x", kind) + addr
    if version == 1:
        return struct.pack("=II6x", MAGIC, kind) + addr
    return struct.pack("=III", MAGIC, version, kind) + addr + b"\0\0"


def read_reply(sock):
    """The name of the switch's data socket; shorter if that is not it."""
    reply = b""
    while len(reply) < 110:
        more = sock.recv(110 - len(reply))
        if not more:
            break
        reply += more
    return reply


def join(path, data):
    control = connect(path)
    control.sendall(request(3, data.getsockname()))
    return control, read_reply(control)[2:]


def stay():
    say("ready")
    signal.pause()


def send_pieces(sock, whole, size):
    """Send in pieces, each when the switch has read the one before."""
    for at in range(0, len(whole), size):
        sock.sendall(whole[at:at + size])
        for _ in range(100000):
            if fcntl.ioctl(sock, SIOCOUTQ, b"\0\0\0\0") == b"\0\0\0\0":
                break
        else:
            sys.exit("the switch does not read")


def pieces(path):
    kept = []
    for version in 0, 1, 3:
        size = 0
        while size == 0 or size < len(whole):
            size += 1
            data = data_socket()
            control = connect(path)
            whole = request(version, data.getsockname())
            send_pieces(control, whole, size)
            if version and len(read_reply(control)) != 110:
                sys.exit(f"version {version}, pieces of {size}: no reply")
            kept += [data, control]
    say(f"joined={len(kept) // 2}")
    stay()


def odd_request(path, *words):
    args = {"version": "3", "kind": "0", "family": "1", "more": "0"}
    args.update(word.split("=", 1) for word in words)
    version, kind, family, more = (
        int(args[key], 0) for key in ("version", "kind", "family", "more"))
    if "uid" in args:
        uid = int(args["uid"])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    data = data_socket()
    name = args["sock"].encode() if "sock" in args else data.getsockname()
    control = connect(path)
    control.sendall(request(version, name, kind, family) + bytes(more))
    got, closed = 0, False
    while not closed and select.select([control], [], [], 0.5)[0]:
        try:
            octets = len(control.recv(4096))
        except ConnectionResetError:
            octets = 0
        got += octets
        closed = not octets
    say(f"reply={got} closed={'yes' if closed else 'no'}")


def described(folder, text, more):
    data = data_socket()
    control = connect(folder + "/ctl")
    whole = request(3, data.getsockname())[:-2]
    control.sendall(whole + os.fsencode(text) + b"x" * int(more))
    if len(read_reply(control)) != 110:
        sys.exit("no reply")
    if select.select([control], [], [], 0.5)[0]:
        sys.exit("closed")
    stay()


def padded(path):
    data = data_socket()
    control = connect(path)
    control.sendall(request(3, data.getsockname())[:-2] + b"\xa5Z")
    if len(read_reply(control)) != 110:
        sys.exit("no reply")
    stay()


def frames_in(sock):
    count = 0
    while select.select([sock], [], [], 0.5)[0]:
        sock.recv(65600)
        count += 1
    return count


def twins(path):
    frame = b"\xff" * 6 + b"\x02\0\0\0\0\x77\x88\xb6" + bytes(46)
    data, other = data_socket(), data_socket()
    first, _ = join(path, data)
    second, _ = join(path, data)
    third, port = join(path, other)
    other.sendto(frame, port)
    both = frames_in(data)
    first.close()
    select.select([], [], [], 0.3)
    other.sendto(frame, port)
    say(f"both={both} one={frames_in(data)}")
    second.close()
    third.close()


def attempt(call, *args):
    try:
        call(*args)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "none"


def stranger(path):
    data, other = data_socket(), data_socket()
    _control, port = join(path, data)
    frame = b"\xff" * 6 + b"\x02\0\0\0\0\x77\x88\xb6" + bytes(46)
    say(f"send={attempt(other.sendto, frame, port)} "
        f"connect={attempt(other.connect, port)} "
        f"own={attempt(data.sendto, frame, port)}")


def is_last(answer):
    return answer and (b'{"end":' in answer or b'{"error":' in answer)


def ask(path, *lines):
    sock = connect(path)
    stream = sock.makefile("rb")
    for line in lines:
        try:
            sock.sendall(line.encode() + b"\n")
            answer = None
            while answer != b"" and not is_last(answer):
                answer = stream.readline()
                print(answer.decode(), end="", flush=True)
        except ConnectionError:
            answer = b""
        if answer == b"":
            sys.exit("the switch ended the connection")


def chop(path, size, *lines):
    sock = connect(path)
    send_pieces(sock, "".join(line + "\n" for line in lines).encode(), int(size))
    stream = sock.makefile("rb")
    for _ in lines:
        answer = None
        while not is_last(answer):
            answer = stream.readline()
            say(answer.decode().rstrip("\n"))
            if not answer:
                sys.exit("the switch ended the connection")


def crowd(path, count):
    kept = [connect(path) for _ in range(int(count))]
    stay()
    del kept


def deaf(path, count):
    kept = [connect(path) for _ in range(int(count))]
    for sock in kept:
        sock.sendall(b'{"object":"fdb","verb":"show"}\n' * 1000)
    stay()


def mute(path, line, count="1"):
    socks = [connect(path) for _ in range(int(count))]
    for sock in socks:
        sock.sendall(line.encode() + b"\n")
    stay()


def nag(path, count, seconds):
    request = b'{"object":"port","verb":"show"}\n'
    socks = [connect(path) for _ in range(int(count))]
    say("ready")
    for sock in socks:
        sock.sendall(request * 100)
    end, answers = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        for sock in select.select(socks, [], [], 0.1)[0]:
            done = sock.recv(1 << 20).count(b'{"end":')
            answers += done
            sock.sendall(request * done)
    say(f"answers={answers}")


def flood(address, seconds):
    """Datagrams of 1000 octets as fast as the sockets let them out."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((address, 9))
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        sock.send(bytes(1000))


def drip(path, pause, octets):
    sock = connect(path)
    say("ready")
    for octet in bytes.fromhex(octets):
        try:
            sock.sendall(bytes([octet]))
        except BrokenPipeError:
            break
        select.select([], [], [], float(pause))
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
        say("closed")
    except BlockingIOError:
        say("open")


def backpressure():
    word = fcntl.ioctl(os.open("/dev/net/tun", os.O_RDWR), TUNGETFEATURES,
                       bytes(4))
    say("yes" if struct.unpack("=I", word)[0] & IFF_BACKPRESSURE else "no")


def with_number(words, fd):
    return [word.replace("{}", str(fd)) for word in words]


def end_groups(running):
    """What a guest's kernel leaves is in a process group of its own."""
    for child in running:
        for kill in (os.killpg, os.kill):
            try:
                kill(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    sys.exit(1)


def cable(kind, *words):
    ends = socket.socketpair(socket.AF_UNIX,
                             getattr(socket, "SOCK_" + kind.upper()))
    cut = words.index("--")
    running = []
    signal.signal(signal.SIGTERM, lambda *_: end_groups(running))
    for end, cmd in zip(ends, (words[:cut], words[cut + 1:])):
        fd = end.fileno()
        running.append(subprocess.Popen(with_number(cmd, fd), pass_fds=[fd]))
    for end in ends:
        end.close()
    say("ready")
    sys.exit(max(abs(child.wait()) for child in running))


def tap(name, *words):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF,
                struct.pack("=16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    os.set_inheritable(fd, True)
    os.execvp(words[0], with_number(words, fd))


def say_octets(path, octets):
    sock = connect(path)
    sock.sendall(bytes.fromhex(octets))
    closed = bool(select.select([sock], [], [], 0.5)[0])
    say("closed=%s" % ("yes" if closed else "no"))
    if not closed:
        sock.settimeout(None)
        say("ready")
        sock.recv(1)
        say("closed=later")


def main():
    verbs = {
        "pieces": pieces,
        "request": odd_request,
        "described": described,
        "padded": padded,
        "twins": twins,
        "stranger": stranger,
        "ask": ask,
        "chop": chop,
        "crowd": crowd,
        "deaf": deaf,
        "mute": mute,
        "nag": nag,
        "drip": drip,
        "backpressure": backpressure,
        "flood": flood,
        "say": say_octets,
        "cable": cable,
        "tap": tap,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]](*sys.argv[2:])


main()
