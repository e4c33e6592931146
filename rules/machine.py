"""How numba sees a lane's memory: one address, loads and stores of 64-bit words.

Imported only when a kernel is compiled.
"""

from __future__ import annotations

import operator
from types import SimpleNamespace
from typing import Any

from llvmlite import binding as llvm
from llvmlite import ir
from llvmlite.binding import Linkage
from numba import njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.extending import intrinsic, lower_builtin, models, register_model
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

WORD = ir.IntType(64)


class MemoryType(types.Type):  # type: ignore[misc]
    """The address of a vector of int64 words."""

    def __init__(self) -> None:
        super().__init__(name="bifurque.Memory")


MEMORY = MemoryType()


@register_model(MemoryType)
class MemoryModel(models.PrimitiveModel):  # type: ignore[misc]
    """A pointer, and nothing else."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, WORD.as_pointer())


@infer_global(operator.getitem)
class GetWord(AbstractTemplate):  # type: ignore[misc]
    """`m[i]` is an int64."""

    def generic(self, args: Any, kws: Any) -> Any:
        """Claim only our own type."""
        if isinstance(args[0], MemoryType):
            return signature(types.int64, args[0], types.int64)
        return None


@infer_global(operator.setitem)
class SetWord(AbstractTemplate):  # type: ignore[misc]
    """`m[i] = word`."""

    def generic(self, args: Any, kws: Any) -> Any:
        """Claim only our own type."""
        if isinstance(args[0], MemoryType):
            return signature(types.none, args[0], types.int64, types.int64)
        return None


@lower_builtin(operator.getitem, MemoryType, types.int64)  # type: ignore[untyped-decorator]
def _get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(builder.gep(args[0], [args[1]], inbounds=True))


@lower_builtin(operator.setitem, MemoryType, types.int64, types.int64)  # type: ignore[untyped-decorator]
def _set(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    builder.store(args[2], builder.gep(args[0], [args[1]], inbounds=True))
    return context.get_dummy_value()


@intrinsic
def memory(typing: Any, words: Any) -> Any:
    """The address of an array's first word."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        return builder.bitcast(array.data, WORD.as_pointer())

    return MEMORY(words), code


@intrinsic
def real(typing: Any, m: Any, at: Any) -> Any:
    """Load a word as float64."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = builder.gep(args[0], [args[1]], inbounds=True)
        return builder.load(builder.bitcast(where, ir.DoubleType().as_pointer()))

    return types.float64(m, types.int64), code


@intrinsic
def put_real(typing: Any, m: Any, at: Any, value: Any) -> Any:
    """Store a float64 in a word."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = builder.gep(args[0], [args[1]], inbounds=True)
        builder.store(args[2], builder.bitcast(where, ir.DoubleType().as_pointer()))
        return context.get_dummy_value()

    return types.none(m, types.int64, types.float64), code


@intrinsic
def as_real(typing: Any, word: Any) -> Any:
    """The float64 of these bits."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), code


@intrinsic
def as_word(typing: Any, value: Any) -> Any:
    """The bits of a float64."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], WORD)

    return types.int64(types.float64), code


class Linked(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that only other compiled code calls: linked in, never turned into machine code alone.

    Numba would optimise and emit every callee by itself, with all it calls, before the caller that inlines it.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._final_module.verify()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No address: the code exists only inside its callers."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """Environments are for code that Python calls."""
        return SimpleNamespace(set_env=lambda name, env: None)


INLINED = 1500
"""How large a function may be to become part of its callers. Near the usual 225 a line more or less in one function
moved the kernel's speed by a fifth; what must stay out is marked `seldom`."""
SELDOM: set[str] = set()
"""How the names of functions that stay out of their callers are mangled."""


class Whole(JITCodeLibrary):  # type: ignore[misc]
    """The code of the entry with all it calls: nobody else will call those, so the optimiser may do as it likes."""

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if function.linkage == Linkage.linkonce_odr and not function.is_declaration:
                function.linkage = Linkage.internal
                if any(name in function.name for name in SELDOM):
                    function.add_function_attribute("noinline")
        tuning = llvm.create_pipeline_tuning_options(speed_level=3)
        tuning.inlining_threshold = INLINED
        builder = llvm.create_pass_builder(self._codegen._tm, tuning)
        builder.getModulePassManager().run(self._final_module, builder)


class Entry(CompilerBase):  # type: ignore[misc]
    """Numba's own pipeline, into a `Whole` library."""

    def define_pipelines(self) -> list[Any]:
        """Type, optimise and lower as usual."""
        library = Whole(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        library.enable_object_caching()
        self.state.library = library
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class Callee(CompilerBase):  # type: ignore[misc]
    """Numba's own pipeline, into a `Linked` library."""

    def define_pipelines(self) -> list[Any]:
        """Type, optimise and lower as usual."""
        self.state.library = Linked(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


TWINS = {f.__name__: f for f in (memory, real, put_real, as_real, as_word)}
TYPES = {"Memory": MEMORY, "int": types.int64, "float": types.float64, "bool": types.boolean, "np.uint64": types.uint64}
TYPES |= {"None": types.none, "tuple[int, int, int]": types.UniTuple(types.int64, 3)}


def callee(function: Any, annotations: dict[str, str]) -> Any:
    """A function that other compiled code calls: one signature, the annotated one, and no wrappers for Python.

    Left to itself numba would compile it anew for every mix of literal, bool and integer arguments it meets.
    """
    kinds: list[Any] = [TYPES.get(kind) for kind in annotations.values()]
    if None in kinds:
        return njit(function, error_model="numpy")
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    dispatcher = njit(function, pipeline_class=Callee, **options)
    template = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        if not dispatcher.overloads:
            dispatcher.compile(kinds[-1](*kinds[:-1]))
            dispatcher.disable_compile()
        return template(args, kws)

    dispatcher.get_call_template = get_call_template
    return dispatcher
