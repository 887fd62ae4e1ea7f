"""Twenty-odd nested questions to Chinook, a real database that nobody here made, against SQL written by hand.

Between them they go over each of its relations in both directions, one to four hops deep, the self reference of the
employees and the junction with a composite key among them. The relations are discovered: `Album.ArtistId` gives
artists the field `Album`. The answers owed are put together here from plain rows, one statement per parent.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry

Rows = list[dict[str, Any]]
Select = Callable[..., Rows]

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "chinook.sqlite"
FILE = Path(os.environ.get("RELGRAPH_CHINOOK", BESIDE))

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="no Chinook: RELGRAPH_CHINOOK is not set, and there is no ../shared/data/chinook.sqlite"
)


@pytest.fixture(scope="module")
def chinook() -> Iterator[RelationRegistry]:
    with RelationRegistry(FILE, read_only=True) as registry:
        yield registry


@pytest.fixture(scope="module")
def select() -> Iterator[Select]:
    """Give a function from SQL and its values to rows as dicts."""
    with closing(sqlite3.connect(f"file:{FILE}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield lambda sql, *values: [dict(row) for row in connection.execute(sql, values)]


def one(rows: Rows) -> dict[str, Any] | None:
    """Give the only row, or None where there is none."""
    assert len(rows) <= 1
    return rows[0] if rows else None


def values(rows: Rows) -> list[Any]:
    """Give the only column of each row."""
    return [value for row in rows for value in row.values()]


# --- one hop ---------------------------------------------------------------------------------------------------------


def test_albums_with_their_artist(chinook: RelationRegistry, select: Select) -> None:
    """Album to Artist: the key column holds an object."""
    owed = select("SELECT Title, ArtistId FROM Album ORDER BY Title, AlbumId LIMIT 40")
    for album in owed:
        album["ArtistId"] = one(select("SELECT Name FROM Artist WHERE ArtistId = ?", album["ArtistId"]))
    read = chinook.items("Album").read(fields=["Title", "ArtistId.Name"], sort=["Title", "AlbumId"], limit=40)
    assert read.data == owed


def test_artists_with_their_albums(chinook: RelationRegistry, select: Select) -> None:
    """Artist to Album: a list of objects, empty for the artists without any, and all artists are there."""
    owed = select("SELECT ArtistId, Name FROM Artist ORDER BY ArtistId")
    for artist in owed:
        artist["Album"] = select("SELECT Title FROM Album WHERE ArtistId = ? ORDER BY AlbumId", artist["ArtistId"])
    assert chinook.items("Artist").read(fields=["ArtistId", "Name", "Album.Title"]).data == owed


def test_junction_rows_as_bare_keys(chinook: RelationRegistry, select: Select) -> None:
    """Playlist to PlaylistTrack, not expanded: the composite keys, each as a list of its values."""
    owed = select("SELECT Name FROM Playlist ORDER BY PlaylistId")
    of_playlist = "SELECT PlaylistId, TrackId FROM PlaylistTrack WHERE PlaylistId = ? ORDER BY TrackId"
    for number, playlist in enumerate(owed, start=1):
        playlist["PlaylistTrack"] = [list(row.values()) for row in select(of_playlist, number)]
    assert chinook.items("Playlist").read(fields=["Name", "PlaylistTrack"]).data == owed


def test_one_junction_row_by_its_composite_key(chinook: RelationRegistry, select: Select) -> None:
    """A composite key is a list of values, in the order of the primary key."""
    track = one(select("SELECT Name FROM Track WHERE TrackId = 3402"))
    owed = {"PlaylistId": {"Name": "Music"}, "TrackId": track}
    assert chinook.items("PlaylistTrack").get([1, 3402], fields=["PlaylistId.Name", "TrackId.Name"]) == owed


def test_media_types_with_their_three_biggest_tracks(chinook: RelationRegistry, select: Select) -> None:
    """MediaType to Track, sorted and cut for each parent on its own."""
    owed = select("SELECT MediaTypeId, Name FROM MediaType ORDER BY MediaTypeId")
    biggest = "SELECT Name, Bytes FROM Track WHERE MediaTypeId = ? ORDER BY Bytes DESC, TrackId LIMIT 3"
    for media_type in owed:
        media_type["Track"] = select(biggest, media_type["MediaTypeId"])
    deep = {"Track": {"_sort": "-Bytes", "_limit": 3}}
    fields = ["MediaTypeId", "Name", "Track.Name", "Track.Bytes"]
    assert chinook.items("MediaType").read(fields=fields, deep=deep).data == owed


def test_customers_with_their_last_two_invoices(chinook: RelationRegistry, select: Select) -> None:
    """Customer to Invoice, newest first; dates are answered with a T between day and time."""
    owed = select("SELECT CustomerId, Email FROM Customer ORDER BY CustomerId")
    newest = """SELECT replace(InvoiceDate, ' ', 'T') AS InvoiceDate, Total FROM Invoice
                WHERE CustomerId = ? ORDER BY InvoiceDate DESC, InvoiceId LIMIT 2"""
    for customer in owed:
        customer["Invoice"] = select(newest, customer["CustomerId"])
    fields = ["CustomerId", "Email", "Invoice.InvoiceDate", "Invoice.Total"]
    deep = {"Invoice": {"_sort": ["-InvoiceDate"], "_limit": 2}}
    assert owed[0]["Invoice"][0]["InvoiceDate"] == "2025-08-07T00:00:00"
    assert chinook.items("Customer").read(fields=fields, deep=deep).data == owed


def test_invoices_with_the_number_of_their_lines(chinook: RelationRegistry, select: Select) -> None:
    """Invoice to InvoiceLine: `count` of the children, in the answer and in the filter."""
    owed = select(
        """SELECT InvoiceId, (SELECT count(*) FROM InvoiceLine l WHERE l.InvoiceId = i.InvoiceId) AS InvoiceLine_count
           FROM Invoice i WHERE InvoiceLine_count >= 14 ORDER BY InvoiceId"""
    )
    many_lines = {"count(InvoiceLine)": {"_gte": 14}}
    assert chinook.items("Invoice").read(fields=["InvoiceId", "count(InvoiceLine)"], filter=many_lines).data == owed


# --- the self reference ----------------------------------------------------------------------------------------------


def test_employees_with_two_levels_of_superiors(chinook: RelationRegistry, select: Select) -> None:
    """Employee to Employee upwards: null above the top, and nothing below that null."""
    owed = []
    for employee in select("SELECT LastName, ReportsTo FROM Employee ORDER BY EmployeeId"):
        superior = one(select("SELECT LastName, ReportsTo FROM Employee WHERE EmployeeId = ?", employee["ReportsTo"]))
        if superior:
            above = select("SELECT LastName FROM Employee WHERE EmployeeId = ?", superior["ReportsTo"])
            superior["ReportsTo"] = one(above)
        owed.append({"LastName": employee["LastName"], "ReportsTo": superior})
    fields = ["LastName", "ReportsTo.LastName", "ReportsTo.ReportsTo.LastName"]
    assert chinook.items("Employee").read(fields=fields).data == owed


def test_employees_with_two_levels_of_reports(chinook: RelationRegistry, select: Select) -> None:
    """Employee to Employee downwards, from those who report to nobody."""
    below = "SELECT EmployeeId, LastName, Title FROM Employee WHERE ReportsTo = ? ORDER BY LastName"
    owed = select("SELECT EmployeeId, LastName FROM Employee WHERE ReportsTo IS NULL")
    for top in owed:
        top["Employee"] = [
            {"LastName": report["LastName"], "Employee": select(below, report["EmployeeId"])}
            for report in select(below, top["EmployeeId"])
        ]
        for report in top["Employee"]:
            report["Employee"] = [{"Title": row["Title"]} for row in report["Employee"]]
    read = chinook.items("Employee").read(
        fields=["EmployeeId", "LastName", "Employee.LastName", "Employee.Employee.Title"],
        filter={"ReportsTo": {"_null": True}},
        deep={"Employee": {"_sort": "LastName", "Employee": {"_sort": "LastName"}}},
    )
    assert read.data == owed


# --- two hops --------------------------------------------------------------------------------------------------------


def test_artists_with_albums_and_tracks(chinook: RelationRegistry, select: Select) -> None:
    """Artist to Album to Track."""
    owed = select("SELECT ArtistId, Name FROM Artist WHERE substr(Name, 1, 1) = 'A' ORDER BY Name")
    for artist in owed:
        albums = select("SELECT AlbumId, Title FROM Album WHERE ArtistId = ? ORDER BY AlbumId", artist["ArtistId"])
        artist["Album"] = [
            {
                "Title": album["Title"],
                "Track": select(
                    "SELECT Name, Milliseconds FROM Track WHERE AlbumId = ? ORDER BY TrackId", album["AlbumId"]
                ),
            }
            for album in albums
        ]
    fields = ["ArtistId", "Name", "Album.Title", "Album.Track.Name", "Album.Track.Milliseconds"]
    read = chinook.items("Artist").read(fields=fields, filter={"Name": {"_starts_with": "A"}}, sort="Name")
    assert read.data == owed


def test_playlists_with_their_tracks(chinook: RelationRegistry, select: Select) -> None:
    """Playlist to Track through the junction."""
    owed = select("SELECT PlaylistId, Name FROM Playlist WHERE PlaylistId BETWEEN 9 AND 18 ORDER BY PlaylistId")
    tracks = """SELECT t.Name FROM PlaylistTrack p JOIN Track t USING (TrackId)
                WHERE p.PlaylistId = ? ORDER BY p.TrackId"""
    for playlist in owed:
        playlist["PlaylistTrack"] = [{"TrackId": track} for track in select(tracks, playlist["PlaylistId"])]
    fields = ["PlaylistId", "Name", "PlaylistTrack.TrackId.Name"]
    assert chinook.items("Playlist").read(fields=fields, filter={"PlaylistId": {"_between": [9, 18]}}).data == owed


def test_tracks_with_their_playlists(chinook: RelationRegistry, select: Select) -> None:
    """Track to Playlist: the same junction from its other end."""
    owed = select("SELECT TrackId FROM Track WHERE TrackId < 30 ORDER BY TrackId")
    playlists = """SELECT l.Name FROM PlaylistTrack p JOIN Playlist l USING (PlaylistId)
                   WHERE p.TrackId = ? ORDER BY p.PlaylistId"""
    for track in owed:
        track["PlaylistTrack"] = [{"PlaylistId": playlist} for playlist in select(playlists, track["TrackId"])]
    fields = ["TrackId", "PlaylistTrack.PlaylistId.Name"]
    assert chinook.items("Track").read(fields=fields, filter={"TrackId": {"_lt": 30}}).data == owed


def test_employees_with_customers_and_invoice_totals(chinook: RelationRegistry, select: Select) -> None:
    """Employee to Customer to Invoice."""
    owed = select("SELECT EmployeeId FROM Employee ORDER BY EmployeeId")
    for employee in owed:
        customers = select(
            "SELECT CustomerId, Company FROM Customer WHERE SupportRepId = ? ORDER BY CustomerId",
            employee["EmployeeId"],
        )
        totals = "SELECT Total FROM Invoice WHERE CustomerId = ? ORDER BY InvoiceId"
        employee["Customer"] = [
            {"Company": customer["Company"], "Invoice": select(totals, customer["CustomerId"])}
            for customer in customers
        ]
    fields = ["EmployeeId", "Customer.Company", "Customer.Invoice.Total"]
    assert chinook.items("Employee").read(fields=fields).data == owed


def test_customers_with_the_superior_of_their_agent(chinook: RelationRegistry, select: Select) -> None:
    """Customer to Employee to Employee."""
    owed = [
        {"LastName": row["LastName"], "SupportRepId": {"ReportsTo": {"LastName": row["Superior"]}}}
        for row in select(
            """SELECT c.LastName, s.LastName AS Superior FROM Customer c
               JOIN Employee e ON e.EmployeeId = c.SupportRepId JOIN Employee s ON s.EmployeeId = e.ReportsTo
               ORDER BY c.LastName"""
        )
    ]
    read = chinook.items("Customer").read(fields=["LastName", "SupportRepId.ReportsTo.LastName"], sort="LastName")
    assert read.data == owed


# --- three and four hops ---------------------------------------------------------------------------------------------


def test_invoice_lines_with_the_artist(chinook: RelationRegistry, select: Select) -> None:
    """InvoiceLine to Track to Album to Artist."""
    owed = [
        {"UnitPrice": row["UnitPrice"], "TrackId": {"AlbumId": {"ArtistId": {"Name": row["Name"]}}}}
        for row in select(
            """SELECT l.UnitPrice, r.Name FROM InvoiceLine l JOIN Track t USING (TrackId) JOIN Album a USING (AlbumId)
               JOIN Artist r USING (ArtistId) ORDER BY InvoiceLineId DESC LIMIT 200"""
        )
    ]
    fields = ["UnitPrice", "TrackId.AlbumId.ArtistId.Name"]
    assert chinook.items("InvoiceLine").read(fields=fields, sort="-InvoiceLineId", limit=200).data == owed


def test_tracks_with_their_buyers(chinook: RelationRegistry, select: Select) -> None:
    """Track to InvoiceLine to Invoice to Customer."""
    buyers = """SELECT c.LastName, c.Country FROM InvoiceLine l JOIN Invoice i USING (InvoiceId)
                JOIN Customer c USING (CustomerId) WHERE l.TrackId = ? ORDER BY InvoiceLineId"""
    owed = select("SELECT TrackId, Name FROM Track WHERE AlbumId = 4 ORDER BY TrackId")
    for track in owed:
        track["InvoiceLine"] = [{"InvoiceId": {"CustomerId": buyer}} for buyer in select(buyers, track["TrackId"])]
    buyer = "InvoiceLine.InvoiceId.CustomerId"
    fields = ["TrackId", "Name", f"{buyer}.LastName", f"{buyer}.Country"]
    assert chinook.items("Track").read(fields=fields, filter={"AlbumId": 4}).data == owed


def test_customers_with_everything_they_bought(chinook: RelationRegistry, select: Select) -> None:
    """Customer to Invoice to InvoiceLine to Track to Album, for the customers of one country."""
    titles = """SELECT t.Name, a.Title FROM InvoiceLine l JOIN Track t USING (TrackId) JOIN Album a USING (AlbumId)
                WHERE l.InvoiceId = ? ORDER BY InvoiceLineId"""
    owed = select("SELECT CustomerId FROM Customer WHERE Country = 'Brazil' ORDER BY CustomerId")
    for customer in owed:
        invoices = values(
            select("SELECT InvoiceId FROM Invoice WHERE CustomerId = ? ORDER BY 1", customer["CustomerId"])
        )
        customer["Invoice"] = [
            {
                "InvoiceLine": [
                    {"TrackId": {"Name": row["Name"], "AlbumId": {"Title": row["Title"]}}}
                    for row in select(titles, invoice)
                ]
            }
            for invoice in invoices
        ]
    track = "Invoice.InvoiceLine.TrackId"
    fields = ["CustomerId", f"{track}.Name", f"{track}.AlbumId.Title"]
    assert chinook.items("Customer").read(fields=fields, filter={"Country": {"_eq": "Brazil"}}).data == owed


def test_genres_with_the_artists_of_their_longest_tracks(chinook: RelationRegistry, select: Select) -> None:
    """Genre to Track to Album to Artist, with the two longest tracks of each genre."""
    longest = """SELECT t.Milliseconds, r.Name FROM Track t JOIN Album a USING (AlbumId) JOIN Artist r USING (ArtistId)
                 WHERE t.GenreId = ? ORDER BY t.Milliseconds DESC, t.TrackId LIMIT 2"""
    owed = select("SELECT GenreId, Name FROM Genre ORDER BY Name DESC")
    for genre in owed:
        genre["Track"] = [
            {"Milliseconds": row["Milliseconds"], "AlbumId": {"ArtistId": {"Name": row["Name"]}}}
            for row in select(longest, genre["GenreId"])
        ]
    fields = ["GenreId", "Name", "Track.Milliseconds", "Track.AlbumId.ArtistId.Name"]
    deep = {"Track": {"_sort": ["-Milliseconds"], "_limit": 2}}
    assert chinook.items("Genre").read(fields=fields, sort=["-Name"], deep=deep).data == owed


# --- filter and sort through relations -------------------------------------------------------------------------------


def test_long_tracks_of_a_genre_on_a_media_type(chinook: RelationRegistry, select: Select) -> None:
    """Two to-one paths in one filter: the genre and the media type."""
    owed = select(
        """SELECT t.Name, t.Milliseconds FROM Track t JOIN Genre g USING (GenreId) JOIN MediaType m USING (MediaTypeId)
           WHERE g.Name = 'Jazz' AND m.Name LIKE '%MPEG%' AND t.Milliseconds > 400000 ORDER BY t.Milliseconds DESC"""
    )
    long_jazz = {
        "GenreId": {"Name": {"_eq": "Jazz"}},
        "MediaTypeId": {"Name": {"_contains": "MPEG"}},
        "Milliseconds": {"_gt": 400000},
    }
    assert owed
    read = chinook.items("Track").read(fields=["Name", "Milliseconds"], filter=long_jazz, sort=["-Milliseconds"])
    assert read.data == owed


def test_customers_who_bought_classical_music(chinook: RelationRegistry, select: Select) -> None:
    """A filter four hops away, two of them to-many: each customer once."""
    owed = select(
        """SELECT CustomerId FROM Customer c WHERE EXISTS (
             SELECT 1 FROM Invoice i JOIN InvoiceLine USING (InvoiceId) JOIN Track USING (TrackId)
             JOIN Genre g USING (GenreId) WHERE i.CustomerId = c.CustomerId AND g.Name = 'Classical'
           ) ORDER BY CustomerId"""
    )
    classical = {"Invoice": {"InvoiceLine": {"TrackId": {"GenreId": {"Name": "Classical"}}}}}
    assert owed
    assert chinook.items("Customer").read(fields=["CustomerId"], filter=classical).data == owed


def test_playlists_with_some_track_by_bach(chinook: RelationRegistry, select: Select) -> None:
    """`_some` over the junction, with a filter behind it."""
    owed = select(
        """SELECT PlaylistId FROM Playlist l WHERE EXISTS (SELECT 1 FROM PlaylistTrack p JOIN Track t USING (TrackId)
           WHERE p.PlaylistId = l.PlaylistId AND instr(t.Composer, 'Bach')) ORDER BY PlaylistId"""
    )
    with_bach = {"PlaylistTrack": {"_some": {"TrackId": {"Composer": {"_contains": "Bach"}}}}}
    assert owed
    assert chinook.items("Playlist").read(fields=["PlaylistId"], filter=with_bach).data == owed


def test_artists_without_albums(chinook: RelationRegistry, select: Select) -> None:
    """`_none` of nothing in particular: no child at all."""
    owed = select("SELECT Name FROM Artist WHERE ArtistId NOT IN (SELECT ArtistId FROM Album) ORDER BY Name")
    assert owed
    assert chinook.items("Artist").read(fields=["Name"], filter={"Album": {"_none": {}}}, sort=["Name"]).data == owed


def test_albums_of_which_every_track_is_long(chinook: RelationRegistry, select: Select) -> None:
    """`_every`: no child for which it is not true."""
    owed = select(
        """SELECT AlbumId FROM Album a WHERE NOT EXISTS
           (SELECT 1 FROM Track t WHERE t.AlbumId = a.AlbumId AND t.Milliseconds <= 300000) ORDER BY AlbumId"""
    )
    long_tracks = {"Track": {"_every": {"Milliseconds": {"_gt": 300000}}}}
    assert owed
    assert chinook.items("Album").read(fields=["AlbumId"], filter=long_tracks).data == owed


def test_third_page_of_albums_by_artist(chinook: RelationRegistry, select: Select) -> None:
    """Sorted by the artist's name, then by title backwards, then cut into pages; the counts see no paging."""
    owed = select(
        """SELECT a.Title FROM Album a JOIN Artist r USING (ArtistId)
           ORDER BY r.Name, a.Title DESC LIMIT 25 OFFSET 50"""
    )
    read = chinook.items("Album").read(
        fields=["Title"], sort=["ArtistId.Name", "-Title"], limit=25, page=3, meta=["total_count", "filter_count"]
    )
    assert read.data == owed
    assert read.meta == {"total_count": 347, "filter_count": 347}


