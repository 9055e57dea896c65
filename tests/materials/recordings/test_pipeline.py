"""From an uploaded video to a structure that cites its seconds, with the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from materials.models import Chunk, MaterialEntry, MaterialNode, TranscriptWindow
from materials.recordings.transcription import ingest_recording
from project.jobs.claims import claim_next_job
from project.jobs.errors import JobCancelled
from project.jobs.models import Job, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.run import JobRun
from structures.models import Reference
from tenants.models import Tenant
from tests.conftest import Api, Stored, drain
from tests.llm.video.containers import Sound, media_file
from tests.materials.recordings.lecture import CAPTIONS, LECTURE, TRUTH, error_rate, sent

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lecture_becomes_a_structure_whose_concepts_cite_its_times(
    api: Api, acme: Tenant, week: MaterialNode
) -> None:
    client = api(acme)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())
    assert (entry["format"], entry["duration_ms"], entry["state"]) == ("video", 94_400, "pending")
    client.post(f"/api/v1/nodes/{week.pk}/generate", {}, format="json")

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert read["state"] == "ready", read["error"]
    assert read["transcription"]["by"] == "whisper"
    assert read["transcription"]["language"] == "en-GB"
    chunks = list(Chunk.objects.filter(entry=entry["id"], kind="transcript").order_by("position"))
    assert error_rate(" ".join(chunk.text for chunk in chunks), TRUTH["text"]) < 0.15
    starts = [round(segment["start"] * 1000) for segment in TRUTH["segments"]]
    assert all(min(abs(chunk.start_ms - start) for start in starts) < 1000 for chunk in chunks if chunk.start_ms)
    assert not TranscriptWindow.objects.exists()
    job = Job.objects.get(pk=entry["job"])
    assert (job.status, job.queue, job.work_ms) == (JobStatus.COMPLETE, "heavy", 94_400)
    assert job.done == job.total > 0
    cited = Reference.objects.filter(structure_node__node_type="concept", entry_id=entry["id"])
    when = {reference.structure_node.title: reference.start_ms for reference in cited.select_related("structure_node")}
    assert when.keys() >= {"Variable", "Function"}
    assert all(at is not None for at in when.values())
    assert abs((when["Function"] or 0) - 68_000) < 15_000


def test_captions_beside_it_make_it_free_and_are_not_a_source_of_their_own(
    api: Api, acme: Tenant, week: MaterialNode
) -> None:
    client = api(acme)
    captions = sent(client, week.pk, "lecture.en.vtt", CAPTIONS)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())

    drain()
    client.post(f"/api/v1/nodes/{week.pk}/generate", {}, format="json")
    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert read["transcription"]["by"] == "captions_beside"
    assert client.get(f"/api/v1/entries/{captions['id']}").json()["captions_of"] == entry["id"]
    assert {str(pk) for pk in Reference.objects.values_list("entry_id", flat=True)} == {entry["id"]}


@pytest.mark.slow
def test_captions_that_come_later_replace_what_was_heard(api: Api, acme: Tenant, week: MaterialNode) -> None:
    client = api(acme)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())
    drain()
    assert client.get(f"/api/v1/entries/{entry['id']}").json()["transcription"]["by"] == "whisper"

    sent(client, week.pk, "lecture.vtt", CAPTIONS)
    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (read["state"], read["transcription"]["by"]) == ("ready", "captions_beside")
    # Captions must not be taken for the speed of Whisper. The lecture has 94 seconds with its pauses.
    by_whisper, by_captions = Job.objects.filter(kind="ingest_recording").order_by("created_at")
    assert 60_000 < (by_whisper.worked_ms or 0) < 94_400
    assert by_captions.worked_ms == 0


@pytest.mark.slow
def test_captions_can_be_switched_off_for_an_entry(api: Api, acme: Tenant, week: MaterialNode) -> None:
    client = api(acme)
    sent(client, week.pk, "lecture.vtt", CAPTIONS)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes(), query="?use_captions=false&language=en")

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (read["use_captions"], read["language"], read["transcription"]["by"]) == (False, "en", "whisper")


@pytest.mark.slow
def test_captions_of_another_recording_are_left_aside_with_a_warning(
    api: Api, acme: Tenant, week: MaterialNode
) -> None:
    client = api(acme)
    sent(client, week.pk, "lecture.vtt", CAPTIONS + b"\n01:00:00.000 --> 01:00:04.000\nAn hour later.\n")
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert read["transcription"]["by"] == "whisper"
    assert "lecture.vtt go on after the recording has ended" in " ".join(read["warnings"])
    assert Job.objects.filter(subject_id=entry["id"], kind="ingest_recording").count() == 1


def test_captions_are_read_until_some_can_be_used(api: Api, acme: Tenant, week: MaterialNode, tmp_path: Path) -> None:
    client = api(acme)
    for name, content in [
        ("talk.vtt", b"WEBVTT\n\nNOTE Nobody speaks.\n"),
        ("talk.de.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.500\nMaps lie.\n"),
        ("talk.fr.vtt", b"WEBVTT\n\nNOTE Personne ne parle.\n"),
    ]:
        sent(client, week.pk, name, content)
    entry = sent(client, week.pk, "talk.m4a", media_file(tmp_path / "talk.m4a", Sound()).read_bytes())

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert read["transcription"]["by"] == "captions_beside"
    assert read["warnings"] == ["The captions talk.vtt cannot be read: There are no captions in the file."]
    assert list(Chunk.objects.filter(entry=entry["id"]).values_list("text", flat=True)) == ["Maps lie."]
    assert Job.objects.filter(subject_id=entry["id"]).count() == 1


def test_it_can_be_cancelled_while_the_file_is_looked_into(
    api: Api, acme: Tenant, week: MaterialNode, tmp_path: Path
) -> None:
    sent(api(acme), week.pk, "talk.m4a", media_file(tmp_path / "talk.m4a", Sound()).read_bytes())
    MaterialEntry.objects.update(media=None)
    job = claim_next_job(JobQueue.HEAVY)
    assert job is not None
    run = JobRun(job)
    run.request_stop(JobCancelled("The job was cancelled."))

    with pytest.raises(JobCancelled):
        ingest_recording(run)

    assert MaterialEntry.objects.get().media is None


def test_deleting_it_leaves_nothing_in_storage(api: Api, acme: Tenant, week: MaterialNode, stored: Stored) -> None:
    client = api(acme)
    captions = sent(client, week.pk, "lecture.vtt", CAPTIONS)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())
    drain()
    assert MaterialEntry.objects.get(pk=entry["id"]).frames.exists()

    client.delete(f"/api/v1/entries/{entry['id']}")

    assert [path.parent.name for path in stored()] == [captions["id"]]


def test_without_a_model_the_error_says_what_to_put_where(
    api: Api, acme: Tenant, week: MaterialNode, settings: Settings
) -> None:
    settings.WHISPER_MODEL = "small"
    client = api(acme)
    entry = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())

    drain()

    error = client.get(f"/api/v1/entries/{entry['id']}").json()["error"]
    assert error["code"] == "transcriber_missing"
    assert "WHISPER_MODEL" in error["next_step"]
    assert "model.bin" in error["next_step"]
