"""Counters that several threads share inside numba kernels: the four operations, sequentially consistent.

Numba offers none for processors, so these emit LLVM's. Arrays are int64; threads that spin on a counter must be few
and soon served, because they hold their core while they wait.
"""

import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_ORDER = "seq_cst"
_YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
_intrinsic: Any = intrinsic  # what it makes takes fewer arguments than what it decorates


def _place(context: Any, builder: Any, array_type: Any, array: Any, index_type: Any, index: Any) -> Any:
    made = context.make_array(array_type)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, array_type, made, [index], wraparound=False)


@_intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """array[index], as other threads left it."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], values[0], signature.args[1], values[1])
        return builder.load_atomic(place, _ORDER, 8)

    return types.int64(array, types.intp), emit


@_intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] = value, seen by other threads before anything stored later."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], values[0], signature.args[1], values[1])
        builder.store_atomic(values[2], place, _ORDER, 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), emit


@_intrinsic
def take_part(typing: Any, array: Any, index: Any) -> Any:
    """array[index] += 1; what it was."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], values[0], signature.args[1], values[1])
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), _ORDER)

    return types.int64(array, types.intp), emit


@_intrinsic
def claim(typing: Any, array: Any, index: Any, limit: Any) -> Any:
    """array[index], then raised by one, if it is below array[limit] and no other thread was faster; else −1."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], values[0], signature.args[1], values[1])
        bound = _place(context, builder, signature.args[0], values[0], signature.args[2], values[2])
        integer = ir.IntType(64)
        result = cgutils.alloca_once_value(builder, ir.Constant(integer, -1))
        now = builder.load_atomic(place, _ORDER, 8)
        below = builder.icmp_signed("<", now, builder.load_atomic(bound, _ORDER, 8))
        with builder.if_then(below):
            one = ir.Constant(integer, 1)
            pair = builder.cmpxchg(place, now, builder.add(now, one), _ORDER, _ORDER)
            with builder.if_then(builder.extract_value(pair, 1)):
                builder.store(now, result)
        return builder.load(result)

    return types.int64(array, types.intp, types.intp), emit


give_way: Any = types.ExternalFunction(_YIELD, types.int32())
"""Let another thread or process have this core for a while, if one waits for it."""


@_intrinsic
def fetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the line of memory with array[index] ahead of its use; does nothing else."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = _place(context, builder, signature.args[0], values[0], signature.args[1], values[1])
        byte, integer = ir.IntType(8), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), integer, integer, integer])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        what = [ir.Constant(integer, flag) for flag in (0, 3, 1)]  # to read, to keep in every cache, data
        builder.call(ask, [builder.bitcast(place, byte.as_pointer()), *what])
        return context.get_dummy_value()

    return types.void(array, types.intp), emit
