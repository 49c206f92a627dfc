"""The compiled half of :mod:`medview.kernels.jpeg2000`: packets, code-blocks and wavelet of one tile; imported late.

ISO 15444-1: annex B (packets and their headers), C (arithmetic decoder), D (passes over a block), F (5/3 wavelet) and G
(reversible colour transform). Three things make it faster than what is written along the standard's flow charts: a decision is
taken with masks instead of jumps (half of all decisions in noise go the unlikely way), bytes are taken several at a time, and
four rows of a column share one word from which the candidates of a pass are read off at once.
All of it is one file on purpose: what numba has kept is compiled anew where the file of the outermost function has changed.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False, disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import int64, njit, types
from numba.extending import intrinsic

from medview.kernels.compiled import compile_kept, is_kept
from medview.kernels.jpeg2000_tables import RUN_LENGTH as _RUN_LENGTH
from medview.kernels.jpeg2000_tables import UNIFORM as _UNIFORM

_MOST_PLANES = 30
_MOST_LENGTH_BITS = 31


def _load(bits: int) -> Any:
    @intrinsic
    def load(_context, _address, _index):
        def generate(_codegen, builder, _signature, values):
            word = ir.IntType(bits)
            value = builder.load(builder.gep(builder.inttoptr(values[0], word.as_pointer()), [values[1]]))
            return builder.zext(value, ir.IntType(64)) if bits < 64 else value

        return int64(int64, int64), generate

    return load


def _store(bits: int) -> Any:
    @intrinsic
    def store(_context, _address, _index, _value):
        def generate(codegen, builder, _signature, values):
            word = ir.IntType(bits)
            value = builder.trunc(values[2], word) if bits < 64 else values[2]
            builder.store(value, builder.gep(builder.inttoptr(values[0], word.as_pointer()), [values[1]]))
            return codegen.get_dummy_value()

        return types.void(int64, int64, int64), generate

    return store


_load8, _load32, _load64 = _load(8), _load(32), _load(64)
_store8, _store32, _store64 = _store(8), _store(32), _store(64)


@intrinsic
def _leading_zeros(_context, _value):
    def generate(_codegen, builder, _signature, values):
        return builder.ctlz(values[0], ir.Constant(ir.IntType(1), 1))

    return int64(int64), generate


@intrinsic
def _trailing_zeros(_context, _value):
    def generate(_codegen, builder, _signature, values):
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return int64(int64), generate


# ---------------------------------------------------------------- arithmetic decoder
#
# ``code`` holds the standard's C with its upper half at bits 40 to 55 and up to 40 bits that are still to come below it;
# ``ahead`` counts those. A carry that a byte after FF brings reaches the upper half earlier than in the standard's decoder,
# which no decision of a code that an encoder has made can tell.


@njit(forceinline=True)
def _refill(data, at, code, ahead):
    """Bytes until at least 25 bits are ahead; behind the end, where FF FF stands, ones (C.3.4)."""
    while ahead <= 24:
        byte = _load8(data, at)
        code += byte << (32 - ahead)
        ahead += 8
        if byte == 0xFF:
            after = _load8(data, at + 1)
            if after > 0x8F:
                continue
            at += 1
            code += after << (33 - ahead)
            ahead += 7
        at += 1
    return at, code, ahead


@njit(forceinline=True)
def _decide(states, context, table, data, at, interval, code, ahead):
    """One decision (C.3.2) without a jump that depends on it."""
    state = _load8(states, context)
    entry = _load64(table, state)
    qe = entry & 0xFFFF
    rest = interval - qe
    high = qe << 40
    lower = (code - high) >> 63
    smaller = (rest - qe) >> 63
    unlikely = (lower ^ smaller) & 1
    shift = _leading_zeros(rest) - 48
    interval = rest << shift
    moved = (shift != 0) | (lower != 0)
    interval ^= (interval ^ ((entry >> 32) & 0xFFFF)) & lower
    shift ^= (shift ^ (entry >> 48)) & lower
    code = (code - (high & ~lower)) << shift
    ahead -= shift
    after = (entry >> (16 + (unlikely << 3))) & 0xFF
    _store8(states, context, after if moved else state)
    if ahead < 16:
        at, code, ahead = _refill(data, at, code, ahead)
    return (state & 1) ^ unlikely, at, interval, code, ahead


# ---------------------------------------------------------------- samples
#
# A word stands for a column of four rows. At bit 3 * (row + 1) + column + 1 the significance of rows -1 to 4 in columns -1
# to 1; at 18 + 3 * (row + 1) the sign of rows -1 to 4; at 22 + 3 * row whether a row was visited in this plane, at
# 23 + 3 * row whether it was refined before. "row" below is 3 * row, by which all of them are shifted alike.

_ROWS = 0x249
_NEIGHBOURS = 0x3FFFF


@njit(forceinline=True)
def _beside(word):
    """At each 3 * row: whether any neighbour is significant (other bits mean nothing)."""
    near = word & _NEIGHBOURS
    triple = near | (near >> 1) | (near >> 2)
    return triple | (triple >> 6) | ((near | (near >> 2)) >> 3)


@njit(forceinline=True)
def _tell(words, n, pitch, row, sign):
    """The neighbours learn that a row of word ``n`` is significant."""
    _store64(words, n - 1, _load64(words, n - 1) | (int64(32) << row))
    _store64(words, n + 1, _load64(words, n + 1) | (int64(8) << row))
    if row == 0:
        up = n - pitch
        _store64(words, up, _load64(words, up) | ((int64(1) << 16) | (sign << 33)))
        _store64(words, up - 1, _load64(words, up - 1) | (1 << 17))
        _store64(words, up + 1, _load64(words, up + 1) | (1 << 15))
    if row == 9:
        down = n + pitch
        _store64(words, down, _load64(words, down) | (2 | (sign << 18)))
        _store64(words, down - 1, _load64(words, down - 1) | 4)
        _store64(words, down + 1, _load64(words, down + 1) | 1)


@njit(forceinline=True)
def _sign(words, n, word, row, signs, states, table, data, at, interval, code, ahead):
    left, right = _load64(words, n - 1) >> (21 + row), _load64(words, n + 1) >> (21 + row)
    near, own = word >> row, word >> (18 + row)
    index = (
        ((near >> 3) & 1)
        | ((left & 1) << 1)
        | (((near >> 5) & 1) << 2)
        | ((right & 1) << 3)
        | (((near >> 1) & 1) << 4)
        | ((own & 1) << 5)
        | (((near >> 7) & 1) << 6)
        | (((own >> 6) & 1) << 7)
    )
    entry = _load8(signs, index)
    bit, at, interval, code, ahead = _decide(states, entry >> 1, table, data, at, interval, code, ahead)
    return bit ^ (entry & 1), at, interval, code, ahead


@njit(nogil=True)
def _block(data, width, height, planes, passes, contexts, out, pitch, scratch, words, states, tables):  # noqa: C901
    """Decode ``passes`` passes of a block of ``planes`` bit planes into int32 samples at ``out``, ``pitch`` samples a row.

    All but the numbers are addresses: ``data`` ends with FF FF; ``contexts`` is the band's part of significance_table();
    ``scratch`` 4 bytes for each sample of whole stripes, ``words`` 8 bytes for (stripes + 2) * (width + 2), ``states`` 19 bytes;
    ``tables`` the addresses of transition_table(), sign_table() and start_table().
    """
    table, signs, starts = tables
    wide = width + 2
    stripes = (height + 3) >> 2
    for n in range((stripes + 2) * wide):
        _store64(words, n, 0)
    for n in range(stripes * width * 2):
        _store64(scratch, n, 0)
    for n in range(19):
        _store8(states, n, _load8(starts, n))
    interval, code, ahead, at = int64(0x8000), int64(0), int64(-15), int64(0)
    at, code, ahead = _refill(data, at, code, ahead)
    plane = planes - 1
    kind = 2  # a block begins with a cleanup
    for _ in range(passes):
        one = int64(1) << plane
        place = int64(0)
        for stripe in range(stripes):
            rows = min(4, height - 4 * stripe)
            every = _ROWS & ((int64(1) << (3 * rows)) - 1)
            n = (stripe + 1) * wide + 1
            end = n + width
            if kind == 0:  # significance propagation, D.3.1
                while n < end:
                    word = _load64(words, n)
                    left = _beside(word) & ~(word >> 4) & every
                    if left:
                        while left:
                            row = _trailing_zeros(left)
                            context = _load8(contexts, (word >> row) & 0x1FF)
                            bit, at, interval, code, ahead = _decide(
                                states, context, table, data, at, interval, code, ahead
                            )
                            word |= int64(1) << (22 + row)
                            left &= left - 1
                            if bit:
                                sign, at, interval, code, ahead = _sign(
                                    words, n, word, row, signs, states, table, data, at, interval, code, ahead
                                )
                                _store32(scratch, place + ((row * 11) >> 5), one)
                                word |= (int64(16) << row) | (sign << (21 + row))
                                _tell(words, n, wide, row, sign)
                                left = _beside(word) & ~(word >> 4) & every & (int64(-8) << row)
                        _store64(words, n, word)
                    n += 1
                    place += 4
            elif kind == 1:  # refinement, D.3.3
                while n < end:
                    word = _load64(words, n)
                    left = (word >> 4) & ~(word >> 22) & every
                    if left:
                        beside, refined = _beside(word), word >> 23
                        _store64(words, n, word | (left << 23))
                        while left:
                            row = _trailing_zeros(left)
                            left &= left - 1
                            context = 14 + ((beside >> row) & 1)
                            context += (16 - context) & -((refined >> row) & 1)
                            bit, at, interval, code, ahead = _decide(
                                states, context, table, data, at, interval, code, ahead
                            )
                            sample = place + ((row * 11) >> 5)
                            _store32(scratch, sample, _load32(scratch, sample) | (bit << plane))
                    n += 1
                    place += 4
            else:  # cleanup, D.3.4
                while n < end:
                    word = _load64(words, n)
                    left = ~(word >> 4) & ~(word >> 22) & every
                    known = int64(0)
                    if word == 0 and rows == 4:
                        bit, at, interval, code, ahead = _decide(
                            states, _RUN_LENGTH, table, data, at, interval, code, ahead
                        )
                        if bit == 0:
                            n += 1
                            place += 4
                            continue
                        high, at, interval, code, ahead = _decide(
                            states, _UNIFORM, table, data, at, interval, code, ahead
                        )
                        low, at, interval, code, ahead = _decide(
                            states, _UNIFORM, table, data, at, interval, code, ahead
                        )
                        left = every & (int64(-1) << (3 * ((high << 1) | low)))
                        known = int64(1)
                    while left:
                        row = _trailing_zeros(left)
                        left &= left - 1
                        bit = int64(1)
                        if known == 0:
                            context = _load8(contexts, (word >> row) & 0x1FF)
                            bit, at, interval, code, ahead = _decide(
                                states, context, table, data, at, interval, code, ahead
                            )
                        known = int64(0)
                        if bit:
                            sign, at, interval, code, ahead = _sign(
                                words, n, word, row, signs, states, table, data, at, interval, code, ahead
                            )
                            _store32(scratch, place + ((row * 11) >> 5), one)
                            word |= (int64(16) << row) | (sign << (21 + row))
                            _tell(words, n, wide, row, sign)
                    _store64(words, n, word & ~(int64(_ROWS) << 22))
                    n += 1
                    place += 4
        if kind == 2:
            plane -= 1
            kind = 0
        else:
            kind += 1
    # Planes that were left out are guessed as OpenJPEG does: half of the last bit that a sample has got.
    last = (passes + 1) % 3  # kind of the last pass
    plane = planes - 1 - (passes + 1) // 3
    half = (int64(1) << plane) >> 1
    older = int64(1) << plane if last == 0 else half  # those that the last pass of significance has passed over
    place = int64(0)
    for stripe in range(stripes):
        rows = min(4, height - 4 * stripe)
        n = (stripe + 1) * wide + 1
        for i in range(width):
            negative = _load64(words, n + i) >> 21
            for row in range(rows):
                flip = -((negative >> (3 * row)) & 1)
                value = _load32(scratch, place + row)
                if value:
                    value += older if value >> (plane + 1) else half
                _store32(out, (4 * stripe + row) * pitch + i, (value ^ flip) - flip)
            place += 4


# ---------------------------------------------------------------- packets and wavelet


@njit
def _bit(data, at, end, held):
    """The next bit of a packet header (B.10.1); ``held``: the byte that it comes from, bits left of it."""
    if held[1] == 0:
        held[1] = 7 if held[0] == 0xFF else 8
        held[0] = data[at] if at < end else 0xFF
        at += 1
    held[1] -= 1
    return (held[0] >> held[1]) & 1, at


@njit
def _bits(data, at, end, held, count):
    value = 0
    for _ in range(count):
        bit, at = _bit(data, at, end, held)
        value = 2 * value + bit
    return value, at


@njit
def _tree(columns, rows, widths, begins):
    """Lay out a tag tree (B.10.2): the width and first node of each level; (levels, nodes)."""
    level, nodes = 0, 0
    while True:
        widths[level], begins[level] = columns, nodes
        nodes += columns * rows
        level += 1
        if columns <= 1 and rows <= 1:
            return level, nodes
        columns, rows = (columns + 1) >> 1, (rows + 1) >> 1


@njit
def _is_below(data, at, end, held, values, known, widths, begins, levels, i, j, limit):
    """Whether the value of leaf (j, i) is below ``limit``, reading what is not known yet."""
    value, node = 0, 0
    for level in range(levels - 1, -1, -1):
        node = begins[level] + (j >> level) * widths[level] + (i >> level)
        value = max(value, values[node])
        while value < limit and not known[node]:
            bit, at = _bit(data, at, end, held)
            if bit:
                known[node] = 1
            else:
                value += 1
        values[node] = value
    return (1 if known[node] and value < limit else 0), at


@njit
def _passes(data, at, end, held):
    """How many passes a block gets (table B.4)."""
    bit, at = _bit(data, at, end, held)
    if not bit:
        return 1, at
    bit, at = _bit(data, at, end, held)
    if not bit:
        return 2, at
    more, at = _bits(data, at, end, held, 2)
    if more < 3:
        return 3 + more, at
    more, at = _bits(data, at, end, held, 5)
    if more < 31:
        return 6 + more, at
    more, at = _bits(data, at, end, held, 7)
    return 37 + more, at


@njit
def _line(row, line, width, low):
    """Inverse 5/3 of one row (F.3.8.2.1)."""
    high = width - low
    for n in range(low):
        before, after = row[low + max(n - 1, 0)], row[low + min(n, high - 1)]
        line[2 * n] = row[n] - ((before + after + 2) >> 2)
    for n in range(high):
        after = line[2 * n + 2] if 2 * n + 2 < width else line[2 * n]
        line[2 * n + 1] = row[low + n] + ((line[2 * n] + after) >> 1)
    for n in range(width):
        row[n] = line[n]


@njit
def _columns(plane, scratch, width, height, low):
    """Inverse 5/3 of all columns, row by row."""
    high = height - low
    for n in range(low):
        before, after = low + max(n - 1, 0), low + min(n, high - 1)
        for i in range(width):
            scratch[2 * n, i] = plane[n, i] - ((plane[before, i] + plane[after, i] + 2) >> 2)
    for n in range(high):
        after = 2 * n + 2 if 2 * n + 2 < height else 2 * n
        for i in range(width):
            scratch[2 * n + 1, i] = plane[low + n, i] + ((scratch[2 * n, i] + scratch[after, i]) >> 1)
    for j in range(height):
        for i in range(width):
            plane[j, i] = scratch[j, i]


@njit
def _packet(sequence, order, layers, levels, components):
    """(layer, resolution, component) of a packet where each resolution is one precinct (B.12.1)."""
    resolutions = levels + 1
    if order == 0:
        return sequence // (components * resolutions), sequence // components % resolutions, sequence % components
    if order == 1:
        return sequence // components % layers, sequence // (components * layers), sequence % components
    if order == 2:
        return sequence % layers, sequence // (layers * components), sequence // layers % components
    return sequence % layers, sequence // layers % resolutions, sequence // (layers * resolutions)


def _jpeg2000_tile(data, levels, layers, order, block_width, block_height, ends_marked, turned, depths, tables, out):  # noqa: C901
    """Fill ``out`` (component, j, i) int32 from a tile's packets; 0, or a number where another decoder is to be asked.

    ``depths``: magnitude bits of each band (LL, then HL, LH, HH from the lowest resolution on; E-2); ``ends_marked``: EPH
    markers stand; ``turned``: the reversible colour transform is undone; ``tables``: the addresses of block_tables().
    """
    components, height, width = out.shape
    bands = 1 + 3 * levels
    end = len(data)
    rect = np.zeros((bands, 4), np.int64)  # i, j, width, height in the plane
    sizes = np.zeros((levels + 1, 2), np.int64)
    for r in range(levels + 1):
        sizes[r, 0] = (width + (1 << (levels - r)) - 1) >> (levels - r)
        sizes[r, 1] = (height + (1 << (levels - r)) - 1) >> (levels - r)
    rect[0, 2], rect[0, 3] = sizes[0, 0], sizes[0, 1]
    for r in range(1, levels + 1):
        wide, tall = sizes[r - 1, 0], sizes[r - 1, 1]
        for kind in range(1, 4):
            n = 3 * r - 3 + kind
            rect[n, 0] = wide if kind & 1 else 0
            rect[n, 1] = tall if kind & 2 else 0
            rect[n, 2] = sizes[r, 0] - wide if kind & 1 else wide
            rect[n, 3] = sizes[r, 1] - tall if kind & 2 else tall
    grid = np.zeros((bands, 2), np.int64)
    first = np.zeros(bands + 1, np.int64)
    root = np.zeros(bands + 1, np.int64)
    tree_levels = np.zeros(bands, np.int64)
    widths, begins = np.zeros((bands, 40), np.int64), np.zeros((bands, 40), np.int64)
    for n in range(bands):
        if rect[n, 2] and rect[n, 3]:
            grid[n, 0] = (rect[n, 2] + block_width - 1) // block_width
            grid[n, 1] = (rect[n, 3] + block_height - 1) // block_height
            tree_levels[n], nodes = _tree(grid[n, 0], grid[n, 1], widths[n], begins[n])
            root[n + 1] = root[n] + nodes
        else:
            root[n + 1] = root[n]
        first[n + 1] = first[n] + grid[n, 0] * grid[n, 1]
    blocks = first[bands]
    shape = (components, blocks)
    included, included_known = (
        np.zeros((components, root[bands]), np.int64),
        np.zeros((components, root[bands]), np.uint8),
    )
    empty, empty_known = np.zeros((components, root[bands]), np.int64), np.zeros((components, root[bands]), np.uint8)
    planes, passes, length = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    length_bits = np.full(shape, 3, np.int64)
    new_passes, new_length = np.zeros(blocks, np.int64), np.zeros(blocks, np.int64)
    head, tail = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
    room = components * blocks * min(layers, 64) + 1
    part = np.zeros((room, 3), np.int64)  # begin, length, next part of the block
    parts = 0
    held = np.zeros(2, np.int64)
    at = 0
    for sequence in range(components * layers * (levels + 1)):
        layer, r, component = _packet(sequence, order, layers, levels, components)
        if at + 6 <= end and data[at] == 0xFF and data[at + 1] == 0x91:
            at += 6
        if at >= end:
            return 1
        held[0] = held[1] = 0
        low, high = (0, 1) if r == 0 else (3 * r - 2, 3 * r + 1)
        full, at = _bit(data, at, end, held)
        if full:
            for n in range(low, high):
                t0, t1 = root[n], root[n + 1]
                for j in range(grid[n, 1]):
                    for i in range(grid[n, 0]):
                        block = first[n] + j * grid[n, 0] + i
                        new_passes[block] = 0
                        seen = planes[component, block] > 0
                        if seen:
                            bit, at = _bit(data, at, end, held)
                            if not bit:
                                continue
                        else:
                            bit, at = _is_below(
                                data, at, end, held, included[component, t0:t1], included_known[component, t0:t1],
                                widths[n], begins[n], tree_levels[n], i, j, layer + 1,
                            )  # fmt: skip
                            if not bit:
                                continue
                            limit = 1
                            while True:
                                bit, at = _is_below(
                                    data, at, end, held, empty[component, t0:t1], empty_known[component, t0:t1],
                                    widths[n], begins[n], tree_levels[n], i, j, limit,
                                )  # fmt: skip
                                if bit:
                                    break
                                limit += 1
                                if limit > 80:
                                    return 2
                            planes[component, block] = depths[n] - (limit - 1)
                            if planes[component, block] < 1 or planes[component, block] > _MOST_PLANES:
                                return 3
                        count, at = _passes(data, at, end, held)
                        while True:
                            bit, at = _bit(data, at, end, held)
                            if not bit:
                                break
                            length_bits[component, block] += 1
                            if length_bits[component, block] > _MOST_LENGTH_BITS:
                                return 4
                        bits = length_bits[component, block]
                        more = count
                        while more > 1:
                            more >>= 1
                            bits += 1
                        if bits > _MOST_LENGTH_BITS:
                            return 4
                        new_length[block], at = _bits(data, at, end, held, bits)
                        new_passes[block] = count
        if held[0] == 0xFF:
            at += 1  # a stuffed byte
        if ends_marked:
            if at + 2 > end or data[at] != 0xFF or data[at + 1] != 0x92:
                return 5
            at += 2
        if not full:
            continue
        for block in range(first[low], first[high]):
            if not new_passes[block]:
                continue
            if at + new_length[block] > end or parts >= room:
                return 6
            part[parts, 0], part[parts, 1], part[parts, 2] = at, new_length[block], -1
            if tail[component, block] >= 0:
                part[tail[component, block], 2] = parts
            else:
                head[component, block] = parts
            tail[component, block] = parts
            parts += 1
            at += new_length[block]
            length[component, block] += new_length[block]
            passes[component, block] += new_passes[block]
            new_passes[block] = 0
    longest = 0
    for component in range(components):
        for block in range(blocks):
            longest = max(longest, length[component, block])
            if passes[component, block] > max(0, 3 * planes[component, block] - 2):
                return 7
    code = np.empty(longest + 4, np.uint8)
    stripes = (block_height + 3) >> 2
    words = np.empty((stripes + 2) * (block_width + 2), np.int64)
    scratch = np.empty(stripes * 4 * block_width, np.int32)
    states = np.empty(19, np.uint8)
    used = (tables[0], tables[1], tables[2])
    for component in range(components):
        plane = out[component]
        for n in range(bands):
            kind = 0 if n == 0 else (n - 1) % 3 + 1
            for j in range(grid[n, 1]):
                for i in range(grid[n, 0]):
                    block = first[n] + j * grid[n, 0] + i
                    if not passes[component, block]:
                        continue
                    link, size = head[component, block], 0
                    while link >= 0:
                        for k in range(part[link, 1]):
                            code[size + k] = data[part[link, 0] + k]
                        size += part[link, 1]
                        link = part[link, 2]
                    for k in range(4):
                        code[size + k] = 0xFF
                    top, side = rect[n, 1] + j * block_height, rect[n, 0] + i * block_width
                    _block(
                        code.ctypes.data,
                        min(block_width, rect[n, 2] - i * block_width),
                        min(block_height, rect[n, 3] - j * block_height),
                        planes[component, block],
                        passes[component, block],
                        tables[3] + 512 * kind,
                        plane.ctypes.data + 4 * (top * width + side),
                        width,
                        scratch.ctypes.data,
                        words.ctypes.data,
                        states.ctypes.data,
                        used,
                    )
        line, spare = np.empty(width + 1, np.int32), np.empty((height, width), np.int32)
        for r in range(1, levels + 1):
            if sizes[r, 0] > 1:
                for j in range(sizes[r, 1]):
                    _line(plane[j], line, sizes[r, 0], sizes[r - 1, 0])
            if sizes[r, 1] > 1:
                _columns(plane, spare, sizes[r, 0], sizes[r, 1], sizes[r - 1, 1])
    if turned:
        for j in range(height):
            for i in range(width):
                luma, blue, red = out[0, j, i], out[1, j, i], out[2, j, i]
                green = luma - ((blue + red) >> 2)
                out[0, j, i], out[1, j, i], out[2, j, i] = red + green, green, blue + green
    return 0


_SIGNATURE = numba.int64(
    numba.types.Array(numba.uint8, 1, "C", readonly=True),
    *[numba.int64] * 7,
    numba.int64[::1],
    numba.int64[::1],
    numba.int32[:, :, ::1],
)


def compile_tile() -> Callable[..., Any]:
    """The kernel, compiled now where it was not kept."""
    return compile_kept(_jpeg2000_tile, [_SIGNATURE])


def is_tile_kept() -> bool:
    """Whether an earlier process has compiled the kernel and it can be loaded at once."""
    return is_kept(_jpeg2000_tile, _SIGNATURE)
