"""junit-counts.py FILE...: prints how many tests passed and failed, as .ci/count-tests.mjs reads it."""
import json
import sys
import xml.etree.ElementTree as xml

passed = failed = 0
for file in sys.argv[1:]:
    for case in xml.parse(file).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None:
            passed += 1
print(json.dumps({"numPassedTests": passed, "numFailedTests": failed}))
