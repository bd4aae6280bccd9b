"""What a build leaves alone: the artist's scene, and what they did to ours in between."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from addon.tracking import assemble_shot_with_tracking
from addon.tracking.blender import clip_state
from addon.tracking.blender.clip import clip_editor, select_track
from addon.tracking.blender.holdout import HELD_OUT, clear_holdout, hold_out
from addon.tracking.session import load_session
from addon.tracking.shotfile import load_shot
from tests.blender.conftest import SHOT
from tests.blender.file_dump import dump_file
from tests.blender.tree_dump import differences

ANEW = "build from the stage scene to set it anew"
ARTIST = 200
"""Objects of the artist's scene."""


def artists_scene(bpy: ModuleType) -> Any:
    """A scene with many objects, nested collections, view layers, drivers, keys and a compositor tree."""
    scene = bpy.context.scene
    scene.name = "Artist"
    inner = bpy.data.collections.new("Set")
    scene.collection.children.link(inner)
    props = bpy.data.collections.new("Props")
    inner.children.link(props)
    material = bpy.data.materials.new("Plaster")
    mesh = bpy.data.meshes.new("Block")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    mesh.materials.append(material)
    for number in range(ARTIST):
        item = bpy.data.objects.new(f"Block {number}", mesh if number % 3 else None)
        (inner, props, scene.collection)[number % 3].objects.link(item)
        item.location = (number, 2 * number, 0.5)
        if number % 20 == 0:
            curve = item.driver_add("location", 2)
            curve.driver.expression = f"frame * {number + 1}"
        if number % 25 == 0:
            item.keyframe_insert("scale", frame=number + 1)
        if number % 30 == 1:
            item.constraints.new("COPY_LOCATION").target = bpy.data.objects["Block 0"]
            item.modifiers.new("Thick", "SOLIDIFY")
    camera = bpy.data.objects.new("Artist's Camera", bpy.data.cameras.new("Artist's Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("Artist's World")
    layer = scene.view_layers.new("Set Only")
    layer.layer_collection.children["Set"].holdout = True
    scene.view_layers[0].layer_collection.children["Set"].children["Props"].exclude = True
    scene.render.resolution_x, scene.render.resolution_y, scene.render.fps = 1234, 567, 25
    scene.frame_start, scene.frame_end = 900, 1100
    scene.frame_set(950)
    scene["artists_note"] = "keep me"
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("Artist's Compositor", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    blur, render = tree.nodes.new("CompositorNodeBlur"), tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(render.outputs["Image"], blur.inputs["Image"])
    tree.links.new(blur.outputs["Image"], end.inputs["Image"])
    return scene


def without_scenes(dump: dict[str, Any]) -> dict[str, Any]:
    """A dump without what a build has to change: the scene's settings and its compositor."""
    return {
        name: values
        for name, values in dump.items()
        if not name.startswith(("scenes/", "node_groups/", "movieclips/", "worlds/Tracked"))
    }


def test_an_artists_scene_is_left_alone_and_given_back(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    from addon.tracking.blender.remove import remove_shot

    file = shot.with_name("artist.blend")
    artists_scene(blender_file)
    blender_file.ops.wm.save_as_mainfile(filepath=str(file))
    blender_file.ops.wm.open_mainfile(filepath=str(file))
    before = dump_file()
    assert sum(name.startswith("objects/") for name in before) == ARTIST + 1
    shot.write_text(SHOT + "  into: artist.blend\n")
    result = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder)
    assert result.scene.camera is result.camera
    result.scene.frame_set(950)  # drivers are of the frame
    during = dump_file()
    assert differences(without_scenes(before), without_scenes(during)) == []
    assert remove_shot(result.scene)
    assert differences(before, dump_file()) == []
    assert not remove_shot(result.scene)
    # Built again it is whole, and again taken out of a file that was saved in between.
    assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=result.scene)
    blender_file.ops.wm.save_as_mainfile(filepath=str(file))
    blender_file.ops.wm.open_mainfile(filepath=str(file))
    assert remove_shot(blender_file.context.scene)
    assert differences(before, dump_file()) == []


def test_the_artists_clip_keeps_its_tracks_and_lens(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    from addon.tracking.blender.clip import load_clip
    from addon.tracking.blender.remove import remove_shot

    clip = load_clip(shot.with_name("walls.avi"))
    clip.tracking.camera.focal_length, clip.tracking.camera.k1 = 77.0, 0.25
    clip.frame_start = 11
    clip.tracking.tracks.new(name="Mine", frame=3)
    scene = artists_scene(blender_file)
    scene.view_layers[0].update()
    before = dump_file()
    shot.write_text(SHOT.replace("file: walls.avi", "file: walls.avi\n    scene_start: 101"))
    assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene)
    assert len(clip.tracking.tracks) > 20 and clip.frame_start == 101
    assert remove_shot(scene)
    assert differences(before, dump_file()) == []


def test_an_edit_of_ours_is_told_and_kept_until_it_is_asked_for_anew(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    def build(**options: Any) -> Any:
        return assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, **options)

    built = build()
    scene, camera = built.scene, built.camera
    place = tuple(camera.location)
    names = {item.name for item in scene.objects}
    camera.location.x += 0.25
    sun = scene.objects["Tracked Shot Sun"]
    sun.data.energy = 7.0
    blender_file.data.objects.remove(scene.objects["Shadow Catcher"])
    scene.render.resolution_x = 320
    blender_file.ops.wm.save_mainfile()

    again = build()
    assert again.ran == ()
    told = "\n".join(again.warnings)
    for line in (
        "Tracked Camera: location changed by hand and kept",
        "Tracked Shot Sun: energy changed by hand and kept",
        "Shadow Catcher was deleted by hand and stays away",
        "the scene: render.resolution x changed by hand and kept",
    ):
        assert line in told

    shot.write_text(SHOT + "  scene:\n    floor: none\n")  # builds all of these again
    again = build()
    assert "camera" in again.ran and "scene" in again.ran
    assert math.isclose(again.camera.location.x, place[0] + 0.25, abs_tol=1e-6)
    assert again.scene.objects["Tracked Shot Sun"].data.energy == 7.0
    assert "Shadow Catcher" not in again.scene.objects
    assert again.scene.render.resolution_x == 320
    assert told.splitlines()[-4:] == again.warnings[-4:]

    shot.write_text(SHOT)
    anew = build(start="camera")
    assert anew.camera.location.x == pytest.approx(place[0], abs=1e-6)
    assert {item.name for item in anew.scene.objects} == names
    assert anew.scene.render.resolution_x == 480
    assert not [line for line in anew.warnings if "by hand" in line]
    assert not [line for line in build().warnings if "by hand" in line]


def test_a_holdout_that_the_artist_took_back_stays_taken_back(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene
    cubes = {}
    for name in ("Wall", "Table"):
        cubes[name] = blender_file.data.objects.new(name, blender_file.data.meshes.new(name))
        scene.collection.objects.link(cubes[name])

    def build(holdout: str, floor: str = "auto", **options: Any) -> list[str]:
        shot.write_text(SHOT + f"  scene:\n    holdout: {holdout}\n    floor: {floor}\n")
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene, **options)
        assert ("cg" in done.ran) == (bool(options) or last != [holdout, floor])
        last[:] = holdout, floor
        return [line for line in done.warnings if "by hand" in line]

    last: list[str] = []
    assert build("[Wall, Table]") == [] and all(cube.is_holdout for cube in cubes.values())
    cubes["Wall"].is_holdout = False
    told = ["Wall: is holdout changed by hand and kept; build from the stage cg to set it anew"]
    assert build("[Wall, Table]") == told
    assert build("[Wall, Table]", floor="none") == told  # with another floor the stage runs again
    assert not cubes["Wall"].is_holdout and cubes["Table"].is_holdout
    clear_holdout(scene, keep=[cubes["Table"]])  # as our button does
    assert build("[Wall, Table]", floor="none") == told
    assert build("[Wall, Table]") == told and not cubes["Wall"].is_holdout
    assert build("[Wall, Table]", start="cg") == [] and cubes["Wall"].is_holdout
    cubes["Wall"].is_holdout = False
    assert build("[Table]") == [] and not cubes["Wall"].is_holdout
    assert build("[Wall, Table]") == [] and cubes["Wall"].is_holdout, "the file is later than the hand"


def test_a_holdout_of_the_button_stays_and_is_told(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene
    cubes = {}
    for name in ("Wall", "Table", "Door"):
        cubes[name] = blender_file.data.objects.new(name, blender_file.data.meshes.new(name))
        scene.collection.objects.link(cubes[name])

    def build(holdout: str, floor: str = "auto", **options: Any) -> list[str]:
        shot.write_text(SHOT + f"  scene:\n    holdout: {holdout}\n    floor: {floor}\n")
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene, **options)
        return [line for line in done.warnings if "by hand" in line]

    def held() -> set[str]:
        return {name for name, cube in cubes.items() if cube.is_holdout}

    def told(name: str) -> str:
        return f"{name}: made a holdout by hand and kept; build from the stage cg to take it back"

    hold_out(scene, [cubes["Wall"]])  # as our button does, before anything was built
    assert build("[]") == [told("Wall")] and held() == {"Wall"}
    assert build("[]", floor="none") == [told("Wall")] and held() == {"Wall"}, "the stage runs again"
    assert build("[Table]") == [told("Wall")] and held() == {"Wall", "Table"}, "the file's own count, too"
    hold_out(scene, [cubes["Wall"], cubes["Table"], cubes["Door"]])
    assert build("[Table]", floor="none") == [told("Door"), told("Wall")]
    assert held() == {"Wall", "Table", "Door"}
    assert build("[Table, Wall]") == [told("Door")], "what the file names is the file's"
    assert build("[Table]") == [told("Door")] and held() == {"Table", "Door"}, "and goes with it"
    assert build("[Table]", start="cg") == [] and held() == {"Table"}
    assert build("[]", floor="none") == [] and held() == set()


def test_a_holdout_of_the_button_on_ours_or_on_cg_stays(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene
    for number in (1, 2, 3):  # another file has the stage run, which puts new objects in place of all
        names = [f"Prop {item}" for item in range(number)]
        things = {blender_file.data.objects.new(name, blender_file.data.meshes.new(name)) for name in names}
        blender_file.data.libraries.write(str(shot.with_name(f"set_{number}.blend")), things)
        blender_file.data.batch_remove(things)

    def build(number: int, holdout: str = "[]") -> list[str]:
        shot.write_text(SHOT + f"  cg: {{blend: set_{number}.blend}}\n  scene: {{holdout: {holdout}}}\n")
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene)
        return [line for line in done.warnings if "by hand" in line]

    def held() -> set[str]:
        return {item.name for item in scene.objects if item.is_holdout and HELD_OUT in item}

    assert build(1) == []
    hold_out(scene, [scene.objects["Prop 0"]])
    told = ["Prop 0: made a holdout by hand and kept; build from the stage cg to take it back"]
    assert build(1) == told and held() == {"Prop 0"}
    assert build(2) == told and held() == {"Prop 0"}
    assert build(2, "['Prop 0']") == [] and held() == {"Prop 0"}
    assert build(2) == [] and held() == set(), "the file is later than the hand"

    catcher = scene.objects["Shadow Catcher"]
    hold_out(scene, [catcher])
    assert build(3) == [f"Shadow Catcher: is holdout changed by hand and kept; {ANEW}"]
    assert build(3, "['Prop 0']")[0].startswith("Shadow Catcher: made a holdout by hand and kept")
    assert build(3, "['Prop 0']") == [f"Shadow Catcher: is holdout changed by hand and kept; {ANEW}"]
    assert held() == {"Prop 0", "Shadow Catcher"}
    hold_out(scene, [])  # the button, with nothing selected
    assert held() == set() and not catcher.is_holdout


def test_a_catchers_material_changed_by_hand_is_told(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene

    def build(**options: Any) -> list[str]:
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene, **options)
        return [line for line in done.warnings if "by hand" in line]

    def tree() -> Any:
        return scene.objects["Shadow Catcher"].data.materials[0].node_tree

    assert build() == []
    scene.objects["Tracked Shot Sun"].data.energy *= 2
    assert build() == ["Tracked Shot Sun: energy changed by hand and kept; " + ANEW]
    told = [f"Shadow Catcher: material changed by hand and kept; {ANEW}"]
    scene.objects["Tracked Shot Sun"].data.energy /= 2
    tree().nodes["Map Range"].inputs["From Max"].default_value = 0.5
    assert build() == told
    tree().nodes.remove(tree().nodes["Lit"])
    shot.write_text(SHOT + "  scene:\n    floor: none\n")  # the stage runs, and has no light to tell
    assert build() == told and "Lit" not in tree().nodes
    assert build(start="scene") == [] and "Lit" in tree().nodes
    scene.objects["Shadow Catcher"].data.materials[0] = blender_file.data.materials.new("Mine")
    shot.write_text(SHOT)
    assert build() == told
    assert [item.name for item in scene.objects["Shadow Catcher"].data.materials] == ["Mine"]
    assert build(start="scene") == []
    assert "Mine" not in [item.name for item in scene.objects["Shadow Catcher"].data.materials]
    assert "Mine" in blender_file.data.materials


def test_a_world_put_in_place_of_ours_is_told_as_such(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene
    sky = shot.with_name("sky.png")
    cv2.imwrite(str(sky), np.full((8, 16, 3), 128, np.uint8))
    shot.write_text(SHOT + "  scene:\n    light: {hdri: sky.png}\n")

    def build(**options: Any) -> list[str]:
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene, **options)
        return [line for line in done.warnings if "by hand" in line]

    assert build() == []
    scene.world = blender_file.data.worlds.new("My Studio")
    again = "build from the stage scene to have it again"
    assert build() == [f"Tracked Shot Surroundings was replaced by hand by My Studio, which is kept; {again}"]
    scene.world = None
    assert build() == [f"Tracked Shot Surroundings was deleted by hand and stays away; {again}"]
    assert build(start="scene") == [] and scene.world.name.startswith("Tracked Shot Surroundings")


def test_keys_and_shapes_changed_by_hand_are_kept(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    from addon.tracking.blender import versions

    shot.write_text(SHOT + "  camera:\n    bake: true\n")
    built = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder)
    curve = versions.curves_of(built.camera)[0]
    curve.keyframe_points[0].co.y += 1.0
    wanted = curve.keyframe_points[0].co.y
    catcher = built.scene.objects["Shadow Catcher"]
    catcher.data.vertices[0].co.x = -50.0
    counts = [len(blender_file.data.actions), len(blender_file.data.meshes)]
    shot.write_text(SHOT + "  camera:\n    bake: true\n  scene:\n    floor: none\n")
    scene = built.scene
    again = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene)
    assert "camera" in again.ran
    assert versions.curves_of(again.camera)[0].keyframe_points[0].co.y == wanted
    assert again.scene.objects["Shadow Catcher"].data.vertices[0].co.x == -50.0
    assert [len(blender_file.data.actions), len(blender_file.data.meshes)] == counts
    assert [line for line in again.warnings if "animation" in line]


def test_a_clip_that_was_saved_half_taken_in_is_taken_in_whole(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    built = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder)
    tracks, session = built.clip.tracking.tracks, load_session(built.session)
    count = len(tracks)
    clip_state.note_taking(built.clip, session)
    for track in list(tracks)[count // 2 :]:
        remove_track(built.clip, track)
    again = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=built.scene)
    assert "camera" in again.ran and "track" not in again.ran
    assert len(tracks) == count and not clip_state.is_half_taken(built.clip)
    assert not [line for line in again.warnings if "by hand" in line]
    last = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=built.scene)
    assert last.ran == ()


