"""Operations that are written once and offered twice: to call with `Client`, to await with `AsyncClient`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from .steps import Steps

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .client import Client

P = ParamSpec("P")
T = TypeVar("T")


class Operation(Generic[P, T]):
    """An operation with one result, from a generator of its steps."""

    def __init__(self, build: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, instance: Client, owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AsyncClient, owner: object) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, instance: None, owner: object) -> Operation[P, T]: ...
    def __get__(self, instance: Any, owner: object) -> Any:
        if instance is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return instance.run_steps(self.build(instance, *args, **kwargs))

        call.__doc__ = self.__doc__
        return call


class Iteration(Generic[P, T]):
    """An operation with many results, which are read while they are asked for. Its generator hands out `Emit`."""

    def __init__(self, build: Callable[Concatenate[Any, P], Steps[None]], _item: type[T] | None = None) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, instance: Client, owner: object) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, instance: AsyncClient, owner: object) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, instance: None, owner: object) -> Iteration[P, T]: ...
    def __get__(self, instance: Any, owner: object) -> Any:
        if instance is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return instance.iterate_steps(self.build(instance, *args, **kwargs))

        call.__doc__ = self.__doc__
        return call


def operation(build: Callable[Concatenate[Any, P], Steps[T]]) -> Operation[P, T]:
    """Make a method with one result of a generator of steps."""
    return Operation(build)


def iteration(item: type[T]) -> Callable[[Callable[Concatenate[Any, P], Steps[None]]], Iteration[P, T]]:
    """Make a method with many results, each an `item`, of a generator of steps."""

    def decorate(build: Callable[Concatenate[Any, P], Steps[None]]) -> Iteration[P, T]:
        return Iteration(build, item)

    return decorate
