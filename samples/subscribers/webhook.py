#!/usr/bin/env python3
"""Takes alerts that a sink of `kind = "webhook"` posts, and verifies their signatures (Standard Webhooks).

Prints each alert once, a line of JSON on standard output; all else goes to standard error. What is missing is only told: a webhook
has no way back to the box.

    WEBHOOK_SECRET=whsec_... python3 webhook.py --listen 127.0.0.1:8470 --state seen.db

Without --cert it speaks plain HTTP: put it behind a proxy that has TLS.
"""

import argparse
import base64
import hashlib
import hmac
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from inbox import Inbox, arguments, say

# An alert has less than 20 kB.
LARGEST = 64 * 1024
# A signature is of use for so many seconds: what somebody recorded cannot be played again later.
TOLERANCE = 300


def is_signed(headers, body, secrets, now):
    """Whether one of the signatures is of one of the secrets, and made just now."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    content = f"{id}.{timestamp}.".encode() + body
    signatures = headers.get("webhook-signature", "").split()
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(wanted.encode(), signature.encode()) for signature in signatures):
            return True
    return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdigit():
            return self.answer(411)
        if int(length) > LARGEST:
            return self.answer(413)
        body = self.rfile.read(int(length))
        # An answer of 401 holds the box's queue until somebody mends the secret; 400 makes a dead letter of the alert.
        if not is_signed(self.headers, body, self.server.secrets, time.time()):
            say("refused: it is not signed with a secret of this side, or one of the clocks is wrong")
            return self.answer(401)
        with self.server.answering:
            if self.server.inbox.is_over():
                return self.answer(503)
            try:
                self.server.inbox.take(body)
            except ValueError as error:
                say(f"refused: {error}")
                return self.answer(400)
            except Exception as error:  # Nothing was kept: the box is to come again.
                say(f"not taken: {error!r}")
                return self.answer(503)
            self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        if status in (411, 413):  # What it says was not read.
            self.send_header("connection", "close")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8470",
                        help="where; port 0 for any that is free, which is told; default: 127.0.0.1:8470")
    parser.add_argument("--cert", metavar="FILE", help="speak TLS, with this PEM file of certificate and key")
    args = arguments(parser).parse_args()
    secrets = os.environ.get("WEBHOOK_SECRET", "").split()
    if not secrets:
        parser.error("WEBHOOK_SECRET is not set: it has the sink's secret, or several with blanks between")
    host, port = args.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.secrets, server.inbox, server.answering = secrets, Inbox(args), threading.Lock()
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    say(f"listens on {'https' if args.cert else 'http'}://{host}:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while not server.inbox.is_over():
        server.inbox.due()
        server.inbox.listen()
        time.sleep(0.2)
    with server.answering:  # Who sent the last one is told that it is taken.
        return server.inbox.code()


if __name__ == "__main__":
    sys.exit(main())
