import type { LayerPlaces } from '../../helper/cri/places.ts';
import type { Answers } from './answers.ts';
import { figuresOf } from './figures.ts';
import { interfaceValuesOf } from './interfaces.ts';
import type { Subject } from './subject.ts';

/** What a pass reads. */
export interface PassInput {
  readonly answers: Answers;
  readonly places: LayerPlaces;
  /** What runs, and has its names. */
  readonly subjects: readonly Subject[];
  /** How many containers and pods run, others' among them. */
  readonly running: { readonly containers: number; readonly pods: number };
  /** Wall clock in ms. */
  readonly now: () => number;
  /** In ms of performance.now(). */
  readonly end: number;
}

/**
 * Asks the runtime for what this receiver may speak of, and for nothing else; gives what records it.
 * Rejects with CriError where the runtime fails.
 */
export async function readFigures(input: PassInput): Promise<() => void> {
  const { answers, places, subjects, running, now, end } = input;
  const containers = subjects.filter((each) => each.speaksOf('container'));
  const networks = subjects.filter((each) => each.speaksOf('network'));
  const pods = subjects.filter((each) => each.speaksOf('pod'));
  if (containers.length + networks.length + pods.length === 0) return recordLives;
  const [stats, podStats, values] = await Promise.all([
    answers.containers(idsOf(containers), running.containers, end),
    answers.pods(idsOf([...networks, ...pods]), running.pods, end),
    answers.metrics(end),
  ]);
  const kept = [...stats.values()].map((each) => each.writable_layer?.fs_id?.mountpoint ?? '');
  await places.look(new Set(kept));
  return record;

  function recordLives(): void {
    for (const subject of subjects) subject.recordLife(now());
  }

  function record(): void {
    recordLives();
    const time = now();
    for (const subject of containers) {
      const { id } = subject.member.listed;
      const told = stats.get(id);
      if (told !== undefined) subject.recordFigures(figuresOf(told, time));
      subject.recordValues(values.get(id) ?? []);
    }
    for (const subject of pods) {
      const whole = podStats.get(subject.member.listed.id)?.linux;
      if (whole !== undefined) subject.recordFigures(figuresOf(whole, time));
    }
    for (const subject of networks) {
      const { id } = subject.member.listed;
      const network = podStats.get(id)?.linux?.network;
      subject.recordInterfaces({
        metrics: values.get(id) ?? [],
        stats: network === undefined ? [] : interfaceValuesOf(network, time),
      });
    }
  }
}

function idsOf(subjects: readonly Subject[]): string[] {
  return [...new Set(subjects.map(({ member }) => member.listed.id))];
}
