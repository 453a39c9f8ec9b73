import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceProcess } from '../support/service-process.ts';

/** Runs `npm run erase-user` as an operator would, on the machine of the service. Resolves with its exit code and its report. */
export const eraseUser = async ({ url, env }: ServiceProcess, user: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
  const file = join(folder, 'report.json');
  const args = ['ops/erase-user.ts', '--user', String(user), '--report', file, '--url', url];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...env }, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  const report = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  return { code: code as number | null, report };
};
