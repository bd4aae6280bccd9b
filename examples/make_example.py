"""Draws the bundled example: a paved yard filmed by hand, the CG that will stand in it, and the true camera.

Run it with a Python that has bpy 4.5::

    python examples/make_example.py                                   # all of it, 25 minutes on two cores
    python examples/make_example.py --only 1 30 60 --percent 50 --frames-dir yard    # look at three frames

Everything is made here from seeded random numbers: no picture, model or texture comes from anywhere else.
The ground is the plane z = 0, the empty middle of the yard is the origin, one unit is a metre. Cycles draws
the frames with few samples and a denoiser; seeded grain makes them look filmed. The camera is a plain 35 mm
lens without distortion.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rgb = tuple[float, float, float]
Faces = list[tuple[int, ...]]

HERE = Path(__file__).resolve().parent
SEED = 20240607
WIDTH, HEIGHT, FRAMES, FPS = 960, 540, 60, 24
FOCAL_MM, SENSOR_MM = 35.0, 36.0

SUN_FROM = Vector((-0.80, -0.34, 0.52)).normalized()
"""Unit vector from the yard towards the sun: low, from the left and a little behind the camera."""
WALL_Y = 2.35
"""Where the brick wall's face stands, metres."""
FREE_RADIUS = 0.55
"""Nothing lies on the ground within this distance of the origin, metres."""


# --- camera ---------------------------------------------------------------


def sway(time: float, rng: np.random.Generator, amplitude: float) -> float:
    """A hand's slow unrest: a few sines of 0.25 to 2 Hz, the quicker the smaller; time in seconds."""
    hertz = np.array([0.25, 0.45, 0.8, 1.3, 2.0]) * rng.uniform(0.85, 1.15, 5)
    phases = rng.uniform(0, 2 * math.pi, 5)
    return amplitude * float(np.sum(np.sin(2 * math.pi * hertz * time + phases) * 0.3 / hertz) / 1.6)


def camera_pose(frame: int) -> Matrix:
    """Camera to world (4x4) of a footage frame, 1 = first: an arc about the origin with a hand's unrest.

    The arc is 1.9 m long at 3 m from the origin; the camera looks slightly above the ground's middle.
    """
    rng = np.random.default_rng(SEED)
    time = (frame - 1) / FPS
    along = (frame - 1) / (FRAMES - 1)
    eased = along + 0.08 * math.sin(2 * math.pi * along) / (2 * math.pi)
    angle = math.radians(-19.0 + 36.0 * eased)
    radius = 3.10 - 0.35 * eased
    place = Vector((radius * math.sin(angle), -radius * math.cos(angle), 1.25 + 0.07 * eased))
    place += Vector([sway(time, rng, a) for a in (0.012, 0.012, 0.016)])
    aim = Vector([sway(time, rng, a) for a in (0.016, 0.016, 0.014)]) + Vector((0.0, 0.0, 0.20))
    turn = (aim - place).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    return Matrix.Translation(place) @ turn @ Matrix.Rotation(sway(time, rng, math.radians(0.35)), 4, "Z")


def truth(poses: Sequence[Matrix]) -> dict[str, object]:
    """What a solve of the clip should find; camera_to_world holds 4x4 rows for each footage frame from 1."""
    return {
        "name": "yard",
        "width": WIDTH,
        "height": HEIGHT,
        "frames": len(poses),
        "fps": FPS,
        "focal_mm": FOCAL_MM,
        "sensor_mm": SENSOR_MM,
        "focal_px": FOCAL_MM / SENSOR_MM * WIDTH,
        "distortion": {
            "model": "POLYNOMIAL",
            "k1": 0.0,
            "k2": 0.0,
            "note": "x_d = x_u (1 + k1 r2 + k2 r4), x in units of focal_px from the image centre, y up",
        },
        "ground": "z = 0, in metres; the free middle of the yard is the origin",
        "sun_from": [round(v, 6) for v in SUN_FROM],
        "camera_to_world": {str(i): [list(row) for row in pose] for i, pose in enumerate(poses, 1)},
    }


# --- textures -------------------------------------------------------------


FINEST = 2.2
"""Deviation, in texels, of the blur that all textures get: finer grain would only flicker."""


def noise(rng: np.random.Generator, size: int, slope: float, stretch: float = 1.0) -> Floats:
    """Tiling noise (size, size), mean 0 and deviation 1, whose amplitude falls as frequency ** -slope.

    ``stretch`` above 1 draws it out along x, as the grain of wood.
    """
    fy, fx = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")
    frequency = np.hypot(fx * stretch, fy)
    frequency[0, 0] = 1.0
    blur = np.exp(-2.0 * (math.pi * FINEST) ** 2 * (fx**2 + fy**2))
    spectrum = np.fft.fft2(rng.standard_normal((size, size))) * frequency**-slope * blur
    spectrum[0, 0] = 0.0
    values = np.fft.ifft2(spectrum).real
    return values / values.std()


def soft_step(values: Floats, edge: float, width: float) -> Floats:
    """0 below the edge, 1 above, with a ramp as wide as ``width``."""
    return np.clip((values - edge) / width + 0.5, 0.0, 1.0)


def stone_picture(rng: np.random.Generator, size: int) -> Floats:
    """(size, size, 3) around 0.5: clouds, grains of other minerals, pits."""
    grey = 0.5 + 0.06 * noise(rng, size, 1.6) + 0.06 * noise(rng, size, 1.0) + 0.045 * noise(rng, size, 0.3)
    grey *= 1.0 - 0.5 * soft_step(noise(rng, size, 0.5), 1.75, 0.5)
    grey *= 1.0 + 0.55 * soft_step(noise(rng, size, 0.5), 2.0, 0.5)
    warmth = 0.035 * noise(rng, size, 1.4)
    return np.clip(np.stack([grey + warmth, grey, grey - warmth], axis=2), 0.05, 0.95)


def wood_picture(rng: np.random.Generator, size: int) -> Floats:
    """(size, size, 3) around 0.5: grain along x, with darker veins."""
    fibres = noise(rng, size, 0.9, stretch=24.0)
    veins = np.sin(5.0 * noise(rng, size, 1.9, stretch=7.0))
    grey = 0.5 + 0.08 * fibres + 0.06 * veins + 0.04 * noise(rng, size, 1.2)
    return np.clip(np.stack([grey, grey * 0.98, grey * 0.95], axis=2), 0.05, 0.95)


def stain_picture(rng: np.random.Generator, size: int) -> Floats:
    """(size, size, 3) around 0.5: what years leave on a yard; broad clouds, damp and mossy patches."""
    clouds = 0.52 + 0.07 * noise(rng, size, 1.6)
    damp = np.clip(noise(rng, size, 1.7) - 0.9, 0.0, 1.0)
    moss = np.clip(noise(rng, size, 1.3) - 1.3, 0.0, 1.0) * 0.5
    colour = np.stack([clouds - 0.16 * moss, clouds - 0.04 * moss, clouds - 0.2 * moss], axis=2)
    return np.clip(colour * (1.0 - 0.45 * damp[..., None]), 0.05, 0.95)


