"""What limits look like to the programs of each SDK: tests that they share."""

import time
from unittest import mock

import gateway

OUTRUN_KEY = "client-outrun"  # may have 9000 tokens of output
SOON_KEY = "client-soon"  # may ask once in two seconds
LATER_KEY = "client-later"  # may ask once in thirty days

WORDS = 9000  # of a long answer


def say(words, *directives):
    """Has the mock say so many words."""
    return gateway.unique("Say", *directives, "text=" + "word " * words)


class Limits:
    """Counts are kept by the header x-case, so that no test comes in another's way.

    An SDK's class has whole(prompt, key, case, most), which answers in one piece with most tokens;
    parts(prompt, key, case, most), which yields texts and reasons to stop as they come; refused(call),
    which checks that a call raises what the SDK has for limits, and returns the headers of the
    answer or None; and LENGTH, the reason to stop for want of tokens.
    """

    def test_stream_that_outruns_its_limit_ends_like_any_other(self):
        case = gateway.case()
        self.whole(gateway.unique("Hi"), OUTRUN_KEY, case, 20)  # a client takes its time to be made
        stream = self.parts(say(WORDS, "stall=2s", "interval=100us"), OUTRUN_KEY, case, WORDS)
        texts, reasons = [], []
        for text, reason in stream:
            if not texts and text:  # it has begun, and 4096 tokens are reserved for it: now another takes the rest
                self.whole(say(WORDS // 2 + 400), OUTRUN_KEY, case, WORDS // 2 + 404)
            if text:
                texts.append(text)
            if reason:
                reasons.append(reason)
        self.assertEqual(reasons, [self.LENGTH])
        deadline = time.monotonic() + 10
        while "limit_reached" not in (ends := [r.get("error") for r in gateway.records(case)]) and time.monotonic() < deadline:
            time.sleep(0.05)  # the proxy writes its log when the stream is torn down
        self.assertIn("limit_reached", ends)
        self.assertTrue(3500 < "".join(texts).count("word") < 5000, "".join(texts).count("word"))

    def test_limit_for_long_is_an_error_at_once(self):
        case = gateway.case()
        self.whole(gateway.unique("Hi"), LATER_KEY, case, 50)
        with mock.patch("time.sleep") as sleep:
            headers = self.refused(lambda: self.whole(gateway.unique("Hi"), LATER_KEY, case, 50))
        if headers is not None:
            self.assertGreater(int(headers["retry-after"]), 60)
            self.assertEqual(headers["x-should-retry"], "false")
        self.assertEqual(sleep.call_count, self.LONG_RETRIES)

    LONG_RETRIES = 0

    def test_limit_for_a_moment(self):
        case = gateway.case()
        self.whole(gateway.unique("Hi"), SOON_KEY, case, 50)
        if self.RETRIES:
            sleeps, sleep = [], time.sleep
            with mock.patch("time.sleep", lambda s: (sleeps.append(s), sleep(s))):
                self.whole(gateway.unique("Hi"), SOON_KEY, case, 50)
            self.assertTrue(sleeps and all(0.9 <= s <= 2 for s in sleeps[:1]), sleeps)
            return
        headers = self.refused(lambda: self.whole(gateway.unique("Hi"), SOON_KEY, case, 50))
        if headers is not None:
            self.assertIn(headers["retry-after"], ["1", "2"])
            self.assertNotIn("x-should-retry", headers)

    RETRIES = False  # whether the SDK tries again by itself
