import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from '../../bench/load.ts';
import type { Cluster } from './cluster.ts';
import { checkDeadLetters } from './dead-letters.ts';
import { EventChecker } from './event-checker.ts';
import { EventReader } from './event-reader.ts';
import { Findings } from './findings.ts';
import { checkHistory } from './history-checker.ts';
import { Producer } from './producer.ts';
import { type Recovery, type Scenario, Stage } from './scenario.ts';
import type { Stack } from './stack.ts';

export type Settings = {
  readonly cluster: Cluster;
  readonly stack: Stack;
  /** Part of every id. */
  readonly run: string;
  readonly isShort: boolean;
  readonly random: () => number;
  readonly chats: number;
  /** Commands per second. */
  readonly rate: number;
  /** A scenario ends only when it has sent so many. */
  readonly messages: number;
};

export type Result = {
  readonly name: string;
  readonly messages: number;
  readonly findings: Findings;
  /** What went wrong besides, in words. */
  readonly problems: readonly string[];
  readonly recoveries: readonly Recovery[];
  readonly slowestMs: number;
  readonly repeats: number;
  readonly resent: number;
  readonly unannounced: number;
  readonly peakMegabytes: number;
};

const confirmedWithinMs = 120_000;
const stalledAfterMs = 60_000;
const stalledAfterMsInProofs = 4_000;
/** No fault may make an instance hold more (RSS); in calm it is about half. */
export const maxMegabytes = 512;
const unackedWithinMs = 15_000;
/** Late repeats of events come within this time, if any. */
const quietMs = 1_500;

/** Plays one scenario under load on healthy servers, lets everything come to rest, and checks what is there. */
export const play = async (scenario: Scenario, settings: Settings): Promise<Result> => {
  const { cluster, stack, run, chats, rate } = settings;
  const load: Load = { run, chats, messages: 0, bodyBytes: 100 };
  const findings = new Findings();
  const problems: string[] = [];
  const attempt = (what: Promise<unknown>) => what.catch((error: Error) => problems.push(error.message));

  await attempt(cluster.whole());
  const producer = new Producer(stack.rabbitmqUrl(), load);
  const checker = new EventChecker(load, producer, findings, scenario.mayHaveGaps === true);
  const receive = (event: string) => {
    for (const text of scenario.tamper?.(event) ?? [event]) checker.event(text);
  };
  const events = new EventReader(stack.rabbitmqUrl(), load, receive);
  await events.opened;
  producer.begin();
  const stage = new Stage({ ...settings, producer, events }, checker);

  const perform = async () => {
    // Every chat has been created.
    await stage.recovered(stage.mark(0));
    stage.recoveries.length = 0;
    producer.rate = rate;
    await sleep(2_000);
    await scenario.run(stage);
    await sleep(1_000);
    while (producer.made < settings.messages) await sleep(100);
  };
  await attempt(perform());
  await attempt(cluster.whole());
  await attempt(producer.finish(confirmedWithinMs));
  await drained(checker, producer, scenario.tamper ? stalledAfterMsInProofs : stalledAfterMs);
  await sleep(quietMs);

  checker.finish();
  const urls = cluster.instances.map(({ url }) => url);
  await attempt(checkHistory(load, producer.made, urls, cluster.key, findings));
  await attempt(checkDeadLetters(stack.rabbitmqUrl(), stage.poison, findings));
  await attempt(checkQueues(stack, findings));
  await producer.close();
  await events.close();
  const { misdeeds, peakMegabytes } = cluster.takeStock();
  if (peakMegabytes > maxMegabytes) problems.push(`an instance held ${Math.round(peakMegabytes)} MB`);
  return {
    name: scenario.name,
    messages: producer.made,
    findings,
    problems: [...problems, ...misdeeds],
    recoveries: stage.recoveries,
    slowestMs: checker.slowestMs,
    repeats: checker.repeats,
    resent: producer.resent,
    unannounced: checker.unannounced,
    peakMegabytes,
  };
};

/** What has an outcome has been acked: nothing is left in any shard's queue, delivered or not. */
const checkQueues = async (stack: Stack, findings: Findings): Promise<void> => {
  const deadline = performance.now() + unackedWithinMs;
  for (;;) {
    const left = await stack.commandsLeft();
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      for (const { queue, commands } of left) findings.add('unexpected', `${queue} still holds ${commands} commands`);
      return;
    }
    await sleep(500);
  }
};

/** Until every event was taken, or nothing has moved for long. */
const drained = async (checker: EventChecker, producer: Producer, stalledMs: number): Promise<void> => {
  let last = checker.taken;
  let movedAtMs = performance.now();
  while (checker.taken < producer.made && performance.now() - movedAtMs < stalledMs) {
    await sleep(20);
    if (checker.taken === last) continue;
    last = checker.taken;
    movedAtMs = performance.now();
  }
};
