#!/usr/bin/env bash
# demo-live.sh BINARY: two rendered recordings played by a real RTSP server on loopback, watched as live cameras; alerts are shown as
# they come. Takes a minute and a half, and leaves nothing running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1
out=demo-out/live
rm -rf "$out"
mkdir -p "$out"
export RTSP_USER=viewer RTSP_PASSWORD='a password with @ and /'

# The server ends when its standard input does.
mkfifo "$out/hold"
/usr/bin/python3 tests/live/server.py 0 --auth digest --loop control-room=samples/control-room.mp4 fire-lane=samples/fire-lane.mp4 \
    <"$out/hold" >"$out/server.log" 2>&1 &
exec 9>"$out/hold"
service=
finish() {
    [ -z "$service" ] || kill -TERM "$service" 2>/dev/null || true
    [ -z "$service" ] || wait "$service" 2>/dev/null || true
    exec 9>&-
}
trap finish EXIT
for _ in $(seq 100); do
    port=$(sed -n 's/^ready \([0-9]*\)$/\1/p' "$out/server.log")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "demo: the RTSP server does not start:" >&2; cat "$out/server.log" >&2; exit 1; }

cat >"$out/site.toml" <<TOML
[site]
id = "demo"
name = "演示园区 (demonstration)"
timezone = "Asia/Shanghai"

[console]
listen = "127.0.0.1:0"

[[camera]]
id = "control-room"
name = "消防控制室 (fire control room)"
source = "rtsp://viewer:\${RTSP_PASSWORD}@127.0.0.1:$port/control-room"

[[camera.rule]]
kind = "control_room_unattended"
required = 1
grace = "4.4s"

[[camera]]
id = "street"
name = "消防车通道 (fire lane)"
source = "rtsp://viewer:\${RTSP_PASSWORD}@127.0.0.1:$port/fire-lane"

[[camera.rule]]
kind = "fire_lane_parking"
zone = [[0.0, 0.82], [0.58, 0.435], [0.75, 0.32], [0.89, 0.36], [0.74, 0.51], [0.37, 0.87], [0.24, 1.0], [0.0, 1.0]]
dwell = "20s"

[[sink]]
name = "file"
kind = "file"
path = "alerts.jsonl"
TOML
"$binary" run --config "$out/site.toml" 2>"$out/log" &
service=$!
echo "demo: watching two cameras for a minute and a half; what is told comes as it happens (Ctrl-C ends it)" >&2
touch "$out/alerts.jsonl"
timeout 90 tail -n +1 -F "$out/alerts.jsonl" 2>/dev/null | python3 -u -c '
import json, sys
for line in sys.stdin:
    alert = json.loads(line)
    data = alert["data"]
    files = ", ".join(file["role"] for file in data.get("evidence", [])) or "-"
    told = alert["type"].removeprefix("firewarden.")
    print(alert["time"], told.ljust(18), data["camera_name"], data.get("kind", ""), "evidence:", files, sep="  ")' || true
kill -0 "$service" 2>/dev/null || { echo "demo: the service ended:" >&2; cat "$out/log" >&2; exit 1; }
[ -s "$out/alerts.jsonl" ] || { echo "demo: no alert came:" >&2; cat "$out/log" >&2; exit 1; }
finish
service=
day=$(ls -d "$out"/evidence/*/ | tail -n 1)
"$binary" report "${day%/}" >/dev/null || true
echo "demo: the alerts are in $PWD/$out/alerts.jsonl; open $PWD/${day}report.html" >&2
