import random
import resource
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.errors import (
    CacheError,
    CorruptCheckpoint,
    GatedRepository,
    HubUnreachable,
    RepositoryNotFound,
)
from core.hub.budget import ByteBudget
from core.hub.client import HubClient
from core.hub.limits import RateLimiter
from core.hub.reader import HubSource
from tests.standin import Standin, generated_safetensors, renew, vit

FILE = "model.safetensors"
WIDE = {"width": 192, "depth": 6}


@pytest.fixture
def source(family, client):
    return HubSource(client, "org/base", "main", FILE)


def test_one_resolve_serves_many_ranges(family, source, base_file):
    spans = [(0, 10), (5_000_000, 5_100_000), (base_file.size - 7, base_file.size)]
    assert [source.read(*span) for span in spans] == [base_file.read(*s) for s in spans]
    assert len(family.requests_to("hub")) == 1
    assert all(request.status == 206 for request in family.requests_to("cdn"))


def test_the_resolve_tells_commit_size_and_sha256(family, source, base_file):
    assert source.commit == family.repositories["org/base"].sha
    assert (source.size, source.sha256) == (base_file.size, base_file.oid)
    assert source.xet_hash == base_file.oid[::-1]


def test_every_range_asks_for_plain_bytes_of_the_commit(family, source):
    source.read(0, 10)
    (request,) = family.requests_to("cdn")
    assert request.headers["accept-encoding"] == "identity"
    assert source.commit in request.path


def test_a_small_file_is_read_once_and_whole(family, client):
    source = HubSource(client, "org/base", "main", "config.json")
    assert source.read(1, 14) + source.read(14, 15) == b'"hidden_size":'
    assert len(family.requests) == 2  # the second is the redirect within the Hub


def test_a_small_weight_file_costs_one_range(hub, client):
    hub.repository("org/small", files={FILE: b"0123456789" * 100})
    source = HubSource(client, "org/small", "main", FILE)
    assert [source.read(at, at + 1) for at in range(10)] == [
        b"%d" % n for n in range(10)
    ]
    assert len(hub.requests_to("cdn")) == 1


def test_an_empty_file_is_no_error(hub, client):
    hub.repository("org/empty", files={"notes.txt": b"", FILE: b""})
    assert HubSource(client, "org/empty", "main", "notes.txt").read(0, 0) == b""
    assert HubSource(client, "org/empty", "main", FILE).size == 0


def test_reading_past_the_end_is_corrupt(source):
    with pytest.raises(CorruptCheckpoint, match="ends after"):
        source.read(source.size - 1, source.size + 1)


@pytest.mark.parametrize("retry_after, waits", [("7", [7.0]), (None, [1.0])])
def test_429_is_waited_out(family, source, base_file, clock, retry_after, waits):
    family.fault("status", where="cdn", status=429, retry_after=retry_after)
    assert source.read(0, 100) == base_file.read(0, 100)
    assert clock.slept == waits


def test_429_of_the_hub_pauses_until_its_window_ends(family, client, clock):
    family.rate_limits["resolvers"] = 1
    HubSource(client, "org/base", "main", FILE)
    HubSource(client, "org/head", "main", FILE)
    assert 300 <= sum(clock.slept) <= 305
    assert all(request.status != 429 for request in family.requests)


def test_errors_500_are_retried_with_growing_waits(family, source, base_file, clock):
    family.fault("status", where="cdn", status=500, times=3)
    assert source.read(9, 99) == base_file.read(9, 99)
    assert clock.slept == [1.0, 2.0, 4.0]


def test_errors_500_for_ever_are_reason_network(family, source, clock):
    fault = family.fault("status", where="cdn", status=503, times=None)
    with pytest.raises(
        HubUnreachable, match="answered 503, 5 times in a row"
    ) as caught:
        source.read(0, 10)
    assert (caught.value.reason, fault.hits) == ("network", 5)


