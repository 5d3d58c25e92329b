"""Odd but legal framings pass unchanged, and are understood all the same (test_tap_events.py)."""
import pytest

import h2peer
import values


@pytest.mark.parametrize("framing", h2peer.FRAMINGS)
@pytest.mark.parametrize("cut", [None, 40])
def test_framings(raw, framing, cut):
    near, far = raw.pair()
    h2peer.play(near, far, h2peer.conversation(values.http(), 40, **h2peer.FRAMINGS[framing]), cut)


def test_byte_by_byte(raw):
    near, far = raw.pair()
    h2peer.play(near, far, h2peer.conversation(values.http(), 4, **h2peer.FRAMINGS["everything"]), 1)
