from concurrent.futures import ThreadPoolExecutor

import pytest

from core.hub.limits import RateLimiter


def headers(left: int, seconds: int, limit: int = 500) -> dict[str, str]:
    return {
        "RateLimit": f'"api";r={left};t={seconds}',
        "RateLimit-Policy": f'"fixed window";"api";q={limit};w=300',
    }


@pytest.fixture
def limiter(clock):
    return RateLimiter(clock=clock, sleep=clock.sleep)


def test_nothing_known_and_plenty_left_cost_no_wait(limiter, clock):
    limiter.wait("api")
    limiter.learn("api", headers(400, 200))
    limiter.wait("api")
    assert clock.slept == []


def test_headers_of_other_shapes_change_nothing(limiter, clock):
    for odd in ({}, {"RateLimit": "soon"}, {"RateLimit-Policy": "q=1"}):
        assert limiter.learn("api", odd) is None
    limiter.wait("api")
    assert clock.slept == []


def test_the_last_fifth_is_spread_over_the_window(limiter, clock):
    limiter.learn("api", headers(50, 100))
    start = clock.now
    for _ in range(40):
        limiter.wait("api")
    assert 60 < clock.now - start < 101
    assert max(clock.slept) < 5


def test_an_empty_window_is_waited_out(limiter, clock):
    limiter.learn("api", headers(0, 55))
    limiter.wait("api")
    assert 55 <= sum(clock.slept) <= 57


def test_buckets_do_not_slow_each_other(limiter, clock):
    limiter.learn("api", headers(0, 55))
    limiter.wait("resolvers")
    assert clock.slept == []


def test_answers_out_of_order_do_not_give_requests_back(limiter, clock):
    limiter.learn("api", headers(4, 100))
    limiter.learn("api", headers(90, 100))
    limiter.wait("api")
    assert sum(clock.slept) > 50


def test_several_processes_share_a_window(clock):
    alone, shared = (
        RateLimiter(share=share, clock=clock, sleep=clock.sleep) for share in (1, 4)
    )
    waited = []
    for limiter in (alone, shared):
        limiter.learn("api", headers(50, 100))
        for _ in range(10):
            limiter.wait("api")
        waited.append(limiter.waited_seconds)
    assert waited[1] > 3 * waited[0]


def test_a_slow_answer_gives_no_requests_back(limiter, clock):
    sent = clock.now
    limiter.learn("api", headers(4, 100))
    clock.sleep(20)
    limiter.learn("api", headers(90, 100), sent=sent)
    limiter.wait("api")
    assert sum(clock.slept) > 20 + 50


def test_a_new_window_is_full_again(limiter, clock):
    limiter.learn("api", headers(0, 100))
    clock.sleep(110)
    limiter.learn("api", headers(490, 299), sent=clock.now - 5)
    limiter.wait("api")
    assert clock.slept == [110]


def test_a_pause_holds_everyone(limiter, clock):
    limiter.pause("api", 30)
    limiter.pause("api", 10)
    limiter.wait("api")
    assert sum(clock.slept) == 30


def test_a_crawl_of_many_threads_never_meets_a_429(hub, client):
    hub.rate_limits["api"] = 60
    hub.repository("org/base", files={"config.json": b"{}"})
    url = f"{hub.endpoint}/api/models/org/base"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.get_json("org/base", url), range(200)))
    assert {request.status for request in hub.requests} == {200}
    assert len(hub.requests) == 200
