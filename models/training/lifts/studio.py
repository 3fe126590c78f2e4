"""The one module that speaks to Blender: turns assemblies, panels and lamps into a scene, and renders colour and object numbers."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterable
from pathlib import Path

import bpy
import mathutils
import numpy as np

from .camera import Camera
from .geometry import Assembly, Merged
from .materials import Panel, Surface

CHANNELS = ("Combined.R", "Combined.G", "Combined.B", "IndexOB.X")


def start(samples: int, threads: int = 1) -> None:
    """Empties Blender and sets Cycles up: `samples` rays to a pixel, denoised, few bounces, on `threads` threads."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"
    cycles.denoising_quality = "FAST"
    cycles.use_light_tree = False
    cycles.max_bounces = 3
    cycles.diffuse_bounces = 2
    cycles.glossy_bounces = 2
    cycles.use_fast_gi = True
    cycles.ao_bounces_render = 1
    cycles.transmission_bounces = 1
    cycles.transparent_max_bounces = 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 3
    scene.render.threads_mode = "FIXED"
    scene.render.threads = threads
    scene.render.use_persistent_data = False  # kept data would show a former car's panels, as Cycles knows images by address
    scene.render.use_compositing = scene.render.use_sequencer = False
    bpy.context.view_layer.use_pass_object_index = True
    image = scene.render.image_settings
    image.file_format = "OPEN_EXR_MULTILAYER"
    image.color_depth = "32"
    image.exr_codec = "NONE"
    scene.world = bpy.data.worlds.new("air")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.04, 0.04, 0.04, 1)
    scene.world.light_settings.distance = 1.2
    _universal()


def _universal() -> bpy.types.Material:
    """The material of all solids: reads colour, roughness, metal, coat, grain and glow from the faces."""
    found = bpy.data.materials.get("solid")
    if found:
        return found
    material = bpy.data.materials.new("solid")
    material.use_fake_user = True
    material.use_nodes = True
    material.cycles.emission_sampling = "NONE"
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    tint, finish = (nodes.new("ShaderNodeAttribute") for _ in range(2))
    tint.attribute_name, finish.attribute_name = "tint", "finish"
    parts = nodes.new("ShaderNodeSeparateColor")
    links.new(finish.outputs["Color"], parts.inputs["Color"])
    place = nodes.new("ShaderNodeTexCoord")
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 22
    noise.inputs["Detail"].default_value = 2
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    darken = nodes.new("ShaderNodeMath")
    darken.operation = "MULTIPLY_ADD"
    links.new(noise.outputs["Fac"], darken.inputs[0])
    negative = nodes.new("ShaderNodeMath")
    negative.operation = "MULTIPLY"
    negative.inputs[1].default_value = -1
    links.new(parts.outputs["Blue"], negative.inputs[0])
    links.new(negative.outputs[0], darken.inputs[1])
    darken.inputs[2].default_value = 1
    shade = nodes.new("ShaderNodeVectorMath")
    shade.operation = "SCALE"
    links.new(tint.outputs["Color"], shade.inputs[0])
    links.new(darken.outputs[0], shade.inputs["Scale"])
    links.new(shade.outputs[0], shader.inputs["Base Color"])
    links.new(tint.outputs["Color"], shader.inputs["Emission Color"])
    links.new(finish.outputs["Alpha"], shader.inputs["Emission Strength"])
    links.new(tint.outputs["Alpha"], shader.inputs["Roughness"])
    links.new(parts.outputs["Red"], shader.inputs["Metallic"])
    links.new(parts.outputs["Green"], shader.inputs["Coat Weight"])
    return material


def _mesh(name: str, vertices: np.ndarray, quads: np.ndarray, tris: np.ndarray, sharp: float) -> bpy.types.Mesh:
    """A Blender mesh; edges sharper than `sharp` degrees stay edges, all else is smooth."""
    mesh = bpy.data.meshes.new(name)
    corners = np.concatenate([quads.ravel(), tris.ravel()]).astype(np.int32)
    starts = np.concatenate([np.arange(len(quads)) * 4, len(quads) * 4 + np.arange(len(tris)) * 3]).astype(np.int32)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(starts))
    mesh.polygons.foreach_set("loop_start", starts)
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(starts), bool))
    mesh.set_sharp_from_angle(angle=math.radians(sharp))
    return mesh


