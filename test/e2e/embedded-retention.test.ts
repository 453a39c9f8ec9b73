import { retentionSuite } from './retention.suite.ts';

retentionSuite('the embedded default', () => ({}));
