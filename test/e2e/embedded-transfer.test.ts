import { transferSuite } from './transfer.suite.ts';

transferSuite('the embedded default', 5_000, (folder) => ({ DATA_DIR: folder }));