def add(name: str, assembly: Assembly, surfaces: dict[str, Surface], number: int = 0, sharp: float = 40) -> tuple[bpy.types.Object, Merged]:
    """Puts an assembly into the scene as one object with the number that the index pass shows; returns it and its mesh."""
    merged = assembly.merged()
    missing = [surface for surface in merged.names if surface not in surfaces]
    if missing:
        raise KeyError(f"{name}: no such surface: {', '.join(missing)}; give them in the surfaces of the thing")
    mesh = _mesh(name, merged.vertices, merged.quads, merged.tris, sharp)
    table = [surfaces[surface] for surface in merged.names]
    tint = np.array([[*s.colour, s.rough] for s in table], np.float32)[merged.surface]
    own = ~np.isnan(merged.colours[:, 0])
    tint[own, :3] = merged.colours[own]
    finish = np.array([[s.metal, s.coat, s.grain, s.glow] for s in table], np.float32)[merged.surface]
    for key, values in (("tint", tint), ("finish", finish)):
        mesh.attributes.new(key, "FLOAT_COLOR", "FACE").data.foreach_set("color", np.ascontiguousarray(values).ravel())
    mesh.materials.append(_universal())
    thing = bpy.data.objects.new(name, mesh)
    thing.pass_index = number
    bpy.context.scene.collection.objects.link(thing)
    return thing, merged


