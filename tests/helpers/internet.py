#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rest of the world, for tests: a name server and a web server.

internet.py ADDR    any name is ADDR; any page of http://ADDR/ is the word hello
                    and the path; prints "ready"
"""
import http.server
import socket
import struct
import sys
import threading

A, IN = 1, 1


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"hello {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def end_of_name(message, at):
    while message[at]:
        at += 1 + message[at]
    return at + 1


def answer(query, addr):
    """RFC 1035, 4.1: the question again; for an address, one answer."""
    end = end_of_name(query, 12)
    kind, = struct.unpack_from("!H", query, end)
    found = kind == A
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, found, 0, 0)
    record = struct.pack("!HHHIH", 0xc00c, A, IN, 60, 4) + socket.inet_aton(addr)
    return head + query[12:end + 4] + (record if found else b"")


def serve_names(sock, addr):
    while True:
        query, client = sock.recvfrom(512)
        sock.sendto(answer(query, addr), client)


def main():
    addr = sys.argv[1]
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((addr, 53))
    threading.Thread(target=serve_names, args=(names, addr), daemon=True).start()
    pages = http.server.ThreadingHTTPServer((addr, 80), Page)
    print("ready", flush=True)
    pages.serve_forever()


main()