def test_a_connection_dropped_in_mid_body_loses_nothing(family, source, base_file):
    family.fault("drop", where="cdn", times=2)
    size = 8 * 2**20
    assert source.read(0, size) == base_file.read(0, size)
    asked = [request.range for request in family.requests_to("cdn")]
    starts = [int(text.removeprefix("bytes=").split("-")[0]) for text in asked]
    assert starts == sorted(set(starts))  # each try goes on where the last one broke


def test_connections_that_always_break_are_reason_network(family, source):
    family.fault("reset", where="cdn", times=None)
    with pytest.raises(HubUnreachable, match="dropped the connection"):
        source.read(0, 10)


def test_a_file_shorter_than_listed_is_corrupt(family, source):
    family.fault("short", where="cdn", times=None)
    with pytest.raises(CorruptCheckpoint, match="where the Hub lists"):
        source.read(source.size - 10, source.size)


def test_a_wrong_content_range_is_never_taken(family, source, base_file):
    family.fault("shifted", where="cdn", times=2)
    assert source.read(100, 200) == base_file.read(100, 200)
    assert len(family.requests_to("cdn")) == 3


def test_ranges_ignored_once_are_retried_without_reading(family, source, base_file):
    family.fault("whole", where="cdn", times=1)
    assert source.read(0, 50) == base_file.read(0, 50)
    assert source._client.traffic.bytes_received == 50


def test_ranges_always_ignored_are_read_whole_once(family, source, base_file):
    family.fault("whole", where="cdn", times=None)
    assert source.read(5, 50) == base_file.read(5, 50)
    assert source.read(10**6, 10**6 + 9) == base_file.read(10**6, 10**6 + 9)
    assert source._client.traffic.bytes_received == base_file.size
    path = source._whole.path
    source.close()
    assert not path.exists()


def test_ranges_ignored_over_the_budget_are_reason_network(family, client_for):
    client = client_for(family, budget=ByteBudget(1000))
    source = HubSource(client, "org/base", "main", FILE)
    family.fault("whole", where="cdn", times=None)
    with pytest.raises(HubUnreachable, match="over the limit"):
        source.read(0, 10)
    assert (client.traffic.bytes_received, client.budget.spent) == (0, 0)


def test_an_expired_address_is_renewed_once(family, source, base_file, clock):
    source.read(0, 10)
    clock.now += 3601
    assert source.read(10, 20) == base_file.read(10, 20)
    assert [request.status for request in family.requests_to("cdn")] == [206, 403, 206]
    assert len(family.requests_to("hub")) == 2


def test_an_address_that_never_works_is_reason_network(family, source):
    family.fault("status", where="cdn", status=403, times=None)
    with pytest.raises(HubUnreachable, match="403"):
        source.read(0, 10)
    assert len(family.requests_to("hub")) == 2


def test_threads_share_one_renewal(family, source, base_file):
    family.expire()
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda at: source.read(at, at + 5), range(40)))
    assert contents == [base_file.read(at, at + 5) for at in range(40)]
    assert len(family.requests_to("hub")) == 2


def test_a_pinned_commit_survives_a_change(family, client, base_file):
    source = HubSource(client, "org/base", "main", FILE)
    family.commit("org/base", {FILE: b"other"})
    family.expire()
    assert source.read(0, 9) == base_file.read(0, 9)


def test_a_commit_that_is_gone_is_not_found(family, client):
    sha = family.repositories["org/head"].sha
    family.commit("org/head", {FILE: b"other"}, forget=True)
    with pytest.raises(RepositoryNotFound, match="no longer has this revision"):
        HubSource(client, "org/head", sha, FILE)


def test_a_deleted_repository_is_not_found(family, client):
    family.delete("org/head")
    with pytest.raises(RepositoryNotFound, match="does not exist or is private"):
        HubSource(client, "org/head", "main", FILE)


