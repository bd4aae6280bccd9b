"""What the ground that catches shadows is made of: one material that both Cycles and EEVEE understand.

Cycles knows shadow catchers and only needs something plain. EEVEE does not: there the ground shows black by
as much as it is darker than a white floor under this light would be. How bright that is follows from the suns
and the world: a sun of strength E gives E cos(angle) / pi, a world the mean of its upper half, weighted by
height. A driver follows the suns as they are turned. Lamps of other kinds make it see less shadow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np

from ..engine.model import Floats
from .material_look import Values, driver_words, material_values
from .nodes import MARK

MATERIAL_MARK = "shadow_catcher_material"
LIT = "Lit"
"""Name of the node that says how bright the floor is where nothing shades it."""

SURE_LIGHT = 0.98
"""What is brighter than this share of the lit floor is no shadow: EEVEE is right to a thousandth, and samples
of soft light are not."""

LIT_TOLD = "tracked_shot_lit"
"""Custom property of our material: what that node was told last, in words."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def catcher_material(scene: bpy.types.Scene, ground: bpy.types.Object) -> None:
    """Makes the ground's material where it has none, and tells ours anew how bright the light is.

    What somebody did to it stays, and so does a material that somebody gave to the ground in its place.
    """
    material = _our_material(ground)
    if material is None and not any(ground.data.materials):
        material = bpy.data.materials.new("Shadow Catcher")
        material[MARK] = MATERIAL_MARK
        _build(material)
        ground.data.materials.clear()
        ground.data.materials.append(material)
    if material is not None:
        _tell_light(material, scene)


def drop_catcher_material(ground: bpy.types.Object) -> None:
    """Takes the ground's material away, so that it is made anew; ours goes where nobody else uses it."""
    material = _our_material(ground)
    ground.data.materials.clear()
    if material is not None and material.users == 0:
        bpy.data.materials.remove(material)


def _our_material(ground: bpy.types.Object) -> bpy.types.Material | None:
    return next((item for item in ground.data.materials if item and item.get(MARK) == MATERIAL_MARK), None)


def ground_values(ground: bpy.types.Object) -> Values:
    """How the ground's materials are made, all that a hand can change; how bright the light is is no such.

    What somebody gave to the ground in place of ours counts by its name alone.
    """
    materials = [slot.material for slot in ground.material_slots]
    ours = [material for material in materials if material and material.get(MARK) == MATERIAL_MARK]
    names = [
        "none" if material is None else "ours" if material in ours else material.name_full
        for material in materials
    ]
    found: Values = {"materials": names}
    for material in ours:
        socket = _lit_socket(material)
        but = () if socket is None else (socket.path_from_id("default_value"),)
        found |= material_values(material, but=but)
        found["the light"] = _lit_words(material) if _lit_by_hand(material) else "told"
    return found


def _build(material: bpy.types.Material) -> None:
    if material.node_tree is None:
        material.use_nodes = True
    # EEVEE's other method sees no shadows through Shader to RGB.
    material.surface_render_method = "BLENDED"
    tree = material.node_tree
    tree.nodes.clear()

    def node(kind: str, column: int, row: int = 0) -> bpy.types.Node:
        made = tree.nodes.new(f"ShaderNode{kind}")
        made.location = (200 * column, -200 * row)
        return made

    floor, seen, grey = node("BsdfDiffuse", 0), node("ShaderToRGB", 1), node("RGBToBW", 2)
    lit, share, dark = node("Value", 2, 1), node("Math", 3), node("MapRange", 4)
    clear, black, shown = node("BsdfTransparent", 4, 1), node("Emission", 4, 2), node("MixShader", 5)
    eevee, cycles = node("OutputMaterial", 6), node("OutputMaterial", 6, 1)
    floor.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    lit.name = lit.label = LIT
    share.operation = "DIVIDE"
    for name, value in (("From Min", 0.0), ("From Max", SURE_LIGHT), ("To Min", 1.0), ("To Max", 0.0)):
        dark.inputs[name].default_value = value
    black.inputs["Strength"].default_value = 0.0
    eevee.target, cycles.target = "EEVEE", "CYCLES"
    for start, end in (
        (floor.outputs[0], seen.inputs[0]),
        (seen.outputs[0], grey.inputs[0]),
        (grey.outputs[0], share.inputs[0]),
        (lit.outputs[0], share.inputs[1]),
        (share.outputs[0], dark.inputs["Value"]),
        (dark.outputs[0], shown.inputs[0]),
        (clear.outputs[0], shown.inputs[1]),
        (black.outputs[0], shown.inputs[2]),
        (shown.outputs[0], eevee.inputs["Surface"]),
        (floor.outputs[0], cycles.inputs["Surface"]),
    ):
        tree.links.new(start, end)


