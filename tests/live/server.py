#!/usr/bin/python3
"""A real RTSP server on loopback that plays recordings as cameras do.

    server.py PORT [--auth none|basic|digest] [--tls FILE] [--udp] [--loop] [--each] MOUNT=FILE[,FILE...]...

Recordings (MP4, Matroska, AVI, raw streams) of H.264, H.265, MJPEG and MPEG-4 are sent as they are, at their own pace, without
sound. A recording begins with its first picture when the first client plays, and again when a client plays after the last one
has gone; who comes meanwhile sees the same pictures, or with --each a recording of its own. At its end clients are told so;
with --loop it begins anew, times going on. Several files of one codec follow each other as one. With --tls it is RTSP within TLS,
with the certificate and the key of a PEM file; viewers must sign in then. With --udp packets are sent by UDP alone.

User name and password come from RTSP_USER and RTSP_PASSWORD. PORT 0 takes a free one; `ready PORT` says on standard output that
clients may come. It ends when its standard input is closed, so none is left behind by who started it.

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and -bad; it runs with Debian's Python.
"""

import argparse
import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

# How a codec is cut into pictures, and how these are sent. Parameter sets stand before every key frame.
CODECS = {
    "video/x-h264": (
        "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au",
        "rtph264pay config-interval=-1 pt=96",
    ),
    "video/x-h265": (
        "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au",
        "rtph265pay config-interval=-1 pt=96",
    ),
    "video/mpeg": ("mpeg4videoparse config-interval=-1", "rtpmp4vpay config-interval=1 pt=96"),
    "image/jpeg": ("jpegparse", "rtpjpegpay pt=26"),
}
# Where nothing says how long a picture lasts.
PICTURE = Gst.SECOND // 25
# For a file to open, and for a picture to be read.
PATIENCE = 20 * Gst.SECOND


class Recording:
    """The pictures of a file, in the order in which they are decoded."""

    def __init__(self, path):
        self.path = path
        self.codec = None
        self.sink = None
        self.known = threading.Event()
        self.pipeline = Gst.Pipeline()
        source = Gst.ElementFactory.make("filesrc")
        source.set_property("location", path)
        self.parser = Gst.ElementFactory.make("parsebin")
        for element in (source, self.parser):
            self.pipeline.add(element)
        source.link(self.parser)
        self.parser.connect("pad-added", self.found)
        self.parser.connect("no-more-pads", lambda _: self.known.set())
        self.pipeline.set_state(Gst.State.PLAYING)
        message = self.pipeline.get_bus().timed_pop_filtered(
            PATIENCE, Gst.MessageType.ASYNC_DONE | Gst.MessageType.ERROR
        )
        if message is None or message.type == Gst.MessageType.ERROR or self.sink is None:
            self.close()
            raise SystemExit(f"server.py: {path} holds no video that is known here")
        self.first = self.sink.try_pull_sample(PATIENCE)
        if self.first is None:
            self.close()
            raise SystemExit(f"server.py: {path} holds no picture")
        self.caps = self.first.get_caps()
        self.last = -PICTURE
        self.end = 0

    def found(self, _, pad):
        caps = pad.get_current_caps() or pad.query_caps(None)
        codec = caps.get_structure(0).get_name()
        if self.sink is not None or codec not in CODECS:
            # A stream that leads nowhere would end the whole.
            idle = Gst.ElementFactory.make("fakesink")
            idle.set_property("async", False)
            idle.set_property("sync", False)
            self.pipeline.add(idle)
            idle.sync_state_with_parent()
            pad.link(idle.get_static_pad("sink"))
            return
        chain = Gst.parse_bin_from_description(
            f"{CODECS[codec][0]} ! appsink name=out sync=false max-buffers=8", True
        )
        self.pipeline.add(chain)
        self.codec, self.sink = codec, chain.get_by_name("out")
        chain.sync_state_with_parent()
        pad.link(chain.get_static_pad("sink"))

    def next(self):
        """The next picture, its times from the file's beginning; none at the end."""
        sample, self.first = self.first or self.sink.try_pull_sample(PATIENCE), None
        if sample is None:
            if not self.sink.is_eos():
                print(f"server.py: {self.path} cannot be read further", file=sys.stderr, flush=True)
            return None
        read, segment = sample.get_buffer(), sample.get_segment()

        def since(time):
            if time == Gst.CLOCK_TIME_NONE:
                return None
            running = segment.to_running_time(Gst.Format.TIME, time)
            return None if running == Gst.CLOCK_TIME_NONE else running

        decoded = since(read.dts)
        shown = since(read.pts)
        if shown is None:
            shown = decoded if decoded is not None else self.last + self.lasts(read)
        buffer = read.copy()
        buffer.pts = shown
        buffer.dts = Gst.CLOCK_TIME_NONE if decoded is None else min(decoded, shown)
        self.last = shown
        self.end = max(self.end, shown + self.lasts(read))
        return buffer

    def lasts(self, buffer):
        if buffer.duration != Gst.CLOCK_TIME_NONE and buffer.duration > 0:
            return buffer.duration
        known, above, below = self.caps.get_structure(0).get_fraction("framerate")
        return Gst.SECOND * below // above if known and above > 0 else PICTURE

    def close(self):
        self.pipeline.set_state(Gst.State.NULL)


