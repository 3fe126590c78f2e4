"""Rendered lifts: a parametric generator of lift cars, two-wheelers, people and clutter seen by a ceiling camera.

Only `studio` needs Blender (PyPI's `bpy`); all other modules are numpy and OpenCV. Lengths are metres, x points to the
door, y to the left of someone who looks at the door, z up; the floor is z = 0 and the car's middle is x = y = 0.
"""