def _tell_light(material: bpy.types.Material, scene: bpy.types.Scene) -> None:
    """How bright a white floor is in the scene's light: a driver, so that a sun may be turned and dimmed."""
    socket = _lit_socket(material)
    if socket is None or _lit_by_hand(material):
        return
    socket.driver_remove("default_value")
    suns = [
        item
        for item in scene.objects
        if item.type == "LIGHT" and item.data.type == "SUN" and not item.hide_render
    ]
    ambient = max(world_light(scene.world), 1e-6)
    socket.default_value = ambient
    if suns:
        _drive_light(socket, suns, ambient)
    material[LIT_TOLD] = _lit_words(material)


def _drive_light(socket: bpy.types.NodeSocket, suns: Sequence[bpy.types.Object], ambient: float) -> None:
    driver = socket.driver_add("default_value").driver
    driver.type = "SCRIPTED"
    terms = []
    for number, sun in enumerate(suns):
        color = float(_LUMINANCE @ np.array(sun.data.color))
        terms.append(f"{color:.6g}*e{number}*max(cos(x{number})*cos(y{number}),0)")
        energy = driver.variables.new()
        energy.name = f"e{number}"
        energy.targets[0].id_type = "LIGHT"
        energy.targets[0].id, energy.targets[0].data_path = sun.data, "energy"
        for axis in "xy":
            turn = driver.variables.new()
            turn.name, turn.type = f"{axis}{number}", "TRANSFORMS"
            turn.targets[0].id = sun
            turn.targets[0].transform_type = f"ROT_{axis.upper()}"
            turn.targets[0].rotation_mode = "XYZ"
    driver.expression = f"{ambient:.6g}+({'+'.join(terms)})/pi"


def _lit_socket(material: bpy.types.Material) -> bpy.types.NodeSocket | None:
    """Where the node says how bright it is; None where somebody built the material otherwise."""
    node = material.node_tree.nodes.get(LIT) if material.node_tree is not None else None
    return node.outputs[0] if node is not None and node.bl_idname == "ShaderNodeValue" else None


def _lit_words(material: bpy.types.Material) -> str:
    """What the node is told: its driver, else its value."""
    socket = _lit_socket(material)
    if socket is None:
        return ""
    data, path = material.node_tree.animation_data, socket.path_from_id("default_value")
    curve = data.drivers.find(path) if data is not None else None
    return driver_words(curve) if curve is not None else f"{socket.default_value:.5g}"


def _lit_by_hand(material: bpy.types.Material) -> bool:
    """Whether somebody has told it otherwise since."""
    return LIT_TOLD in material and material[LIT_TOLD] != _lit_words(material)


def world_light(world: bpy.types.World | None) -> float:
    """How bright a white floor is under a world of one colour or one picture; 0 where it is another kind."""
    if world is None or world.node_tree is None:
        return 0.0
    for node in world.node_tree.nodes:
        if node.bl_idname == "ShaderNodeBackground" and node.outputs[0].is_linked:
            strength = float(node.inputs["Strength"].default_value)
            color = node.inputs["Color"]
            if not color.is_linked:
                return strength * float(_LUMINANCE @ np.array(color.default_value[:3]))
            source = color.links[0].from_node
            if source.bl_idname == "ShaderNodeTexEnvironment" and source.image is not None:
                return strength * _upper_half(source.image)
    return 0.0


def _upper_half(image: bpy.types.Image) -> float:
    """Irradiance over pi of level ground under a latitude-longitude picture."""
    width, height = image.size
    if not width or not height:
        return 0.0
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    rows = pixels.reshape(height, width, image.channels)[..., :3].mean(axis=1, dtype=np.float64)
    grey: Floats = rows @ _LUMINANCE[: rows.shape[1]]
    elevation = ((np.arange(height) + 0.5) / height - 0.5) * math.pi
    weight = np.where(elevation > 0, np.sin(elevation) * np.cos(elevation), 0.0)
    return float(grey @ weight / weight.sum())
