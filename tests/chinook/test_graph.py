"""The graph of Chinook, a real database that nobody here made: answers that can be read off its diagram."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relgraph import RelationRegistry
from tests.chinook.test_chinook import FILE

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="no Chinook: see test_chinook")


@pytest.fixture(scope="module")
def chinook() -> Iterator[RelationRegistry]:
    with RelationRegistry(FILE, read_only=True) as registry:
        yield registry


def test_the_shape(chinook: RelationRegistry) -> None:
    """All hangs together; employees report to employees; playlists and tracks are joined, with nothing beside."""
    graph = chinook.graph
    assert len(graph.collections) == 11
    assert [len(names) for names in graph.components()] == [11]
    ((cycle, over),) = [(one.collections, [each.name for each in one.relations]) for one in graph.cycles()]
    assert (cycle, over) == (("Employee",), ["Employee.ReportsTo"])
    (junction,) = graph.junctions()
    assert (junction.collection, junction.kind, junction.extra_fields) == ("PlaylistTrack", "m2m", ())
    assert junction.ends == (("Playlist",), ("Track",))
    assert graph.neighbours("Employee") == ("Customer", "Employee")
    assert set(graph.neighbours("Track")) == {"Album", "Genre", "InvoiceLine", "MediaType", "PlaylistTrack"}
    assert (graph.degree("Track"), graph.degree("Employee")) == (5, 3)
    assert graph.required_by("Employee") == ("Customer", "Invoice", "InvoiceLine")


def test_ways(chinook: RelationRegistry) -> None:
    """From an artist to those who bought a track of theirs it is five hops, and back another five."""
    graph = chinook.graph
    assert str(graph.path("Artist", "Customer")) == "Album.Track.InvoiceLine.InvoiceId.CustomerId"
    assert str(graph.path("Customer", "Artist")) == "Invoice.InvoiceLine.TrackId.AlbumId.ArtistId"
    assert {str(path) for path in graph.paths("Employee", "Employee", 1)} == {"ReportsTo", "Employee"}


def test_orders(chinook: RelationRegistry) -> None:
    """What is pointed at comes first; only whom an employee reports to has to wait."""
    order = chinook.graph.load_order()
    place = order.collections.index
    for relation in chinook:
        if relation.many_collection != relation.one_collection:
            assert place(relation.one_collection or "") < place(relation.many_collection)
    assert [relation.name for relation in order.deferred] == ["Employee.ReportsTo"]
    assert order.forced == ()


def test_items(chinook: RelationRegistry) -> None:
    """The general manager has everybody below; AC/DC has two albums, which keep it from going."""
    graph = chinook.graph
    assert graph.descendants("Employee", 1) == (2, 6, 3, 4, 5, 7, 8)
    assert graph.ancestors("Employee", 8) == (6, 1)
    assert graph.traverse("Artist", 1, "Album") == ((1, 4),)
    impact = graph.impact("Artist", [1])
    assert (impact.blocked["Album"].count, impact.blocked["Album"].keys) == (2, (1, 4))
    assert impact.blocked["Album"].via == ("Album.ArtistId",)