def image(name: str, picture: Floats) -> bpy.types.Image:
    """A Blender image with the values of an (h, w, 3) array in 0..1, unchanged by colour management."""
    height, width = picture.shape[:2]
    made = bpy.data.images.new(name, width, height)
    made.colorspace_settings.name = "Non-Color"
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = picture
    made.pixels.foreach_set(rgba.ravel())
    made.update()
    return made


# --- materials ------------------------------------------------------------


def times(
    tree: bpy.types.NodeTree, first: bpy.types.NodeSocket, second: bpy.types.NodeSocket, gain: float
) -> bpy.types.NodeSocket:
    """The product of two colours times a number."""
    product = tree.nodes.new("ShaderNodeVectorMath")
    product.operation = "MULTIPLY"
    tree.links.new(first, product.inputs[0])
    tree.links.new(second, product.inputs[1])
    scaled = tree.nodes.new("ShaderNodeVectorMath")
    scaled.operation = "SCALE"
    scaled.inputs["Scale"].default_value = gain
    tree.links.new(product.outputs[0], scaled.inputs[0])
    return scaled.outputs[0]


def surface(
    name: str,
    picture: bpy.types.Image | None,
    roughness: float,
    bump_mm: float = 0.0,
    stains: bpy.types.Image | None = None,
    metallic: float = 0.0,
) -> bpy.types.Material:
    """A material coloured by the mesh's "tint", a picture around 0.5 on its UVs and stains over 11 m."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    tint = tree.nodes.new("ShaderNodeVertexColor")
    tint.layer_name = "tint"
    colour = tint.outputs["Color"]
    if picture is not None:
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = picture
        colour = times(tree, colour, texture.outputs["Color"], 2.0)
        if bump_mm:
            bump = tree.nodes.new("ShaderNodeBump")
            bump.inputs["Distance"].default_value = bump_mm / 1000.0
            tree.links.new(texture.outputs["Color"], bump.inputs["Height"])
            tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    if stains is not None:
        place = tree.nodes.new("ShaderNodeNewGeometry")
        mapping = tree.nodes.new("ShaderNodeMapping")
        mapping.inputs["Scale"].default_value = (1 / 11.0,) * 3
        tree.links.new(place.outputs["Position"], mapping.inputs["Vector"])
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = stains
        tree.links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
        colour = times(tree, colour, texture.outputs["Color"], 2.0)
    tree.links.new(colour, shader.inputs["Base Color"])
    return material


# --- mesh -----------------------------------------------------------------


@dataclass
class Shape:
    """A small mesh in its own axes: verts (n, 3) in metres and faces as tuples of their indices."""

    verts: Floats
    faces: Faces


@dataclass
class Heap:
    """Many shapes on their way to become one object."""

    name: str
    material: bpy.types.Material
    picture_metres: float = 1.0
    """How many metres the picture's side covers."""
    smooth: bool = False
    verts: list[Floats] = field(default_factory=list)
    faces: Faces = field(default_factory=list)
    uvs: list[Floats] = field(default_factory=list)
    tints: list[Floats] = field(default_factory=list)
    count: int = 0

    def add(self, shape: Shape, place: Matrix, tint: Rgb, offset: Sequence[float] = (0.0, 0.0)) -> None:
        """One shape in one colour, set down by a 4x4; ``offset`` (0..1) picks its part of the picture."""
        matrix = np.array(place)
        self.verts.append(shape.verts @ matrix[:3, :3].T + matrix[:3, 3])
        self.faces.extend(tuple(i + self.count for i in face) for face in shape.faces)
        self.uvs.append(box_uvs(shape) / self.picture_metres + np.asarray(offset))
        self.tints.append(np.tile([*tint, 1.0], (len(shape.verts), 1)))
        self.count += len(shape.verts)

    def finish(self, collection: bpy.types.Collection) -> bpy.types.Object:
        """The heap as one object in the collection."""
        mesh = bpy.data.meshes.new(self.name)
        mesh.from_pydata(np.concatenate(self.verts).tolist(), [], self.faces)
        mesh.uv_layers.new(name="UVMap").uv.foreach_set(
            "vector", np.concatenate(self.uvs).astype(np.float32).ravel()
        )
        tints = mesh.color_attributes.new("tint", "FLOAT_COLOR", "POINT")
        tints.data.foreach_set("color", np.concatenate(self.tints).astype(np.float32).ravel())
        mesh.materials.append(self.material)
        if self.smooth:
            mesh.shade_smooth()
        made = bpy.data.objects.new(self.name, mesh)
        collection.objects.link(made)
        return made


def box_uvs(shape: Shape) -> Floats:
    """(corners, 2) in metres, face by face: the two axes that the face looks along least."""
    uvs = []
    for face in shape.faces:
        points = shape.verts[list(face)]
        normal = np.abs(np.cross(points[1] - points[0], points[2] - points[0]))
        axes = ((1, 2), (0, 2), (0, 1))[int(np.argmax(normal))]
        uvs.append(points[:, axes])
    return np.concatenate(uvs)


def outward(verts: Floats, faces: Faces) -> Faces:
    """The faces of a convex shape about its mean, each turned so that it looks away from there."""
    centre = verts.mean(axis=0)
    turned = []
    for face in faces:
        points = verts[list(face)]
        normal = np.cross(points[1] - points[0], points[2] - points[0])
        turned.append(face if normal @ (points.mean(axis=0) - centre) > 0 else face[::-1])
    return turned


def block(size: Sequence[float], bevel: float, rng: np.random.Generator, jitter: float = 0.0) -> Shape:
    """A box (metres) about the origin with chamfered edges and slightly displaced corners: 24 vertices."""
    half = np.asarray(size) / 2
    signs = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    index = {(corner, axis): 3 * i + axis for i, corner in enumerate(signs) for axis in range(3)}
    verts = np.empty((24, 3))
    for i, corner in enumerate(signs):
        shift = rng.uniform(-jitter, jitter, 3)
        for axis in range(3):
            inset = np.where(np.arange(3) == axis, 0.0, bevel)
            verts[3 * i + axis] = np.array(corner) * (half - inset) + shift
    faces: Faces = []
    for axis in range(3):
        b, c = (axis + 1) % 3, (axis + 2) % 3
        for side in (-1, 1):
            loop = []
            for sb, sc in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = [0, 0, 0]
                corner[axis], corner[b], corner[c] = side, sb, sc
                loop.append(index[tuple(corner), axis])
            faces.append(tuple(loop))
        for sb in (-1, 1):
            for sc in (-1, 1):
                ends = []
                for side in (-1, 1):
                    corner = [0, 0, 0]
                    corner[axis], corner[b], corner[c] = side, sb, sc
                    ends.append(tuple(corner))
                faces.append((index[ends[0], b], index[ends[1], b], index[ends[1], c], index[ends[0], c]))
    faces.extend((3 * i, 3 * i + 1, 3 * i + 2) for i in range(8))
    return Shape(verts, outward(verts, faces))


