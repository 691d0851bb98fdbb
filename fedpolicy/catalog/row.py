"""What every row of the catalogue says, and rows by which a scan knows whom programs talk to and what files hold."""

from __future__ import annotations

from typing import Literal

from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row says. An optional fact that is None is unknown, never "no"."""

    id: str
    source: tuple[str, ...]
    as_of: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow(Row):
    """
    What a program or a container of a federation talks to, and how a scan knows it.

    `classes` are called to use it (in JavaScript `scripts`, `package#name`), `variables` hold a key for it;
    `address_arguments` and `address_variables` send the calls elsewhere; `runtime_variables` are set by what starts a
    program, so that its calls take this way; `on_variables` and `off_variables` (`NAME=value`) switch it on and off. A
    host that begins with a dot or a dash ends names of hosts, and one with a star has a region there. Gateways name
    models behind `prefixes`, or alone, as `models` says. Clouds have `resources` of Terraform for it, `permissions` to
    ask it, and private `endpoints`. `packages` prove nothing.
    """

    name: str
    kind: Literal["model", "router", "own", "tracker", "tracer", "vector_store", "telemetry"]
    provider: str | None = None
    hosts: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    address_arguments: tuple[str, ...] = ()
    address_variables: tuple[str, ...] = ()
    on_variables: tuple[str, ...] = ()
    off_variables: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    runtime_variables: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    @property
    def usual_host(self) -> str:
        """Where it is asked unless somebody says otherwise; empty where each customer has a host of its own."""
        return next((host for host in self.hosts if host[0] not in ".-" and "*" not in host), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactRow(Row):
    """A kind of file, by patterns of its name, and the payload that a copy of it is."""

    title: str
    names: tuple[str, ...]
    payload: str
