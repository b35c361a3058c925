"""Ports are given away once, and never one that somebody listens on."""

import socket

from infra.local.ports import choose, is_free


def test_the_usual_port_is_taken_when_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port: int = once.getsockname()[1]
    assert choose({"control": port}, {}) == {"control": port}


def test_a_busy_port_is_replaced_by_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        busy: int = listener.getsockname()[1]
        chosen = choose({"control": busy}, {})["control"]
        assert not is_free(busy)
    assert chosen != busy
    assert is_free(chosen)


def test_the_port_of_the_last_run_comes_before_the_usual_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        usual, previous = one.getsockname()[1], other.getsockname()[1]
    assert choose({"gateway": usual}, {"gateway": previous}) == {"gateway": previous}


def test_two_names_with_the_same_wish_get_different_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port: int = once.getsockname()[1]
    chosen = choose({"one": port, "other": port}, {})
    assert chosen["one"] == port
    assert chosen["other"] != port
