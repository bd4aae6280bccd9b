"""Animation curves: from 4.4 an action has slots, and from 5.0 its curves are reached only through them."""

from __future__ import annotations

import bpy


def fresh_curves(owner: bpy.types.ID, name: str, mark: str) -> bpy.types.bpy_prop_collection:
    """The animation curves of an ID, emptied or new; ``mark`` is the custom property of an action of ours."""
    data = owner.animation_data_create()
    action = data.action
    if action is None or mark not in action:
        action = bpy.data.actions.new(name)
        action[mark] = "keys"
        data.action = action
    if not hasattr(action, "slots"):
        curves = action.fcurves
    else:
        slot = data.action_slot
        if slot is None:
            slot = action.slots.new(owner.id_type, owner.name)
            data.action_slot = slot
        layer = action.layers[0] if action.layers else action.layers.new("Keys")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        curves = strip.channelbag(slot, ensure=True).fcurves
    for curve in list(curves):
        curves.remove(curve)
    return curves


def curves_of(owner: bpy.types.ID) -> list[bpy.types.FCurve]:
    """All animation curves that an ID's action holds for it."""
    data = owner.animation_data
    if data is None or data.action is None:
        return []
    if not hasattr(data.action, "slots"):
        return list(data.action.fcurves)
    if data.action_slot is None:  # an action made for something else
        return []
    bags = [strip.channelbag(data.action_slot) for layer in data.action.layers for strip in layer.strips]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]
