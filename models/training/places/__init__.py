"""Rendered rooms, streets and yards: still pictures with true boxes of people and vehicles, to measure detectors and partly to train them.

`plan` says what a picture is meant to show, `rooms` and `streets` build where it is, `cast` and `traffic` put people and vehicles there,
`cameras` looks for a view that shows what is meant, `truth` says of each thing what is seen of it, `render` is the command.
They share solids, people, furniture, cars and the door to Blender with the generators of lifts and of recordings. Only `render` needs Blender.
"""