def test_a_renamed_repository_is_followed(family, client, base_file):
    family.rename("org/base", "org/other")
    assert HubSource(client, "org/base", "main", FILE).read(0, 9) == base_file.read(
        0, 9
    )


def test_a_gated_repository_says_what_to_do(hub, client, client_for):
    hub.repository("org/gated", gated="manual", granted=True, files={FILE: b"weights"})
    with pytest.raises(GatedRepository, match="accept its terms"):
        HubSource(client, "org/gated", "main", FILE)
    allowed = client_for(hub, token=hub.token)
    assert HubSource(allowed, "org/gated", "main", FILE).read(0, 7) == b"weights"


def test_a_slow_server_is_retried_then_reason_network(family, client_for, base_file):
    client = client_for(family, timeout_seconds=0.2)
    source = HubSource(client, "org/base", "main", FILE)
    slow = family.fault("slow", where="cdn", times=1, seconds=0.5)
    assert source.read(0, 10) == base_file.read(0, 10)
    slow.times = None
    with pytest.raises(HubUnreachable, match="did not answer in time"):
        source.read(0, 10)


def test_a_server_that_drips_is_given_up(family, client_for, clock):
    client = client_for(family, timeout_seconds=0.2, attempts=2)
    source = HubSource(client, "org/base", "main", FILE)
    family.fault("drip", where="cdn", times=None, seconds=0.01)

    def ticking():
        clock.now += 10
        return clock.now

    client.limiter.clock = ticking
    with pytest.raises(HubUnreachable, match="too slowly"):
        source.read(0, 20_000)


def test_several_ranges_go_in_one_request(family, source, base_file):
    spans = [(at, at + 100) for at in range(0, 10**7, 10**6)]
    assert source.read_many(spans) == [base_file.read(*span) for span in spans]
    assert len(family.requests_to("cdn")) == 1


@pytest.mark.parametrize("kind", ["whole", "single", "reset"])
def test_ranges_fall_back_one_by_one(family, source, base_file, kind):
    times = 5 if kind == "reset" else 1
    family.fault(kind, where="cdn", times=times)
    spans = [(10**6, 10**6 + 5), (0, 100), (3 * 10**6, 3 * 10**6 + 1)]
    assert source.read_many(spans) == [base_file.read(*span) for span in spans]
    assert source._client.traffic.bytes_received <= 200


def test_a_host_without_multi_range_is_asked_once(clock, client_for, base_file):
    with Standin(clock=clock, multi_range=False) as hub:
        hub.repository("org/base", files={FILE: base_file})
        source = HubSource(client_for(hub), "org/base", "main", FILE)
        spans = [(0, 10), (10**6, 10**6 + 10)]
        for _ in range(2):
            assert source.read_many(spans) == [base_file.read(*span) for span in spans]
        assert [request.status for request in hub.requests_to("cdn")] == [200] + [
            206
        ] * 4
        assert source._client.traffic.bytes_received == 40


def test_near_and_overlapping_ranges_are_fetched_as_one(family, source, base_file):
    spans = [(1000, 1100), (1050, 1200), (3000, 3010), (5, 5)]
    assert source.read_many(spans) == [base_file.read(*span) for span in spans]
    assert [request.range for request in family.requests_to("cdn")] == [
        "bytes=1000-3009"
    ]


def test_a_host_gets_no_more_connections_than_allowed(clock, client_for, base_file):
    with Standin(clock=clock, latency_seconds=0.002) as hub:
        hub.repository("org/base", files={FILE: base_file})
        source = HubSource(client_for(hub, connections=3), "org/base", "main", FILE)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda at: source.read(at, at + 9), range(0, 3200, 100)))
        assert len(hub._cdn.open_connections) <= 3