def slab(width: float, depth: float, rng: np.random.Generator) -> Shape:
    """A paving stone with worn edges and sometimes a broken corner, its top at z = 0, 5 cm thick."""
    steps = np.linspace(0.0, 1.0, 7)[:-1]
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float) * (width, depth) - (width / 2, depth / 2)
    outline = np.concatenate(
        [a + steps[:, None] * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    )
    outline += rng.normal(0.0, 0.0028, outline.shape)
    outline[::6] *= 1.0 - 0.012 / np.abs(outline[::6]).max()
    if rng.random() < 0.3:
        k = 6 * int(rng.integers(4))
        outline[k] *= 1.0 - rng.uniform(0.03, 0.09) / np.linalg.norm(outline[k])
    n = len(outline)
    inner = outline - outline / np.linalg.norm(outline, axis=1)[:, None] * rng.uniform(0.003, 0.007, (n, 1))
    rings = [
        np.column_stack([ring, np.full(n, z)])
        for ring, z in ((outline, -0.05), (outline, -0.0035), (inner, 0.0))
    ]
    faces: Faces = [tuple(range(2 * n, 3 * n))]
    for ring in (0, n):
        faces.extend((ring + i, ring + (i + 1) % n, ring + n + (i + 1) % n, ring + n + i) for i in range(n))
    return Shape(np.concatenate(rings), faces)


def lathe(profile: Sequence[tuple[float, float]], steps: int = 40) -> Shape:
    """A profile of (radius, height) points in metres turned about z; the profile goes up on the outside."""
    angles = np.arange(steps) * 2 * math.pi / steps
    verts = np.array([(r * math.cos(a), r * math.sin(a), z) for r, z in profile for a in angles])
    faces: Faces = [
        (j * steps + i, j * steps + (i + 1) % steps, (j + 1) * steps + (i + 1) % steps, (j + 1) * steps + i)
        for j in range(len(profile) - 1)
        for i in range(steps)
    ]
    return Shape(verts, faces)


def pebble(rng: np.random.Generator) -> Shape:
    """A rounded stone of about unit size: a crossed ball, squeezed and dented; 26 vertices."""
    rows = [(-90.0, 1), (-45.0, 8), (0.0, 8), (45.0, 8), (90.0, 1)]
    verts = np.array(
        [
            (
                math.cos(math.radians(lat)) * math.cos(2 * math.pi * i / n),
                math.cos(math.radians(lat)) * math.sin(2 * math.pi * i / n),
                math.sin(math.radians(lat)),
            )
            for lat, n in rows
            for i in range(n)
        ]
    )
    verts *= rng.uniform(0.82, 1.1, (26, 1)) * rng.uniform((0.8, 0.6, 0.45), (1.2, 0.9, 0.75))
    faces: Faces = [(0, 1 + (i + 1) % 8, 1 + i) for i in range(8)] + [
        (25, 17 + i, 17 + (i + 1) % 8) for i in range(8)
    ]
    for ring in (1, 9):
        faces.extend((ring + i, ring + (i + 1) % 8, ring + 8 + (i + 1) % 8, ring + 8 + i) for i in range(8))
    return Shape(verts, faces)


def leaf(rng: np.random.Generator, curl: float) -> Shape:
    """A leaf of unit length along x, folded along its rib and curled up by about ``curl``."""
    along = np.array([0.0, 0.3, 0.62, 1.0])
    half = np.array([0.03, 0.26, 0.22, 0.0]) * rng.uniform(0.8, 1.25)
    rise = curl * (along - 0.4) ** 2 * rng.uniform(0.5, 2.0)
    fold = curl * half * rng.uniform(0.2, 1.0)
    rib = np.column_stack([along, np.zeros(4), rise])
    left = np.column_stack([along[:3], half[:3], (rise + fold)[:3]])
    right = left * (1, -1, 1)
    # rib 0..3, left 4..6, right 7..9
    faces: Faces = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 6), (0, 7, 8, 1), (1, 8, 9, 2), (2, 9, 3)]
    return Shape(np.concatenate([rib, left, right]), faces)


def blade(rng: np.random.Generator, height: float, width: float, lean: float) -> Shape:
    """A blade of grass from the ground up, leaning towards x."""
    up = np.array([0.0, 0.4, 0.75, 1.0])
    half = np.array([0.5, 0.45, 0.3, 0.0]) * width
    bow = lean * height * up**2 * rng.uniform(0.4, 1.3)
    left = np.column_stack([bow, half, up * height])
    right = (left * (1, -1, 1))[:3]
    return Shape(np.concatenate([left, right]), [(4, 0, 1, 5), (5, 1, 2, 6), (6, 2, 3)])


def placed(
    x: float, y: float, z: float, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, scale: float = 1.0
) -> Matrix:
    """A 4x4 that scales, turns (radians) and sets down (metres)."""
    return (
        Matrix.Translation((x, y, z))
        @ Euler((roll, pitch, yaw)).to_matrix().to_4x4()
        @ Matrix.Scale(scale, 4)
    )


def varied(colour: Rgb, rng: np.random.Generator, amount: float) -> Rgb:
    """The colour, lighter or darker and a little warmer or colder."""
    gain = math.exp(rng.normal(0.0, amount))
    warm = rng.normal(0.0, amount * 0.3)
    return colour[0] * gain * (1 + warm), colour[1] * gain, colour[2] * gain * (1 - warm)


def one_of(rng: np.random.Generator, colours: Sequence[Rgb]) -> Rgb:
    """Any of the colours."""
    return colours[int(rng.integers(len(colours)))]


# --- the yard -------------------------------------------------------------

STONES: tuple[Rgb, ...] = (
    (0.30, 0.255, 0.205),
    (0.25, 0.235, 0.215),
    (0.21, 0.205, 0.20),
    (0.34, 0.285, 0.22),
    (0.28, 0.22, 0.175),
)
BRICKS: tuple[Rgb, ...] = (
    (0.33, 0.10, 0.055),
    (0.26, 0.08, 0.05),
    (0.38, 0.145, 0.075),
    (0.17, 0.07, 0.055),
    (0.42, 0.20, 0.12),
)
AUTUMN: tuple[Rgb, ...] = (
    (0.55, 0.22, 0.03),
    (0.62, 0.36, 0.05),
    (0.38, 0.10, 0.03),
    (0.30, 0.15, 0.05),
    (0.50, 0.42, 0.08),
)
GREENS: tuple[Rgb, ...] = (
    (0.05, 0.11, 0.025),
    (0.075, 0.15, 0.03),
    (0.035, 0.08, 0.025),
    (0.11, 0.18, 0.045),
)


