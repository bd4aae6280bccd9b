"""Cameras to and from other programs as files: what needs no Blender to read or write."""

from .chan import read_chan, write_chan
from .colmap import read_colmap
from .path import ALEMBIC, CHAN, COLMAP, COLMAP_FILES, ENDINGS, FBX, USD, CameraFileError, CameraPath

__all__ = [
    "ALEMBIC",
    "CHAN",
    "COLMAP",
    "COLMAP_FILES",
    "ENDINGS",
    "FBX",
    "USD",
    "CameraFileError",
    "CameraPath",
    "read_chan",
    "read_colmap",
    "write_chan",
]