def remove_track(clip: Any, track: Any) -> None:
    import bpy

    with clip_editor(bpy.context, clip):
        for other in clip.tracking.tracks:
            select_track(other, other == track)
        bpy.ops.clip.delete_track()


def test_eevee_by_another_blenders_name_is_no_change_and_is_given_back(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    """From 5.0 EEVEE has another identifier; a file keeps those of the Blender that built it."""
    from addon.tracking.blender import owned, remove, versions

    scene, here = blender_file.context.scene, versions.engine_idname("eevee")
    elsewhere = "BLENDER_EEVEE" if here == "BLENDER_EEVEE_NEXT" else "BLENDER_EEVEE_NEXT"
    scene.render.engine = here
    shot.write_text(SHOT + "    engine: eevee\n")

    def build() -> list[str]:
        done = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene)
        return [line for line in done.warnings if "by hand" in line]

    assert build() == []
    for name in (owned.MEMORY, owned.BEFORE):
        assert here in scene[name]
        scene[name] = scene[name].replace(f'"{here}"', f'"{elsewhere}"')
    assert build() == []
    assert remove.remove_shot(scene) and scene.render.engine == here


def test_a_composite_changed_by_hand_is_kept(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    built = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder)
    group = next(item for item in blender_file.data.node_groups if item.name.startswith("Tracked Shot"))
    group.nodes.new("CompositorNodeBlur").name = "By Hand"
    config = load_shot(shot)
    config.composite.overrides["factor"] = 0.5
    again = assemble_shot_with_tracking(config, session_dir=solved_folder, scene=built.scene)
    assert again.ran == ()
    assert any("the composite was changed by hand and is kept" in line for line in again.warnings)
    assert "By Hand" in group.nodes
    anew = assemble_shot_with_tracking(
        config, session_dir=solved_folder, scene=built.scene, start="composite"
    )
    assert anew.ran == ("composite", "render_settings")