def add_panels(panels: Iterable[Panel]) -> bpy.types.Object:
    """Puts painted panels into the scene as one object."""
    panels = list(panels)
    vertices = np.concatenate([panel.corners for panel in panels])
    quads = np.arange(len(vertices)).reshape(-1, 4)
    mesh = _mesh("panels", vertices, quads, np.zeros((0, 3), int), 1)
    layer = mesh.uv_layers.new(name="map")
    layer.data.foreach_set("uv", np.tile(np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32), len(panels)))
    for panel in panels:
        mesh.materials.append(_picture(panel))
    mesh.polygons.foreach_set("material_index", np.arange(len(panels), dtype=np.int32))
    thing = bpy.data.objects.new("panels", mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _picture(panel: Panel) -> bpy.types.Material:
    """The material of one panel: its image, or glass of its image's mean colour."""
    material = bpy.data.materials.new("panel")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    if panel.glass:
        clear, gloss, mix = nodes.new("ShaderNodeBsdfTransparent"), nodes.new("ShaderNodeBsdfGlossy"), nodes.new("ShaderNodeMixShader")
        clear.inputs["Color"].default_value = (*panel.image.mean((0, 1)), 1)
        gloss.inputs["Roughness"].default_value = 0.03
        mix.inputs[0].default_value = 0.18
        links.new(clear.outputs[0], mix.inputs[1])
        links.new(gloss.outputs[0], mix.inputs[2])
        links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
        return material
    height, width = panel.image.shape[:2]
    image = bpy.data.images.new("panel", width, height, float_buffer=True)
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = panel.image[::-1]
    image.pixels.foreach_set(pixels.ravel())
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image
    texture.extension = "EXTEND"
    links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = panel.rough
    shader.inputs["Metallic"].default_value = panel.metal
    return material


def add_lamp(place: tuple[float, float, float], size: tuple[float, float], watts: float, colour: tuple[float, float, float]) -> bpy.types.Object:
    """An area light that shines down."""
    light = bpy.data.lights.new("lamp", "AREA")
    light.shape = "RECTANGLE"
    light.size, light.size_y = size
    light.energy = watts
    light.color = colour
    thing = bpy.data.objects.new("lamp", light)
    thing.location = place
    bpy.context.scene.collection.objects.link(thing)
    return thing


def add_spot(camera: Camera, watts: float) -> bpy.types.Object:
    """The ring of infra-red diodes about the lens."""
    light = bpy.data.lights.new("diodes", "SPOT")
    light.energy = watts
    light.spot_size = math.radians(120)
    light.spot_blend = 0.8
    light.shadow_soft_size = 0.03
    thing = bpy.data.objects.new("diodes", light)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([camera.right, camera.up, -camera.ahead], 1)
    matrix[:3, 3] = camera.place + 0.02 * camera.right
    thing.matrix_world = mathutils.Matrix(matrix.tolist())
    bpy.context.scene.collection.objects.link(thing)
    return thing


def look_through(camera: Camera, detail: float = 1.0) -> bpy.types.Object:
    """Makes Blender's camera this one; the render has `detail` times the picture's width and height."""
    data = bpy.data.cameras.new("eye")
    thing = bpy.data.objects.new("eye", data)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([camera.right, camera.up, -camera.ahead], 1)
    matrix[:3, 3] = camera.place
    thing.matrix_world = mathutils.Matrix(matrix.tolist())
    data.sensor_width, data.sensor_fit, data.clip_start = 36, "HORIZONTAL", 0.02
    if camera.fisheye:
        data.type = "PANO"
        data.panorama_type = "FISHEYE_EQUISOLID"
        data.fisheye_lens = 36 * camera.focal
        data.fisheye_fov = math.radians(340)
    else:
        data.type = "PERSP"
        data.angle = math.radians(camera.fov)
    bpy.context.scene.collection.objects.link(thing)
    scene = bpy.context.scene
    scene.camera = thing
    scene.render.resolution_x, scene.render.resolution_y = round(camera.width * detail), round(camera.height * detail)
    scene.render.resolution_percentage = 100
    return thing


def render(scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """Renders: linear colour (h, w, 3) float32 and object numbers (h, w) int. `scratch` is a file that is written and removed."""
    scene = bpy.context.scene
    scene.render.filepath = str(scratch)
    scene.render.use_file_extension = False
    with _quiet():
        bpy.ops.render.render(write_still=True)
    layers = read_exr(scratch)
    scratch.unlink()
    colour = np.stack([layers[f"ViewLayer.{channel}"] for channel in CHANNELS[:3]], -1)
    return colour, np.rint(layers[f"ViewLayer.{CHANNELS[3]}"]).astype(int)


class _quiet:
    """Keeps Blender's line for each saved file off the standard output."""

    def __enter__(self) -> None:
        self.kept, self.sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(self.sink, 1)

    def __exit__(self, *_: object) -> None:
        os.dup2(self.kept, 1)
        os.close(self.kept)
        os.close(self.sink)


def read_exr(path: Path) -> dict[str, np.ndarray]:
    """The channels (h, w) of an uncompressed single-part OpenEXR file of 32-bit floats, as Blender writes it (OpenEXR file layout, 2.0)."""
    data = path.read_bytes()
    at, names, window = 8, [], (0, 0, 0, 0)
    while data[at]:
        end = data.index(b"\0", at)
        key, at = data[at:end], end + 1
        at = data.index(b"\0", at) + 1
        size = struct.unpack_from("<i", data, at)[0]
        at += 4
        if key == b"channels":
            place = at
            while data[place]:
                end = data.index(b"\0", place)
                names.append(data[place:end].decode())
                place = end + 17
        elif key == b"dataWindow":
            window = struct.unpack_from("<4i", data, at)
        at += size
    width, height = window[2] - window[0] + 1, window[3] - window[1] + 1
    at += 1 + 8 * height
    row = 8 + 4 * width * len(names)
    lines = np.frombuffer(data, np.uint8, row * height, at).reshape(height, row)[:, 8:]
    values = np.ascontiguousarray(lines).view("<f4").reshape(height, len(names), width)
    return {name: values[:, k] for k, name in enumerate(names)}


def remove(things: Iterable[bpy.types.Object]) -> None:
    """Takes things out of the scene, with the meshes, lights, images and materials that only they use."""
    things = list(things)
    owned: list[bpy.types.ID] = []
    for thing in things:
        if thing.data is not None:
            owned.append(thing.data)
        if thing.name.startswith("panels"):
            for material in thing.data.materials:
                owned.append(material)
                owned += [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image]
    bpy.data.batch_remove(things + owned)
