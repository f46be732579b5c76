import { expect, test } from 'vitest';
import { APPEND_LISTS, gatesText, PRINT_SECRETS, parseGates } from '../../src/cli/feature-gates.ts';

test('ids are enabled by themselves or +, disabled by -', () => {
  expect([...parseGates('')]).toEqual([]);
  expect([...parseGates(`${APPEND_LISTS},+${PRINT_SECRETS},-${APPEND_LISTS}`)]).toEqual([
    PRINT_SECRETS,
  ]);
});

test('what does not exist is refused with what does', () => {
  expect(() => parseGates('a,,-b')).toThrow(
    '--feature-gates: no such feature gate "a". valid gates: ' +
      `[${APPEND_LISTS} ${PRINT_SECRETS}]; empty feature gate identifier at index 1; no such feature gate "b"`,
  );
  expect(() => gatesText(new Set(), 'a')).toThrow('feature "a" not found');
});

test('they are listed in the form of the Collector', () => {
  const lines = gatesText(parseGates(APPEND_LISTS)).split('\n');
  expect(lines[0]).toMatch(/^ID +Enabled +Stage +Description$/);
  expect(lines[1]).toMatch(new RegExp(`^${APPEND_LISTS} +true +Alpha +Combines`));
  expect(gatesText(new Set(), PRINT_SECRETS)).toMatch(
    /^Feature: otelcol\.printInitialConfig\nEnabled: false\nStage: Alpha\nDescription: .*\nFrom Version: v0\.1\.0\n$/,
  );
});
