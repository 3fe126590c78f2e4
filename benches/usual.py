"""The usual pipeline, to compare with: decode every frame, look at some of them.

usual.py opencv|pipe VIDEO MODEL.onnx LOOKS_PER_SECOND

`opencv` reads with OpenCV's VideoCapture; `pipe` lets the ffmpeg program drop and scale frames, as recorders do, and
reads raw pictures. Either letterboxes to 416 pixels, runs YOLOX-Nano on ONNX Runtime, one thread each, and counts boxes
of confidence 0.35 or more. Prints how many looks were taken and how many boxes were found, as JSON.
"""

import json
import subprocess
import sys

import cv2
import numpy as np
import onnxruntime

SIDE = 416


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def found(net, picture):
    """How many boxes the model finds in a letterboxed picture (blue, green, red; 0 to 255)."""
    padded = np.full((SIDE, SIDE, 3), 114, dtype=np.uint8)
    padded[: picture.shape[0], : picture.shape[1]] = picture
    tensor = padded.transpose(2, 0, 1)[None].astype(np.float32)
    output = net.run(None, {"images": tensor})[0][0]
    return int((output[:, 4] * output[:, 5:].max(axis=1) >= 0.35).sum())


def fit(width, height):
    scale = min(SIDE / width, SIDE / height)
    return round(width * scale), round(height * scale)


def opencv(video, rate):
    """Every frame is decoded, as VideoCapture does; one in so many is converted and given. Many programs call `read`
    instead, which converts every one: the faster way is what is compared with."""
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(video, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    every = max(1, round(capture.get(cv2.CAP_PROP_FPS) / rate))
    number = 0
    while True:
        if not capture.grab():
            return
        if number % every == 0:
            _, frame = capture.retrieve()
            size = fit(frame.shape[1], frame.shape[0])
            yield cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
        number += 1


def pipe(video, rate):
    probe = cv2.VideoCapture(video)
    width, height = fit(probe.get(cv2.CAP_PROP_FRAME_WIDTH), probe.get(cv2.CAP_PROP_FRAME_HEIGHT))
    probe.release()
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", video]
    command += ["-vf", f"fps={rate},scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while True:
        raw = process.stdout.read(width * height * 3)
        if len(raw) < width * height * 3:
            process.wait()
            return
        yield np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def main():
    how, video, model, rate = sys.argv[1:]
    net = session(model)
    looks = boxes = 0
    for picture in {"opencv": opencv, "pipe": pipe}[how](video, float(rate)):
        looks += 1
        boxes += found(net, picture)
    print(json.dumps({"looks": looks, "boxes": boxes}))


main()
