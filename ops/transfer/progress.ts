import cliProgress from 'cli-progress';

const lineEveryMs = 5_000;

export type Progress = {
  /** Bytes of what is to be done, when that is known, and what to say beside it. */
  update(doneBytes: number, note: string): void;
  end(note: string): void;
};

/** A bar on a terminal, a line now and then elsewhere; both on stderr. */
export const showProgress = (what: string, totalBytes: number | undefined): Progress => {
  if (!process.stderr.isTTY || totalBytes === undefined) return lines(what);
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: `${what} {bar} {percentage} %  {note}`,
    hideCursor: true,
  });
  bar.start(totalBytes, 0, { note: '' });
  return {
    update: (done, note) => bar.update(done, { note }),
    end: (note) => {
      bar.update(totalBytes, { note });
      bar.stop();
    },
  };
};

const lines = (what: string): Progress => {
  let lastMs = performance.now();
  const say = (note: string) => console.error(`${what}: ${note}`);
  return {
    update: (_, note) => {
      if (performance.now() - lastMs < lineEveryMs) return;
      lastMs = performance.now();
      say(note);
    },
    end: say,
  };
};
