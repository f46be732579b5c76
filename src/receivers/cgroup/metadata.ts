import { CPU } from '../../catalog/cpu.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MACHINE } from '../../catalog/machine.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metadata } from '../../component/factory.ts';

/** What the cgroup receiver is. */
export const METADATA: Metadata = {
  type: 'cgroup',
  stability: 'development',
  series: [CPU, MEMORY, LIFETIME, MACHINE].flatMap((set) => Object.values(set)),
};
