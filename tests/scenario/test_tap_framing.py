"""Odd but legal framings pass unchanged; that they are understood too is in test_tap_events.py."""
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
