#!/usr/bin/env python3
"""Subscribes to the alerts of boxes at an MQTT 5 broker, and asks boxes for what is missing.

Prints each alert once, a line of JSON on standard output; all else goes to standard error. Needs paho-mqtt 2 (`pip install
paho-mqtt`). Tell the broker by --client-id who it is: it then keeps what comes while this program is away.

    MQTT_PASSWORD=... python3 mqtt.py --host broker.example --tls --username platform --state seen.db
"""

import argparse
import json
import os
import sys
import time

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from inbox import Inbox, arguments, say

# The broker keeps what comes for so many seconds while this program is away.
KEPT = 7 * 86400


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="the broker; default: 127.0.0.1")
    parser.add_argument("--port", type=int, help="its port; default: 8883 with TLS, else 1883")
    parser.add_argument("--tls", action="store_true", help="connect by TLS")
    parser.add_argument("--ca", metavar="FILE", help="the authority that vouches for the broker; default: those of the system")
    parser.add_argument("--username", help="the user; MQTT_PASSWORD has the password")
    parser.add_argument("--client-id", default="firewarden-platform", help="default: firewarden-platform")
    parser.add_argument("--site", default="+", help="one site's id; default: all sites")
    args = arguments(parser).parse_args()
    inbox = Inbox(args)

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            return say(f"the broker refuses: {reason}")
        topics = ["violation", "health", "heartbeat", "status"]
        client.subscribe([(f"firewarden/v1/{args.site}/+/{topic}", 1) for topic in topics])
        say("connected")

    def on_disconnect(_client, _userdata, _flags, reason, _properties):
        say(f"disconnected: {reason}")

    def on_message(client, _userdata, message):
        if inbox.is_over():
            return  # It is not acknowledged, and comes again next time.
        try:
            if message.topic.endswith("/status"):
                say(f"{message.topic}: {message.payload.decode(errors='replace')}")
            else:
                inbox.take(message.payload)
        except ValueError as error:
            say(f"{message.topic}: left out: {error}")
        client.ack(message.mid, message.qos)

    client = Client(CallbackAPIVersion.VERSION2, client_id=args.client_id, protocol=MQTTv5, manual_ack=True)
    client.on_connect, client.on_disconnect, client.on_message = on_connect, on_disconnect, on_message
    client.reconnect_delay_set(1, 30)
    if args.username:
        client.username_pw_set(args.username, os.environ.get("MQTT_PASSWORD"))
    if args.tls or args.ca:
        client.tls_set(ca_certs=args.ca)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = KEPT
    port = args.port or (8883 if args.tls or args.ca else 1883)
    client.connect_async(args.host, port, keepalive=30, clean_start=False, properties=properties)
    client.loop_start()
    while not inbox.is_over():
        for box, request in inbox.due():
            if box:
                client.publish("firewarden/v1/{}/{}/resend".format(*box), json.dumps(request), qos=1)
        inbox.listen()
        time.sleep(0.2)
    client.disconnect()
    client.loop_stop()
    return inbox.code()


if __name__ == "__main__":
    sys.exit(main())
