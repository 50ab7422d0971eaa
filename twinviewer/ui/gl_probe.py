"""Whether this screen can draw OpenGL, asked before anything depends on it."""

import os

from PySide6.QtGui import QOffscreenSurface, QOpenGLContext, QSurfaceFormat


def surface_format() -> QSurfaceFormat:
    """Desktop OpenGL 3.2 core, as VTK needs it. Must be the default before the first window is made."""
    wanted = QSurfaceFormat()
    wanted.setRenderableType(QSurfaceFormat.RenderableType.OpenGL)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setVersion(3, 2)
    wanted.setSwapBehavior(QSurfaceFormat.SwapBehavior.DoubleBuffer)
    for size in (wanted.setRedBufferSize, wanted.setGreenBufferSize, wanted.setBlueBufferSize):
        size(8)
    wanted.setAlphaBufferSize(8)
    wanted.setDepthBufferSize(8)
    wanted.setStencilBufferSize(0)
    wanted.setSamples(0)
    return wanted


def renderer() -> str:
    """The driver's name, for example "llvmpipe (LLVM 15)"; "" when there is no usable OpenGL."""
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return ""
    context = QOpenGLContext()
    context.setFormat(surface_format())
    if not context.create():
        return ""
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not surface.isValid() or not context.makeCurrent(surface):
        return ""
    try:
        name = context.functions().glGetString(0x1F01)  # GL_RENDERER
    except (AttributeError, TypeError):
        name = "OpenGL"
    finally:
        context.doneCurrent()
    major, minor = context.format().majorVersion(), context.format().minorVersion()
    if (major, minor) < (3, 2):
        return ""
    return str(name or "OpenGL")