def test_albums_with_their_long_tracks_only(chinook: RelationRegistry, select: Select) -> None:
    """A filter on the children leaves the parents alone."""
    owed = select("SELECT AlbumId FROM Album ORDER BY AlbumId")
    long_tracks = "SELECT Name FROM Track WHERE AlbumId = ? AND Milliseconds > 600000 ORDER BY TrackId"
    for album in owed:
        album["Track"] = select(long_tracks, album["AlbumId"])
    deep = {"Track": {"_filter": {"Milliseconds": {"_gt": 600000}}}}
    assert chinook.items("Album").read(fields=["AlbumId", "Track.Name"], deep=deep).data == owed


def test_revenue_by_country(chinook: RelationRegistry, select: Select) -> None:
    """Aggregates over invoices, grouped by a field of their customer."""
    owed = [
        {"CustomerId": {"Country": row["Country"]}, "count": row["n"], "max": {"Total": row["top"]}}
        for row in select(
            """SELECT c.Country, count(*) AS n, max(i.Total) AS top FROM Invoice i JOIN Customer c USING (CustomerId)
               GROUP BY c.Country ORDER BY c.Country"""
        )
    ]
    aggregate = {"count": "*", "max": ["Total"]}
    assert chinook.items("Invoice").read(groupBy=["CustomerId.Country"], aggregate=aggregate).data == owed


def test_every_relation_is_known(chinook: RelationRegistry, select: Select) -> None:
    """The eleven foreign keys are eleven relations, and the two of PlaylistTrack make it a junction."""
    owed = {
        (table, key["from"], key["table"])
        for table in values(select("SELECT name FROM sqlite_master WHERE type = 'table'"))
        for key in select("SELECT * FROM pragma_foreign_key_list(?)", table)
    }
    assert {(each.many_collection, each.many_field, each.one_collection) for each in chinook} == owed
    assert len(chinook) == 11
    assert chinook.find("PlaylistTrack", "TrackId").junction_field == "PlaylistId"
    assert chinook.find("PlaylistTrack", "PlaylistId").junction_field == "TrackId"
    assert {each.one_field for each in chinook} == {each.many_collection for each in chinook}