def pave(rng: np.random.Generator, cells: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Stones (column, row, columns, rows) of mixed sizes that fill a grid without long straight joints."""
    sizes = [(3, 3), (4, 3), (3, 2), (2, 3), (2, 2), (4, 2), (3, 4)]
    free = np.ones(cells, bool)
    stones = []
    for column, row in np.ndindex(*cells):
        if not free[column, row]:
            continue
        for at in rng.permutation(len(sizes) + 1):
            w, d = sizes[at] if at < len(sizes) else (2, 1)
            part = free[column : column + w, row : row + d]
            if part.shape == (w, d) and part.all():
                break
        else:
            w, d = 1, 1
        free[column : column + w, row : row + d] = False
        stones.append((column, row, w, d))
    return stones


def add_paving(rng: np.random.Generator, stone: Heap, tufts: Heap) -> None:
    """Slabs over the yard in front of the wall, z = 0 to a millimetre or two, and grass in some joints."""
    unit, joint, left, front = 0.13, 0.013, -5.2, -4.16
    for column, row, w, d in pave(rng, (80, 47)):
        shape = slab(w * unit - joint, d * unit - joint, rng)
        x, y = left + (column + w / 2) * unit, front + (row + d / 2) * unit
        tilt = rng.normal(0.0, 0.0022, 2)
        stone.add(
            shape,
            placed(x, y, rng.normal(0.0, 0.0008), rng.normal(0.0, 0.004), tilt[0], tilt[1]),
            varied(one_of(rng, STONES), rng, 0.16),
            rng.random(2),
        )
        if rng.random() < 0.30 and math.hypot(x, y) > FREE_RADIUS + 0.3:
            for _ in range(int(rng.integers(5, 26))):
                bx = x - w * unit / 2 + rng.normal(0.0, 0.006)
                by = y - d * unit / 2 + abs(rng.normal(0.0, 0.05))
                tufts.add(
                    blade(rng, rng.uniform(0.02, 0.065), 0.005, 0.6),
                    placed(bx, by, -0.01, rng.uniform(0, 6.3)),
                    varied(one_of(rng, GREENS), rng, 0.25),
                )


def add_cracks(rng: np.random.Generator, dark: Heap, count: int) -> None:
    """Cracks in the slabs as thin dark ribbons that wander half a millimetre above them."""
    for _ in range(count):
        here = np.array([rng.uniform(-3.2, 3.2), rng.uniform(-2.4, 1.7)])
        heading = rng.uniform(0, 2 * math.pi)
        points, widths = [here], [0.0]
        for step in range(int(rng.integers(9, 26))):
            heading += rng.normal(0.0, 0.45)
            here = here + rng.uniform(0.012, 0.03) * np.array([math.cos(heading), math.sin(heading)])
            points.append(here)
            widths.append(rng.uniform(0.0012, 0.0045) * (0.4 if step < 2 else 1.0))
        widths[-1] = 0.0
        line = np.array(points)
        along = np.gradient(line, axis=0)
        side = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
        half = np.array(widths)[:, None] / 2
        n = len(line)
        flat = np.concatenate([line + side * half, line - side * half])
        faces: Faces = [(i + n, i + n + 1, i + 1, i) for i in range(n - 1)]
        dark.add(
            Shape(np.column_stack([flat, np.full(2 * n, 0.0012)]), faces), Matrix(), (0.025, 0.02, 0.016)
        )


def add_wall(rng: np.random.Generator, brick: Heap, mortar: Heap, cap: Heap) -> None:
    """A low brick wall in running bond with a stone coping, along x behind the yard."""
    courses, length, rise = 10, 0.225, 0.075
    mortar.add(
        block((13.0, 0.088, courses * rise), 0.002, rng),
        placed(0, WALL_Y + 0.05, courses * rise / 2),
        (0.33, 0.30, 0.26),
        rng.random(2),
    )
    for course in range(courses):
        for k in range(-27, 28):
            x = (k + 0.5 * (course % 2)) * length + rng.normal(0.0, 0.002)
            depth = WALL_Y + 0.051 + rng.normal(0.0, 0.0025)
            shape = block((0.213, 0.104, 0.064), rng.uniform(0.003, 0.007), rng, 0.0025)
            brick.add(
                shape,
                placed(x, depth, (course + 0.5) * rise, rng.normal(0, 0.008), rng.normal(0, 0.006)),
                varied(one_of(rng, BRICKS), rng, 0.16),
                rng.random(2),
            )
    x = -6.2
    while x < 6.2:
        width = rng.uniform(0.38, 0.62)
        cap.add(
            block((width - 0.008, 0.20, 0.05), 0.006, rng, 0.003),
            placed(x + width / 2, WALL_Y + 0.05, courses * rise + 0.025, rng.normal(0, 0.006)),
            varied((0.30, 0.28, 0.25), rng, 0.14),
            rng.random(2),
        )
        x += width


def add_brick_stack(
    rng: np.random.Generator, brick: Heap, at: tuple[float, float], yaw: float, high: int
) -> None:
    """Loose bricks stacked two by two, every other layer turned by a quarter; ``high`` layers."""
    base = Matrix.Translation((*at, 0.0)) @ Matrix.Rotation(yaw, 4, "Z")
    for layer in range(high):
        for side in (-1, 1):
            turn = math.pi / 2 * (layer % 2) + rng.normal(0.0, 0.05)
            shift = Matrix.Rotation(math.pi / 2 * (layer % 2), 4, "Z") @ Vector(
                (rng.normal(0, 0.006), side * 0.054, 0.0)
            )
            shape = block((0.213, 0.104, 0.064), 0.005, rng, 0.0025)
            brick.add(
                shape,
                base @ placed(shift.x, shift.y, 0.033 + 0.0655 * layer, turn),
                varied(one_of(rng, BRICKS), rng, 0.16),
                rng.random(2),
            )


def add_hedge(rng: np.random.Generator, leaves: Heap, core: Heap) -> None:
    """Leaves behind the wall, in front of a dark core, higher than the camera sees."""
    core.add(block((14.0, 0.5, 1.7), 0.05, rng), placed(0, WALL_Y + 1.05, 0.85), (0.012, 0.022, 0.008))
    shapes = [leaf(rng, 0.7) for _ in range(24)]
    for _ in range(30000):
        x, z = rng.uniform(-6.0, 6.0), rng.uniform(0.6, 1.6)
        bulge = 0.10 * math.sin(2.3 * x + 0.7) + 0.07 * math.sin(5.1 * x + 3.0 * z)
        y = WALL_Y + 0.62 + bulge + abs(rng.normal(0.0, 0.05))
        leaves.add(
            shapes[int(rng.integers(24))],
            placed(
                x,
                y,
                z,
                rng.uniform(0, 6.3),
                rng.uniform(-0.9, 0.9),
                rng.uniform(-1.2, 1.2),
                rng.uniform(0.035, 0.075),
            ),
            varied(one_of(rng, GREENS), rng, 0.3),
        )


def add_litter(rng: np.random.Generator, leaves: Heap, pebbles: Heap) -> None:
    """Fallen leaves, more of them by the wall and in corners, and gravel along the wall's foot."""
    fallen = [leaf(rng, 0.5) for _ in range(30)]
    for _ in range(620):
        x = rng.uniform(-4.5, 4.5)
        y = WALL_Y - abs(rng.normal(0.0, 0.55)) if rng.random() < 0.55 else rng.uniform(-2.8, WALL_Y)
        if math.hypot(x, y) < FREE_RADIUS:
            continue
        leaves.add(
            fallen[int(rng.integers(30))],
            placed(
                x,
                y,
                rng.uniform(0.004, 0.014),
                rng.uniform(0, 6.3),
                rng.normal(0, 0.15),
                rng.normal(0, 0.2),
                rng.uniform(0.05, 0.105),
            ),
            varied(one_of(rng, AUTUMN), rng, 0.25),
        )
    stones = [pebble(rng) for _ in range(40)]
    for i in range(3400):
        x = rng.uniform(-5.5, 5.5)
        if i < 2900:
            y = WALL_Y - abs(rng.normal(0.0, 0.16)) - 0.01
            size = rng.uniform(0.008, 0.021)
        else:
            y = rng.uniform(-2.8, WALL_Y)
            size = rng.uniform(0.003, 0.010)
        if math.hypot(x, y) < FREE_RADIUS:
            continue
        pebbles.add(
            stones[int(rng.integers(40))],
            placed(x, y, size * 0.35, rng.uniform(0, 6.3), rng.normal(0, 0.3), rng.normal(0, 0.3), size),
            varied(
                one_of(rng, ((0.36, 0.33, 0.30), (0.27, 0.26, 0.25), (0.45, 0.40, 0.33), (0.24, 0.19, 0.16))),
                rng,
                0.22,
            ),
            rng.random(2),
        )


def add_crate(
    rng: np.random.Generator,
    wood: Heap,
    at: tuple[float, float, float],
    yaw: float,
    size: tuple[float, float, float],
    colour: Rgb,
) -> None:
    """An open crate of slats and corner posts, bottom at ``at``; size is width, depth, height in metres."""
    width, depth, height = size
    base = Matrix.Translation(at) @ Matrix.Rotation(yaw, 4, "Z")

    def plank(length: float, tall: float, thick: float, place: Matrix) -> None:
        wood.add(
            block((length, thick, tall), 0.002, rng, 0.0012),
            base @ place,
            varied(colour, rng, 0.2),
            rng.random(2),
        )

    rows = 3
    pitch = height / rows
    for row in range(rows):
        z = (row + 0.5) * pitch
        for side in (-1, 1):
            plank(width, pitch * 0.84, 0.012, placed(0, side * depth / 2, z, 0, rng.normal(0, 0.006)))
            plank(
                depth - 0.02,
                pitch * 0.84,
                0.012,
                placed(side * (width / 2 - 0.006), 0, z, math.pi / 2, rng.normal(0, 0.006)),
            )
    for sx in (-1, 1):
        for sy in (-1, 1):
            plank(
                height - 0.01,
                0.035,
                0.03,
                placed(sx * (width / 2 - 0.035), sy * (depth / 2 - 0.025), height / 2, 0, math.pi / 2),
            )
    for k in range(5):
        plank(width - 0.02, 0.012, depth / 5 - 0.006, placed(0, (k - 2) * depth / 5, 0.012))


def add_apples(
    rng: np.random.Generator,
    fruit: Heap,
    at: tuple[float, float, float],
    spread: tuple[float, float],
    yaw: float,
) -> None:
    """A layer of apples in a crate; at is its middle, spread its half width and depth."""
    apple = lathe(
        [
            (0.001, -0.032),
            (0.02, -0.036),
            (0.034, -0.02),
            (0.038, 0.004),
            (0.033, 0.024),
            (0.018, 0.033),
            (0.006, 0.027),
            (0.001, 0.022),
        ],
        16,
    )
    colours: tuple[Rgb, ...] = (
        (0.50, 0.035, 0.02),
        (0.42, 0.09, 0.02),
        (0.48, 0.28, 0.04),
        (0.33, 0.015, 0.015),
    )
    base = Matrix.Translation(at) @ Matrix.Rotation(yaw, 4, "Z")
    for x in np.arange(-spread[0], spread[0] + 0.001, 0.068):
        for y in np.arange(-spread[1], spread[1] + 0.001, 0.068):
            dx, dy = rng.normal(0.0, 0.007, 2)
            place = placed(
                x + dx,
                y + dy,
                rng.uniform(-0.012, 0.022),
                rng.uniform(0, 6.3),
                rng.normal(0, 0.5),
                rng.normal(0, 0.5),
                rng.uniform(0.9, 1.1),
            )
            fruit.add(apple, base @ place, varied(one_of(rng, colours), rng, 0.15), rng.random(2))


def add_planter(
    rng: np.random.Generator,
    clay: Heap,
    stems: Heap,
    blooms: Heap,
    at: tuple[float, float],
    scale: float,
    flowers: Sequence[Rgb],
) -> None:
    """A terracotta pot with a bush of blades and small flowers."""
    profile = [
        (0.10, 0.0),
        (0.105, 0.004),
        (0.118, 0.09),
        (0.133, 0.18),
        (0.135, 0.185),
        (0.150, 0.187),
        (0.153, 0.195),
        (0.156, 0.235),
        (0.152, 0.24),
        (0.140, 0.24),
        (0.136, 0.215),
        (0.001, 0.212),
    ]
    x, y = at
    clay.add(
        lathe(profile, 48),
        placed(x, y, 0, rng.uniform(0, 6.3), scale=scale),
        varied((0.40, 0.155, 0.075), rng, 0.1),
        rng.random(2),
    )
    bud = pebble(rng)
    for _ in range(230):
        turn, out = rng.uniform(0, 6.3), 0.12 * math.sqrt(rng.random())
        tall, lean = rng.uniform(0.14, 0.33), rng.uniform(0.1, 0.55)
        root = (
            Matrix.Translation((x, y, 0.2 * scale))
            @ Matrix.Rotation(turn, 4, "Z")
            @ Matrix.Translation((out * scale, 0, 0))
        )
        stem = blade(rng, tall * scale, 0.008, lean)
        stems.add(
            stem,
            root,
            varied(one_of(rng, ((0.09, 0.15, 0.06), (0.13, 0.19, 0.08), (0.07, 0.12, 0.04))), rng, 0.2),
        )
        if rng.random() < 0.5:
            tip = stem.verts[3]
            for k in range(4):
                blooms.add(
                    bud,
                    root
                    @ placed(
                        tip[0] + rng.normal(0, 0.004),
                        rng.normal(0, 0.004),
                        tip[2] - 0.012 * k,
                        rng.uniform(0, 6.3),
                        scale=rng.uniform(0.006, 0.011),
                    ),
                    varied(one_of(rng, flowers), rng, 0.2),
                )


def add_shade(rng: np.random.Generator, leaves: Heap) -> None:
    """Leaves out of sight that throw dappled shade on the yard's sides and back, not on its middle."""
    shapes = [leaf(rng, 0.3) for _ in range(12)]
    for cx, cy, spread, number in (
        (-1.7, -0.5, 0.5, 1300),
        (2.3, 1.3, 0.7, 1600),
        (-1.6, 2.0, 0.6, 900),
        (1.5, -1.4, 0.45, 900),
    ):
        twigs = rng.normal(0.0, spread, (14, 2))
        for _ in range(number):
            twig = twigs[int(rng.integers(14))]
            x, y = np.array([cx, cy]) + twig + rng.normal(0.0, 0.17, 2)
            if math.hypot(x, y) < 1.15:
                continue
            height = rng.uniform(2.6, 3.6)
            far = height / SUN_FROM.z
            leaves.add(
                shapes[int(rng.integers(12))],
                placed(
                    x + SUN_FROM.x * far,
                    y + SUN_FROM.y * far,
                    height,
                    rng.uniform(0, 6.3),
                    rng.uniform(-0.8, 0.8),
                    rng.uniform(-0.8, 0.8),
                    rng.uniform(0.08, 0.15),
                ),
                (0.06, 0.12, 0.03),
            )


def build_yard(scene: bpy.types.Scene) -> None:
    """All that the camera sees, in the scene's own collection."""
    rng = np.random.default_rng(SEED)
    stains = image("stains", stain_picture(rng, 1024))
    stone_image = image("stone", stone_picture(rng, 2048))
    wood_image = image("wood", wood_picture(rng, 1024))
    plain = surface("plain", None, 0.75)
    foliage = surface("foliage", None, 0.55)
    heaps = {
        "slabs": Heap("slabs", surface("paving", stone_image, 0.78, 5.0, stains), 2.4),
        "earth": Heap("earth", surface("earth", stone_image, 0.95, 6.0, stains), 1.6),
        "bricks": Heap("bricks", surface("brick", stone_image, 0.85, 5.0), 3.2),
        "mortar": Heap("mortar", surface("mortar", stone_image, 0.95, 4.0), 3.2),
        "coping": Heap("coping", surface("coping", stone_image, 0.75, 5.0), 3.2),
        "wood": Heap("wood", surface("wood", wood_image, 0.7, 2.0), 0.7),
        "clay": Heap("clay", surface("clay", stone_image, 0.8, 2.0), 1.8, smooth=True),
        "zinc": Heap("zinc", surface("zinc", stone_image, 0.38, 0.6, metallic=0.9), 1.6, smooth=True),
        "fruit": Heap("fruit", surface("fruit", stone_image, 0.3), 0.3, smooth=True),
        "pebbles": Heap("pebbles", surface("pebble", stone_image, 0.8), 0.3, smooth=True),
        "cracks": Heap("cracks", plain),
        "core": Heap("core", plain),
        "tufts": Heap("tufts", foliage),
        "hedge": Heap("hedge", foliage),
        "fallen": Heap("fallen", surface("fallen", stone_image, 0.6), 0.15),
        "shade": Heap("shade", foliage),
        "stems": Heap("stems", foliage),
        "blooms": Heap("blooms", plain, smooth=True),
    }
    heaps["earth"].add(block((16.0, 14.0, 0.2), 0.0, rng), placed(0, 0, -0.104), (0.075, 0.06, 0.045))
    add_paving(rng, heaps["slabs"], heaps["tufts"])
    add_cracks(rng, heaps["cracks"], 90)
    add_wall(rng, heaps["bricks"], heaps["mortar"], heaps["coping"])
    add_hedge(rng, heaps["hedge"], heaps["core"])
    add_brick_stack(rng, heaps["bricks"], (1.22, -0.28), 0.35, 4)
    add_brick_stack(rng, heaps["bricks"], (-1.02, 0.10), -0.5, 3)
    add_brick_stack(rng, heaps["bricks"], (0.82, -0.85), 0.9, 2)
    add_litter(rng, heaps["fallen"], heaps["pebbles"])
    pale, grey = (0.42, 0.29, 0.17), (0.30, 0.25, 0.20)
    add_crate(rng, heaps["wood"], (-1.22, 1.12, 0.0), 0.22, (0.56, 0.40, 0.30), pale)
    add_apples(rng, heaps["fruit"], (-1.22, 1.12, 0.24), (0.23, 0.15), 0.22)
    add_crate(rng, heaps["wood"], (-1.84, 1.42, 0.0), -0.35, (0.52, 0.38, 0.36), grey)
    add_crate(rng, heaps["wood"], (-1.80, 1.44, 0.365), 0.10, (0.44, 0.34, 0.24), pale)
    add_crate(rng, heaps["wood"], (2.35, 1.72, 0.0), 0.3, (0.50, 0.36, 0.28), grey)
    violet: tuple[Rgb, ...] = ((0.20, 0.09, 0.42), (0.30, 0.14, 0.50), (0.14, 0.06, 0.30))
    gold: tuple[Rgb, ...] = ((0.75, 0.38, 0.03), (0.80, 0.55, 0.08), (0.70, 0.22, 0.02))
    rose: tuple[Rgb, ...] = ((0.62, 0.08, 0.12), (0.75, 0.25, 0.25), (0.80, 0.55, 0.50))
    for at, scale, flowers in (
        ((1.42, 1.05), 1.15, violet),
        ((0.96, 1.62), 0.9, gold),
        ((1.80, 0.55), 0.75, rose),
        ((-0.42, 1.92), 0.8, violet),
        ((-1.72, -0.32), 0.85, gold),
    ):
        add_planter(rng, heaps["clay"], heaps["stems"], heaps["blooms"], at, scale, flowers)
    pail = [
        (0.11, 0.0),
        (0.115, 0.004),
        (0.128, 0.10),
        (0.131, 0.102),
        (0.131, 0.108),
        (0.129, 0.11),
        (0.146, 0.235),
        (0.150, 0.24),
        (0.146, 0.243),
        (0.125, 0.09),
        (0.108, 0.012),
        (0.001, 0.010),
    ]
    heaps["zinc"].add(lathe(pail, 48), placed(0.33, 1.88, 0.0), (0.44, 0.46, 0.48), rng.random(2))
    add_shade(rng, heaps["shade"])
    for heap in heaps.values():
        heap.finish(scene.collection)


def light_yard(scene: bpy.types.Scene) -> None:
    """A low warm sun and a clear sky about it."""
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 6.6, math.radians(0.55), (1.0, 0.83, 0.64)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.matrix_world = SUN_FROM.to_track_quat("Z", "Y").to_matrix().to_4x4()
    scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("sky")
    scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    gradient = tree.nodes.new("ShaderNodeTexGradient")
    coordinate, mapping = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Rotation"].default_value = (0.0, math.radians(90.0), 0.0)
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].color = (1.0, 0.86, 0.68, 1.0)
    ramp.color_ramp.elements[1].color = (0.28, 0.46, 0.85, 1.0)
    background = tree.nodes["Background"]
    background.inputs["Strength"].default_value = 0.5
    tree.links.new(coordinate.outputs["Generated"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], gradient.inputs["Vector"])
    tree.links.new(gradient.outputs["Fac"], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], background.inputs["Color"])