def test_a_hub_that_serves_files_itself_is_read_too(family, client):
    place = "/api/resolve-cache/models"
    large = b"x" * (5 * 2**20)
    family.repository("org/text", files={"vocabulary.txt": large})
    source = HubSource(client, "org/text", "main", "vocabulary.txt")
    assert (source.size, source.read(4_999_990, 5_000_000)) == (len(large), b"x" * 10)
    assert place in source.address
    assert client.traffic.bytes_received == 10


def test_a_host_that_has_no_address_is_reason_network(settings_for, clock, family):
    settings = replace(settings_for(family), hub_endpoint="http://nowhere.invalid")
    limiter = RateLimiter(clock=clock, sleep=clock.sleep)
    with (
        HubClient(settings, limiter=limiter) as client,
        pytest.raises(HubUnreachable, match="could not be reached, 3 times") as caught,
    ):
        HubSource(client, "org/base", "main", FILE)
    assert caught.value.reason == "network"


def test_a_wait_beyond_all_bounds_is_not_waited(family, source, clock):
    family.fault("status", where="cdn", status=429, retry_after="86400", times=None)
    with pytest.raises(HubUnreachable, match="asks to wait 86,400 s"):
        source.read(0, 10)
    assert clock.slept == []


def test_a_full_disk_is_a_named_error(family, source, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    family.fault("whole", where="cdn", times=None)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(CacheError, match="cannot be written"):
            source.read(0, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_429_holds_the_requests_that_follow(family, client_for, base_file, clock):
    client = client_for(family, attempts=1)
    source = HubSource(client, "org/base", "main", FILE)
    family.fault("status", where="cdn", status=429, retry_after="7")
    with pytest.raises(HubUnreachable, match="answered 429"):
        source.read(0, 10)
    assert clock.slept == []
    assert source.read(0, 10) == base_file.read(0, 10)
    assert clock.slept == [7.0]


def test_other_bytes_under_the_same_commit_are_refused(family, source):
    repository = family.repositories["org/base"]
    repository.files[FILE] = generated_safetensors(renew(vit(**WIDE), "*", by="x"))
    family.expire()
    with pytest.raises(HubUnreachable, match="changed while it was read"):
        source.read(0, 10)


def test_an_address_on_the_hub_itself_is_renewed_too(family, client):
    family.repository("org/text", files={"words.txt": b"x" * (5 * 2**20)})
    source = HubSource(client, "org/text", "main", "words.txt")
    family.fault("status", "/api/resolve-cache/*", where="resolve", status=403)
    assert source.read(5, 9) == b"xxxx"
    family.fault("status", "/api/resolve-cache/*", status=403, times=None)
    with pytest.raises(RepositoryNotFound, match="may not be read"):
        source.read(5, 9)


def test_a_size_that_the_hub_keeps_quiet_is_asked_of_the_cdn(family, client, base_file):
    family.tells_size = False
    source = HubSource(client, "org/base", "main", FILE)
    assert source.size == base_file.size
    assert family.requests_to("cdn")[0].range == "bytes=0-0"


KINDS = ("status", "reset", "drop", "whole", "shifted", "single")


@pytest.mark.parametrize("seed", range(12))
def test_whatever_goes_wrong_the_bytes_are_right(family, client, base_file, seed):
    chance = random.Random(seed)
    for _ in range(12):
        fields = {"times": chance.randint(1, 2), "after": chance.randint(0, 30)}
        status = chance.choice([403, 429, 500, 502])
        where = chance.choice(["cdn", "cdn", "resolve"])
        if (where, status) != ("resolve", 403):
            kind = chance.choice(KINDS[: 3 if where == "resolve" else None])
            family.fault(kind, "*/model*", where=where, status=status, **fields)
    source = HubSource(client, "org/base", "main", FILE)
    for _ in range(10):
        starts = [chance.randrange(base_file.size - 9000) for _ in range(4)]
        spans = [(start, start + chance.randint(1, 9000)) for start in starts]
        try:
            contents = source.read_many(spans)
        except HubUnreachable:
            continue
        assert contents == [base_file.read(*span) for span in spans]
