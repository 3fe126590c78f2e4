"""Rendered recordings of a street and of a fire control room: they stand in for real ones where those cannot be had.

They share solids, people, camera and the door to Blender with the generator of lifts.
"""
