"""Elementary functions in single precision that compilers turn into vector code, for use inside compiled kernels.

    exp(x) = 2^k 2^f,  k = floor(x log2 e + 1/2),  |f| <= 1/2,  2^f by its Taylor polynomial of degree 6
    ln(x) = k ln 2 + 2 artanh((m - 1) / (m + 1)),  x = 2^k m,  m in [0.7, 1.4], artanh to degree 9

Relative error of exp below 4e-7 for |x| < 10 (it grows as 6e-8 |x|, which is what single precision leaves of x);
absolute error of ln below 3e-7. Arguments of exp beyond -87 or 88 are taken as the limits.
"""

from math import floor
from typing import Any

from llvmlite import ir
from numba import extending, njit, types
from numpy import float32 as f
from numpy import int32

CHUNK = 512
"""Nodes that a cell kernel advances in one go: their rows fit a core's own cache."""

intrinsic: Any = extending.intrinsic
_INT32, _FLOAT32 = ir.IntType(32), ir.FloatType()


@intrinsic
def _as_float(typingctx: Any, bits: Any) -> Any:
    """The float32 that has these 32 bits."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _FLOAT32)

    return types.float32(types.int32), emit


@intrinsic
def _as_int(typingctx: Any, value: Any) -> Any:
    """The 32 bits of a float32."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _INT32)

    return types.int32(types.float32), emit


@njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def exp32(x: Any) -> Any:
    """e^x of a float32."""
    t = min(max(x, f(-87.0)), f(88.0)) * f(1.4426950408889634)
    k = floor(t + f(0.5))
    p = (t - f(k)) * f(0.6931471805599453)
    q = f(1.0 / 24.0) + p * (f(1.0 / 120.0) + p * f(1.0 / 720.0))
    q = f(1.0) + p * (f(1.0) + p * (f(0.5) + p * (f(1.0 / 6.0) + p * q)))
    return _as_float(int32(_as_int(q) + (int32(k) << int32(23))))


@njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def log32(x: Any) -> Any:
    """Natural logarithm of a float32 above zero."""
    bits = _as_int(x)
    k = int32(int32(bits - int32(0x3F330000)) >> int32(23))
    m = _as_float(int32(bits - int32(k << int32(23))))
    s = (m - f(1.0)) / (m + f(1.0))
    z = s * s
    series = f(2.0) * s * (f(1.0) + z * (f(1.0 / 3.0) + z * (f(0.2) + z * (f(1.0 / 7.0) + z * f(1.0 / 9.0)))))
    return f(k) * f(0.6931471805599453) + series


@intrinsic
def at(typingctx: Any, array: Any, index: Any) -> Any:
    """array[index] of a 1-D array without the test for negative indices, which would keep loops from becoming vector
    code. The caller answers for the bounds."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load(builder.gep(held.data, [arguments[1]], inbounds=True))

    return array.dtype(array, types.int64), emit


@intrinsic
def put(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] = value under the conditions of :func:`at`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        builder.store(arguments[2], builder.gep(held.data, [arguments[1]], inbounds=True))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), emit
