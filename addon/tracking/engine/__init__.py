"""The tracking engine: footage in, tracks and a camera out.

Plain NumPy and OpenCV. It never imports bpy and knows nothing of who calls it:
``plan.run`` is a generator of steps that a worker process, a command line or a
test drives alike.
"""