# --- drawing --------------------------------------------------------------


def new_scene() -> bpy.types.Scene:
    """An empty file's only scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def set_up_render(scene: bpy.types.Scene, samples: int, percent: int) -> bpy.types.Object:
    """Cycles on the processor with few samples and a denoiser; returns the camera."""
    camera = bpy.data.cameras.new("film")
    camera.sensor_width, camera.lens, camera.clip_end = SENSOR_MM, FOCAL_MM, 100.0
    holder = bpy.data.objects.new("film", camera)
    scene.collection.objects.link(holder)
    scene.camera = holder
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = WIDTH, HEIGHT, percent
    render.fps, render.use_persistent_data = FPS, True
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGB"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", samples, False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 2, 1, 1
    cycles.use_light_tree, cycles.sampling_pattern = False, "BLUE_NOISE"
    scene.world.cycles.sampling_method = "NONE"  # all shadow rays go to the sun; the sky comes by bounces
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_denoising = True
    try:
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_prefilter = "NONE"  # keeps the grit of the stones
    except TypeError:
        print("this Blender has no OpenImageDenoise: the frames keep their noise", file=sys.stderr)
        cycles.use_denoising = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.45
    return holder


def filmed(picture: Floats, frame: int) -> Floats:
    """A drawn frame (h, w, 3) in 0..1 with darker corners and a grain seeded by the frame's number."""
    rng = np.random.default_rng(SEED + frame)
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    radius2 = ((x + 0.5 - width / 2) ** 2 + (y + 0.5 - height / 2) ** 2) / (width / 2) ** 2
    grey = rng.standard_normal((height, width, 1))
    grey = 0.72 * grey + 0.2 * (np.roll(grey, 1, axis=0) + np.roll(grey, 1, axis=1))
    grain = 0.0085 * grey + 0.0035 * rng.standard_normal((height, width, 3))
    lift = 0.6 + 0.8 * np.clip(picture.mean(axis=2, keepdims=True) * 2.0, 0.0, 1.0)
    return np.clip(picture * (1.0 - 0.09 * radius2[..., None]) + grain * lift, 0.0, 1.0)


