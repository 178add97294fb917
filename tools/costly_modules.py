# SPDX-License-Identifier: Apache-2.0
"""Modules in which few bytes may stand for much work, for tools/measure_costs.

KINDS has a row for each kind of module: KINDS[name].make(size) gives the bytes of a valid module of
about `size` bytes."""

import functools
from typing import Callable, NamedTuple

I32, I64, F32, F64, FUNCREF = b"\x7f", b"\x7e", b"\x7d", b"\x7c", b"\x70"
WIDE = 1000  # the most parameters and results that a type may have
DEEP = 60_000  # levels or values on the stack, somewhat fewer than there may be


class Kind(NamedTuple):
    """`has_f`: it exports a function `f` without parameters. `lacks_imports`: it cannot be run.
    `prints_much`: its text is thousands of times as large as the module."""

    what: str
    make: Callable
    has_f: bool = False
    lacks_imports: bool = False
    prints_much: bool = False


KINDS = {}

# ------------------------------------------------------------------------------------ encoding


def uint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def index(value):
    """A type index where a signed number is expected."""
    encoded = uint(value)
    return encoded if encoded[-1] < 0x40 else encoded[:-1] + bytes([encoded[-1] | 0x80, 0])


def sized(content):
    return uint(len(content)) + content


def vector(items):
    return uint(len(items)) + b"".join(items)


def name(text):
    return sized(text.encode())


def func_type(params=(), results=()):
    return b"\x60" + vector(params) + vector(results)


def struct(fields, supers=None):
    """A structure of these fields; with `supers`, one that may have subtypes and has these
    supertypes."""
    head = b"" if supers is None else b"\x50" + vector([uint(i) for i in supers])
    return head + b"\x5f" + vector(fields)


def ref(type_index):
    """A reference to a type, which may be null."""
    return b"\x63" + index(type_index)


def code(body=b"", local_groups=()):
    return sized(vector(local_groups) + body + b"\x0b")


def named(subsection, names):
    """The custom section with one kind of names."""
    return name("name") + bytes([subsection]) + sized(vector(names))


FIRST = uint(0)  # the index of the first type or function
NULLARY = func_type()
MEMORY = b"\x00\x01"  # a page
SECTIONS = {"types": 1, "imports": 2, "functions": 3, "tables": 4, "memories": 5, "tags": 13,
            "globals": 6, "exports": 7, "elements": 9, "codes": 10, "data": 11}


def module(custom=(), **sections):
    """A module of lists of encoded items."""
    encoded = b"\0asm\1\0\0\0"
    for section, number in SECTIONS.items():
        if section in sections:
            encoded += bytes([number]) + sized(vector(sections[section]))
    return encoded + b"".join(b"\0" + sized(content) for content in custom)


# ---------------------------------------------------------------------------------- instructions

WORDS = {
    "unreachable": "00", "block": "02", "loop": "03", "if": "04", "end": "0b", "br": "0c",
    "br_if": "0d", "br_table": "0e", "call": "10", "drop": "1a", "select": "1b", "try_table": "1f",
    "local.get": "20", "local.set": "21", "local.tee": "22", "global.get": "23",
    "global.set": "24", "i32.load": "28", "i32.store": "36", "i32.const": "41", "i32.eqz": "45",
    "i32.add": "6a", "ref.null": "d0", "ref.func": "d2", "br_on_null": "d5", "struct.new": "fb00",
    "struct.new_default": "fb01", "void": "40", "func": "70", "catch": "00", "catch_all": "02",
}


@functools.lru_cache(maxsize=None)
def assemble(text):
    """Instructions of words and numbers (those below 64, where they are signed)."""
    words = (uint(int(word)) if word.isdigit() else bytes.fromhex(WORDS[word])
             for word in text.split())
    return b"".join(words)


