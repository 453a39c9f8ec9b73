// count-tests.mjs REPORT: prints "passed failed" of a JSON report of vitest.
import { readFileSync } from 'node:fs';

const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(numPassedTests, numFailedTests);