def read_picture(path: Path) -> Floats:
    """The stored values of a picture, (h, w, 3) in 0..1, bottom row first."""
    loaded = bpy.data.images.load(str(path))
    width, height = loaded.size
    values = np.empty(width * height * 4, np.float32)
    loaded.pixels.foreach_get(values)
    bpy.data.images.remove(loaded)
    return values.reshape(height, width, 4)[..., :3].astype(float)


def write_picture(path: Path, picture: Floats) -> None:
    """An (h, w, 3) array in 0..1, bottom row first, as a PNG."""
    made = image(path.stem, picture)
    made.filepath_raw, made.file_format = str(path), "PNG"
    made.save()
    bpy.data.images.remove(made)


def draw(frames: Sequence[int], folder: Path, samples: int, percent: int) -> None:
    """Renders the frames into the folder as clean_0001.png …; those that lie there already are kept."""
    missing = [f for f in frames if not (folder / f"clean_{f:04}.png").exists()]
    if not missing:
        return
    scene = new_scene()
    build_yard(scene)
    light_yard(scene)
    camera = set_up_render(scene, samples, percent)
    for frame in missing:
        camera.matrix_world = camera_pose(frame)
        scene.cycles.seed = frame  # a still pattern of noise would pull the tracks
        part = folder / f"part_{frame:04}.png"
        scene.render.filepath = str(part)
        bpy.ops.render.render(write_still=True)
        part.rename(folder / f"clean_{frame:04}.png")
        print(f"drawn frame {frame} of {FRAMES}", file=sys.stderr, flush=True)