def pieces(text, count, numbers=1):
    """`count` times the instructions; `#` stands for 0, 1, 2 ... below `numbers`, and again."""
    if "#" not in text:
        return assemble(text) * count
    before, after = map(assemble, text.split("#"))
    every = [before + uint(i) + after for i in range(min(count, numbers))]
    return b"".join(every) * (count // len(every)) + b"".join(every[: count % len(every)])


def count_in(text, room, numbers=1):
    """How many such pieces fit best."""
    if "#" not in text:
        return max(1, round(room / len(assemble(text))))
    all_numbers = len(pieces(text, numbers, numbers))
    if room >= all_numbers:
        return round(room / all_numbers * numbers)
    count = 1
    while count < numbers and len(pieces(text, count, numbers)) < room:
        count = max(count + 1, count * 21 // 20)
    return count


def shape(room, before="", opens="", middle="", each="", then="", closes="", after="",
          deepest=DEEP, share=0.25, numbers=0):
    """Instructions of about `room` bytes: `opens` as often as `closes`, at most `deepest` times,
    and between them as many of `each` as fit, for which a `share` is left to `opens` and `closes`.
    In `middle`, `*` is their number. Without `each` the whole is repeated."""
    if not each:
        fixed = len(assemble(f"{before} {middle} {then} {after}"))
        pair = f"{opens} {closes}"
        one = fixed + len(pieces(pair, deepest, numbers or deepest))
        times = max(1, -(-room // one))
        depth = min(deepest, count_in(pair, room / times - fixed, numbers or deepest))
        return times * (assemble(before) + pieces(opens, depth, numbers or depth)
                        + assemble(f"{middle} {then}") + assemble(closes) * depth
                        + assemble(after))
    depth = 0
    if opens:
        pair = f"{opens} {closes}"
        depth = min(deepest, count_in(pair, room * share, numbers or deepest))
        numbers = numbers or depth
    outside = assemble(before) + pieces(opens, depth, numbers) if opens else assemble(before)
    inside = assemble(closes) * depth + assemble(after)
    left = room - len(outside) - len(inside) - len(assemble(middle.replace("*", "0") + " " + then))
    count = count_in(each, left, numbers or depth)
    return (outside + assemble(middle.replace("*", str(count)))
            + pieces(each, count, numbers or depth) + assemble(then) + inside)


def body(title, what, types=(), local_count=0, functions=(), exported=True, sections=None, **parts):
    """A row: a function `f` with a body of this shape. `types`, and `functions` of (type, code),
    are numbered from 1 on."""

    def make(size):
        def whole(content):
            local_groups = [uint(local_count) + I32] if local_count else []
            exports = {"exports": [name("f") + b"\0" + FIRST]} if exported else {}
            return module(
                types=[NULLARY, *types],
                functions=[FIRST, *(uint(type_index) for type_index, _ in functions)],
                codes=[code(content, local_groups), *(callee for _, callee in functions)],
                **exports,
                **(sections or {}),
            )

        return whole(shape(size - len(whole(b"")) - 4, **parts))

    KINDS[title] = Kind(what, make, has_f=exported)


ZEROS = "i32.const 0 " * WIDE
DROPS = "drop " * WIDE
NULLS = "ref.null 61 " * WIDE
PARAMS, RESULTS = func_type([I32] * WIDE), func_type([], [I32] * WIDE)
BOTH = func_type([I32] * WIDE, [I32] * WIDE)
CHAIN = [struct([], [i - 1] if i > 1 else []) for i in range(1, 62)]  # types 1 to 61
SUPERS = func_type([], [ref(1)] * WIDE)
SAME = (1, code(pieces("local.get #", WIDE, WIDE)))  # a function that returns its parameters
TAG = {"tags": [b"\0\1"]}  # of type 1

# ---------------------------------------------------------------------------- nesting, operands

body("nest_block", "blocks in blocks", opens="block void", closes="end")
body("nest_loop", "loops in loops", opens="loop void", closes="end")
body("nest_try", "`try_table` in `try_table`", opens="try_table void 0", closes="end")
body("nest_if", "`if` in `if`", opens="i32.const 0 if void", closes="end")
body("brtable", "one `br_table`", middle="block void i32.const 0 br_table *", each="0",
     then="0 end")
body("brtables", "`br_table` of 1,000 targets each",
     each="block void i32.const 0 br_table 1000 " + "0 " * 1001 + "end")
body("deep_brtable", "one `br_table` out of nested blocks", opens="block void", closes="end",
     middle="i32.const 0 br_table *", each="#", then="0", share=0.5)
body("add_left", "sums to which a constant is added", before="local.get 0",
     each="i32.const 1 i32.add", after="drop", local_count=1)
body("add_right", "constants to which a sum is added", before="i32.const 0", opens="i32.const 1",
     closes="i32.add", after="drop")
body("eqz", "`i32.eqz` of `i32.eqz`", before="local.get 0", each="i32.eqz", after="drop",
     local_count=1)
body("selects", "`select` of `select`", before="local.get 0",
     each="local.get 0 local.get 0 select", after="drop", local_count=1)
body("tees", "`local.tee` of `local.tee`", before="local.get 0", each="local.tee 0", after="drop",
     local_count=1)
body("tees_many", "the same of 40,000 locals", before="local.get 0", each="local.tee #",
     after="drop", local_count=40_000, numbers=40_000)
body("unreach", "`select` that is never reached", before="unreachable", each="select",
     after="drop")
body("unreach_blocks", "blocks with `unreachable`, after it", before="unreachable",
     each="block void unreachable end")

# -------------------------------------------------------- values that wait on the stack meanwhile

WAITING = {"opens": "local.get 0", "closes": "drop", "deepest": 30_000, "local_count": 2}
body("gets_then_set", "60,000 reads of a local, then a write", opens="local.get 0", closes="drop",
     middle="i32.const 5 local.set 0", local_count=1)
body("gets_sets", "reads of 30,000 locals wait, which are written", opens="local.get #",
     closes="drop", each="i32.const 5 local.set #", deepest=30_000, local_count=30_000, share=0.5,
     numbers=30_000)
body("pend_sets", "reads of a local wait for writes of another", each="i32.const 5 local.set 1",
     **WAITING)
body("pend_blocks", "reads of a local wait for blocks", each="block void end", **WAITING)
body("pend_loops", "reads of a local wait for loops", each="loop void end", **WAITING)
body("pend_calls", "reads of a local wait for calls", each="call 0", **WAITING)
body("pend_brif", "reads of a local wait for `br_if`", each="i32.const 0 br_if 0", **WAITING)
body("pend_loads", "loads wait for stores", opens="local.get 0 i32.load 2 0", closes="drop",
     each="i32.const 0 i32.const 0 i32.store 2 0", deepest=15_000, local_count=1,
     sections={"memories": [MEMORY]})
body("pend_globals", "reads of a global wait for its writes", opens="global.get 0", closes="drop",
     each="i32.const 0 global.set 0", deepest=30_000,
     sections={"globals": [I32 + b"\1" + assemble("i32.const 0 end")]})

# ------------------------------------------------- instructions that stand for thousands of values

body("multival", "blocks of 1,000 results", each="block 1 " + ZEROS + "end " + DROPS,
     types=[RESULTS])
body("multival_loop", "loops of 1,000 parameters and results", before=ZEROS, each="loop 1 end",
     after=DROPS, types=[BOTH])
body("multival_nest", "60 such blocks and `br_if` of 1,000 values", before=ZEROS, opens="block 1",
     each="i32.const 0 br_if 0", closes="end", after=DROPS, deepest=60, types=[BOTH])
body("multival_brtable", "one `br_table` of 1,000 values", before=ZEROS,
     middle="block 1 i32.const 0 br_table *", each="0", then="0 end", after=DROPS,
     types=[BOTH])
body("multival_calls", "calls of 1,000 parameters and results, not run", before=ZEROS,
     each="call 1", after=DROPS, types=[BOTH], functions=[SAME], exported=False)
body("typeuse_big", "blocks of 2,000 values, never reached", before="unreachable",
     each="block 1 end", after=DROPS, types=[BOTH])
body("mv_brtable_depths", "`br_table` out of nested blocks of 2,000 values", before=ZEROS,
     opens="block 1", middle="i32.const 0 br_table *", each="#", then="0", closes="end",
     after=DROPS, share=0.5, types=[BOTH])
body("mv_brif", "`br_if` of 1,000 values that have to move",
     before="block 1 i32.const 0 " + ZEROS, each="i32.const 0 br_if 0",
     after="br 0 end " + DROPS, types=[RESULTS])
body("mv_block", "blocks of 1,000 parameters and results", before=ZEROS, each="block 1 end",
     after=DROPS, types=[BOTH])
body("mv_if", "the same of `if`", before=ZEROS, each="i32.const 0 if 1 end", after=DROPS,
     types=[BOTH])
body("mv_try", "the same of `try_table`", before=ZEROS, each="try_table 1 0 end", after=DROPS,
     types=[BOTH])
body("mv_bronull", "`br_on_null` of 1,000 values that have to move",
     before="block 1 i32.const 0 " + ZEROS, each="ref.null func br_on_null 0 drop",
     after="br 0 end " + DROPS, types=[RESULTS])
body("mv_unreach_calls", "calls of 2,000 values, never reached", before="unreachable",
     each="call 1", after=DROPS, types=[BOTH], functions=[SAME])
body("mv_calls", "calls of 1,000 parameters and results", before=ZEROS, each="call 1",
     after=DROPS, types=[BOTH], functions=[SAME])
body("mv_callsnores", "calls of 1,000 results, then of as many parameters", each="call 1 call 2",
     types=[RESULTS, PARAMS], functions=[(1, code(assemble(ZEROS))), (2, code())])
body("mv_locals", "loops in a function of 49,000 locals", each="loop void end",
     local_count=49_000)
body("mv_localsbr", "`br_table` out of nested loops, not reached",
     before="block void local.get 0 i32.eqz br_if 0", opens="loop void", closes="end",
     middle="i32.const 0 br_table *", each="#", then="0", after="end", share=0.5,
     local_count=1)

# --------------------------------------------------------------------------- exceptions, subtypes

body("try_many_catches", "one `try_table` of `catch_all`", middle="block void try_table void *",
     each="catch_all 0", then="end end")
body("try_nest_calls", "calls in nested `try_table`", before="block void", after="end",
     opens="try_table void 1 catch_all 0", closes="end", each="call 0", share=0.5,
     deepest=20_000)
body("mv_catch", "`try_table` that catch 1,000 values", before="block 2",
     each="try_table void 1 catch 0 0 end", after=ZEROS + "end " + DROPS,
     types=[PARAMS, RESULTS], sections=TAG)
body("mv_catch2", "one `try_table` of clauses of 1,000 values", before="block 2",
     middle="try_table void *", each="catch 0 0", then="end", after=ZEROS + "end " + DROPS,
     types=[PARAMS, RESULTS], sections=TAG)
body("v_brtable_distinct", "`br_table` of 1,000 references to a 60th subtype",
     before="block 62 " + NULLS, middle="i32.const 0 br_table *", each="0", then="0 end",
     after=DROPS, types=[*CHAIN, SUPERS])
body("v_brif_sub", "`br_if` of 1,000 such references", before="block 62 " + NULLS,
     each="i32.const 0 br_if 0", after="br 0 end " + DROPS, types=[*CHAIN, SUPERS])
body("v_trytable_catches", "clauses that catch 1,000 such references", before="block 63",
     middle="try_table void *", each="catch 0 0", then="end",
     after="ref.null 1 " * WIDE + "end " + DROPS,
     types=[*CHAIN, func_type([ref(61)] * WIDE), SUPERS],
     sections={"tags": [b"\0" + uint(62)]})


def structures(title, what, each, field):
    """A row: instructions for a structure of 10,000 fields (fewer in a small module)."""

    def make(size):
        width = min(10_000, size // 30)
        types = [NULLARY, struct([field] * width)]
        room = size - len(module(types=types)) - 40
        content = shape(room, each=each.replace("FIELDS", "i32.const 0 " * width))
        return module(types=types, functions=[FIRST], exports=[name("f") + b"\0\0"],
                      codes=[code(content)])

    KINDS[title] = Kind(what, make, has_f=True)


structures("mv_struct", "`struct.new_default` of 10,000 fields", "struct.new_default 1 drop",
           I32 + b"\1")
structures("mv_structnew", "`struct.new` of 10,000 fields", "FIELDS struct.new 1 drop", I32 + b"\1")
structures("v_structnew_def", "`struct.new_default` of 10,000 bytes", "struct.new_default 1 drop",
           b"\x78\1")

# ----------------------------------------------------------------- lists of everything a module has


def fill(room, piece):
    """Items of about `room` bytes: `piece`, or what it gives for 0, 1, 2 ..."""
    if isinstance(piece, bytes):
        return [piece] * max(1, round(room / len(piece)))
    items, used = [], 0
    while used < room:
        items.append(piece(len(items)))
        used += len(items[-1])
    if len(items) > 1 and used - room > len(items[-1]) // 2:
        items.pop()
    return items


def functions_of(size, piece, **sections):
    """A module of as many functions of this code as fit."""
    count = max(1, round((size - 40) / (len(piece) + 1)))
    return module(types=[NULLARY], functions=[FIRST] * count, codes=[piece] * count, **sections)


def with_function(size, **sections):
    """A module of a function that does nothing, and of other sections."""
    return module(types=[NULLARY], functions=[FIRST], codes=[code()], **sections)


def kind(what, **properties):
    """A row: the decorated function makes the module."""

    def add(make):
        KINDS[make.__name__] = Kind(what, make, **properties)
        return make

    return add


@kind("locals in groups of none", has_f=True)
def locals_groups(size):
    return module(types=[NULLARY], functions=[FIRST], exports=[name("f") + b"\0\0"],
                  codes=[code(b"", fill(size - 40, b"\0" + I32))])


@kind("functions of 49,999 locals", prints_much=True)
def locals_funcs(size):
    return functions_of(size, code(b"", [uint(49_999) + I32]))


@kind("functions of 25,000 locals of one type and as many of another", prints_much=True)
def locals_wat(size):
    return functions_of(size, code(b"", [uint(25_000) + I32, uint(25_000) + F64]))


@kind("function types that are all the same")
def types_same(size):
    return module(types=fill(size, NULLARY))


@kind("function types that are all different")
def types_distinct(size):
    def entry(i):
        return func_type([(I32, I64, F32, F64)[i >> 2 * j & 3] for j in range(10)])

    return module(types=fill(size, entry))


@kind("one group of types that refer to the next")
def rec_one(size):
    count = len(fill(size, lambda i: struct([ref(i + 1) + b"\0"])))
    group = [struct([ref((i + 1) % count) + b"\0"]) for i in range(count)]
    return module(types=[b"\x4e" + vector(group)])


@kind("groups of 50 types that are all the same")
def rec_many_same(size):
    def group(i):
        return b"\x4e" + vector([struct([ref(50 * i + (j + 1) % 50) + b"\0"]) for j in range(50)])

    return module(types=fill(size, group))


@kind("types that refer to the one before")
def rec_chain(size):
    return module(types=fill(size, lambda i: struct([ref(i - 1) + b"\0"] if i else [])))


@kind("chains of 60 subtypes of 200 fields")
def sub_chain(size):
    fields = [I32 + b"\0"] * 200
    return module(types=fill(size, lambda i: struct(fields, [i - 1] if i % 60 else [])))


@kind("subtypes of 5,000 fields that are references to subtypes")
def sub_reffields(size):
    width = min(5_000, size // 40)
    chain = [struct([], [i - 1] if i else []) for i in range(60)]
    chain.append(struct([ref(0) + b"\0"] * width, []))
    room = size - len(module(types=chain))
    return module(types=chain + fill(room, struct([ref(59) + b"\0"] * width, [60])))


@kind("subtypes of a structure of 9,999 fields")
def v_many_sub(size):
    fields = [I32 + b"\0"] * min(9_999, size // 30)
    return module(types=[struct(fields, []), *fill(size - 2 * len(fields), struct(fields, [0]))])


@kind("imports of the same function", lacks_imports=True)
def imports_same(size):
    return module(types=[NULLARY], imports=fill(size, name("e") + name("f") + b"\0\0"))


@kind("imports of functions of 2,000 values", lacks_imports=True)
def mod_typeuse_funcs(size):
    return module(types=[BOTH], imports=fill(size - len(BOTH), name("") + name("") + b"\0\0"))


@kind("imports of functions of 1,000 results", lacks_imports=True)
def v_imports_functypes(size):
    return module(types=[RESULTS], imports=fill(size - len(RESULTS), name("") + name("") + b"\0\0"))


@kind("imports of functions of 2,000 values, with names", lacks_imports=True)
def v_missing(size):
    return module(types=[BOTH], imports=fill(size - len(BOTH), name("e") + name("f") + b"\0\0"))


@kind("exports of one function of 2,000 values")
def v_list_exports(size):
    exports = fill(size - len(BOTH), lambda i: name(f"{i:05x}") + b"\0\0")
    return module(types=[BOTH], functions=[FIRST], exports=exports,
                  codes=[code(assemble("unreachable"))])


@kind("exports whose names begin alike")
def exports_same_prefix(size):
    return with_function(size, exports=fill(size, lambda i: name("x" * 20 + f"{i:08}") + b"\0\0"))


@kind("globals that begin as the one before")
def globals_chain(size):
    def entry(i):
        return I32 + b"\0" + assemble(f"global.get {i - 1} end" if i else "i32.const 0 end")

    return module(globals=fill(size, entry))


@kind("a global that begins as a long sum")
def constexpr_long(size):
    sum_of = assemble("i32.const 0") + b"".join(fill(size, assemble("i32.const 1 i32.add")))
    return module(globals=[I32 + b"\0" + sum_of + assemble("end")])


@kind("globals that begin as a sum of 60,000 values on the stack")
def constexpr_stack(size):
    pair = len(assemble("i32.const 1 i32.add"))
    count = -(-size // (DEEP * pair))
    depth = size // count // pair
    values = assemble("i32.const 1") * (depth + 1) + assemble("i32.add") * depth
    return module(globals=[I32 + b"\0" + values + assemble("end")] * count)


@kind("element segments of few functions")
def elems(size):
    length = max(1, size // 100_000 - 5)  # there are at most 100,000 of them
    segment = b"\0" + assemble("i32.const 0 end") + vector([FIRST] * length)
    return with_function(size, tables=[FUNCREF + b"\0" + uint(length)],
                         elements=fill(size - 40, segment))


@kind("one element segment of functions")
def elem_big(size):
    return with_function(size, elements=[b"\1\0" + vector(fill(size - 40, FIRST))])


@kind("one element segment of expressions")
def elem_exprs(size):
    expressions = fill(size - 40, assemble("ref.func 0 end"))
    return with_function(size, elements=[b"\5" + FUNCREF + vector(expressions)])


@kind("functions that do nothing")
def many_funcs(size):
    return functions_of(size, code())


@kind("custom sections")
def customs(size):
    return module(custom=[name("a")] * round(size / 4))


@kind("data of control characters")
def data_ctrl(size):
    return module(memories=[MEMORY], data=[b"\1" + sized(b"\1" * (size - 30))])


# ---------------------------------------------------------------------------------------- names


@kind("names of locals that do not exist")
def names_local(size):
    names = fill(size - 50, lambda i: uint(i) + name(f"n{i:06}"))
    return with_function(size, custom=[named(2, [FIRST + vector(names)])])


@kind("functions of the same name")
def names_same(size):
    count = len(fill(size, lambda i: code() + FIRST + uint(i) + name("abc")))
    names = [uint(i) + name("abc") for i in range(count)]
    return module(types=[NULLARY], functions=[FIRST] * count, codes=[code()] * count,
                  custom=[named(1, names)])


@kind("40,000 locals of the same name in each function")
def names_same_local(size):
    names = fill(size, lambda i: uint(i % 40_000) + name("abc"))
    count = -(-len(names) // 40_000)
    lists = [uint(i) + vector(names[i * 40_000 : (i + 1) * 40_000]) for i in range(count)]
    return module(types=[NULLARY], functions=[FIRST] * count,
                  codes=[code(b"", [uint(40_000) + I32])] * count,
                  custom=[named(2, lists)])


@kind("calls of a function whose name is half of the module")
def names_long(size):
    calls = assemble("call 0") * (size // 4)
    return module(types=[NULLARY], functions=[FIRST], codes=[code(calls)],
                  custom=[named(1, [FIRST + name("a" * (size // 2 - 50))])])


@kind("a function's name of control characters")
def names_escape(size):
    return with_function(size, custom=[named(1, [FIRST + name("\1" * (size - 60))])])
