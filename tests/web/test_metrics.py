import pytest
from fastapi import FastAPI, Request
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from musiq.web.guard import Refusal, protect
from musiq.web.metrics import Metrics
from musiq.web.settings import Settings

QUEUE = {"waiting": 3, "working": 2, "limit": 256}
JOBS = {"running": 1, "done": 4}
IMAGES = {"scored": 7, "known": 1, "damaged": 2}


@pytest.fixture
def client():
    app = FastAPI()

    @app.get("/api/photos/{id}")
    def photo(id: str) -> str:
        if id == "none":
            raise Refusal(404, "not-found", "no such photo")
        return id

    @app.post("/api/score/image")
    async def image(request: Request) -> None:
        raise KeyError(await request.body())

    protect(app, Settings(file_bytes=100))
    Metrics().attach(app, images=lambda: IMAGES, queue=lambda: QUEUE, jobs=lambda: JOBS)
    return TestClient(app, "http://localhost")


def numbers(client):
    """Every number of /metrics by its name and labels (method, route, status), as another program reads them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name, *(one.labels[name] for name in sorted(one.labels))): one.value
        for family in families
        for one in family.samples
    }


def test_requests_count_by_template_method_and_status(client):
    for path in ("a", "b", "none"):
        client.get(f"/api/photos/{path}")
    client.get("/api/photos/a", headers={"Host": "evil.example"})
    client.post("/api/score/image", content=b"12345", headers={"Content-Type": "image/png"})
    client.get("/../../etc/passwd")
    client.request("FOO", "/api/photos/a")
    found = numbers(client)
    requests = {key[1:]: value for key, value in found.items() if key[0] == "musiq_http_requests_total"}
    assert requests == {
        ("GET", "/api/photos/{id}", "200"): 2,
        ("GET", "/api/photos/{id}", "404"): 1,
        ("GET", "none", "403"): 1,
        ("POST", "/api/score/image", "500"): 1,
        ("GET", "none", "404"): 1,
        ("other", "/api/photos/{id}", "405"): 1,
    }
    assert found["musiq_http_request_seconds_count", "GET", "/api/photos/{id}"] == 3
    assert found["musiq_http_requests_in_flight",] == 1  # the one that asks


def test_bodies_images_queue_and_jobs_count(client):
    for size in (60, 101):  # the second is refused
        client.post("/api/score/image", content=b"x" * size, headers={"Content-Type": "image/png"})
    found = numbers(client)
    assert found["musiq_http_received_bytes_total",] == 161
    assert {outcome: found["musiq_images_total", outcome] for outcome in IMAGES} == IMAGES
    assert {place: found["musiq_queue_images", place] for place in QUEUE} == QUEUE
    assert {state: found["musiq_jobs", state] for state in JOBS} == JOBS
    assert found["process_resident_memory_bytes",] > 1e6
