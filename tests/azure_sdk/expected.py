"""Which of Microsoft's tests are skipped here, and why; everything else has to pass."""

# A part of the test's name, and the reason. Microsoft's own skips are among them.
SKIPPED = {
    "test_faultinjector": "needs Microsoft's fault injector, a Go program; the server's own faults are tested here",
    "test_long_sleep": "marked by Microsoft: not testing correctly and flaky",
    "test_send_with_long_interval_sync": "skipped by Microsoft for this transport: an open issue about write time-outs",
}
AT_LEAST_PASSED = 200
