"""One explicit step of diffusion on blocks, and what is noted of each node while time passes (compiled, no GIL)."""

from typing import Any

from llvmlite import ir
from numba import extending, njit, types
from numpy.typing import NDArray

from twinviewer.physics.monodomain.fast_math import at, put

intrinsic: Any = extending.intrinsic
LANES = 8
LINKS = 26


@intrinsic
def _block(
    typingctx: Any, a: Any, out: Any, w: Any, place: Any, home: Any, links: Any, row: Any, factor: Any, steps: Any,
    dt: Any,
) -> Any:  # fmt: skip
    """out[place..] = w[home..] + dt factor[row / LINKS..] Σ links (a_neighbour − a) for the eight nodes from a[place].

    Written out in vectors, because compilers cannot know that out does not overlap the 26 neighbours of a.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = {
            k: context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 1, 2, 5, 7, 8)
        }
        place, home, row, dt = arguments[3], arguments[4], arguments[6], arguments[9]
        lanes, narrow = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(16), LANES)

        def load(k: int, index: Any, kind: Any, align: int) -> Any:
            pointer = builder.gep(arrays[k], [index], inbounds=True)
            return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=align)

        own = load(0, place, lanes, 4)
        sums = [ir.Constant(lanes, [0.0] * LANES) for _ in range(4)]
        whole = ir.IntType(64)
        for n in range(LINKS):
            step = builder.load(builder.gep(arrays[8], [ir.Constant(whole, n)], inbounds=True))
            there = load(0, builder.add(place, step), lanes, 4)
            link = load(5, builder.add(row, ir.Constant(whole, n * LANES)), narrow, 2)
            weight = builder.sitofp(builder.sext(link, ir.VectorType(ir.IntType(32), LANES)), lanes)
            product = builder.fmul(weight, builder.fsub(there, own), flags=("contract",))
            sums[n % 4] = builder.fadd(sums[n % 4], product, flags=("contract",))
        total = builder.fadd(builder.fadd(sums[0], sums[1]), builder.fadd(sums[2], sums[3]))
        scale = load(7, _home(builder, row, whole), lanes, 4)
        one = builder.insert_element(ir.Constant(lanes, ir.Undefined), dt, ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        scale = builder.fmul(scale, builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), mask))
        change = builder.fmul(scale, total, flags=("contract",))
        new = builder.fadd(load(2, home, lanes, 4), change, flags=("contract",))
        pointer = builder.gep(arrays[1], [place], inbounds=True)
        builder.store(new, builder.bitcast(pointer, lanes.as_pointer()), align=4)
        return context.get_dummy_value()

    kinds = (a, out, w, types.int64, types.int64, links, types.int64, factor, steps, types.float32)
    return types.void(*kinds), emit


def _home(builder: Any, row: Any, whole: Any) -> Any:
    """Place in (slots,) arrays of the block whose links start at ``row``."""
    return builder.sdiv(row, ir.Constant(whole, LINKS))


@njit(cache=True, nogil=True, error_model="numpy")
def into_chunk(a: NDArray, w: NDArray, start: int, base: NDArray, first: int, last: int) -> None:
    """Copy the voltage of blocks first..last-1 from the dense array to the voltage row of a chunk at w[start]."""
    for b in range(first, last):
        for l in range(LANES):
            put(w, start + (b - first) * LANES + l, at(a, base[b] + l))


@njit(cache=True, nogil=True, error_model="numpy")
def out_of_chunk(
    a: NDArray, out: NDArray, w: NDArray, start: int, base: NDArray, links: NDArray, factor: NDArray, steps: NDArray,
    first: int, last: int, dt: float,
) -> None:  # fmt: skip
    """out = voltage row of the chunk at w[start] + dt ms of diffusion of the dense voltage a, blocks first..last-1."""
    for b in range(first, last):
        _block(a, out, w, base[b], start + (b - first) * LANES, links, b * LANES * LINKS, factor, steps, dt)