class Playing:
    """What one pipeline of the server plays: files one after the other, times going on."""

    def __init__(self, source, paths, loop):
        self.source, self.paths, self.loop = source, paths, loop
        self.at = 0
        self.before = 0
        self.recording = None
        self.lock = threading.Lock()
        source.connect("need-data", self.more)

    def more(self, *_):
        with self.lock:
            buffer = self.next()
            if buffer is None:
                self.source.emit("end-of-stream")
                return
            self.source.emit("push-buffer", buffer)

    def next(self):
        for _ in range(len(self.paths) + 1):
            if self.recording is None:
                if self.at >= len(self.paths):
                    if not self.loop:
                        return None
                    self.at = 0
                self.recording = Recording(self.paths[self.at])
                self.at += 1
            buffer = self.recording.next()
            if buffer is not None:
                buffer.pts += self.before
                if buffer.dts != Gst.CLOCK_TIME_NONE:
                    buffer.dts += self.before
                return buffer
            self.before += self.recording.end
            self.close()
        return None

    def close(self):
        if self.recording is not None:
            self.recording.close()
            self.recording = None

    def end(self, *_):
        with self.lock:
            self.close()


class Factory(GstRtspServer.RTSPMediaFactory):
    """Makes what a mount plays."""

    def __init__(self, paths, options):
        super().__init__()
        self.paths, self.options = paths, options
        recordings = [Recording(path) for path in paths]
        codecs = {recording.codec for recording in recordings}
        if len(codecs) != 1:
            raise SystemExit(f"server.py: {', '.join(paths)} are of several codecs")
        (codec,) = codecs
        self.caps = recordings[0].caps
        for recording in recordings:
            recording.close()
        self.set_launch(f"( appsrc name=source format=time max-bytes=2000000 ! {CODECS[codec][1]} name=pay0 )")
        self.set_shared(not options.each)
        lower = GstRtsp.RTSPLowerTrans
        self.set_protocols(lower.UDP if options.udp else lower.TCP)
        self.connect("media-configure", self.configure)

    def configure(self, _, media):
        source = media.get_element().get_by_name("source")
        # Several files may differ in size, which their own parameter sets tell.
        source.set_property("caps", self.caps)
        playing = Playing(source, self.paths, self.options.loop)
        media.connect("unprepared", playing.end)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2].strip())
    parser.add_argument("port", type=int)
    parser.add_argument("mounts", nargs="+", metavar="MOUNT=FILE")
    parser.add_argument("--auth", choices=["none", "basic", "digest"], default="none")
    parser.add_argument("--tls", metavar="FILE")
    parser.add_argument("--udp", action="store_true")
    parser.add_argument("--loop", action="store_true")
    parser.add_argument("--each", action="store_true")
    options = parser.parse_intermixed_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    if options.auth != "none":
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        user, password = os.environ["RTSP_USER"], os.environ["RTSP_PASSWORD"]
        if options.auth == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        if options.tls:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.tls))
        server.set_auth(auth)
    for mount in options.mounts:
        path, _, files = mount.partition("=")
        files = files.split(",")
        for file in files:
            if not os.path.isfile(file):
                raise SystemExit(f"server.py: {file} is no file")
        factory = Factory(files, options)
        if options.auth != "none":
            permissions = GstRtspServer.RTSPPermissions()
            for permission in ("media.factory.access", "media.factory.construct"):
                permissions.add_permission_for_role("viewer", permission, True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory("/" + path.strip("/"), factory)
    if not server.attach(None):
        raise SystemExit(f"server.py: port {options.port} is taken")
    loop = GLib.MainLoop()

    def wait_for_the_end():
        sys.stdin.buffer.read()
        # Clients are left in the middle, as they are by a camera without power.
        os._exit(0)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    # Of clients that are gone without a word.
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() or True)
    print(f"ready {server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