def encode(pictures: Sequence[Path], clip: Path, kilobits: int) -> None:
    """The pictures as an evenly timed H.264 clip, through Blender's own FFmpeg."""
    scene = new_scene()
    scene.view_settings.view_transform = "Standard"
    strips = scene.sequence_editor_create().strips
    strip = strips.new_image("film", str(pictures[0]), channel=1, frame_start=1)
    for picture in pictures[1:]:
        strip.elements.append(picture.name)
    strip.frame_final_duration = len(pictures)
    scene.frame_start, scene.frame_end = 1, len(pictures)
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage, render.fps = (
        WIDTH,
        HEIGHT,
        100,
        FPS,
    )
    render.image_settings.file_format = "FFMPEG"
    ffmpeg = render.ffmpeg
    ffmpeg.format, ffmpeg.codec, ffmpeg.audio_codec = "MPEG4", "H264", "NONE"
    ffmpeg.constant_rate_factor, ffmpeg.ffmpeg_preset = "NONE", "BEST"
    ffmpeg.video_bitrate, ffmpeg.maxrate, ffmpeg.minrate, ffmpeg.buffersize = (
        kilobits,
        2 * kilobits,
        0,
        4 * kilobits,
    )
    ffmpeg.gopsize, ffmpeg.use_max_b_frames, ffmpeg.max_b_frames = 24, True, 2
    clip.parent.mkdir(parents=True, exist_ok=True)
    render.filepath, render.use_file_extension = str(clip), False
    bpy.ops.render.render(animation=True)


# --- CG -------------------------------------------------------------------


