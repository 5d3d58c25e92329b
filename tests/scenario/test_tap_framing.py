"""Odd but legal framings pass unchanged; that they are understood too is in test_tap_events.py."""
import random

import pytest

import h2peer
import values
from observing import watched


@pytest.fixture(autouse=True, params=["relay only", "observed"])
def both_ways(request, scene):
    with watched(scene, request.param == "observed"):
        yield



@pytest.mark.parametrize("framing", h2peer.FRAMINGS)
@pytest.mark.parametrize("cut", [None, 40])
def test_framings(raw, framing, cut):
    near, far = raw.pair()
    h2peer.play(near, far, h2peer.conversation(values.http(), 40, **h2peer.FRAMINGS[framing]), cut)


def test_byte_by_byte(raw):
    near, far = raw.pair()
    h2peer.play(near, far, h2peer.conversation(values.http(), 4, **h2peer.FRAMINGS["everything"]), 1)


def damaged(talk, rand):
    """A session in which bytes were changed, left out and put in."""
    for is_worker, data in talk:
        data = bytearray(data)
        for _ in range(rand.choice([0, 0, 1, 3])):
            at = rand.randrange(len(data)) if data else 0
            what = rand.choice(["change", "drop", "insert"])
            if what == "insert":
                data[at:at] = rand.randbytes(rand.randint(1, 30))
            elif data and what == "change":
                data[at] = rand.randrange(256)
            elif data:
                del data[at:at + rand.randint(1, 30)]
        yield is_worker, bytes(data)


def test_damaged_sessions_pass_too(raw):
    """What cannot be understood is passed on, and the next connection is none the worse for it."""
    for seed in range(40):
        near, far = raw.pair()
        framing = list(h2peer.FRAMINGS.values())[seed % len(h2peer.FRAMINGS)]
        talk = h2peer.conversation(values.http(), 12, seed=seed, **framing)
        h2peer.play(near, far, damaged(talk, random.Random(seed)))
        near.close()
        far.close()
    assert raw.channel.process.poll() is None
