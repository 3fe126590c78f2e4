#!/usr/bin/env python3
"""Reads the alerts of boxes from a stream of NATS JetStream, and asks boxes for what is missing.

Prints each alert once, a line of JSON on standard output; all else goes to standard error. Needs nats-py 2 (`pip install nats-py`;
`nats-py[nkeys]` with --credentials). The stream is made by the platform, once: --make-stream does that.

    python3 nats.py --server tls://nats.example:4222 --credentials platform.creds --make-stream
    python3 nats.py --server tls://nats.example:4222 --credentials platform.creds --state seen.db
"""

import argparse
import asyncio
import json
import os
import ssl
import sys

from inbox import Inbox, arguments, say

# This file has the name of the library: what lies beside it is not to be found first.
sys.path = [folder for folder in sys.path if os.path.abspath(folder) != os.path.dirname(os.path.abspath(__file__))]
import nats  # noqa: E402
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, StorageType, StreamConfig  # noqa: E402


def stream(args):
    """The stream as a platform makes it."""
    return StreamConfig(
        name=args.stream,
        # Neither heartbeats nor what is sent to boxes: those are of no use later.
        subjects=["firewarden.v1.*.*.violation", "firewarden.v1.*.*.health"],
        storage=StorageType.FILE,
        num_replicas=args.replicas,
        max_age=30 * 86400,
        max_bytes=args.max_bytes,
        max_msg_size=64 * 1024,
        # A full stream refuses what comes, which then waits on the boxes, rather than letting go of what nobody has read.
        discard=DiscardPolicy.NEW,
        # Within it the server drops repeats by itself, also those that are asked for: it is short.
        duplicate_window=120,
    )


async def read(args):
    inbox = Inbox(args)
    tls = ssl.create_default_context(cafile=args.ca) if args.ca or args.server.startswith("tls:") else None

    async def failed(error):
        say(f"NATS: {error!r}")

    # Answers come by an inbox of its own: boxes may hear `_INBOX.>`.
    server = await nats.connect(args.server, user_credentials=args.credentials, tls=tls, user=args.user,
                                password=os.environ.get("NATS_PASSWORD"), inbox_prefix="_INBOX_platform",
                                max_reconnect_attempts=-1, error_cb=failed)
    jetstream = server.jetstream()
    if args.make_stream:
        try:
            info = await jetstream.add_stream(stream(args))
        except nats.js.errors.Error as error:
            sys.exit(f"no stream is made: {error}")
        say(f"stream {info.config.name} takes {', '.join(info.config.subjects)}")
        await server.close()
        return 0

    async def take(message):
        try:
            inbox.take(message.data)
        except ValueError as error:
            say(f"{message.subject}: left out: {error}")

    await server.subscribe(f"firewarden.v1.{args.site}.*.heartbeat", cb=take)
    subjects = [f"firewarden.v1.{args.site}.*.{word}" for word in ("violation", "health")]
    # The server remembers for this consumer what it has acknowledged.
    config = ConsumerConfig(filter_subjects=subjects, ack_policy=AckPolicy.EXPLICIT, ack_wait=30, max_ack_pending=1000)
    try:
        alerts = await jetstream.pull_subscribe("", durable=args.durable, stream=args.stream, config=config)
    except nats.js.errors.Error as error:
        sys.exit(f"stream {args.stream} cannot be read ({error}); --make-stream makes it")
    say("connected")
    while not inbox.is_over():
        for box, request in inbox.due():
            if box:
                await server.publish("firewarden.v1.{}.{}.resend".format(*box), json.dumps(request).encode())
        inbox.listen()
        try:
            messages = await asyncio.wait_for(alerts.fetch(100, timeout=0.5), 30)
        except asyncio.TimeoutError:
            continue
        except nats.errors.Error as error:
            say(f"NATS: {error!r}")
            await asyncio.sleep(1)
            continue
        for message in messages:
            if inbox.is_over():
                break  # It is not acknowledged, and comes again next time.
            await take(message)
            await message.ack()
    await server.flush()
    await server.close()
    return inbox.code()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="nats://127.0.0.1:4222", help="default: nats://127.0.0.1:4222")
    parser.add_argument("--credentials", metavar="FILE", help="the .creds file of the platform's user")
    parser.add_argument("--user", help="the user, where it is known by a password; NATS_PASSWORD has that")
    parser.add_argument("--ca", metavar="FILE", help="the authority that vouches for the server; default: those of the system")
    parser.add_argument("--stream", default="FIREWARDEN", help="default: FIREWARDEN")
    parser.add_argument("--durable", default="platform", help="the consumer's name; default: platform")
    parser.add_argument("--site", default="*", help="one site's id; default: all sites")
    parser.add_argument("--make-stream", action="store_true", help="make the stream, and end")
    parser.add_argument("--replicas", type=int, default=1, help="of a stream that is made: 3 in a cluster; default: 1")
    parser.add_argument("--max-bytes", type=int, default=1_000_000_000, help="of a stream that is made; default: 1 GB")
    return asyncio.run(read(arguments(parser).parse_args()))


if __name__ == "__main__":
    sys.exit(main())