def paint(
    name: str, colour: Rgb, roughness: float, metallic: float = 0.0, coat: float = 0.0, glow: float = 0.0
) -> bpy.types.Material:
    """A plain material of one colour."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*colour, 1.0)
    inputs["Roughness"].default_value, inputs["Metallic"].default_value = roughness, metallic
    inputs["Coat Weight"].default_value, inputs["Coat Roughness"].default_value = coat, 0.08
    if glow:
        inputs["Emission Color"].default_value, inputs["Emission Strength"].default_value = (
            (*colour, 1.0),
            glow,
        )
    material.diffuse_color = (*colour, 1.0)
    return material


def rounded(made: bpy.types.Object, width: float) -> None:
    """Rounds the edges by a modifier (width in metres) and shades smooth with flat faces kept flat."""
    made.data.shade_smooth()
    bevel = made.modifiers.new("round", "BEVEL")
    bevel.width, bevel.segments = width, 3 if width > 0.004 else 2
    bevel.limit_method, bevel.harden_normals = "ANGLE", True


def build_robot(collection: bpy.types.Collection) -> bpy.types.Object:
    """A wind-up tin robot, 0.54 m high, feet on z = 0 about the origin, looking along -Y: one mesh object."""
    red = paint("red enamel", (0.62, 0.045, 0.02), 0.28, coat=0.8)
    cream = paint("cream enamel", (0.72, 0.62, 0.43), 0.3, coat=0.6)
    teal = paint("teal enamel", (0.02, 0.22, 0.24), 0.28, coat=0.8)
    steel = paint("steel", (0.55, 0.55, 0.56), 0.3, metallic=1.0)
    rubber = paint("rubber", (0.025, 0.025, 0.028), 0.6)
    brass = paint("brass", (0.75, 0.48, 0.16), 0.25, metallic=1.0)
    eye = paint("eye", (1.0, 0.72, 0.25), 0.2, glow=2.0)
    parts: list[bpy.types.Object] = []

    def part(
        add: Callable[..., object], material: bpy.types.Material, bevel: float = 0.0, **how: object
    ) -> bpy.types.Object:
        add(**how)
        made = bpy.context.active_object
        made.data.materials.append(material)
        bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
        if bevel:
            rounded(made, bevel)
        else:
            made.data.shade_smooth()
        parts.append(made)
        return made

    def box(material: bpy.types.Material, at: Sequence[float], size: Sequence[float], bevel: float) -> None:
        part(bpy.ops.mesh.primitive_cube_add, material, bevel, size=1.0, location=at, scale=size)

    def rod(
        material: bpy.types.Material,
        at: Sequence[float],
        radius: float,
        length: float,
        bevel: float = 0.002,
        turn: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> None:
        part(
            bpy.ops.mesh.primitive_cylinder_add,
            material,
            bevel,
            vertices=24,
            radius=radius,
            depth=length,
            location=at,
            rotation=turn,
        )

    def ball(material: bpy.types.Material, at: Sequence[float], radius: float) -> None:
        part(
            bpy.ops.mesh.primitive_uv_sphere_add,
            material,
            segments=18,
            ring_count=11,
            radius=radius,
            location=at,
        )

    def ring(
        material: bpy.types.Material,
        at: Sequence[float],
        radius: float,
        thick: float,
        turn: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> None:
        part(
            bpy.ops.mesh.primitive_torus_add,
            material,
            major_segments=20,
            minor_segments=7,
            major_radius=radius,
            minor_radius=thick,
            location=at,
            rotation=turn,
        )

    across, ahead = (0.0, math.pi / 2, 0.0), (math.pi / 2, 0.0, 0.0)
    for side in (-1, 1):
        box(rubber, (side * 0.066, -0.014, 0.009), (0.098, 0.158, 0.018), 0.006)
        box(teal, (side * 0.066, -0.014, 0.038), (0.090, 0.148, 0.044), 0.014)
        for k in range(4):
            ring(rubber, (side * 0.066, 0.0, 0.068 + 0.019 * k), 0.024, 0.0095)
        rod(steel, (side * 0.136, 0.0, 0.292), 0.021, 0.04, turn=across)
        ball(red, (side * 0.163, 0.0, 0.292), 0.034)
        for k in range(4):
            ring(rubber, (side * (0.167 + 0.003 * k), -0.004 * k, 0.254 - 0.019 * k), 0.0185, 0.008)
        rod(cream, (side * 0.180, -0.018, 0.165), 0.027, 0.042, 0.006)
        for dx in (-1, 1):
            box(steel, (side * 0.180 + dx * 0.017, -0.024, 0.126), (0.010, 0.030, 0.050), 0.004)
        rod(steel, (side * 0.098, 0.0, 0.428), 0.030, 0.018, 0.004, across)
        ball(brass, (side * 0.109, 0.0, 0.428), 0.014)
        rod(steel, (side * 0.041, -0.069, 0.440), 0.029, 0.016, 0.003, ahead)
        rod(eye, (side * 0.041, -0.076, 0.440), 0.0215, 0.010, 0.003, ahead)
        ball(rubber, (side * 0.041, -0.080, 0.440), 0.0085)
    box(steel, (0.0, 0.0, 0.148), (0.200, 0.128, 0.020), 0.005)
    box(red, (0.0, 0.0, 0.246), (0.236, 0.158, 0.182), 0.020)
    box(cream, (0.0, -0.079, 0.258), (0.168, 0.010, 0.112), 0.004)
    rod(steel, (-0.038, -0.086, 0.268), 0.033, 0.010, 0.003, ahead)
    rod(rubber, (-0.038, -0.0895, 0.268), 0.027, 0.006, 0.002, ahead)
    part(
        bpy.ops.mesh.primitive_cube_add,
        red,
        size=1.0,
        location=(-0.031, -0.0935, 0.279),
        scale=(0.004, 0.003, 0.030),
        rotation=(0.0, 0.55, 0.0),
    )
    for k, material in enumerate((red, brass, teal)):
        rod(material, (0.042, -0.086, 0.295 - 0.030 * k), 0.0105, 0.012, 0.003, ahead)
    for x in (-0.105, 0.105):
        for z in (0.180, 0.318):
            ball(steel, (x * 0.93, -0.0785, z), 0.0055)
    ring(rubber, (0.0, 0.0, 0.345), 0.040, 0.010)
    ring(rubber, (0.0, 0.0, 0.360), 0.036, 0.009)
    box(cream, (0.0, 0.0, 0.426), (0.178, 0.132, 0.120), 0.022)
    box(rubber, (0.0, -0.066, 0.390), (0.086, 0.006, 0.020), 0.002)
    for k in range(5):
        box(steel, (-0.032 + 0.016 * k, -0.069, 0.390), (0.0045, 0.004, 0.018), 0.001)
    rod(red, (0.0, 0.0, 0.490), 0.030, 0.014, 0.005)
    rod(steel, (0.0, 0.0, 0.508), 0.0045, 0.034, 0.001)
    ball(red, (0.0, 0.0, 0.527), 0.0135)
    rod(brass, (0.0, 0.098, 0.252), 0.009, 0.044, 0.002, ahead)
    for side in (-1, 1):
        ring(brass, (side * 0.030, 0.120, 0.252), 0.026, 0.0065, ahead)

    bpy.ops.object.select_all(action="DESELECT")
    for made in parts:
        made.select_set(True)
    robot = parts[0]
    bpy.context.view_layer.objects.active = robot
    bpy.ops.object.convert(target="MESH")
    bpy.ops.object.join()
    bpy.context.scene.cursor.location = (0.0, 0.0, 0.0)
    bpy.ops.object.origin_set(type="ORIGIN_CURSOR")
    bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)
    robot.name = robot.data.name = "tin_robot"
    while robot.data.uv_layers:
        robot.data.uv_layers.remove(robot.data.uv_layers[0])
    for owner in list(robot.users_collection):
        owner.objects.unlink(robot)
    collection.objects.link(robot)
    return robot


def write_cg(path: Path) -> None:
    """The CG as a compressed .blend with nothing but the collection "cg" in its scene."""
    scene = new_scene()
    collection = bpy.data.collections.new("cg")
    scene.collection.children.link(collection)
    build_robot(collection)
    bpy.ops.outliner.orphans_purge(do_local_ids=True, do_recursive=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


# --- main -----------------------------------------------------------------


def arguments() -> argparse.Namespace:
    """What the call asks for."""
    parser = argparse.ArgumentParser(description="Draws the bundled example: clip, true camera and CG.")
    parser.add_argument("--output", type=Path, default=HERE / "first_shot", help="folder of the example")
    parser.add_argument("--frames-dir", type=Path, help="keep the drawn frames here, and use those found")
    parser.add_argument(
        "--only", type=int, nargs="+", metavar="FRAME", help="draw just these frames, and nothing else"
    )
    parser.add_argument(
        "--percent", type=int, default=100, help="size of the drawn frames, for a try with --only"
    )
    parser.add_argument("--samples", type=int, default=9, help="samples a pixel")
    parser.add_argument("--kilobits", type=int, default=8200, help="rate of the clip, kbit/s")
    parser.add_argument("--cg-only", action="store_true", help="write just the CG")
    return parser.parse_args()


def main() -> None:
    """Draws what the call asks for."""
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.frames_dir or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not options.only:
            write_cg(options.output / "cg.blend")
        if options.cg_only:
            return
        frames = options.only or list(range(1, FRAMES + 1))
        draw(frames, folder, options.samples, options.percent)
        pictures = []
        for frame in frames:
            pictures.append(folder / f"film_{frame:04}.png")
            write_picture(pictures[-1], filmed(read_picture(folder / f"clean_{frame:04}.png"), frame))
        if options.only:
            print(f"frames in {folder}")
            return
        clip = options.output / "footage" / "yard.mp4"
        encode(pictures, clip, options.kilobits)
        poses = [camera_pose(frame) for frame in frames]
        (options.output / "truth.json").write_text(
            json.dumps(truth(poses), indent=1) + "\n", encoding="utf-8"
        )
        print(f"{clip}: {clip.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
