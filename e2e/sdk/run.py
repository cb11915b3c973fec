"""Runs test modules and says what became of each test, one JSON object a line.

Usage: run.py MODULE...
"""

import json
import sys
import time
import unittest


class Report(unittest.TestResult):
    """Prints a line when a test is over."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.problems = []

    def addError(self, test, err):
        super().addError(test, err)
        self.problems.append(self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.problems.append(self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.problems.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.problems.append(f"skipped: {reason}")

    def stopTest(self, test):
        super().stopTest(test)
        say(test.id().split(".", 1)[-1], self.problems, time.monotonic() - self.began)


def say(name, problems, seconds):
    print(json.dumps({"test": name, "problems": problems, "seconds": round(seconds, 3)}), flush=True)


def main(modules):
    suite = unittest.defaultTestLoader.loadTestsFromNames(modules)
    report = Report()
    suite.run(report)
    for test, problem in report.errors:  # of modules and classes, which no stopTest follows
        if not hasattr(test, "_testMethodName"):
            say(str(test), [problem], 0)
    return 0 if report.wasSuccessful() and report.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