def test_tracks_changed_by_hand_are_told_and_kept_until_they_are_asked_for_anew(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    def build(**options: Any) -> Any:
        return assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, **options)

    build()
    again = build()
    assert not [line for line in again.warnings if "by hand" in line]
    clip, name = again.clip, again.clip.name
    moved, deleted, muted = (track.name for track in clip.tracking.tracks[:3])
    marker = clip.tracking.tracks[moved].markers[3]
    frame, place = marker.frame, (0.25, 0.75)
    was = tuple(marker.co)
    marker.co = place
    clip.tracking.tracks[muted].weight = 0.0
    own = clip.tracking.tracks.new(name="Mine", frame=1)
    own.markers.insert_frame(2, co=(0.5, 0.5))
    count = len(clip.tracking.tracks)
    with clip_editor(blender_file.context, clip):
        for track in clip.tracking.tracks:
            select_track(track, track.name == deleted)
        blender_file.ops.clip.delete_track()
    assert len(clip.tracking.tracks) == count - 1
    blender_file.ops.wm.save_mainfile()

    told = [
        f"{name}: 1 track moved, 1 switched off or on, 1 deleted, 1 added by hand and kept; Solve Again"
        " counts that in, building from the stage camera takes it back"
    ]
    again = build()
    assert again.ran == ()
    assert again.warnings[-1:] == told
    shot.write_text(SHOT + "  scene:\n    floor: none\n")  # takes the session into the clip again
    again = build()
    assert "camera" in again.ran and again.warnings[-1:] == told
    tracks = again.clip.tracking.tracks
    assert tuple(tracks[moved].markers.find_frame(frame).co) == place
    assert tracks[muted].weight == 0.0 and deleted not in tracks and len(tracks["Mine"].markers) == 2
    assert build().warnings[-1:] == told

    anew = build(start="camera")
    tracks = anew.clip.tracking.tracks
    assert tuple(tracks[moved].markers.find_frame(frame).co) == pytest.approx(was, abs=1e-6)
    assert tracks[muted].weight == 1.0 and deleted in tracks and len(tracks["Mine"].markers) == 2
    assert anew.warnings[-1] == f"{name}: 1 track added by hand and kept; Solve Again counts that in"


def test_the_button_takes_the_shot_out_and_undo_brings_it_back(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    scene = blender_file.context.scene
    operator = blender_file.ops.tracked_shot.remove_shot
    assert operator() == {"CANCELLED"}
    blender_file.ops.ed.undo_push()
    assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder, scene=scene)
    blender_file.ops.ed.undo_push(message="Built")
    built = dump_file()
    objects = len(scene.objects)
    assert operator() == {"FINISHED"}
    assert objects > 0 and len(scene.objects) == 0 and len(blender_file.data.movieclips) == 0
    blender_file.ops.ed.undo_push(message="Removed")
    blender_file.ops.ed.undo()
    assert len(blender_file.context.scene.objects) == objects
    assert differences(built, dump_file()) == []
