import { afterAll, beforeAll } from 'vitest';
import type { Decision } from '../../src/application/decision.ts';
import {
  beginWriting,
  type CellHarness,
  patient,
  type StartCell,
  type WritingSession,
} from '../support/cell-harness.ts';
import type { ChatWriter } from '../support/decisions.ts';

/** One cell and one session that writes, for all tests of a suite. */
export const useCell = (start: StartCell) => {
  let cell: CellHarness;
  let writing: WritingSession;
  beforeAll(async () => {
    cell = await start();
    writing = await beginWriting(cell);
  }, patient.timeout);
  afterAll(async () => {
    await writing?.end();
    await cell?.close();
  }, patient.timeout);
  return {
    get cell() {
      return cell;
    },
    get reader() {
      return cell.reader;
    },
    get personal() {
      return cell.personal;
    },
    get catalogue() {
      return cell.catalogue;
    },
    get store() {
      return writing.store;
    },
    writer: (): ChatWriter => writing.writer(),
    write: (decisions: readonly Decision[]): Promise<void> => writing.write(decisions),
  };
};

export type UsedCell = ReturnType<typeof useCell>;
