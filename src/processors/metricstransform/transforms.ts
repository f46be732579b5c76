import { ConfigError } from '../../errors.ts';
import { goRegExp, textTest } from '../../helper/processor/text-test.ts';
import type { Series } from '../../pdata/series.ts';
import type { Config } from './config.ts';
import { parseNameTemplate } from './name-template.ts';
import {
  changesLabels,
  createStep,
  type Draft,
  type Step,
  type Surroundings,
} from './operations.ts';

type TransformConfig = Config['transforms'][number];

/** All that is to be done. */
export interface Transforms {
  /** What a series becomes: itself, another, several or nothing. */
  apply(series: Series): readonly Draft[];
  /** True for the names under which a changed series may meet another. */
  mayCollide(name: string): boolean;
}

interface Transform {
  apply(drafts: readonly Draft[]): readonly Draft[];
  mayCollide(name: string): boolean;
}

/** Checks the transforms; `path` is their key. Throws ConfigError. */
export function createTransforms(
  configs: Config['transforms'],
  path: string,
  around: Surroundings,
): Transforms {
  if (configs.length === 0) throw new ConfigError(path, 'must have at least one transform');
  const transforms = configs.map((config, i) => createTransform(config, `${path}::${i}`, around));
  return {
    apply: (series) =>
      transforms.reduce<readonly Draft[]>(
        (drafts, each) => each.apply(drafts),
        [{ series, scale: 1 }],
      ),
    mayCollide: (name) => transforms.some((each) => each.mayCollide(name)),
  };
}

function createTransform(config: TransformConfig, path: string, around: Surroundings): Transform {
  const { action, include, new_name: newName, operations } = config;
  if (include === '') throw new ConfigError(`${path}::include`, 'is required');
  if (action === '') throw new ConfigError(`${path}::action`, 'is required: update or insert');
  if (action === 'insert' && newName === '') {
    throw new ConfigError(`${path}::new_name`, 'is required for insert');
  }
  const { matches, rename, mayGive } = namesOf(config, path);
  const hasLabels = labelTest(config, path);
  const steps = operations.map((each, i) => createStep(each, `${path}::operations::${i}`, around));
  if (newName !== '') steps.unshift(rename);
  const isMatch = ({ series }: Draft) => matches(series.descriptor.name) && hasLabels(series);
  const run = (draft: Draft) =>
    steps.reduce<Draft | undefined>((each, step) => each && step(each), draft) ?? [];
  const changesLabel = operations.some(changesLabels);
  return {
    apply: (drafts) =>
      action === 'insert'
        ? [...drafts, ...drafts.filter(isMatch).flatMap(run)]
        : drafts.flatMap((draft) => (isMatch(draft) ? run(draft) : draft)),
    mayCollide: (name) => (newName === '' ? changesLabel && matches(name) : mayGive(name)),
  };
}

interface Names {
  readonly matches: (name: string) => boolean;
  readonly rename: Step;
  readonly mayGive: (name: string) => boolean;
}

function namesOf(config: TransformConfig, path: string): Names {
  const { include, match_type: type, new_name: newName } = config;
  const matches = textTest(type, include, `${path}::include`);
  if (type === 'strict') {
    return { matches, rename: named(() => newName), mayGive: (name) => name === newName };
  }
  const pattern = goRegExp(include, `${path}::include`);
  const template = parseNameTemplate(newName, pattern, `${path}::new_name`);
  const rename = named((name) => {
    const match = pattern.exec(name);
    return match === null ? name : template.expand(match) || name;
  });
  return { matches, rename, mayGive: template.mayGive };
}

function named(nameOf: (name: string) => string): Step {
  return ({ series, scale }) => {
    const descriptor = { ...series.descriptor, name: nameOf(series.descriptor.name) };
    return { series: Object.freeze({ ...series, descriptor }), scale };
  };
}

/** A label that is absent is compared as an empty one. */
function labelTest(config: TransformConfig, path: string): (series: Series) => boolean {
  const { experimental_match_labels: labels, match_type: type } = config;
  const tests = Object.entries(labels).map(([key, value]) => {
    return { key, test: textTest(type, value, `${path}::experimental_match_labels::${key}`) };
  });
  return (series) =>
    tests.every(({ key, test }) => test(series.labels[key] ?? series.identity[key] ?? ''));
}
